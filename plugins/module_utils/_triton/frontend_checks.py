# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of checks of a gateway's HTTPS ports: each judges what frontends.py saw, and none opens a connection.

They belong to a result only where a gateway is expected.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._tls import strength
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import iso
from ansible_collections.inferops.triton.plugins.module_utils._triton import checks, classification, exposure, inference, rest
from ansible_collections.inferops.triton.plugins.module_utils._triton.attempts import Evidence
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Diagnosis, Failure, diagnose
from ansible_collections.inferops.triton.plugins.module_utils._triton.expectations import CONTROL_APIS
from ansible_collections.inferops.triton.plugins.module_utils._triton.frontends import METRICS, REST, Port, offered
from ansible_collections.inferops.triton.plugins.module_utils._triton.outcome import Outcome
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Problem
from ansible_collections.inferops.triton.plugins.module_utils._triton.verdict import (
    EXPOSURE,
    INCONCLUSIVE,
    PROOF,
    REFUSAL,
    Case,
    Verdict,
    failed,
    passed,
    skipped,
    unjudged,
)

_NO_TLS = "there was no TLS handshake to judge"
_UNTRUSTED = "an HTTPS client refuses the certificate"
_UNANSWERED = "no HTTPS request was answered"
_MATERIAL = {"expires_soon": "expires_soon", "weak_key": "weak_key", "weak_signature": "weak_signature"}
# RFC 6797, 6.1.1: seconds; 0 takes the policy back.
_MAX_AGE = re.compile(r"(?:^|;)\s*max-age\s*=\s*\"?0*[1-9][0-9]*\"?\s*(?:;|$)", re.IGNORECASE)
# Every line of Triton's own metrics is about a name with this prefix (docs/user_guide/metrics.md of triton-inference-server/server).
_METRIC = re.compile(rb"^nv_[a-z_]+[ {]", re.MULTILINE)


class PortCase(Case):
    """The evidence of one HTTPS port; `whole` is the case of the endpoint that it belongs to."""

    def __init__(self, whole: Case, port: Port) -> None:
        super().__init__(Evidence(port.endpoint, port.seen, whole.evidence.timeout))
        self.whole, self.port = whole, port

    @property
    def in_the_clear(self) -> bool:
        """Whether HTTP is answered without TLS."""
        return self.port.plaintext is not None and self.port.plaintext.outcome == Outcome.ACCEPTED

    def fault(self) -> t.Optional[Diagnosis]:
        """What kept the right client from an answer over TLS of today."""
        endpoint, seen, timeout = self.endpoint, self.seen, self.evidence.timeout
        found = classification.explain_connection(endpoint, seen, timeout)
        if found is not None or seen.accepted:
            return found
        if seen.problem is Problem.TIMEOUT:
            waiting = "the TLS handshake is complete, but no HTTP answer followed"
            return diagnose("timeout", address=endpoint.address, seconds="{0:g}".format(timeout), detail=waiting)
        return diagnose("http_failed", seen.detail, address=endpoint.address, detail=seen.detail or "no answer came")


def _tls(case: PortCase) -> Verdict:
    if case.in_the_clear and not case.sent:
        return unjudged(case, "it speaks HTTP without TLS")
    fault = case.fault()
    if fault is not None:
        return failed(fault, case.seen.tls_version)
    detail = "{0}, {1}; the right client is let in".format(case.seen.tls_version, case.seen.cipher)
    return passed(detail, case.seen.tls_version)


def _certificate(case: PortCase) -> Verdict:
    if not case.sent:
        return unjudged(case, _NO_TLS)
    days = round(case.days_left, 1)
    fault = case.port.fault or checks.material_fault(case, _MATERIAL)
    if fault is not None:
        return failed(fault, days)
    words = "the chain of {0} leads to the CA, for {1}, valid until {2}, {3}"
    key = strength.name_of(case.sent[0].key)
    return passed(words.format(len(case.sent), case.endpoint.server_name, iso(case.first_end), key), days)


def _unserved(case: PortCase) -> t.Optional[Verdict]:
    """Why nothing can be said of what is served, None where an answer came to a client that trusts the server."""
    if case.port.answer is None:
        return unjudged(case, _UNANSWERED)
    return unjudged(case, _UNTRUSTED) if case.port.fault else None


def _status_fault(case: PortCase, path: str) -> t.Optional[Diagnosis]:
    """What the status of the first answer says against the gateway or what is behind it."""
    answer = case.port.answer
    if answer is None or answer.status == 200:
        return None
    detail = "GET {0}: {1}".format(path, answer)
    code = "backend_unavailable" if answer.status in rest.NO_BACKEND else "http_failed"
    return diagnose(code, address=case.endpoint.address, detail=detail)


