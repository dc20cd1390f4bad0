# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for certificates that the controller issues, or that the host signs itself."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import authority, finding as f, identities, renewal, rollover, validate
from ansible_collections.inferops.triton.plugins.module_utils._tls.bundle import State, nothing
from ansible_collections.inferops.triton.plugins.module_utils._tls.planned import (
    LATER,
    Host,
    Plan,
    Request,
    differences,
    empty,
    judge_installed,
    remarks,
    reuses_key,
    sentence,
    unique,
)


def own_ca(request: Request, host: Host) -> Plan:
    """Issue from the CA of the controller what is missing, differs or is to be renewed; take its rollover a step further."""
    result = empty(request)
    bundle = host.bundle or nothing()
    try:
        result["refusals"] = [ca_sentence(each) for each in unknown_ca(request, bundle, result) or _rollover(request, bundle, result)]
        if result["refusals"]:
            return result
        view = rollover.view(request.ca_directory, request.rollover)
        if request.rollover == "retire":
            result["refusals"] = [ca_sentence(each) for each in _unready_to_retire(request, host, view)]
    except f.MaterialError as exc:
        result["refusals"] = [ca_sentence(exc.finding)]
    if result["refusals"]:
        return result
    clients(request, view, result)
    if result["create_ca"]:
        result["reasons"] = ["its CA does not exist yet"]
    elif host.bundle is None:
        result["reasons"] = [LATER]
    else:
        _judge(request, bundle, view, result)
    if view.pending and not result["reasons"]:
        result["differences"] = unique([*result["differences"], "the new CA is to be trusted beside the old one"])
    result["reuse_key"] = bool(result["reasons"]) and reuses_key(request, bundle)
    judge_authority(request, view, result)
    return result


def self_signed(request: Request, host: Host) -> Plan:
    """Let the host sign what is missing, differs or is to be renewed."""
    result = empty(request)
    bundle = host.bundle or nothing()
    if host.bundle is None:
        result["reasons"] = [LATER]
        return result
    policy = renewal.Policy(request.san, None, request.key_type, "server", request.share)
    material: validate.Bundle = {
        "certificate": bundle["certificate"],
        "ca": bundle["certificate"],
        "public_key_sha256": bundle["key"]["public_key_sha256"],
    }
    terms = validate.terms(request.names, request.mutual, True, warn_days=0)
    result["reasons"], verdict = judge_installed(request, policy, bundle, material, terms)
    if verdict is not None:
        result["differences"], result["remarks"] = differences(verdict, bundle), remarks(verdict["warnings"])
    result["reuse_key"] = bool(result["reasons"]) and reuses_key(request, bundle)
    return result


def unknown_ca(request: Request, bundle: State, result: Plan) -> t.List[f.Finding]:
    """What refuses a host that trusts another CA of the name of the folder's; nothing, but a remark, where that is allowed."""
    found = rollover.unknown(request.ca_directory, request.ca_common_name, bundle["ca_certificates"])
    if not request.other_ca:
        return found
    result["remarks"] += remarks([], found)
    return []


def clients(request: Request, view: rollover.View, result: Plan) -> None:
    """Whether the CA has to be made, its issuing CA to be signed again, and which identities of clients are due."""
    issuer, chain = _issuer(view)
    result["create_ca"] = not rollover.complete(request.ca_directory)
    result["issuing"] = [] if result["create_ca"] else authority.issuing_reasons(view.directory, request.share)
    due = identities.due(
        request.clients, request.client_directory, None if result["create_ca"] else issuer, request.client_key_type, request.share, chain
    )
    result["clients"] = [identity["name"] for identity in due]
    result["client_reasons"] = unique(reason["text"] for identity in due for reason in identity["reasons"])
    result["client_new_keys"] = [name for name in result["clients"] if not keeps_client_key(request, name)]


def keeps_client_key(request: Request, name: str) -> bool:
    """Whether an identity is renewed with the key that it has; then certificate and key match at every moment."""
    return request.client_key_reuse and identities.keeps_key(name, request.client_directory, request.client_key_type)


def judge_authority(request: Request, view: rollover.View, result: Plan) -> None:
    """Refuse, before anything is signed, a CA that cannot sign."""
    if result["create_ca"] or result["issuing"]:
        found = authority.root_findings(view.directory, request.ca_root_passphrase or None)
        if result["create_ca"] or any(each["code"] != "ca_root_away" for each in found):
            result["refusals"] += [ca_sentence(each) for each in found]
        elif found:
            # There is time: the old certificate of the issuing CA still signs.
            result["issuing"] = []
            result["remarks"] += [f"warning: the issuing CA is due ({_time_left(view, request)}). {sentence(found[0])}"]
    if result["clients"] or result["reasons"]:
        loaded = authority.load(view.directory, request.ca_passphrase or None)
        result["refusals"] += [ca_sentence(each) for each in loaded["findings"]]
        result["remarks"] += _ends_soon(loaded["not_after"], request.lifetime_days)


