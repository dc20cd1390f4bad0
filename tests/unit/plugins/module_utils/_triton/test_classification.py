# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""gRPC's texts, of grpcio 1.67 and 1.85, and OpenSSL's observations become codes."""

from __future__ import annotations

import time
import typing as t

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.inferops.triton.plugins.module_utils._triton import classification
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import RpcError
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Endpoint, Identity
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Observation, Problem, Stage
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, issue
from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity as Made

PREFIX_1_85 = (
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:192.0.2.1:8001: Tls handshake failed "
    "(TSI_PROTOCOL_FAILURE): SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED: "
)
PREFIX_1_67 = (
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:192.0.2.1:8001: Ssl handshake failed "
    "(TSI_PROTOCOL_FAILURE): SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED: "
)


def seen_of(identity: t.Optional[Made], **fields: t.Any) -> Observation:
    chain = [identity.certificate, *identity.intermediates] if identity else []
    base: t.Dict[str, t.Any] = {"stage": Stage.DONE, "tls_version": "TLSv1.3", "alpn": "h2"}
    base["chain"] = [certificate.public_bytes(Encoding.DER) for certificate in chain]
    return Observation(**{**base, **fields})


def endpoint_of(pki: Pki, identity: t.Optional[Made] = None, name: str = "triton") -> Endpoint:
    own = Identity(identity.chain_pem.encode(), identity.key_pem.encode()) if identity else None
    return Endpoint("e", Address("192.0.2.1", 8001), name, pki.root.pem.encode(), own, own is not None, model="m")


@pytest.mark.parametrize("prefix", [PREFIX_1_67, PREFIX_1_85])
@pytest.mark.parametrize(
    ("text", "case", "code"),
    [
        ("certificate has expired", "late", "expired"),
        ("certificate is not yet valid", "early", "not_yet_valid"),
        ("unsupported certificate purpose", "client", "wrong_purpose"),
        ("unsuitable certificate purpose", "client", "wrong_purpose"),
        ("self signed certificate", "self", "self_signed"),
        ("self-signed certificate", "self", "self_signed"),
        ("self-signed certificate in certificate chain", "foreign", "untrusted_issuer"),
        ("unable to get local issuer certificate", "foreign", "untrusted_issuer"),
        ("unable to get local issuer certificate", "alone", "incomplete_chain"),
        ("unable to verify the first certificate", "alone", "incomplete_chain"),
        ("certificate signature failure", "good", "certificate_rejected"),
        ("something that no one has seen yet", "good", "certificate_rejected"),
    ],
)
def test_verification_texts(pki: Pki, prefix: str, text: str, case: str, code: str) -> None:
    complete = issue("triton", pki.intermediate, ["triton"])
    identity = {
        "late": issue("triton", pki.root, ["triton"], start_days=-9, end_days=-1),
        "early": issue("triton", pki.root, ["triton"], start_days=1),
        "client": issue("triton", pki.root, ["triton"], eku=[CLIENT]),
        "self": issue("triton", None, ["triton"]),
        "foreign": issue("triton", pki.stranger, ["triton"]),
        "alone": Made(complete.certificate, complete.private_key),
        "good": complete,
    }[case]
    error = RpcError("UNAVAILABLE", prefix + text)
    found = classification.explain_rpc(endpoint_of(pki), error, seen_of(identity), 5)
    assert found.code == code
    assert text in found.raw
    if code == "incomplete_chain":
        assert "Test issuing CA" in found.cause


LAST = "failed to connect to all addresses; last error: UNKNOWN: ipv4:192.0.2.1:8001: "


@pytest.mark.parametrize(
    ("status", "text", "code"),
    [
        ("UNAVAILABLE", LAST + "Peer name triton is not in peer certificate", "hostname_mismatch"),
        ("UNAVAILABLE", LAST + "Custom verification check failed with error: UNAUTHENTICATED: Hostname Verification Check failed.", "hostname_mismatch"),
        ("UNAVAILABLE", LAST + "Cannot check peer: missing selected ALPN property.", "no_alpn_h2"),
        ("UNAVAILABLE", LAST + "Failed to connect to remote host: Connection refused", "connection_refused"),
        ("UNAVAILABLE", LAST + "Failed to create security handshaker.", "invalid_option"),
        ("UNAVAILABLE", "empty address list: ", "invalid_option"),
        ("UNAVAILABLE", "Socket closed", "rpc_failed"),
        ("UNAVAILABLE", "This protocol is restricted, expecting header 'triton-grpc-protocol-key'", "restricted"),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", "timeout"),
        ("UNIMPLEMENTED", "", "not_grpc"),
        ("INTERNAL", "whatever", "rpc_failed"),
    ],
)
def test_call_texts(pki: Pki, status: str, text: str, code: str) -> None:
    found = classification.explain_rpc(endpoint_of(pki), RpcError(status, text), seen_of(pki.server), 5)
    assert found.code == code
    assert found.raw.startswith(status)


@pytest.mark.parametrize(
    ("status", "text", "code"),
    [
        ("NOT_FOUND", "Request for unknown model: 'm' is not found", "model_unknown"),
        ("NOT_FOUND", "Request for unknown model: 'm' has no available versions", "model_not_ready"),
        ("UNAVAILABLE", "model 'm' has no available versions", "model_not_ready"),
        ("UNAVAILABLE", "Model 'm' version 1 is not ready", "model_not_ready"),
        ("INVALID_ARGUMENT", "unexpected shape", "inference_failed"),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", "timeout"),
    ],
)
def test_model_texts(pki: Pki, status: str, text: str, code: str) -> None:
    found = classification.explain_model(endpoint_of(pki), RpcError(status, text), seen_of(pki.server), 5)
    assert found.code == code


