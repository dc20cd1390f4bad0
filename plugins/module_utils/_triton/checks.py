# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of checks: each judges the evidence of one endpoint, and none opens a connection.

A new check is one function and one line in CHECKS; a new refusal is one attempt and one line there.
"""

from __future__ import annotations

import datetime
import functools
import typing as t
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate, iso
from ansible_collections.inferops.triton.plugins.module_utils._triton import classification, inference
from ansible_collections.inferops.triton.plugins.module_utils._triton.attempts import (
    WRONG_NAME,
    Evidence,
    Outcome,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import (
    Diagnosis,
    Failure,
    diagnose,
)

OK = "ok"
FAILED = "failed"
INCONCLUSIVE = "inconclusive"
OVERRIDDEN = "overridden"
SKIPPED = "skipped"

PROOF = "proof"
REFUSAL = "refusal"

Value = t.Union[None, str, int, float]


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check; a diagnosis goes with failed, inconclusive and overridden."""

    status: str
    detail: str
    value: Value = None
    diagnosis: t.Optional[Diagnosis] = None


def _ok(detail: str, value: Value = None) -> Verdict:
    return Verdict(OK, detail, value)


def _failed(diagnosis: Diagnosis, value: Value = None) -> Verdict:
    return Verdict(FAILED, diagnosis.cause, value, diagnosis)


def _skipped(why: str) -> Verdict:
    """The check was not asked for."""
    return Verdict(SKIPPED, why)


def _unjudged(case: "Case", why: str) -> Verdict:
    """The check was asked for, but something before it failed: not ok even where that failure is allowed."""
    return Verdict(INCONCLUSIVE, why, None, diagnose("not_judged", address=case.endpoint.address, detail=why))


