# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit says of one endpoint, as plain data."""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import iso
from ansible_collections.inferops.triton.plugins.module_utils._triton import checks, frontend_checks
from ansible_collections.inferops.triton.plugins.module_utils._triton.attempts import Evidence
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Diagnosis
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Observation

Result = t.Dict[str, t.Any]


def checks_of(gateway: t.Any) -> t.Tuple[checks.Check, ...]:
    """The checks of an endpoint; those of a gateway belong to it only where one is expected."""
    return (*checks.CHECKS, *frontend_checks.CHECKS) if gateway else checks.CHECKS


def report(evidence: Evidence) -> Result:
    """The result of one endpoint as plain data; its diagnosis is that of the first check that failed, else was inconclusive."""
    endpoint, case = evidence.endpoint, checks.Case(evidence)
    verdicts = checks.judge(case, checks_of(endpoint.gateway))
    bad = [v for status in (checks.FAILED, checks.INCONCLUSIVE) for _check, v in verdicts if v.status == status]
    answer = evidence.control.answer if evidence.control else None
    return {
        "name": endpoint.name,
        "address": str(endpoint.address),
        "ok": not bad,
        "diagnosis": bad[0].diagnosis.as_dict() if bad and bad[0].diagnosis else None,
        "checks": [_entry(check.name, check.kind, verdict) for check, verdict in verdicts],
        "warnings": checks.warnings(case),
        "certificate": _certificate(case),
        "tls": _tls(evidence.seen),
        "latency": round(answer.latency, 6) if answer else None,
    }


def _entry(name: str, kind: str, verdict: checks.Verdict) -> Result:
    return {
        "check": name,
        "kind": kind,
        "status": verdict.status,
        "code": verdict.diagnosis.code if verdict.diagnosis else None,
        "detail": verdict.detail,
        "value": verdict.value,
    }


def add_proof(result: Result, name: str, verdict: checks.Verdict, allow: t.Collection[str]) -> None:
    """Put one more check into the result of an endpoint that is proved so far; codes in `allow` are overridden."""
    if verdict.diagnosis is not None and verdict.diagnosis.code in allow:
        verdict = checks.overridden(verdict)
    elif verdict.diagnosis is not None:
        result.update(ok=False, diagnosis=verdict.diagnosis.as_dict())
    result["checks"].append(_entry(name, checks.PROOF, verdict))


def _certificate(case: checks.Case) -> t.Optional[Result]:
    """The served leaf; its days are those of the whole chain."""
    if not case.sent:
        return None
    leaf = case.sent[0]
    return {
        "subject": leaf.subject,
        "issuer": leaf.issuer,
        "san": list(leaf.san),
        "not_before": iso(leaf.not_before),
        "not_after": iso(leaf.not_after),
        "fingerprint_sha256": leaf.fingerprint,
        "days_left": round(case.days_left, 2),
    }


def _tls(seen: Observation) -> t.Optional[Result]:
    if seen.tls_version is None:
        return None
    return {"version": seen.tls_version, "cipher": seen.cipher, "alpn": seen.alpn}


def refused(spec: t.Mapping[str, t.Any], diagnosis: Diagnosis) -> Result:
    """The result of an endpoint that could not be audited: every check skipped, never ok."""
    address = str(spec.get("address") or "")
    skipped = {"status": checks.SKIPPED, "code": None, "detail": diagnosis.cause, "value": None}
    return {
        "name": str(spec.get("name") or address),
        "address": address,
        "ok": False,
        "diagnosis": diagnosis.as_dict(),
        "checks": [{"check": check.name, "kind": check.kind, **skipped} for check in checks_of(spec.get("gateway"))],
        "warnings": [],
        "certificate": None,
        "tls": None,
        "latency": None,
        "seconds": 0.0,
        "rounds": 0,
    }
