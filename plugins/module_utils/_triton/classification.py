# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a connection showed to a diagnosis.

gRPC's texts say too little ("Socket closed") and change between releases ("Ssl handshake failed" in 1.67, "Tls handshake
failed" in 1.85), so they are read for the reason that BoringSSL gives and judged beside what the probe saw.
"""

from __future__ import annotations

import datetime
import functools
import time
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import certificate as certificates
from ansible_collections.inferops.triton.plugins.module_utils._tls import (
    chain,
    finding,
    names,
    strength,
    validate,
)
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate, iso
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import RpcError
from ansible_collections.inferops.triton.plugins.module_utils._triton.deps import crypto, x509
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Diagnosis, diagnose
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Endpoint
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import (
    Observation,
    Problem,
    Stage,
    is_settings,
)

_OLD_VERSIONS = ("SSLv3", "TLSv1", "TLSv1.1")
_OLD_REASONS = ("protocol version", "unsupported protocol", "version too low")
_WAITING = {
    Stage.RESOLVE: "the name was not resolved",
    Stage.CONNECT: "the connection was not established",
    Stage.HANDSHAKE: "the connection stands, but the TLS handshake was not answered",
    Stage.HTTP2: "the TLS handshake is complete, but no HTTP/2 followed",
    Stage.DONE: "a call was not answered",
}
# What BoringSSL and gRPC write, in the order in which the texts are tried.
_VERIFICATION = (
    ("has expired", "expired"),
    ("not yet valid", "not_yet_valid"),
    ("purpose", "wrong_purpose"),
    ("in certificate chain", "issuer"),
    ("self-signed certificate", "self_signed"),
    ("self signed certificate", "self_signed"),
    ("local issuer", "issuer"),
    ("issuer certificate", "issuer"),
    ("first certificate", "issuer"),
    ("signature failure", "issuer"),
)
# Paths are searched among so many of the certificates sent: a hostile server's could all have issued each other.
_EXPLAINED = 6
_NAME_REFUSED = ("hostname verification check failed", "is not in peer certificate")


def served(observation: Observation) -> t.List[Certificate]:
    """The chain as sent, leaf first; certificates that cannot be decoded end it."""
    chain_sent: t.List[Certificate] = []
    for encoded in observation.chain:
        try:
            chain_sent.append(Certificate(encoded))
        except finding.MaterialError:
            break
    return chain_sent


def explain_observation(
    endpoint: Endpoint, seen: Observation, timeout: float, plaintext: t.Optional[Observation] = None
) -> t.Optional[Diagnosis]:
    """Why a gRPC client's TLS connection failed or is not good enough, None where it is. `plaintext` is a try without TLS."""
    fault = explain_connection(endpoint, seen, timeout, plaintext)
    if fault is not None:
        return fault
    if seen.alpn != "h2":
        return diagnose("no_alpn_h2", seen.detail, address=endpoint.address, detail=seen.alpn or "nothing")
    if seen.problem is Problem.TIMEOUT:
        return _late(endpoint, seen.stage, timeout)
    if seen.problem is not None:
        return diagnose("not_grpc", seen.detail, address=endpoint.address, detail=seen.detail)
    return None


def explain_connection(
    endpoint: Endpoint, seen: Observation, timeout: float, plaintext: t.Optional[Observation] = None
) -> t.Optional[Diagnosis]:
    """Why a connection came to no TLS session of today, or let this client in to none; None where it did, whatever followed."""
    address = endpoint.address
    problem, stage = seen.problem, seen.stage
    if problem is Problem.DNS:
        return diagnose("dns", seen.detail, address=address, host=address.host, detail=seen.detail)
    if problem is Problem.REFUSED:
        return diagnose("connection_refused", seen.detail, address=address)
    if problem is Problem.UNREACHABLE:
        return diagnose("unreachable", seen.detail, address=address, detail=seen.detail)
    if seen.refused:
        return explain_client_refusal(endpoint, seen)
    if stage not in (Stage.HTTP2, Stage.DONE):
        return _late(endpoint, stage, timeout) if problem is Problem.TIMEOUT else _explain_handshake(endpoint, seen, plaintext)
    if seen.tls_version in _OLD_VERSIONS:
        return diagnose("tls_too_old", address=address, detail="it chose {0}".format(seen.tls_version))
    return None


def _late(endpoint: Endpoint, stage: Stage, timeout: float) -> Diagnosis:
    return diagnose("timeout", address=endpoint.address, seconds="{0:g}".format(timeout), detail=_WAITING[stage])


