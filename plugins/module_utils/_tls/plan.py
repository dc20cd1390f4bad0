# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is due for a host's certificates, decided on the controller from one look at the host.

Everything that the role tls_certificates does, refuses and says follows from the plan; an empty one means that nothing runs.
"""

from __future__ import annotations

import datetime
import os
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import authority, finding as f, identities, renewal, validate
from ansible_collections.inferops.triton.plugins.module_utils._tls.bundle import State, nothing

_PARTS: t.Tuple[t.Tuple[str, f.Subject], ...] = (("certificate", "certificate"), ("key", "key"), ("ca", "ca"))
# What the controller judges itself, and what is a warning at most (finding.CODES).
_NOT_FOR_HOSTS = frozenset(["key_mismatch"]) | frozenset(code for code, rule in f.CODES.items() if rule.level == "warning")
_LATER = "it cannot be looked at before cryptography is installed"


class Part(t.NamedTuple):
    """Certificate, key or CA as it was provided.

    origin is for people ("files/tls.crt"), empty for text. text is PEM, None where a file is missing or lies on the host.
    """

    origin: str
    on_host: bool
    text: t.Optional[str]


class Request(t.NamedTuple):
    """What is asked for. Names with and without their ``DNS:``/``IP:``; days and shares as in the role's options."""

    source: str
    names: t.Sequence[str]
    san: t.FrozenSet[str]
    mutual: bool
    key_type: str
    share: float
    lifetime_days: float
    ca_directory: str
    ca_passphrase: str
    clients: t.Sequence[str]
    client_key_type: str
    client_directory: str
    provided: t.Mapping[str, Part]
    warn_days: float
    error_days: float
    allow: t.Sequence[str]


class Host(t.NamedTuple):
    """What was seen on the host: the installed bundle, the provided files, and whether Python can read them there."""

    bundle: t.Optional[State]
    found: t.Optional[State]
    has_cryptography: bool


class Plan(t.TypedDict):
    """refusals and remarks are sentences.

    What is due: create_ca; clients, the names of the identities to issue, and client_reasons why; reasons to issue the host's
    certificate; differences, for which what exists has to be installed. Reasons and differences are clauses for people.
    """

    refusals: t.List[str]
    remarks: t.List[str]
    create_ca: bool
    clients: t.List[str]
    client_reasons: t.List[str]
    reasons: t.List[str]
    differences: t.List[str]


def plan(request: Request, host: Host) -> Plan:
    """Decide. Raises ValueError for options that are wrong in themselves, OSError for files of the controller that cannot be read."""
    return _provided(request, host) if request.source == "provided" else _issued(request, host)


def _empty() -> Plan:
    return {
        "refusals": [],
        "remarks": [],
        "create_ca": False,
        "clients": [],
        "client_reasons": [],
        "reasons": [],
        "differences": [],
    }


def _issued(request: Request, host: Host) -> Plan:
    result = _empty()
    bundle = host.bundle or nothing()
    ca: t.Optional[str] = None
    if request.source == "own_ca":
        ca = _read(os.path.join(request.ca_directory, authority.CERTIFICATE_FILE))
        due = identities.due(request.clients, request.client_directory, ca, request.client_key_type, request.share)
        result["clients"] = [identity["name"] for identity in due]
        result["client_reasons"] = _unique(reason["text"] for identity in due for reason in identity["reasons"])
        result["create_ca"] = ca is None
    if result["create_ca"]:
        result["reasons"] = ["its CA does not exist yet"]
    elif host.bundle is None:
        result["reasons"] = [_LATER]
    else:
        _judge_issued(request, bundle, ca, result)
    if result["clients"] or (result["reasons"] and request.source == "own_ca"):
        found = authority.load(request.ca_directory, request.ca_passphrase or None)
        result["refusals"] = [f"tls_certificates_ca_directory: {_sentence(each)}" for each in found["findings"]]
        result["remarks"] += _ca_remarks(found["not_after"], request.lifetime_days)
    return result


def _judge_issued(request: Request, bundle: State, ca: t.Optional[str], result: Plan) -> None:
    policy = renewal.Policy(request.san, ca, request.key_type, "server", request.share)
    result["reasons"] = [reason["text"] for reason in renewal.reasons(bundle["certificate"], policy)]
    if result["reasons"]:
        return
    verdict = validate.validate(
        {
            "certificate": bundle["certificate"],
            "ca": ca if ca is not None else bundle["certificate"],
            "public_key_sha256": bundle["key"]["public_key_sha256"],
        },
        validate.terms(request.names, request.mutual, ca is None, warn_days=0),
    )
    faults = verdict["errors"] + [each for each in bundle["findings"] if each["subject"] != "ca" and each["code"] not in _NOT_FOR_HOSTS]
    result["reasons"] = _unique(each["cause"].rstrip(".") for each in faults)
    if not result["reasons"] and bundle["key_matches"] is not True:
        result["reasons"] = ["its key is missing"]
    if not result["reasons"]:
        result["differences"] = _differences(verdict, bundle)
        result["remarks"] = _remarks(verdict["warnings"], [])


