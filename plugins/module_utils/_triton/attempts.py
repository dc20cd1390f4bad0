# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections that an audit opens to one endpoint: the control, and clients that must be refused.

Every attempt dials the address that the probe reached, so that a refusal and its control meet the same server.
"""

from __future__ import annotations

import asyncio
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inferops.triton.plugins.module_utils._triton import (
    classification,
    exposure,
    frontends,
    inference,
    throwaway,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import Client, RpcError
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import (
    Diagnosis,
    Failure,
    diagnose,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Endpoint, Identity
from ansible_collections.inferops.triton.plugins.module_utils._triton.outcome import (
    Attempt,
    Outcome,
    of_client_certificate,
    of_old_client,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Observation, Problem, Prober, Stage

# RFC 6761: nothing resolves under .invalid, so no certificate authority vouches for it.
WRONG_NAME = "not-this-server.invalid"


@dataclass(frozen=True)
class Stranger:
    """A CA that no server knows and a client certificate of it, kept in memory alone."""

    ca: bytes
    identity: Identity


def make_stranger() -> Stranger:
    """A throwaway CA and client certificate, valid for a day; nothing of it touches a disk."""
    ca, certificate, key = throwaway.foreign()
    return Stranger(ca, Identity(certificate, key))


@dataclass
class Control:
    """What the right client got over gRPC. A field stays None where the session did not come that far."""

    verified: bool = False
    fault: t.Optional[Diagnosis] = None
    ready: t.Optional[bool] = None
    model_fault: t.Optional[Diagnosis] = None
    model_ready: t.Optional[bool] = None
    device_fault: t.Optional[Diagnosis] = None
    config: t.Any = None
    inference_fault: t.Optional[Diagnosis] = None
    answer: t.Optional[inference.Answer] = None
    controls: t.Optional[t.Dict[str, Attempt]] = None


@dataclass
class Evidence:
    """Everything that was seen of one endpoint; the checks judge it."""

    endpoint: Endpoint
    seen: Observation
    timeout: float
    plaintext: t.Optional[Observation] = None
    control: t.Optional[Control] = None
    refusals: t.Dict[str, Attempt] = field(default_factory=dict)
    ports: t.Dict[str, Attempt] = field(default_factory=dict)
    gateway: t.Optional[frontends.Found] = None

    @property
    def peer(self) -> Address:
        """The address that the probe reached. RuntimeError where it reached none."""
        if self.seen.peer is None:
            raise RuntimeError("{0} was not reached".format(self.endpoint.address))
        return self.seen.peer


async def look(prober: Prober, endpoint: Endpoint, timeout: float) -> Evidence:
    """Probe an endpoint as the right client, in at most `timeout` seconds. Where TLS finds no answer, try without it."""
    seen = await prober.tls(endpoint.address, endpoint.server_name, endpoint.identity, timeout)
    evidence = Evidence(endpoint, seen, timeout)
    if seen.peer and seen.stage is Stage.HANDSHAKE and seen.problem is Problem.CLOSED and not seen.refused:
        evidence.plaintext = await prober.plaintext(seen.peer, max(0.05, timeout - seen.seconds))
    return evidence


class Session:
    """The attempts at one endpoint that follow a probe; `deadline` is of time.monotonic()."""

    def __init__(self, evidence: Evidence, prober: Prober, deadline: float) -> None:
        self._evidence = evidence
        self._endpoint = evidence.endpoint
        self._prober = prober
        self._deadline = deadline
        self._peer = evidence.peer

    def _left(self) -> float:
        return max(0.05, self._deadline - time.monotonic())

    def _client(self, server_name: str, ca: t.Optional[bytes]) -> Client:
        return Client(self._peer, server_name, ca, self._endpoint.identity, self._left())

    async def control(self) -> Control:
        """The right client: readiness, the model, the inference, and what else it may do."""
        endpoint, result = self._endpoint, Control()
        async with self._client(endpoint.server_name, endpoint.ca) as client:
            await self._ask(client, result)
            if result.verified and endpoint.exposure:
                result.controls = await exposure.controls(client, self._left())
        return result

    async def _ask(self, client: Client, result: Control) -> None:
        """Put the server's answers into `result`, as far as the right client gets."""
        endpoint, seen, timeout = self._endpoint, self._evidence.seen, self._evidence.timeout
        try:
            result.ready = await client.server_ready()
        except RpcError as error:
            result.fault = classification.explain_rpc(endpoint, error, seen, timeout)
            result.verified = result.fault.code == "restricted"
            return
        result.verified = True
        if endpoint.model is None:
            return
        try:
            result.model_ready = await client.model_ready(endpoint.model, endpoint.model_version)
            if not result.model_ready:
                await client.model_metadata(endpoint.model, endpoint.model_version)
                facts: t.Dict[str, t.Any] = {"address": endpoint.address, "model": endpoint.model}
                result.model_fault = diagnose("model_not_ready", detail="it has no ready version", **facts)
                return
        except RpcError as error:
            result.model_ready = False
            result.model_fault = classification.explain_model(endpoint, error, seen, timeout)
            return
        try:
            result.answer = await inference.infer(client, endpoint)
            inference.check_outputs(endpoint, result.answer)
        except RpcError as error:
            result.inference_fault = classification.explain_model(endpoint, error, seen, timeout)
        except Failure as failure:
            result.inference_fault = failure.diagnosis
        if endpoint.devices is not None:
            try:
                result.config = await client.model_config(endpoint.model, endpoint.model_version)
            except RpcError as error:
                result.device_fault = classification.explain_model(endpoint, error, seen, timeout)

    async def refusals(self, stranger: Stranger) -> t.Dict[str, Attempt]:
        """The clients that must be refused, all at once; the ports beside are looked at meanwhile. None where the right one was not let in."""
        if not self._evidence.seen.accepted:
            return {}
        names = [name for name, attempt in REFUSALS.items() if attempt.applies(self._endpoint)]
        tried = asyncio.gather(*(REFUSALS[name].run(self, stranger) for name in names))
        found, self._evidence.ports = await asyncio.gather(tried, self._look_at_ports())
        return dict(zip(names, found))

    async def _look_at_ports(self) -> t.Dict[str, Attempt]:
        """REST and metrics in the clear. A port that drops packets must not cost the endpoint's whole time: its host is near."""
        if not self._endpoint.exposure or exposure.is_local(self._peer.host):
            return {}
        timeout = min(self._left(), max(frontends.SILENCE, 4 * self._evidence.seen.seconds))
        wanted = {"rest": (self._endpoint.http_port, "/v2"), "metrics": (self._endpoint.metrics_port, "/metrics")}
        behind = {front.address.port for front in frontends.offered(self._endpoint).values()}
        asked = {name: (port, path) for name, (port, path) in wanted.items() if port and port not in behind}
        found = await asyncio.gather(
            *(exposure.clear_http(self._peer, port, path, timeout) for port, path in asked.values())
        )
        return dict(zip(asked, found))

    async def gateway(self, stranger: Stranger) -> t.Optional[frontends.Found]:
        """What is expected of a gateway beside the endpoint, as far as time is left for it."""
        evidence = self._evidence
        if self._endpoint.gateway is None or time.monotonic() >= self._deadline:
            return None
        visit = frontends.Visit(self._prober, self._peer, evidence.seen.seconds, stranger.identity, self._deadline)
        return await visit.look(self._endpoint, evidence.control.answer if evidence.control else None)

    async def plaintext(self, _stranger: Stranger) -> Attempt:
        """A gRPC client without TLS."""
        seen = await self._prober.plaintext(self._peer, self._left())
        if seen.accepted:
            return Attempt(Outcome.ACCEPTED, "it answered HTTP/2 without TLS")
        if seen.problem in (Problem.CLOSED, Problem.NOT_HTTP2):
            return Attempt(Outcome.REFUSED, "the connection was closed" if seen.problem is Problem.CLOSED else seen.detail)
        return Attempt(Outcome.UNCLEAR, seen.detail or "no answer to the client without TLS")

    async def other_ca(self, stranger: Stranger) -> Attempt:
        """A client that trusts another CA; it is the client that refuses."""
        meaning = "a client that trusts another CA does not accept the certificate's issuer"
        return await self._grpc(self._endpoint.server_name, stranger.ca, classification.chain_refused, meaning)

    async def wrong_name(self, _stranger: Stranger) -> Attempt:
        """A client that expects another name."""
        meaning = "a client that asks for {0} does not accept the certificate's names".format(WRONG_NAME)
        return await self._grpc(WRONG_NAME, self._endpoint.ca, _wrong_name_refused, meaning)

    async def _grpc(
        self, server_name: str, ca: t.Optional[bytes], refused: t.Callable[[RpcError], bool], meaning: str
    ) -> Attempt:
        async with self._client(server_name, ca) as client:
            try:
                await client.server_ready()
            except RpcError as error:
                if refused(error):
                    return Attempt(Outcome.REFUSED, meaning)
                return Attempt(Outcome.UNCLEAR, error.details.rpartition("last error: ")[2])
        return Attempt(Outcome.ACCEPTED, "the server answered")

    async def no_certificate(self, _stranger: Stranger) -> Attempt:
        """A client that shows no certificate."""
        return await self._shows(None)

    async def foreign_certificate(self, stranger: Stranger) -> Attempt:
        """A client whose certificate comes from a CA that the server does not know."""
        return await self._shows(stranger.identity)

    async def expired_certificate(self, _stranger: Stranger) -> Attempt:
        """A client whose certificate of the right CA has expired."""
        return await self._shows(self._endpoint.expired)

    async def old_tls(self, _stranger: Stranger) -> Attempt:
        """The right client, but one that knows TLS 1.1 at most."""
        endpoint = self._endpoint
        seen = await self._prober.tls(self._peer, endpoint.server_name, endpoint.identity, self._left(), old=True)
        return of_old_client(seen)

    async def _shows(self, identity: t.Optional[Identity]) -> Attempt:
        seen = await self._prober.tls(self._peer, self._endpoint.server_name, identity, self._left())
        return of_client_certificate(seen)