class Case:
    """The evidence of one endpoint with what several checks derive from it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.endpoint = evidence.endpoint
        self.seen = evidence.seen
        self.control = evidence.control

    @functools.cached_property
    def sent(self) -> t.List[Certificate]:
        """The served chain."""
        return classification.served(self.seen)

    @functools.cached_property
    def connection_fault(self) -> t.Optional[Diagnosis]:
        """What is wrong with the TLS connection of the right client."""
        return classification.explain_observation(self.endpoint, self.seen, self.evidence.timeout, self.evidence.plaintext)

    @functools.cached_property
    def grpc_fault(self) -> t.Optional[Diagnosis]:
        """What kept the right gRPC client from an answer about readiness."""
        return self.control.fault if self.control else None

    @property
    def spoke_grpc(self) -> bool:
        """Whether the right gRPC client verified the server and got an answer."""
        return self.control is not None and self.control.verified


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
        return _failed(case.connection_fault)
    return _ok("connected to {0}".format(case.seen.peer))


def _tls(case: Case) -> Verdict:
    fault = case.connection_fault
    if case.seen.peer is None:
        return _unjudged(case, _UNREACHED)
    if fault is not None and fault.code not in _CLIENT_CODES:
        return _failed(fault, case.seen.tls_version)
    detail = "{0}, {1}, ALPN {2}".format(case.seen.tls_version, case.seen.cipher, case.seen.alpn)
    return _ok(detail if case.seen.tls_version else "the handshake reached the client's certificate", case.seen.tls_version)


def _client_asked(case: Case) -> Verdict:
    if not case.endpoint.mutual:
        return _skipped("mutual TLS is not expected")
    if not case.sent:
        return _unjudged(case, _NO_TLS)
    if not case.seen.client_certificate_asked:
        return _failed(diagnose("client_certificate_not_asked", address=case.endpoint.address))
    names = "; ".join(case.seen.client_ca_names)
    return _ok("the server asks for certificates of {0}".format(names or "any CA"), names or None)


def _client_accepted(case: Case) -> Verdict:
    if case.seen.accepted:
        return _ok("the server lets this client speak HTTP/2")
    if case.connection_fault is not None and case.connection_fault.code in _CLIENT_CODES:
        return _failed(case.connection_fault)
    return _unjudged(case, _NO_TLS)


_DATES = ("expired", "not_yet_valid")
_CHAIN = ("untrusted_issuer", "self_signed", "incomplete_chain", "wrong_purpose", "certificate_rejected")


def _chain(case: Case) -> Verdict:
    if case.endpoint.ca is None:
        return _skipped("no CA was given")
    if case.spoke_grpc:
        return _ok("the gRPC client accepts the chain of {0}".format(len(case.sent)), len(case.sent))
    if not case.sent:
        return _unjudged(case, _NO_TLS)
    if case.grpc_fault is not None and case.grpc_fault.code in _CHAIN:
        return _failed(case.grpc_fault)
    # gRPC stopped at something else; the chain is judged all the same, to name every fault at once.
    fault = classification.explain_chain(case.endpoint, case.sent)
    return _failed(fault) if fault else _ok("the chain of {0} leads to the CA".format(len(case.sent)), len(case.sent))


def _name(case: Case) -> Verdict:
    name = case.endpoint.server_name
    if not case.sent:
        return _unjudged(case, _NO_TLS)
    if case.grpc_fault is not None and case.grpc_fault.code == "hostname_mismatch":
        return _failed(case.grpc_fault)
    if not case.spoke_grpc and not classification.covers_name(case.endpoint, case.sent[0]):
        return _failed(classification.explain_name(case.endpoint, case.sent))
    return _ok("the certificate is for {0}".format(name), name)


def _dates(case: Case) -> Verdict:
    if not case.sent:
        return _unjudged(case, _NO_TLS)
    first = min(certificate.not_after for certificate in case.sent)
    days = round((first - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 86400, 1)
    # An accepted chain may carry a certificate that nobody needs, whatever its dates.
    fault = None if case.spoke_grpc else classification.explain_dates(case.endpoint, case.sent)
    if fault is not None:
        return _failed(fault, days)
    return _ok("valid until {0}".format(iso(first)), days)


def _fingerprint(case: Case) -> Verdict:
    expected = case.endpoint.expected_fingerprint
    if expected is None:
        return _skipped("no fingerprint was given to compare with")
    if not case.sent:
        return _unjudged(case, _NO_TLS)
    served = case.sent[0].fingerprint
    if served != expected:
        stale = diagnose("stale_certificate", address=case.endpoint.address, served=served, expected=expected)
        return _failed(stale, served)
    return _ok("the installed certificate is the one served", served)


def _server_ready(case: Case) -> Verdict:
    if case.control is None:
        return _unjudged(case, _NO_CALL)
    if case.control.fault is not None:
        if case.control.fault.code in _CHAIN + _DATES + ("hostname_mismatch",):
            return _unjudged(case, "the gRPC client refuses the server's certificate")
        return _failed(case.control.fault)
    if not case.control.ready:
        return _failed(diagnose("not_ready", address=case.endpoint.address, detail="it says so over gRPC"))
    return _ok("ready, asked over the secured port")


def _model_ready(case: Case) -> Verdict:
    if case.endpoint.model is None:
        return _skipped("no model was given")
    if case.control is None or case.control.model_ready is None:
        return _unjudged(case, _NO_CALL)
    if case.control.model_fault is not None:
        return _failed(case.control.model_fault)
    return _ok("{0} is ready".format(case.endpoint.model), case.endpoint.model)


def _inference(case: Case) -> Verdict:
    if case.endpoint.model is None:
        return _skipped("no model was given")
    if case.control is None or not case.control.model_ready:
        return _unjudged(case, "the model is not ready" if case.control and case.control.model_fault else _NO_CALL)
    if case.control.inference_fault is not None:
        return _failed(case.control.inference_fault)
    answer = case.control.answer
    if answer is None:
        return _unjudged(case, "no answer came")
    shapes = ", ".join("{0} {1}".format(name, list(out.shape)) for name, out in answer.outputs.items())
    return _ok("outputs as expected: {0}".format(shapes))


def _latency(case: Case) -> Verdict:
    answer = case.control.answer if case.control else None
    if case.endpoint.model is None:
        return _skipped("no model was given")
    if answer is None:
        return _unjudged(case, "there was no answer to time")
    limit, seconds = case.endpoint.max_latency, round(answer.latency, 6)
    if limit is None:
        return _ok("{0:.4f} s, no bound was given".format(seconds), seconds)
    try:
        inference.check_latency(case.endpoint, answer)
    except Failure as failure:
        return _failed(failure.diagnosis, seconds)
    return _ok("{0:.4f} s of {1:g} s allowed".format(seconds, limit), seconds)


def _over_tls(case: Case) -> t.Optional[str]:
    """Control: the probe with the right client certificate was let in."""
    return None if case.seen.accepted else "the same client, put right, was not let in either"


def _over_grpc(case: Case) -> t.Optional[str]:
    """Control: the gRPC client with the right CA and name got an answer."""
    return None if case.spoke_grpc else "the gRPC client with the right CA and name got no answer either"


def _refusal(
    attempt: str, control: t.Callable[[Case], t.Optional[str]], code: str, mutual: bool = False
) -> t.Callable[[Case], Verdict]:
    """A check that a client was refused: `control` says why its twin failed, `code` is for a client that was let in."""

    def judge(case: Case) -> Verdict:
        if mutual and not case.endpoint.mutual:
            return _skipped("mutual TLS is not expected")
        made = case.evidence.refusals.get(attempt)
        if made is not None and made.outcome == Outcome.ACCEPTED:
            return _failed(diagnose(code, made.detail, address=case.endpoint.address, name=WRONG_NAME))
        why = control(case)
        if why is None and made is not None and made.outcome == Outcome.REFUSED:
            return _ok("refused: {0}".format(made.detail))
        detail = why or (made.detail if made is not None else "it was not tried")
        diagnosis = diagnose("control_failed", address=case.endpoint.address, detail=detail)
        return Verdict(INCONCLUSIVE, diagnosis.cause, None, diagnosis)

    return judge


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
    Check("fingerprint", PROOF, _fingerprint),
    Check("server_ready", PROOF, _server_ready),
    Check("model_ready", PROOF, _model_ready),
    Check("inference", PROOF, _inference),
    Check("latency", PROOF, _latency),
    Check("plaintext_refused", REFUSAL, _refusal("plaintext", _over_tls, "plaintext_accepted")),
    Check("other_ca_refused", REFUSAL, _refusal("other_ca", _over_grpc, "other_ca_accepted")),
    Check("wrong_name_refused", REFUSAL, _refusal("wrong_name", _over_grpc, "wrong_name_accepted")),
    Check(
        "no_client_certificate_refused",
        REFUSAL,
        _refusal("no_client_certificate", _over_tls, "no_client_certificate_accepted", mutual=True),
    ),
    Check(
        "foreign_client_refused",
        REFUSAL,
        _refusal("foreign_client", _over_tls, "foreign_client_accepted", mutual=True),
    ),
)


def judge(evidence: Evidence) -> t.List[t.Tuple[Check, Verdict]]:
    """Every check's verdict, in the order of the table; codes that the endpoint allows are overridden."""
    case = Case(evidence)
    found = []
    for check in CHECKS:
        verdict = check.judge(case)
        if verdict.diagnosis is not None and verdict.diagnosis.code in evidence.endpoint.allow:
            verdict = Verdict(OVERRIDDEN, verdict.detail, verdict.value, verdict.diagnosis)
        found.append((check, verdict))
    return found
