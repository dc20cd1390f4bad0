# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of an audit made up for the tests of the reports: fleets of any size, the same on every run.

Shapes are those of docs/report.schema.json. Causes and remedies come from the real table of diagnoses.
"""

from __future__ import annotations

import datetime
import random
import typing as t
from collections import Counter

from ansible_collections.inferops.triton.plugins.module_utils._triton.checks import CHECKS
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import TABLE, Entry
from ansible_collections.inferops.triton.plugins.module_utils._triton.frontend_checks import CHECKS as GATEWAY_CHECKS

Data = t.Dict[str, t.Any]

FINISHED = datetime.datetime(2026, 11, 25, 11, 0, 20, tzinfo=datetime.timezone.utc)
# Names and kinds of the checks.
NAMES: t.List[t.Tuple[str, str]] = [(check.name, check.kind) for check in CHECKS]

# Every text that once broke a report, or may: markup, the ends of CDATA, scripts and comments, quotes, controls, ANSI, right-to-left
# marks, invisible characters, NUL, lone surrogates, non-characters, formulas, template braces, and sheer length.
HOSTILE = (
    "</script><img src=x onerror=document.title='owned'>",
    "<!--<script>",
    "]]>&amp;<b>",
    "\"'`><svg onload=alert(1)>",
    "two\nlines\r\tand a tab",
    "\x1b[31mred\x1b]0;title\x07\x9b0m",
    "\u202egpj.exe\u2066\u200f",
    "zero\u200bwidth\ufeff\u2028\u2029",
    "nul\x00byte",
    "lone \ud800 surrogate \udfff",
    "non\ufffecharacter\uffff",
    "{braces} {0} %s ${x} $(id)",
    "back\\slash\\n",
    "=1+1",
    "",
    "naïve-ünïcødé-界",
    "n" * 10_000,
)


def iso(moment: datetime.datetime) -> str:
    """UTC with seconds, as the audit writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def diagnosis(code: str, address: str) -> Data:
    """A diagnosis from the table, its facts filled with something of the kind."""
    entry = TABLE.get(code, Entry("{address} answers in the clear.", "Let it listen on loopback only."))
    facts = {name: f"<{name}>" for name in entry.facts}
    facts.update(address=address, detail="tlsv1 alert unknown ca", seconds="10", date="2026-11-20", subject="CN=triton", issuer="CN=Issuing CA")
    facts.update({name: value for name, value in (("names", "CN=Fleet CA"), ("name", "gpu.example"), ("limit", "0.2")) if name in facts})
    return {"code": code, "cause": entry.cause.format(**facts), "remedy": entry.remedy.format(**facts)}


def endpoint(name: str, address: str = "gpu1.example:8001", *, days: float = 60.0, latency: t.Optional[float] = 0.0042) -> Data:
    """An endpoint that is proved."""
    checks: t.List[Data] = [
        {"check": check, "kind": kind, "status": "ok", "code": None, "detail": f"{check} at {address}", "value": None}
        for check, kind in NAMES
    ]
    for check in checks:
        if check["check"] == "dates":
            check.update(detail=f"{days:.1f} days left", value=round(days, 1))
        if check["check"] == "fingerprint":
            check.update(status="skipped", detail="no fingerprint was given")
    return {
        "name": name,
        "address": address,
        "ok": True,
        "diagnosis": None,
        "warnings": [],
        "checks": checks,
        "certificate": {
            "subject": f"CN={name}",
            "issuer": "CN=Issuing CA,O=Fleet",
            "san": [f"DNS:{name}", "IP:192.0.2.1"],
            "not_before": iso(FINISHED - datetime.timedelta(days=90 - min(days, 89))),
            "not_after": iso(FINISHED + datetime.timedelta(days=days)),
            "fingerprint_sha256": "ab" * 32,
            "days_left": days,
        },
        "tls": {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "alpn": "h2"},
        "latency": latency,
        "seconds": 0.031,
        "rounds": 1,
    }


def behind_gateway(result: Data) -> Data:
    """`result` with the checks of a gateway, which are good."""
    for check in GATEWAY_CHECKS:
        result["checks"].append({"check": check.name, "kind": check.kind, "status": "ok", "code": None, "detail": check.name, "value": None})
    return result


def broken(result: Data, code: str, at: str, status: str = "failed", *, after: str = "ok") -> Data:
    """`result` with the check `at` failed (or inconclusive), and what comes after it as given (inconclusive for a dead host)."""
    found = diagnosis(code, result["address"])
    reached = False
    for check in result["checks"]:
        if check["check"] == at:
            reached = True
            check.update(status=status, code=code, detail=found["cause"], value=None)
        elif reached and after == "inconclusive" and check["status"] == "ok":
            unjudged = diagnosis("not_judged", result["address"])
            check.update(status=after, code="not_judged", detail=unjudged["cause"], value=None)
    result.update(ok=False, diagnosis=result["diagnosis"] or found)
    if after == "inconclusive":
        result["latency"] = None
    return result


