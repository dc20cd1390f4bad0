# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for certificates that somebody else's CA issues: people who sign requests (`external`), or an ACME server."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import (
    certificate as c,
    chain,
    csr,
    finding as f,
    identities,
    keys,
    plan_issued,
    public_ca,
    renewal,
    rollover,
    san,
    validate,
)
from ansible_collections.inferops.triton.plugins.module_utils._tls.bundle import State, nothing
from ansible_collections.inferops.triton.plugins.module_utils._tls.planned import (
    LATER,
    Host,
    Plan,
    Request,
    differences,
    empty,
    judge_installed,
    read,
    remarks,
    reuses_key,
    sentence,
    unique,
)


def external(request: Request, host: Host) -> Plan:
    """Write a request where a certificate is due, wait for what comes back, judge it, go on."""
    result = empty(request)
    bundle = host.bundle or nothing()
    ca = read(request.ca_file)
    if host.bundle is None:
        result["reasons"] = result["asks"] = [LATER]
        return result
    result["reasons"], verdict = _judge(request, bundle, ca, request.mutual)
    result["reuse_key"] = bool(result["reasons"]) and reuses_key(request, bundle)
    given = read(request.certificate_file)
    if given is not None:
        _take(request, bundle, ca, given, result)
    if result["refusals"]:
        return result
    if result["takes"]:
        result["reasons"] = []
    elif result["reasons"]:
        _ask(request, bundle, result)
    elif verdict is not None:
        result["differences"] = differences(verdict, bundle)
        result["remarks"] += remarks(verdict["warnings"])
    if request.mutual:
        _clients(request, ca, result)
    return result


def acme(request: Request, host: Host) -> Plan:
    """Order from the ACME server what is missing, differs or is to be renewed. Clients of mutual TLS are the own CA's."""
    result = empty(request)
    bundle = host.bundle or nothing()
    ca = read(request.ca_file) if request.ca_file else public_ca.anchor(bundle["certificate"])
    authorities: t.Optional[t.List[c.Description]] = None
    if request.ca_file and ca is None:
        missing = f.make("missing", "ca", f"The file '{request.ca_file}' does not exist on the controller.", "Put it there, or correct the path.")
        result["refusals"] = [f"tls_certificates_acme_ca_file: {sentence(missing)}"]
        return result
    if request.mutual:
        try:
            view = rollover.view(request.ca_directory)
            authorities = [each.describe() for each in c.load(view.trust or "", "ca")[0]] if view.trust else []
            unfit = plan_issued.unknown_ca(request, bundle, result)
        except f.MaterialError as exc:
            unfit = [exc.finding]
        if unfit:
            result["refusals"] = [plan_issued.ca_sentence(each) for each in unfit]
            return result
        plan_issued.clients(request, view, result)
    if host.bundle is None:
        result["reasons"] = [LATER]
    else:
        # What the server judges its clients by is the own CA; the material is judged as clients will.
        result["reasons"], verdict = _judge(request, bundle, ca, False)
        if verdict is not None and request.renewal_info:
            result["reasons"], verdict = [f"its CA suggests a renewal: {request.renewal_info.rstrip('.')}"], None
        if verdict is not None:
            result["differences"] = differences(verdict, bundle, authorities)
            result["remarks"] += remarks(verdict["warnings"])
    result["reuse_key"] = bool(result["reasons"]) and reuses_key(request, bundle)
    if request.mutual:
        if result["create_ca"]:
            result["differences"] = unique([*result["differences"], "the CA of its clients does not exist yet"])
        _judge_authority(request, view, result)
    return result


def _judge_authority(request: Request, view: rollover.View, result: Plan) -> None:
    reasons, result["reasons"] = result["reasons"], []
    plan_issued.judge_authority(request, view, result)
    result["reasons"] = reasons