def _explain_handshake(endpoint: Endpoint, seen: Observation, plaintext: t.Optional[Observation]) -> Diagnosis:
    address = endpoint.address
    if is_settings(seen.banner) or (plaintext is not None and plaintext.accepted):
        return diagnose("plaintext_server", seen.detail, address=address)
    if seen.problem is Problem.NOT_TLS and seen.banner.startswith(b"HTTP/"):
        return diagnose("not_tls", seen.detail, address=address, detail="a web server without TLS answers there")
    if seen.problem is Problem.CLOSED:
        detail = "it ended the connection when the TLS handshake began ({0})".format(seen.detail)
        return diagnose("not_tls", seen.detail, address=address, detail=detail)
    if seen.problem in (Problem.NOT_TLS, Problem.FLOOD):
        return diagnose("not_tls", seen.detail, address=address, detail=seen.detail)
    old = any(reason in seen.detail for reason in _OLD_REASONS)
    return diagnose("tls_too_old" if old else "tls_failed", seen.detail, address=address, detail=seen.detail)


def explain_client_refusal(endpoint: Endpoint, seen: Observation) -> Diagnosis:
    """Why a server that asks for certificates hung up on this client. gRPC says "Socket closed" to all of these."""
    address, asked = endpoint.address, seen.client_ca_names
    trusted = "; ".join(asked) or "it names none"
    if endpoint.identity is None:
        return diagnose("client_certificate_required", seen.detail, address=address, names=trusted)
    own, _findings = certificates.load(endpoint.identity.certificate, "certificate")
    fault = _client_fault(own[0])
    if fault is None and not asked:
        return diagnose("client_ca_missing_on_server", seen.detail, address=address)
    if fault is None and not any(certificate.issuer in asked for certificate in own):
        return diagnose(
            "client_ca_unexpected", seen.detail, address=address, names=trusted, issuer=own[-1].issuer
        )
    detail = fault or (seen.alert and "alert '{0}'".format(seen.alert)) or "it closed the connection"
    return diagnose(
        "client_certificate_refused",
        seen.detail,
        address=address,
        subject=own[0].label,
        detail=detail,
        names=trusted,
    )


def _client_fault(certificate: Certificate) -> t.Optional[str]:
    """What is wrong with the client's own certificate whoever reads it."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if now > certificate.not_after:
        return "it expired on {0}".format(iso(certificate.not_after))
    if now < certificate.not_before:
        return "it is valid only from {0} on".format(iso(certificate.not_before))
    if certificate.eku and not {"clientAuth", "anyExtendedKeyUsage"} & set(certificate.eku):
        return "its extended key usage is {0}, without clientAuth".format(", ".join(certificate.eku))
    return None


def name_refused(error: RpcError) -> bool:
    """Whether gRPC refused the server's name."""
    return any(text in error.details.lower() for text in _NAME_REFUSED)


def chain_refused(error: RpcError) -> bool:
    """Whether gRPC's own verification refused the server's chain."""
    return "CERTIFICATE_VERIFY_FAILED" in error.details


def explain_rpc(
    endpoint: Endpoint, error: RpcError, seen: Observation, timeout: float
) -> Diagnosis:
    """Why a gRPC call failed at an endpoint whose TLS the probe found usable."""
    address, raw = endpoint.address, str(error)
    lower = error.details.lower()
    if name_refused(error):
        return explain_name(endpoint, served(seen), raw)
    if chain_refused(error):
        return _explain_verification(endpoint, lower, served(seen), raw)
    if error.status == "DEADLINE_EXCEEDED":
        return diagnose("timeout", raw, address=address, seconds="{0:g}".format(timeout), detail=_WAITING[Stage.DONE])
    if "restricted" in lower:
        return diagnose("restricted", raw, address=address, detail=error.details)
    if error.status == "UNIMPLEMENTED":
        return diagnose("not_grpc", raw, address=address, detail="it does not know Triton's calls")
    if "missing selected alpn" in lower:
        return diagnose("no_alpn_h2", raw, address=address, detail=seen.alpn or "nothing")
    if "connection refused" in lower:
        return diagnose("connection_refused", raw, address=address)
    if "failed to create security handshaker" in lower or "empty address list" in lower:
        return diagnose("invalid_option", raw, address=address, detail="gRPC can use neither the CA nor the client pair given.")
    sent = served(seen)
    if sent and "failed to connect" in lower:
        # gRPC only says that the connection broke; what it cannot verify shows in the certificate.
        unfit = strength.judge_key(sent[0], "certificate", leaf=True) + strength.judge_signature(sent[0], "certificate")
        if unfit:
            detail = unfit[0]["cause"].rstrip(".")
            return diagnose("certificate_rejected", raw, address=address, subject=sent[0].label, detail=detail)
    return diagnose("rpc_failed", raw, address=address, detail="{0} {1}".format(error.status, error.details).strip())