def _provided(request: Request, host: Host) -> Plan:
    result = _empty()
    try:
        terms = validate.terms(request.names, request.mutual, False, None, request.warn_days, request.error_days, request.allow)
    except ValueError as exc:
        result["refusals"] = [f"tls_certificates_{exc}"]
        return result
    on_host = {name for name, part in request.provided.items() if part.on_host}
    if on_host and not host.has_cryptography:
        result["differences"] = [_LATER]
        return result
    found = host.found or nothing()
    findings = _missing(request.provided, found) + [
        each for each in found["findings"] if each["subject"] in on_host and each["code"] not in _NOT_FOR_HOSTS
    ]
    unreadable = {each["subject"] for each in findings}
    verdict: t.Optional[validate.Verdict] = None
    overridden = [each for each in findings if each["code"] in request.allow]
    errors = [each for each in findings if each not in overridden]
    if "certificate" not in unreadable or found["certificate"]:
        verdict = validate.validate(_material(request.provided, found), terms)
        errors += [each for each in verdict["errors"] if not (each["code"] in ("missing", "empty") and each["subject"] in unreadable)]
        overridden += verdict["overridden"]
        result["remarks"] = _remarks(verdict["warnings"], overridden)
    result["refusals"] = [_refusal(each, request.provided) for each in errors]
    if verdict is not None and not errors:
        result["differences"] = _differences(verdict, host.bundle or nothing())
    return result


def _missing(provided: t.Mapping[str, Part], found: State) -> t.List[f.Finding]:
    present = {"certificate": found["present"], "key": found["key"]["present"], "ca": bool(found["ca"])}
    broken = {each["subject"] for each in found["findings"]}
    findings: t.List[f.Finding] = []
    for name, subject in _PARTS:
        part = provided.get(name)
        if part is None or (name in broken and part.on_host):
            continue
        if not present[name] if part.on_host else part.text is None:
            where = "on the host" if part.on_host else "on the controller"
            findings.append(f.make("missing", subject, f"The file does not exist {where}.", "Put it there, or correct the path."))
    return findings


def _material(provided: t.Mapping[str, Part], found: State) -> validate.Bundle:
    """What is provided, wherever it lies. A key of the host stays there: its public half stands for it."""
    certificate, key, ca = (provided.get(name) for name, _subject in _PARTS)
    return {
        "certificate": found["certificate"] if certificate and certificate.on_host else certificate.text if certificate else None,
        "ca": found["ca"] if ca and ca.on_host else ca.text if ca else None,
        "key": key.text if key and not key.on_host else None,
        "public_key_sha256": found["key"]["public_key_sha256"] if key and key.on_host else None,
    }


def _differences(verdict: validate.Verdict, bundle: State) -> t.List[str]:
    if bundle["leaf"] is None:
        return [*bundle["drift"], "there is none yet"]
    result = list(bundle["drift"])
    wanted = [verdict["leaf"], *verdict["chain"]]
    installed = [bundle["leaf"], *bundle["chain"]]
    if [_fingerprint(each) for each in wanted] != [_fingerprint(each) for each in installed]:
        result.append("the certificate is another one")
    if [_fingerprint(each) for each in verdict["ca"]] != [_fingerprint(each) for each in bundle["ca_certificates"]]:
        result.append("the CA is another one")
    if bundle["key_matches"] is not True:
        result.append("the key is missing or another one")
    return result


def _fingerprint(description: t.Any) -> t.Optional[str]:
    return str(description["fingerprint_sha256"]) if description else None


def _refusal(finding: f.Finding, provided: t.Mapping[str, Part]) -> str:
    name = "certificate" if finding["subject"] == "chain" else finding["subject"]
    part = provided.get(name)
    origin = part.origin if part else ""
    where = f" ({origin}{' on the host' if part and part.on_host else ''})" if origin else ""
    # A finding of the host names the file, too.
    return f"tls_certificates_provided.{name}{where}: {_sentence(finding)}".replace(f": {origin}: ", ": ", 1)


def _sentence(finding: f.Finding) -> str:
    return f"{f.sentence(finding)} [{finding['code']}]"


def _remarks(warnings: t.Iterable[f.Finding], overridden: t.Iterable[f.Finding]) -> t.List[str]:
    return [f"overridden by tls_certificates_allow: {each['cause']} [{each['code']}]" for each in overridden] + [
        f"warning: {_sentence(each)}" for each in warnings
    ]


def _ca_remarks(not_after: t.Optional[int], lifetime_days: float) -> t.List[str]:
    if not_after is None:
        return []
    end = datetime.datetime.fromtimestamp(not_after, datetime.timezone.utc)
    if end - datetime.datetime.now(datetime.timezone.utc) > datetime.timedelta(days=lifetime_days):
        return []
    return [f"warning: the CA ends on {end:%Y-%m-%d}, and certificates are issued to its end only. Plan a new CA. [ca_ends_soon]"]


def _unique(texts: t.Iterable[str]) -> t.List[str]:
    return list(dict.fromkeys(texts))


def _read(path: str) -> t.Optional[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