def _ready(case: PortCase) -> Verdict:
    unserved, answer = _unserved(case), case.port.answer
    if unserved is not None or answer is None:
        return unserved or unjudged(case, _UNANSWERED)
    if answer.status == 400:  # so Triton says that it is not (tried with 2.51)
        return failed(diagnose("not_ready", address=case.endpoint.address, detail="it says so by REST, {0}".format(answer)))
    fault = _status_fault(case, rest.READY.path)
    return failed(fault) if fault else passed("ready, asked over HTTPS")


def _inference(case: PortCase) -> Verdict:
    endpoint, reply = case.endpoint, case.port.inference
    if endpoint.model is None:
        return skipped("no model was given")
    unserved = _unserved(case)
    if unserved is not None:
        return unserved
    known = case.whole.control.answer if case.whole.control else None
    if known is None or not case.port.served:
        return unjudged(case, "the server is not ready" if known else "the inference over gRPC got no answer, so its inputs are not known")
    facts: t.Dict[str, t.Any] = {"address": endpoint.address, "model": endpoint.model}
    if reply is None or isinstance(reply, str):
        return failed(diagnose("inference_failed", detail="by REST, {0}".format(reply or "no answer came"), **facts))
    if reply.status != 200:
        return failed(diagnose("inference_failed", detail="by REST, {0}".format(reply), **facts))
    try:
        inference.check_outputs(endpoint, rest.answer(known, reply))
    except ValueError as error:
        return failed(diagnose("inference_failed", detail="by REST, {0}".format(error), **facts))
    except Failure as failure:
        return failed(failure.diagnosis)
    seconds = round(reply.seconds, 6)
    return passed("outputs as expected by REST, {0:.4f} s".format(seconds), seconds)


def _metrics(case: PortCase) -> Verdict:
    unserved, answer = _unserved(case), case.port.answer
    if unserved is not None or answer is None:
        return unserved or unjudged(case, _UNANSWERED)
    fault = _status_fault(case, rest.METRICS.path)
    if fault is not None:
        return failed(fault)
    names = {line.rstrip(b" {") for line in _METRIC.findall(answer.body)}
    if not names:
        return failed(diagnose("metrics_missing", address=case.endpoint.address, detail="GET /metrics has none that begins with nv_"))
    return passed("{0} of Triton's metrics".format(len(names)), len(names))


def _hsts(case: PortCase) -> Verdict:
    unserved, answer = _unserved(case), case.port.answer
    if unserved is not None or answer is None:
        return unserved or unjudged(case, _UNANSWERED)
    if answer.status != 200:
        return unjudged(case, "there was no answer of the kind that browsers remember")
    policy = answer.headers.get("strict-transport-security")
    if policy is None or not _MAX_AGE.search(policy):
        detail = "the header is missing" if policy is None else "it is '{0}'".format(policy[:80])
        return failed(diagnose("hsts_missing", address=case.endpoint.address, detail=detail))
    return passed(policy[:80])


def _plaintext(name: str) -> t.Callable[[PortCase], Verdict]:
    def judge(case: PortCase) -> Verdict:
        made, code = case.port.plaintext, "{0}_exposed".format(name)
        if made is not None and made.outcome == Outcome.ACCEPTED:
            return failed(diagnose(code, made.detail, address=case.whole.endpoint.address, detail=made.detail), case.endpoint.address.port)
        why = None if case.seen.accepted else "the same client got no answer over TLS either"
        if why is None and made is not None and made.outcome == Outcome.REFUSED:
            return passed(made.detail)
        return _unproved(case, why or (made.detail if made else "it was not tried"))

    return judge


def _refusal(attempt: str) -> t.Callable[[PortCase], Verdict]:
    """A check that a client was refused; its control is the right client, which was answered at the same port."""
    mutual = attempt != "old_tls"

    def judge(case: PortCase) -> Verdict:
        if mutual and not case.endpoint.mutual:
            return skipped("mutual TLS is not expected there")
        if attempt == "expired_client" and case.endpoint.expired is None:
            return skipped("neither an expired client certificate was given, nor the CA to sign one with")
        made = case.port.refusals.get(attempt)
        if made is not None and made.outcome == Outcome.ACCEPTED:
            return failed(diagnose(attempt + "_accepted", made.detail, address=case.endpoint.address))
        why = None if case.seen.accepted else "the same client, put right, got no answer either"
        if why is None and made is not None and made.outcome == Outcome.REFUSED:
            return passed("refused: {0}".format(made.detail))
        return _unproved(case, why or (made.detail if made else "it was not tried"))

    return judge