def _time_left(view: rollover.View, request: Request) -> str:
    return "; ".join(authority.issuing_reasons(view.directory, request.share))


def _issuer(view: rollover.View) -> t.Tuple[t.Optional[str], str]:
    """PEM of the certificate that signs, and of what is served between it and the root."""
    path, _key = authority.signing_files(view.directory)
    if not authority.has_issuing(view.directory):
        return view.trust, ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except FileNotFoundError:
        return None, ""
    return text, text


def _judge(request: Request, bundle: State, view: rollover.View, result: Plan) -> None:
    issuer, chain = _issuer(view)
    policy = renewal.Policy(request.san, issuer, request.key_type, "server", request.share)
    leaf = _first(bundle["certificate"])
    material: validate.Bundle = {
        "certificate": (leaf or "") + chain,
        "ca": view.trust,
        "public_key_sha256": bundle["key"]["public_key_sha256"],
    }
    terms = validate.terms(request.names, request.mutual, False, warn_days=0)
    result["reasons"], verdict = judge_installed(request, policy, bundle, material, terms)
    if verdict is not None:
        result["differences"] = differences(verdict, bundle)
        result["remarks"] += remarks(verdict["warnings"])


def _first(certificate: t.Optional[str]) -> t.Optional[str]:
    end = "-----END CERTIFICATE-----\n"
    return certificate.partition(end)[0] + end if certificate and end in certificate else certificate


def _rollover(request: Request, bundle: State, result: Plan) -> t.List[f.Finding]:
    """What keeps the step asked for from being taken; else whether it is due, and the name of a CA that is to be made for it."""
    step = request.rollover
    if not step:
        # A killed step is finished by whatever run comes next.
        result["rollover"] = rollover.phase(request.ca_directory) == "moving"
        return []
    found = rollover.refusals(request.ca_directory, step)
    if found:
        return found
    result["rollover"] = rollover.due(request.ca_directory, step)
    if step == "trust":
        result["ca_common_name"] = rollover.next_name(request.ca_common_name, request.ca_directory)
    if step == "issue" and bundle["leaf"] is not None:
        return _untrusting(request, bundle)
    return []


def _untrusting(request: Request, bundle: State) -> t.List[f.Finding]:
    """A host that does not trust the new CA would refuse its clients, and clients that were given its ca.crt the host."""
    folder = rollover.view(request.ca_directory, request.rollover).directory
    trusted = {each["fingerprint_sha256"] for each in bundle["ca_certificates"]}
    missing = [each for each in authority.roots(folder) if each.fingerprint not in trusted]
    if not missing:
        return []
    cause = f"The CA file of this host does not hold the new CA '{missing[0].label}' yet."
    return [_order(cause, "Take the step before on it first (tls_certificates_ca_rollover: trust), and have it served.")]


def _unready_to_retire(request: Request, host: Host, view: rollover.View) -> t.List[f.Finding]:
    """Whoever still shows a certificate of the old CA would be refused."""
    issuer, _chain = _issuer(view)
    result: t.List[f.Finding] = []
    remedy = "Take the step before first (tls_certificates_ca_rollover: issue), and have it served."
    if host.bundle is not None and host.bundle["certificate"]:
        policy = renewal.Policy(request.san, issuer, request.key_type, "server", 0)
        if any(reason["code"] == "issuer" for reason in renewal.reasons(host.bundle["certificate"], policy)):
            result.append(_order("The certificate of this host is still the old CA's.", remedy))
    due = identities.due(request.clients, request.client_directory, issuer, request.client_key_type, 0, None)
    old = [each["name"] for each in due if any(reason["code"] == "issuer" for reason in each["reasons"])]
    if old:
        result.append(_order(f"The identities {', '.join(old)} of clients are still the old CA's.", remedy))
    return result


def _order(cause: str, remedy: str) -> f.Finding:
    return {"code": "ca_rollover_order", "subject": "ca", "cause": cause, "remedy": remedy}


def ca_sentence(finding: f.Finding) -> str:
    """A finding about the CA, after the variable that it is about."""
    option = "tls_certificates_ca_rollover" if finding["code"] == "ca_rollover_order" else "tls_certificates_ca_directory"
    return f"{option}: {sentence(finding)}"


def _ends_soon(not_after: t.Optional[int], lifetime_days: float) -> t.List[str]:
    if not_after is None:
        return []
    end = datetime.datetime.fromtimestamp(not_after, datetime.timezone.utc)
    if end - datetime.datetime.now(datetime.timezone.utc) > datetime.timedelta(days=lifetime_days):
        return []
    return [f"warning: the CA ends on {end:%Y-%m-%d}, and certificates are issued to its end only. Plan a new CA. [ca_ends_soon]"]