def _judge(request: Request, bundle: State, ca: t.Optional[str], mutual: bool) -> t.Tuple[t.List[str], t.Optional[validate.Verdict]]:
    policy = renewal.Policy(request.san, None, request.key_type, "server", request.share, foreign=True)
    material: validate.Bundle = {
        "certificate": bundle["certificate"],
        "ca": ca,
        "public_key_sha256": bundle["key"]["public_key_sha256"],
    }
    terms = validate.terms(request.names, mutual and ca is not None, False, None, 0, 0, request.allow)
    reasons, verdict = judge_installed(request, policy, bundle, material, terms)
    if verdict is not None and ca is None:
        wanted = "no CA that this controller trusts" if not request.ca_file else f"no CA of {request.ca_file}, which does not exist yet"
        issuer = verdict["chain"][-1]["issuer"] if verdict["chain"] else verdict["leaf"]["issuer"] if verdict["leaf"] else ""
        return [f"it was issued by {issuer}, which is {wanted}"], None
    return reasons, verdict


def _ask(request: Request, bundle: State, result: Plan) -> None:
    """A request for a key that exists, and for all that is asked for, is worth waiting for; else it is written (again)."""
    if result["waits"]:
        return  # the certificate came back, and its CA did not
    key = bundle["key"]["public_key_sha256"] if result["reuse_key"] else bundle["pending_public_key_sha256"]
    wrong = "there is no key for it yet" if key is None else None
    wrong = wrong or csr.differs(read(request.request_file), csr.Wanted(request.san, request.key_type, "server", key))
    if wrong:
        result["asks"] = [f"{', '.join(result['reasons'])} ({wrong})"]
    result["waits"] = [
        f"{request.host} waits for its certificate: have {request.request_file} signed, and put the certificate, followed by its intermediates,"
        f" into {request.certificate_file}" + ("" if os.path.exists(request.ca_file) else f" and the CA of the clients into {request.ca_file}") + "."
    ]


def _take(request: Request, bundle: State, ca: t.Optional[str], text: str, result: Plan) -> None:
    """Judge what came back: for the key of the request, with the names and the purpose of the request, fit to serve."""

    def refuse(finding: f.Finding) -> None:
        # The file is named once, by the option's line.
        result["refusals"].append(f"tls_certificates_external_directory ({request.certificate_file}): {sentence(finding)}")

    try:
        leaf = c.load(text, "certificate")[0][0]
    except f.MaterialError as exc:
        refuse(exc.finding)
        return
    if bundle["leaf"] is not None and leaf.fingerprint == bundle["leaf"]["fingerprint_sha256"]:
        return  # the one that is installed
    keys_of_host = [bundle["pending_public_key_sha256"], bundle["key"]["public_key_sha256"]]
    if leaf.public_key_sha256 not in keys_of_host:
        if result["reasons"] and any(keys_of_host):
            wanted = next(key for key in keys_of_host if key)
            refuse(
                f.make(
                    "key_mismatch",
                    "certificate",
                    f"The certificate '{leaf.label}' ({leaf.public_key_sha256[:16]}…) is for another key than the request ({wanted[:16]}…).",
                    f"Have {request.request_file} signed as it is now, or take the file away.",
                )
            )
        return
    if leaf.public_key_sha256 == keys_of_host[1] and result["reasons"] and not result["reuse_key"]:
        result["remarks"].append(
            f"warning: {request.certificate_file} is for the key that is to be replaced. Have {request.request_file} signed,"
            " or set tls_certificates_key_reuse. [old_key]"
        )
        return
    if ca is None:
        result["waits"].append(f"{request.host} waits for the CA of its certificate: put what clients are to trust into {request.ca_file}.")
        result["takes"] = False
        return
    policy = renewal.Policy(request.san, None, request.key_type, "server", 0, foreign=True)
    for reason in renewal.reasons(text, policy):
        if reason["code"] in ("names", "purpose", "key_type"):
            remedy = f"Have {request.request_file} signed for all that it asks for."
            code = {"names": "hostname_mismatch", "purpose": "wrong_purpose", "key_type": "unsupported_key"}[reason["code"]]
            refuse(f.make(code, "certificate", f"Of the certificate '{leaf.label}' that came back, {reason['text']}.", remedy))
    if result["refusals"]:
        return
    terms = validate.terms(request.names, request.mutual, False, None, request.warn_days, request.error_days, request.allow)
    verdict = validate.validate({"certificate": text, "ca": ca, "public_key_sha256": leaf.public_key_sha256}, terms)
    for each in verdict["errors"]:
        refuse(each)
    result["remarks"] += remarks(verdict["warnings"], verdict["overridden"])
    result["takes"] = not verdict["errors"]