def _unproved(case: Case, detail: str) -> Verdict:
    diagnosis = diagnose("control_failed", address=case.endpoint.address, detail=detail)
    return Verdict(INCONCLUSIVE, diagnosis.cause, None, diagnosis)


def _controls(case: PortCase) -> Verdict:
    if not case.endpoint.exposure:
        return skipped(checks.NOT_LOOKED)
    made = case.port.controls
    gateway = case.endpoint.gateway
    if gateway is not None and gateway.open_apis == frozenset(CONTROL_APIS):
        return skipped("all of these calls are meant to be open")
    if made is None:
        return unjudged(case, "REST is not served, so nothing else was asked of it")
    is_open = [name for name, attempts in made.items() if any(each.outcome == Outcome.ACCEPTED for each in attempts)]
    unclear = [each.detail for attempts in made.values() for each in attempts if each.outcome == Outcome.UNCLEAR]
    if is_open:
        ways = [each.detail for name in is_open for each in made[name] if each.outcome == Outcome.ACCEPTED]
        names = ", ".join(is_open)
        return failed(diagnose("rest_control_exposed", "; ".join(ways), address=case.endpoint.address, detail=names), names)
    return unjudged(case, unclear[0]) if unclear else passed("closed to this client: {0}".format(", ".join(made)))


def _closed(case: Case) -> Verdict:
    gateway, peer, found = case.endpoint.gateway, case.seen.peer, case.evidence.gateway
    if not case.endpoint.exposure:
        return skipped(checks.NOT_LOOKED)
    if gateway is None or not gateway.closed_ports:
        return skipped("no ports were named that must be closed")
    if peer is None or found is None:
        return unjudged(case, "the endpoint was not reached" if peer is None else "no time was left for it")
    if exposure.is_local(peer.host):
        return skipped("{0} is a loopback address, on which such a port is exposed to nobody".format(peer.host))
    is_open = [port for port, made in found.closed.items() if made.outcome == Outcome.ACCEPTED]
    if is_open:
        names = ", ".join(str(port) for port in is_open)
        return failed(diagnose("instance_port_exposed", address=case.endpoint.address, host=peer.host, detail=names), names)
    return passed("closed at {0}: {1}".format(peer.host, ", ".join(str(port) for port in found.closed)))


@dataclass(frozen=True)
class _PortCheck:
    """One line of the table: a check of the port called `side`."""

    name: str
    kind: str
    side: str
    judge: t.Callable[[PortCase], Verdict]


def _table(side: str, served: t.Sequence[t.Tuple[str, t.Callable[[PortCase], Verdict]]]) -> t.List[_PortCheck]:
    """The checks that both ports have, with those of what is served between them."""
    proofs = [("tls", _tls), ("certificate", _certificate), ("fingerprint", checks.fingerprint), *served, ("hsts", _hsts)]
    refused = ("old_tls", "no_client_certificate", "foreign_client", "expired_client")
    refusals = [("plaintext_refused", _plaintext(side)), *((name + "_refused", _refusal(name)) for name in refused)]
    rows = [(PROOF, *proof) for proof in proofs] + [(REFUSAL, *refusal) for refusal in refusals]
    return [_PortCheck("{0}_{1}".format(side, name), kind, side, judge) for kind, name, judge in rows]


_PORT_CHECKS = (
    *_table(REST, [("ready", _ready), ("inference", _inference)]),
    _PortCheck("rest_control_exposed", EXPOSURE, REST, _controls),
    *_table(METRICS, [("served", _metrics)]),
)


def _on_port(check: _PortCheck) -> t.Callable[[Case], Verdict]:
    """The check as one of the endpoint: without its port there is nothing to judge."""

    def judge(case: Case) -> Verdict:
        if check.side not in offered(case.endpoint):
            return skipped("no gateway is said to offer {0}".format("REST" if check.side == REST else "metrics"))
        found = case.evidence.gateway
        if found is None:
            return unjudged(case, "the endpoint was not reached" if case.seen.peer is None else "no time was left for it")
        return check.judge(PortCase(case, found.ports[check.side]))

    return judge


CHECKS: t.Tuple[checks.Check, ...] = (
    *(checks.Check(check.name, check.kind, _on_port(check)) for check in _PORT_CHECKS),
    checks.Check("instance_ports_closed", EXPOSURE, _closed),
)
