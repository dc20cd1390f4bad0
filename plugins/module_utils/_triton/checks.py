# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of checks: each judges the evidence of one endpoint, and none opens a connection.

A new check is one function and one line in CHECKS; a new refusal is one attempt and one line there.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._tls import strength
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import iso
from ansible_collections.inferops.triton.plugins.module_utils._tls.finding import Finding
from ansible_collections.inferops.triton.plugins.module_utils._triton import classification, exposure, frontends, inference
from ansible_collections.inferops.triton.plugins.module_utils._triton.attempts import REFUSALS, WRONG_NAME
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import (
    Diagnosis,
    Failure,
    diagnose,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.outcome import Outcome
from ansible_collections.inferops.triton.plugins.module_utils._triton.verdict import (
    EXPOSURE,
    FAILED,
    INCONCLUSIVE,
    OK,
    OVERRIDDEN,
    PROOF,
    REFUSAL,
    SKIPPED,
    Case,
    Verdict,
    failed,
    overridden,
    passed,
    skipped,
    unjudged,
)

__all__ = ("CHECKS", "FAILED", "INCONCLUSIVE", "OK", "OVERRIDDEN", "SKIPPED", "Case", "PROOF", "Check", "Verdict", "judge", "overridden", "warnings")

_UNREACHED = "the endpoint was not reached"
_NO_TLS = "there was no TLS handshake to judge"
_NO_CALL = "no gRPC call got through"
# Diagnoses about the client's own certificate, which say nothing against the server's TLS.
_CLIENT_CODES = frozenset(
    {
        "client_certificate_required",
        "client_certificate_refused",
        "client_ca_unexpected",
        "client_ca_missing_on_server",
    }
)


def _reachable(case: Case) -> Verdict:
    if case.connection_fault is not None and case.seen.peer is None:
        return failed(case.connection_fault)
    return passed("connected to {0}".format(case.seen.peer))


def _tls(case: Case) -> Verdict:
    fault = case.connection_fault
    if case.seen.peer is None:
        return unjudged(case, _UNREACHED)
    if fault is not None and fault.code not in _CLIENT_CODES:
        return failed(fault, case.seen.tls_version)
    detail = "{0}, {1}, ALPN {2}".format(case.seen.tls_version, case.seen.cipher, case.seen.alpn)
    return passed(detail if case.seen.tls_version else "the handshake reached the client's certificate", case.seen.tls_version)


def _client_asked(case: Case) -> Verdict:
    if not case.endpoint.mutual:
        return skipped("mutual TLS is not expected")
    if not case.sent:
        return unjudged(case, _NO_TLS)
    if not case.seen.client_certificate_asked:
        return failed(diagnose("client_certificate_not_asked", address=case.endpoint.address))
    names = "; ".join(case.seen.client_ca_names)
    expected = case.endpoint.client_cas
    if names and expected and expected != set(case.seen.client_ca_names):
        fault = diagnose("stale_client_ca", address=case.endpoint.address, names=names, expected="; ".join(sorted(expected)))
        return failed(fault, names)
    return passed("the server asks for certificates of {0}".format(names or "any CA"), names or None)


def _client_accepted(case: Case) -> Verdict:
    if case.seen.accepted:
        return passed("the server lets this client speak HTTP/2")
    if case.connection_fault is not None and case.connection_fault.code in _CLIENT_CODES:
        return failed(case.connection_fault)
    return unjudged(case, _NO_TLS)


_DATES = ("expired", "not_yet_valid")
_CHAIN = ("untrusted_issuer", "self_signed", "incomplete_chain", "wrong_purpose", "certificate_rejected")


def _chain(case: Case) -> Verdict:
    if case.endpoint.ca is None:
        return skipped("no CA was given")
    if case.spoke_grpc:
        return passed("the gRPC client accepts the chain of {0}".format(len(case.sent)), len(case.sent))
    if not case.sent:
        return unjudged(case, _NO_TLS)
    if case.grpc_fault is not None and case.grpc_fault.code in _CHAIN:
        return failed(case.grpc_fault)
    # gRPC stopped at something else; the chain is judged all the same, to name every fault at once.
    fault = classification.explain_chain(case.endpoint, case.sent)
    return failed(fault) if fault else passed("the chain of {0} leads to the CA".format(len(case.sent)), len(case.sent))


def _name(case: Case) -> Verdict:
    name = case.endpoint.server_name
    if not case.sent:
        return unjudged(case, _NO_TLS)
    if case.grpc_fault is not None and case.grpc_fault.code == "hostname_mismatch":
        return failed(case.grpc_fault)
    if not case.spoke_grpc and not classification.covers_name(case.endpoint, case.sent[0]):
        return failed(classification.explain_name(case.endpoint, case.sent))
    return passed("the certificate is for {0}".format(name), name)


def _dates(case: Case) -> Verdict:
    if not case.sent:
        return unjudged(case, _NO_TLS)
    days = round(case.days_left, 1)
    # An accepted chain may carry a certificate that nobody needs, whatever its dates.
    fault = None if case.spoke_grpc else classification.explain_dates(case.endpoint, case.sent)
    if fault is None:
        fault = material_fault(case, {"expires_soon": "expires_soon"})
    if fault is not None:
        return failed(fault, days)
    return passed("valid until {0}".format(iso(case.first_end)), days)


def material_fault(case: Case, codes: t.Mapping[str, str]) -> t.Optional[Diagnosis]:
    """The first error of the certificate material with one of the findings' codes given; their values are the diagnosis' codes."""
    errors: t.Sequence[Finding] = case.material.errors if case.material else ()
    for finding in errors:
        if finding["code"] in codes:
            detail, address = finding["cause"].rstrip("."), case.endpoint.address
            return diagnose(codes[finding["code"]], detail=detail, address=address, subject=case.sent[0].label)
    return None


def _key(case: Case) -> Verdict:
    if not case.sent:
        return unjudged(case, _NO_TLS)
    name = strength.name_of(case.sent[0].key)
    # gRPC clients cannot verify an unsupported key at all, strong as it may be.
    fault = material_fault(case, {"weak_key": "weak_key", "unsupported_key": "certificate_rejected"})
    return failed(fault, name) if fault else passed("the server's key is {0}".format(name), name)


def _signature(case: Case) -> Verdict:
    if not case.sent:
        return unjudged(case, _NO_TLS)
    algorithm = case.sent[0].signature_algorithm
    fault = material_fault(case, {"weak_signature": "weak_signature"})
    return failed(fault, algorithm) if fault else passed("signed with {0}".format(algorithm), algorithm)


def fingerprint(case: Case) -> Verdict:
    """Whether the served leaf is the installed one."""
    expected = case.endpoint.expected_fingerprint
    if expected is None:
        return skipped("no fingerprint was given to compare with")
    if not case.sent:
        return unjudged(case, _NO_TLS)
    served = case.sent[0].fingerprint
    if served != expected:
        stale = diagnose("stale_certificate", address=case.endpoint.address, served=served, expected=expected)
        return failed(stale, served)
    return passed("the installed certificate is the one served", served)


def _server_ready(case: Case) -> Verdict:
    if case.control is None:
        return unjudged(case, _NO_CALL)
    if case.control.fault is not None:
        if case.control.fault.code in _CHAIN + _DATES + ("hostname_mismatch",):
            return unjudged(case, "the gRPC client refuses the server's certificate")
        return failed(case.control.fault)
    if not case.control.ready:
        return failed(diagnose("not_ready", address=case.endpoint.address, detail="it says so over gRPC"))
    return passed("ready, asked over the secured port")


def _model_ready(case: Case) -> Verdict:
    if case.endpoint.model is None:
        return skipped("no model was given")
    if case.control is None or case.control.model_ready is None:
        return unjudged(case, _NO_CALL)
    if case.control.model_fault is not None:
        return failed(case.control.model_fault)
    return passed("{0} is ready".format(case.endpoint.model), case.endpoint.model)


def _inference(case: Case) -> Verdict:
    if case.endpoint.model is None:
        return skipped("no model was given")
    if case.control is None or not case.control.model_ready:
        return unjudged(case, "the model is not ready" if case.control and case.control.model_fault else _NO_CALL)
    if case.control.inference_fault is not None:
        return failed(case.control.inference_fault)
    answer = case.control.answer
    if answer is None:
        return unjudged(case, "no answer came")
    shapes = ", ".join("{0} {1}".format(name, list(out.shape)) for name, out in answer.outputs.items())
    return passed("outputs as expected: {0}".format(shapes))


def _devices(case: Case) -> Verdict:
    wanted = case.endpoint.devices
    if wanted is None:
        return skipped("no devices were given")
    if case.control is not None and case.control.device_fault is not None:
        return failed(case.control.device_fault)
    if case.control is None or case.control.config is None:
        return unjudged(case, "the model's configuration was not read")
    found, where = classification.count_devices(case.control.config, wanted.kind)
    if found < wanted.count:
        facts: t.Dict[str, t.Any] = {"address": case.endpoint.address, "model": case.endpoint.model, "expected": wanted}
        return failed(diagnose("device_missing", detail=where, **facts), found)
    return passed("{0}, at least {1} expected".format(where, wanted), found)


def _latency(case: Case) -> Verdict:
    answer = case.control.answer if case.control else None
    if case.endpoint.model is None:
        return skipped("no model was given")
    if answer is None:
        return unjudged(case, "there was no answer to time")
    limit, seconds = case.endpoint.max_latency, round(answer.latency, 6)
    if limit is None:
        return passed("{0:.4f} s, no bound was given".format(seconds), seconds)
    try:
        inference.check_latency(case.endpoint, answer)
    except Failure as failure:
        return failed(failure.diagnosis, seconds)
    return passed("{0:.4f} s of {1:g} s allowed".format(seconds, limit), seconds)


def _over_tls(case: Case) -> t.Optional[str]:
    """Control: the probe with the right client certificate was let in."""
    return None if case.seen.accepted else "the same client, put right, was not let in either"


def _over_grpc(case: Case) -> t.Optional[str]:
    """Control: the gRPC client with the right CA and name got an answer."""
    return None if case.spoke_grpc else "the gRPC client with the right CA and name got no answer either"


def _refusal(
    attempt: str, control: t.Callable[[Case], t.Optional[str]], code: str
) -> t.Callable[[Case], Verdict]:
    """A check that a client was refused: `control` says why its twin failed, `code` is for a client that was let in."""

    def judge(case: Case) -> Verdict:
        if REFUSALS[attempt].mutual and not case.endpoint.mutual:
            return skipped("mutual TLS is not expected")
        if not REFUSALS[attempt].applies(case.endpoint):
            return skipped("neither an expired client certificate was given, nor the CA to sign one with")
        made = case.evidence.refusals.get(attempt)
        if made is not None and made.outcome == Outcome.ACCEPTED:
            return failed(diagnose(code, made.detail, address=case.endpoint.address, name=WRONG_NAME))
        why = control(case)
        if why is None and made is not None and made.outcome == Outcome.REFUSED:
            return passed("refused: {0}".format(made.detail))
        detail = why or (made.detail if made is not None else "it was not tried")
        diagnosis = diagnose("control_failed", address=case.endpoint.address, detail=detail)
        return Verdict(INCONCLUSIVE, diagnosis.cause, None, diagnosis)

    return judge


def _port_exposed(name: str, code: str) -> t.Callable[[Case], Verdict]:
    """A check that nothing answers in the clear on a port beside the endpoint's."""

    def judge(case: Case) -> Verdict:
        endpoint, peer = case.endpoint, case.seen.peer
        port = {"rest": endpoint.http_port, "metrics": endpoint.metrics_port}[name]
        if not endpoint.exposure:
            return skipped(NOT_LOOKED)
        if not port:
            return skipped("there is no such port")
        if port in [front.address.port for front in frontends.offered(endpoint).values()]:
            return skipped("the gateway's HTTPS is there, see {0}_plaintext_refused".format(name))
        if peer is None:
            return unjudged(case, _UNREACHED)
        if exposure.is_local(peer.host):
            return skipped("{0} is a loopback address, on which such a port is exposed to nobody".format(peer.host))
        made = case.evidence.ports.get(name)
        if made is None or made.outcome == Outcome.UNCLEAR:
            return unjudged(case, made.detail if made else "the right client was not let in, so nothing else was tried")
        if made.outcome == Outcome.ACCEPTED:
            return failed(diagnose(code, made.detail, address=endpoint.address, detail=made.detail), port)
        return passed(made.detail, port)

    return judge


def _control_exposed(case: Case) -> Verdict:
    if not case.endpoint.exposure:
        return skipped(NOT_LOOKED)
    made = case.control.controls if case.control else None
    if made is None:
        return unjudged(case, _NO_CALL)
    is_open = [name for name, attempt in made.items() if attempt.outcome == Outcome.ACCEPTED]
    unclear = [attempt.detail for attempt in made.values() if attempt.outcome == Outcome.UNCLEAR]
    if is_open:
        names = ", ".join(is_open)
        return failed(diagnose("control_exposed", address=case.endpoint.address, detail=names), names)
    return unjudged(case, unclear[0]) if unclear else passed("closed to this client: {0}".format(", ".join(made)))


NOT_LOOKED = "the option exposure is off"


@dataclass(frozen=True)
class Check:
    """One line of the table."""

    name: str
    kind: str
    judge: t.Callable[[Case], Verdict]


CHECKS: t.Tuple[Check, ...] = (
    Check("reachable", PROOF, _reachable),
    Check("tls", PROOF, _tls),
    Check("client_certificate_asked", PROOF, _client_asked),
    Check("client_accepted", PROOF, _client_accepted),
    Check("chain", PROOF, _chain),
    Check("name", PROOF, _name),
    Check("dates", PROOF, _dates),
    Check("key", PROOF, _key),
    Check("signature", PROOF, _signature),
    Check("fingerprint", PROOF, fingerprint),
    Check("server_ready", PROOF, _server_ready),
    Check("model_ready", PROOF, _model_ready),
    Check("inference", PROOF, _inference),
    Check("devices", PROOF, _devices),
    Check("latency", PROOF, _latency),
    Check("plaintext_refused", REFUSAL, _refusal("plaintext", _over_tls, "plaintext_accepted")),
    Check("other_ca_refused", REFUSAL, _refusal("other_ca", _over_grpc, "other_ca_accepted")),
    Check("wrong_name_refused", REFUSAL, _refusal("wrong_name", _over_grpc, "wrong_name_accepted")),
    Check("old_tls_refused", REFUSAL, _refusal("old_tls", _over_tls, "old_tls_accepted")),
    Check(
        "no_client_certificate_refused",
        REFUSAL,
        _refusal("no_client_certificate", _over_tls, "no_client_certificate_accepted"),
    ),
    Check("foreign_client_refused", REFUSAL, _refusal("foreign_client", _over_tls, "foreign_client_accepted")),
    Check("expired_client_refused", REFUSAL, _refusal("expired_client", _over_tls, "expired_client_accepted")),
    Check("rest_exposed", EXPOSURE, _port_exposed("rest", "rest_exposed")),
    Check("metrics_exposed", EXPOSURE, _port_exposed("metrics", "metrics_exposed")),
    Check("control_exposed", EXPOSURE, _control_exposed),
)


def judge(case: Case, table: t.Sequence[Check] = CHECKS) -> t.List[t.Tuple[Check, Verdict]]:
    """Every check's verdict, in the order of the table; codes that the endpoint allows are overridden."""
    found = []
    for check in table:
        verdict = check.judge(case)
        if verdict.diagnosis is not None and verdict.diagnosis.code in case.endpoint.allow:
            verdict = overridden(verdict)
        found.append((check, verdict))
    return found


def warnings(case: Case) -> t.List[t.Dict[str, str]]:
    """What the gRPC client accepts of the certificates and best practice would not: code, cause and remedy of each."""
    found = case.material.warnings if case.material else []
    return [{"code": each["code"], "cause": each["cause"], "remedy": each["remedy"]} for each in found]