def _clients(request: Request, ca: t.Optional[str], result: Plan) -> None:
    """Identities of clients by the same steps; their keys are made on the controller, where they are used."""
    due = identities.due(
        request.clients, request.client_directory, None, request.client_key_type, request.share, chain=None, foreign=True
    )
    reasons = {identity["name"]: [reason["text"] for reason in identity["reasons"]] for identity in due}
    for name in request.clients:
        if name not in reasons and ca is None:
            reasons[name] = ["its CA is not known yet"]
        elif name not in reasons and ca and not _anchored(os.path.join(request.client_directory, f"{name}.crt"), ca):
            reasons[name] = ["it is no client of the CA"]
    for name, why in reasons.items():
        _client(request, ca, name, why, result)


def _client(request: Request, ca: t.Optional[str], name: str, why: t.List[str], result: Plan) -> None:
    request_file, given_file = (os.path.join(request.client_requests, f"{name}{suffix}") for suffix in (".csr", ".crt"))
    pair = [_public_key(os.path.join(request.client_directory, f"{name}.key{suffix}")) for suffix in (".new", "")]
    wanted = frozenset((san.subject_alt_name(name),))
    given = read(given_file)
    if given is not None and ca is not None and given != read(os.path.join(request.client_directory, f"{name}.crt")):
        policy = renewal.Policy(wanted, None, request.client_key_type, "client", 0, foreign=True)
        wrong = [reason["text"] for reason in renewal.reasons(given, policy)]
        if not wrong and _leaf_key(given) not in [key for key in pair if key]:
            wrong = ["it is for another key than the request"]
        if not wrong and not _anchored(given_file, ca):
            wrong = [f"it does not lead to a CA in {request.ca_file}"]
        if not wrong:
            result["client_takes"].append(name)
            return
        result["refusals"].append(
            f"tls_certificates_external_directory ({given_file}): The certificate of the client '{name}' cannot be used: {'; '.join(wrong)}."
            f" Have {request_file} signed again, or take the file away. [client_certificate]"
        )
        return
    keep = plan_issued.keeps_client_key(request, name)
    key = pair[1] if keep else pair[0]
    if not keep:
        result["client_new_keys"].append(name)
    if key is None or csr.differs(read(request_file), csr.Wanted(wanted, request.client_key_type, "client", key)):
        result["client_asks"].append(name)
        result["client_reasons"] = unique([*result["client_reasons"], *why])
    result["waits"].append(f"The client {name} waits for its certificate: have {request_file} signed for client authentication, put it into {given_file}.")


def _leaf_key(text: str) -> t.Optional[str]:
    try:
        return c.load(text, "certificate")[0][0].public_key_sha256
    except f.MaterialError:
        return None


def _public_key(path: str) -> t.Optional[str]:
    try:
        with open(path, "rb") as file:
            return keys.load(file.read())[0].public_key_sha256
    except (FileNotFoundError, f.MaterialError):
        return None


def _anchored(path: str, ca: str) -> bool:
    try:
        leaf, *rest = c.load(read(path) or "", "certificate")[0]
        return chain.build(leaf, rest, c.load(ca, "ca")[0]).anchored
    except f.MaterialError:
        return False
