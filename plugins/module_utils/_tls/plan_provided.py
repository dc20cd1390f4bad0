# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for certificates that were made elsewhere, and lie on the controller or on the host."""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import finding as f, validate
from ansible_collections.inferops.triton.plugins.module_utils._tls.bundle import State, nothing
from ansible_collections.inferops.triton.plugins.module_utils._tls.planned import (
    LATER,
    NOT_FOR_HOSTS,
    Host,
    Part,
    Plan,
    Request,
    differences,
    empty,
    remarks,
    sentence,
)

_PARTS: t.Tuple[t.Tuple[str, f.Subject], ...] = (("certificate", "certificate"), ("key", "key"), ("ca", "ca"))


def provided(request: Request, host: Host) -> Plan:
    """Refuse what clients would refuse, and install what differs."""
    result = empty(request)
    try:
        terms = validate.terms(request.names, request.mutual, False, None, request.warn_days, request.error_days, request.allow)
    except ValueError as exc:
        result["refusals"] = [f"tls_certificates_{exc}"]
        return result
    on_host = {name for name, part in request.provided.items() if part.on_host}
    if on_host and not host.has_cryptography:
        result["differences"] = [LATER]
        return result
    found = host.found or nothing()
    findings = _missing(request.provided, found) + [
        each for each in found["findings"] if each["subject"] in on_host and each["code"] not in NOT_FOR_HOSTS
    ]
    unreadable = {each["subject"] for each in findings}
    verdict: t.Optional[validate.Verdict] = None
    overridden = [each for each in findings if each["code"] in request.allow]
    errors = [each for each in findings if each not in overridden]
    if "certificate" not in unreadable or found["certificate"]:
        verdict = validate.validate(_material(request, found), terms)
        errors += [each for each in verdict["errors"] if not (each["code"] in ("missing", "empty") and each["subject"] in unreadable)]
        overridden += verdict["overridden"]
        result["remarks"] = remarks(verdict["warnings"], overridden)
    result["refusals"] = [_refusal(each, request.provided) for each in errors]
    if verdict is not None and not errors:
        result["differences"] = differences(verdict, host.bundle or nothing())
    return result


def _missing(parts: t.Mapping[str, Part], found: State) -> t.List[f.Finding]:
    present = {"certificate": found["present"], "key": found["key"]["present"], "ca": bool(found["ca"])}
    broken = {each["subject"] for each in found["findings"]}
    findings: t.List[f.Finding] = []
    for name, subject in _PARTS:
        part = parts.get(name)
        if part is None or (name in broken and part.on_host):
            continue
        if not present[name] if part.on_host else part.text is None:
            where = "on the host" if part.on_host else "on the controller"
            findings.append(f.make("missing", subject, f"The file does not exist {where}.", "Put it there, or correct the path."))
    return findings


def _material(request: Request, found: State) -> validate.Bundle:
    """What is provided, wherever it lies. A key of the host stays there: its public half stands for it."""
    certificate, key, ca = (request.provided.get(name) for name, _subject in _PARTS)
    return {
        "certificate": found["certificate"] if certificate and certificate.on_host else certificate.text if certificate else None,
        "ca": found["ca"] if ca and ca.on_host else ca.text if ca else None,
        "key": key.text if key and not key.on_host else None,
        "key_passphrase": request.provided_passphrase or None,
        "public_key_sha256": found["key"]["public_key_sha256"] if key and key.on_host else None,
    }


def _refusal(finding: f.Finding, parts: t.Mapping[str, Part]) -> str:
    name = "certificate" if finding["subject"] == "chain" else finding["subject"]
    part = parts.get(name)
    origin = part.origin if part else ""
    where = f" ({origin}{' on the host' if part and part.on_host else ''})" if origin else ""
    # A finding of the host names the file, too.
    return f"tls_certificates_provided.{name}{where}: {sentence(finding)}".replace(f": {origin}: ", ": ", 1)