def explain_model(endpoint: Endpoint, error: RpcError, seen: Observation, timeout: float) -> Diagnosis:
    """Why a call about a model failed."""
    facts: t.Dict[str, t.Any] = {"address": endpoint.address, "model": endpoint.model}
    # "Request for unknown model: 'm' has no available versions" is a model that Triton knows: loading, unloading or broken.
    if "no available versions" in error.details or (error.status == "UNAVAILABLE" and "is not ready" in error.details):
        return diagnose("model_not_ready", str(error), detail=error.details.rstrip("."), **facts)
    if error.status == "NOT_FOUND" or "unknown model" in error.details or "unknown version" in error.details:
        return diagnose("model_unknown", str(error), **facts)
    general = explain_rpc(endpoint, error, seen, timeout)
    if general.code != "rpc_failed":
        return general
    return diagnose("inference_failed", str(error), detail="{0}: {1}".format(error.status, error.details), **facts)


def explain_name(endpoint: Endpoint, sent: t.Sequence[Certificate], raw: str = "") -> Diagnosis:
    """That the served certificate is for other names."""
    listed = "none"
    if sent:
        listed = ", ".join(sent[0].san or ["CN:" + name for name in sent[0].common_names]) or "none"
    return diagnose("hostname_mismatch", raw, address=endpoint.address, name=endpoint.server_name, names=listed)


def explain_dates(endpoint: Endpoint, sent: t.Sequence[Certificate], raw: str = "") -> t.Optional[Diagnosis]:
    """The first certificate of the chain that is not valid now, None where all are."""
    now = datetime.datetime.now(datetime.timezone.utc)
    for certificate in sent:
        facts: t.Dict[str, t.Any] = {"address": endpoint.address, "subject": certificate.label}
        if now > certificate.not_after:
            return diagnose("expired", raw, date=iso(certificate.not_after), **facts)
        if now < certificate.not_before:
            return diagnose("not_yet_valid", raw, date=iso(certificate.not_before), **facts)
    return None


def covers_name(endpoint: Endpoint, leaf: Certificate) -> bool:
    """Whether the leaf is for the expected name, as gRPC compares it; the CN counts where there is no SAN."""
    return not any(found["code"] == "hostname_mismatch" for found in names.judge(leaf, [endpoint.server_name]))


def explain_chain(endpoint: Endpoint, sent: t.Sequence[Certificate], raw: str = "") -> t.Optional[Diagnosis]:
    """What keeps the served chain from the given CA, dates and names aside; None where nothing does."""
    if not sent or endpoint.ca is None:
        return None
    leaf = sent[0]
    facts: t.Dict[str, t.Any] = {"address": endpoint.address, "subject": leaf.label}
    if leaf.eku and not {certificates.SERVER_AUTH, "anyExtendedKeyUsage"} & set(leaf.eku):
        detail = "its extended key usage is {0}".format(", ".join(leaf.eku))
        return diagnose("wrong_purpose", raw, detail=detail, **facts)
    anchors = _anchors(endpoint.ca)
    path = chain.build(leaf, list(sent[1:_EXPLAINED]), anchors)
    if path.anchored:
        return None
    if leaf.self_signed:
        return diagnose("self_signed", raw, **facts)
    issuer = path.certificates[-1].issuer
    code = path.findings[0]["code"] if path.findings else "untrusted_issuer"
    if code == "incomplete_chain":
        return diagnose(code, raw, address=endpoint.address, issuer=issuer, subject=path.certificates[-1].label)
    if code == "untrusted_issuer":
        return diagnose(code, raw, issuer=issuer, **facts)
    return diagnose("certificate_rejected", raw, detail=path.findings[0]["cause"].rstrip("."), **facts)


def explain_trust(endpoint: Endpoint, seen: Observation) -> t.Optional[Diagnosis]:
    """Why an HTTPS client that trusts the endpoint's CA would refuse the served certificate; None where it would not.

    OpenSSL decides, as for curl and Python. RFC 9110, 4.3.4: the name must be among the SANs, a CN does not count.
    """
    sent = served(seen)
    if not sent or endpoint.ca is None:
        return None
    refusal = _openssl_refusal(tuple(certificate.der for certificate in sent), endpoint.ca)
    purpose = sent[0].eku
    if refusal is not None or (purpose and not {certificates.SERVER_AUTH, "anyExtendedKeyUsage"} & set(purpose)):
        number, text = refusal or (0, "it is not meant for servers")
        found = explain_dates(endpoint, sent) if number in _DATE_ERRORS else explain_chain(endpoint, sent)
        rejected = diagnose("certificate_rejected", address=endpoint.address, subject=sent[0].label, detail=text)
        return found or rejected
    if not sent[0].san or not covers_name(endpoint, sent[0]):
        return explain_name(endpoint, sent)
    return None