@pytest.mark.parametrize(
    ("case", "names", "code", "named"),
    [
        ("none", ["CN=Fleet"], "client_certificate_required", "CN=Fleet"),
        ("none", [], "client_certificate_required", "names none"),
        ("good", [], "client_ca_missing_on_server", "refuses everyone"),
        ("good", ["CN=Other"], "client_ca_unexpected", "CN=Other"),
        ("good", ["{root}"], "client_certificate_refused", "alert 'bad certificate'"),
        ("late", [], "client_certificate_refused", "expired on"),
        ("early", [], "client_certificate_refused", "valid only from"),
        ("server", ["{root}"], "client_certificate_refused", "without clientAuth"),
    ],
)
def test_client_refusals(pki: Pki, case: str, names: t.List[str], code: str, named: str) -> None:
    own = {
        "none": None,
        "good": pki.client,
        "late": issue("late", pki.root, eku=[CLIENT], start_days=-9, end_days=-2),
        "early": issue("early", pki.root, eku=[CLIENT], start_days=2),
        "server": issue("server", pki.root),
    }[case]
    asked = [name.format(root=pki.root.certificate.subject.rfc4514_string()) for name in names]
    fields = {"client_certificate_asked": True, "client_ca_names": asked, "alert": "bad certificate"}
    seen = seen_of(pki.server, stage=Stage.HTTP2, problem=Problem.ALERT, **fields)
    found = classification.explain_observation(endpoint_of(pki, own), seen, 5)
    assert found is not None
    assert found.code == code
    assert named in found.cause + found.remedy


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"stage": Stage.RESOLVE, "problem": Problem.DNS}, "dns"),
        ({"stage": Stage.RESOLVE, "problem": Problem.TIMEOUT}, "timeout"),
        ({"stage": Stage.CONNECT, "problem": Problem.REFUSED}, "connection_refused"),
        ({"stage": Stage.CONNECT, "problem": Problem.UNREACHABLE}, "unreachable"),
        ({"stage": Stage.CONNECT, "problem": Problem.TIMEOUT}, "timeout"),
        ({"stage": Stage.HANDSHAKE, "problem": Problem.TIMEOUT}, "timeout"),
        ({"stage": Stage.HANDSHAKE, "problem": Problem.CLOSED}, "not_tls"),
        ({"stage": Stage.HANDSHAKE, "problem": Problem.FLOOD}, "not_tls"),
        ({"stage": Stage.HANDSHAKE, "problem": Problem.NOT_TLS, "banner": b"SSH-2.0-x"}, "not_tls"),
        ({"stage": Stage.HANDSHAKE, "problem": Problem.NOT_TLS, "banner": bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])}, "plaintext_server"),
        ({"stage": Stage.HANDSHAKE, "problem": Problem.ALERT, "detail": "tlsv1 alert protocol version"}, "tls_too_old"),
        ({"stage": Stage.HANDSHAKE, "problem": Problem.TLS, "detail": "unsupported protocol"}, "tls_too_old"),
        ({"stage": Stage.HANDSHAKE, "problem": Problem.ALERT, "detail": "ssl/tls alert handshake failure"}, "tls_failed"),
        ({"stage": Stage.DONE, "tls_version": "TLSv1.1"}, "tls_too_old"),
        ({"stage": Stage.DONE, "alpn": None}, "no_alpn_h2"),
        ({"stage": Stage.HTTP2, "problem": Problem.CLOSED, "alpn": "http/1.1"}, "no_alpn_h2"),
        ({"stage": Stage.HTTP2, "problem": Problem.NOT_HTTP2}, "not_grpc"),
        ({"stage": Stage.HTTP2, "problem": Problem.CLOSED}, "not_grpc"),
        ({"stage": Stage.DONE}, None),
    ],
)
def test_observations(pki: Pki, fields: t.Dict[str, t.Any], code: t.Optional[str]) -> None:
    found = classification.explain_observation(endpoint_of(pki), seen_of(None, **fields), 5)
    assert (found.code if found else None) == code


def test_a_server_that_hangs_up_on_tls_but_answers_without_it_is_plaintext(pki: Pki) -> None:
    seen = seen_of(None, stage=Stage.HANDSHAKE, problem=Problem.CLOSED)
    found = classification.explain_observation(endpoint_of(pki), seen, 5, Observation(stage=Stage.DONE))
    assert found is not None
    assert found.code == "plaintext_server"


def test_certificates_that_issued_each_other_do_not_take_for_ever(pki: Pki) -> None:
    first = issue("Loop", ca=True)
    others = [issue("Loop", first, ca=True, key=first.private_key).certificate for _number in range(40)]
    leaf = issue("triton", first, ["triton"])
    seen = seen_of(Made(leaf.certificate, leaf.private_key, tuple(others)))
    started = time.monotonic()
    found = classification.explain_chain(endpoint_of(pki), classification.served(seen))
    assert found is not None
    assert found.code == "untrusted_issuer"
    assert time.monotonic() - started < 5