def dead(result: Data, code: str = "timeout") -> Data:
    """`result` of a host that does not answer."""
    broken(result, code, "reachable", after="inconclusive")
    result.update(certificate=None, tls=None, seconds=10.0)
    return result


def untried(result: Data, code: str = "interrupted") -> Data:
    """`result` of an endpoint that an interrupted audit did not come to."""
    found = {"code": code, "cause": "The audit was interrupted before this endpoint was finished.", "remedy": "Run the audit again."}
    for check in result["checks"]:
        check.update(status="skipped", code=None, detail=found["cause"], value=None)
    result.update(ok=False, diagnosis=found, certificate=None, tls=None, latency=None, seconds=0.0)
    return result


def warned(result: Data, code: str = "expires_soon") -> Data:
    """`result` with a warning."""
    result["warnings"].append({"code": code, "cause": f"The certificate of {result['address']} ends in 12 days.", "remedy": "Renew it soon."})
    return result


def overridden(result: Data, code: str, at: str) -> Data:
    """`result` with a code that is allowed."""
    for check in result["checks"]:
        if check["check"] == at:
            check.update(status="overridden", code=code, detail=diagnosis(code, result["address"])["cause"])
    return result


def summary(results: t.Sequence[Data], seconds: float = 12.3, *, interrupted: bool = False) -> Data:
    """The totals that go with `results`."""
    good = sum(result["ok"] for result in results)
    codes = Counter(result["diagnosis"]["code"] for result in results if result["diagnosis"])
    return {
        "endpoints": len(results),
        "ok": good,
        "failed": len(results) - good,
        "warnings": sum(bool(result["warnings"]) for result in results),
        "seconds": seconds,
        "started": iso(FINISHED - datetime.timedelta(seconds=round(seconds))),
        "finished": iso(FINISHED),
        "interrupted": interrupted,
        "by_code": [
            {"code": code, "count": count, "endpoints": [one["name"] for one in results if one["diagnosis"] and one["diagnosis"]["code"] == code]}
            for code, count in codes.most_common()
        ],
    }


def fleet(size: int, seed: int = 7) -> t.List[Data]:
    """A fleet as one finds it: most endpoints proved, some with each kind of trouble."""
    chance = random.Random(seed)
    results = []
    for index in range(size):
        name = f"gpu{index:04d}.{chance.choice(('ams', 'fra', 'iad'))}.example"
        days = chance.triangular(5, 90, 70) if index % 97 else 400.0
        result = endpoint(name, f"{name}:8001", days=round(days, 2), latency=round(chance.lognormvariate(-5.4, 0.5), 6))
        result["seconds"] = round(chance.uniform(0.02, 0.06), 4)
        if days < 14:
            warned(result)
        luck = chance.random()
        for share, breaker in _TROUBLE:
            if luck < share:
                breaker(result)
                break
            luck -= share
        results.append(result)
    return results


def _expired(result: Data) -> None:
    broken(result, "expired", "dates")
    served = result["certificate"]
    served.update(days_left=-5.2, not_after=iso(FINISHED - datetime.timedelta(days=5.2)), not_before=iso(FINISHED - datetime.timedelta(days=95)))
    result.update(warnings=[], latency=None)


_TROUBLE: t.Tuple[t.Tuple[float, t.Callable[[Data], object]], ...] = (
    (0.02, dead),
    (0.015, lambda one: dead(one, "connection_refused")),
    (0.015, _expired),
    (0.01, lambda one: broken(one, "hostname_mismatch", "name")),
    (0.01, lambda one: broken(one, "stale_certificate", "fingerprint")),
    (0.01, lambda one: broken(one, "plaintext_accepted", "plaintext_refused")),
    (0.005, lambda one: broken(one, "no_client_certificate_accepted", "no_client_certificate_refused")),
    (0.01, lambda one: broken(one, "latency", "latency")),
    (0.01, lambda one: broken(one, "control_failed", "foreign_client_refused", "inconclusive")),
    (0.02, lambda one: overridden(one, "hostname_mismatch", "name")),
)


def hostile() -> t.List[Data]:
    """An endpoint for each text of HOSTILE, which is its name, address, subject, SAN, detail and cause; every second one fails."""
    results = []
    for index, text in enumerate(HOSTILE):
        result = endpoint(text, f"{text}:8001")
        result["certificate"].update(subject=text, issuer=text, san=[text, text], fingerprint_sha256=text)
        result["tls"]["cipher"] = text
        if index % 2:
            broken(result, "tls_failed", "tls")
            result["diagnosis"] = {"code": "tls_failed", "cause": text, "remedy": text, "raw": text}
        else:
            warned(result)["warnings"][0].update(cause=text, remedy=text)
        for check in result["checks"]:
            check["detail"] = text
        result["checks"][1]["value"] = text
        results.append(result)
    return results