# X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
_DATE_ERRORS = (9, 10)


def _openssl_refusal(sent: t.Sequence[bytes], ca: bytes) -> t.Optional[t.Tuple[int, str]]:
    """Number and text of OpenSSL's error for a chain under a CA file, None where it leads there and is valid now."""
    chain_sent = [crypto.X509.from_cryptography(x509.load_der_x509_certificate(each)) for each in sent]
    try:
        crypto.X509StoreContext(_store(ca), chain_sent[0], chain_sent[1:]).verify_certificate()
    except crypto.X509StoreContextError as error:
        return int(error.errors[0]), str(error)
    return None


@functools.lru_cache(maxsize=16)
def _store(ca: bytes) -> t.Any:
    """A CA file as OpenSSL trusts it, each of its certificates an anchor, as for gRPC."""
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    for certificate in x509.load_pem_x509_certificates(ca):
        store.add_cert(crypto.X509.from_cryptography(certificate))
    return store


@functools.lru_cache(maxsize=16)
def _anchors(ca: bytes) -> t.Tuple[Certificate, ...]:
    """The certificates of a CA file, parsed once for the endpoints that share it."""
    return tuple(certificates.load(ca, "ca")[0])


class Material(t.NamedTuple):
    """What _tls finds wrong with a served chain: errors, and what gRPC clients accept all the same."""

    errors: t.List[finding.Finding]
    warnings: t.List[finding.Finding]


def judge_served(endpoint: Endpoint, sent: t.Sequence[Certificate]) -> t.Optional[Material]:
    """The served chain as certificate material, held to the given CA; None without a chain or a CA."""
    if not sent or endpoint.ca is None:
        return None
    margins = (endpoint.warn_days, endpoint.error_days)
    return _judge(tuple(sent[:_EXPLAINED]), endpoint.ca, endpoint.server_name, margins, int(time.time() // 3600))


# It takes two milliseconds: hosts that share a certificate, and rounds that see the same one again, pay once an hour.
@functools.lru_cache(maxsize=1024)
def _judge(
    sent: t.Tuple[Certificate, ...], ca: bytes, name: str, margins: t.Tuple[float, float], _hour: int
) -> Material:
    # Of the CA file only what the chain could lead to: a system's bundle has 140 CAs.
    anchors = _anchors(ca)
    wanted = {certificate.issuer.casefold() for certificate in sent}
    near = [each for each in anchors if each in sent or each.subject.casefold() in wanted]
    above = {each.issuer.casefold() for each in near}
    near += [each for each in anchors if each not in near and each.subject.casefold() in above]
    bundle: validate.Bundle = {
        "certificate": "".join(each.pem for each in sent),
        "ca": "".join(each.pem for each in near or anchors[:1]),
    }
    found = validate.validate(bundle, validate.terms([name], warn_days=margins[0], error_days=margins[1]))
    return Material(found["errors"], found["warnings"])


def count_devices(config: t.Any, kind: str) -> t.Tuple[int, str]:
    """How many devices of a kind ("gpu", "cpu") a ModelConfig's instances run on, and all of them in words.

    Triton resolves KIND_AUTO when it loads a model (model_config_utils.cc). KIND_MODEL leaves the choice to the model, so
    nothing can be counted there.
    """
    gpus = {gpu for group in config.instance_group if group.kind == group.KIND_GPU for gpu in group.gpus}
    by_kind: t.Dict[str, int] = {}
    for group in config.instance_group:
        name = type(group).Kind.Name(group.kind)
        by_kind[name] = by_kind.get(name, 0) + (group.count * len(group.gpus) if group.kind == group.KIND_GPU else group.count)
    words = ", ".join("{0} of {1}".format(count, name) for name, count in by_kind.items()) or "none"
    listed = " on GPU {0}".format(", ".join(str(gpu) for gpu in sorted(gpus))) if gpus else ""
    return len(gpus) if kind == "gpu" else by_kind.get("KIND_CPU", 0), "its instances are {0}{1}".format(words, listed)


def _explain_verification(
    endpoint: Endpoint, text: str, sent: t.Sequence[Certificate], raw: str
) -> Diagnosis:
    reason = next((code for words, code in _VERIFICATION if words in text), "")
    if reason in ("expired", "not_yet_valid"):
        found = explain_dates(endpoint, sent, raw)
    else:
        found = explain_chain(endpoint, sent, raw)
    if found is not None:
        return found
    subject = sent[0].label if sent else "that is served"
    detail = text.partition("certificate_verify_failed")[2].strip(": ") or text
    return diagnose("certificate_rejected", raw, address=endpoint.address, subject=subject, detail=detail)