def _wrong_name_refused(error: RpcError) -> bool:
    """gRPC refuses the name itself; a gateway that routes by SNI hangs up in the handshake."""
    lower = error.details.lower()
    return classification.name_refused(error) or "handshake failed" in lower or "socket closed" in lower


@dataclass(frozen=True)
class RefusalAttempt:
    """How a client that must be refused is tried; `mutual` ones make sense under mutual TLS only, `tls` ones speak TLS.

    `expired` ones need an expired certificate of the right CA.
    """

    run: t.Callable[[Session, Stranger], t.Awaitable[Attempt]]
    mutual: bool = False
    tls: bool = True
    expired: bool = False

    def applies(self, endpoint: Endpoint) -> bool:
        """Whether it is tried at an endpoint."""
        return (endpoint.mutual or not self.mutual) and (endpoint.expired is not None or not self.expired)


REFUSALS: t.Dict[str, RefusalAttempt] = {
    "plaintext": RefusalAttempt(Session.plaintext, tls=False),
    "other_ca": RefusalAttempt(Session.other_ca),
    "wrong_name": RefusalAttempt(Session.wrong_name),
    "old_tls": RefusalAttempt(Session.old_tls),
    "no_client_certificate": RefusalAttempt(Session.no_certificate, mutual=True),
    "foreign_client": RefusalAttempt(Session.foreign_certificate, mutual=True),
    "expired_client": RefusalAttempt(Session.expired_certificate, mutual=True, expired=True),
}


def handshakes(endpoint: Endpoint) -> int:
    """H: how many TLS connections the audit of a good endpoint opens; the probe and the control come before the refusals."""
    of_grpc = 2 + sum(attempt.tls and attempt.applies(endpoint) for attempt in REFUSALS.values())
    return of_grpc + frontends.handshakes(endpoint)
