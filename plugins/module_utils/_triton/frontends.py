# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections that an audit opens to a gateway's HTTPS ports: the right client, clients that must be refused, and ports behind it.

As for gRPC, every attempt dials the address that the probe reached. Where no gateway is expected nothing of this is run.

TLS connections, for each of the two ports: two (the right client, old TLS), four under mutual TLS (no client certificate, foreign
one), five where an expired client certificate is at hand; one more for each answer after which the gateway closes the connection.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inferops.triton.plugins.module_utils._triton import (
    classification,
    exposure,
    outcome,
    rest,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import MAX_ANSWER
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Diagnosis
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Endpoint, Identity
from ansible_collections.inferops.triton.plugins.module_utils._triton.https import Client, Reply, Request, Response
from ansible_collections.inferops.triton.plugins.module_utils._triton.inference import Answer
from ansible_collections.inferops.triton.plugins.module_utils._triton.outcome import Attempt, Outcome
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Observation, Prober

# Seconds that a port may stay silent at a host that answers on another one.
SILENCE = 1.0
REST, METRICS = "rest", "metrics"
# By which a gateway tells that it misses a client certificate; nginx has 400 for it, and 495 and 496 in its logs.
_REFUSING = frozenset({400, 401, 403, 495, 496})


@dataclass
class Port:
    """What was seen of one HTTPS port. `endpoint` is the audited one with this port's address and terms.

    `fault` is why an HTTPS client does not trust what is served there; nothing but `answer` is asked for then.
    """

    endpoint: Endpoint
    seen: Observation
    fault: t.Optional[Diagnosis] = None
    answer: t.Optional[Response] = None
    plaintext: t.Optional[Attempt] = None
    refusals: t.Dict[str, Attempt] = field(default_factory=dict)
    inference: t.Optional[Reply] = None
    controls: t.Optional[t.Dict[str, t.List[Attempt]]] = None

    @property
    def served(self) -> bool:
        """Whether the right client trusts the server and was answered as it should be."""
        return self.answer is not None and self.answer.status == 200 and self.fault is None


@dataclass
class Found:
    """What was seen of a gateway; a port that it does not offer is missing."""

    ports: t.Dict[str, Port] = field(default_factory=dict)
    closed: t.Dict[int, Attempt] = field(default_factory=dict)


def offered(endpoint: Endpoint) -> t.Dict[str, Endpoint]:
    """The HTTPS ports that are expected, each as an endpoint of its own."""
    gateway = endpoint.gateway
    if gateway is None:
        return {}
    wanted = {REST: (gateway.http_port, gateway.mutual), METRICS: (gateway.metrics_port, gateway.metrics_mutual)}
    return {
        name: dataclasses.replace(endpoint, address=Address(endpoint.address.host, port), mutual=mutual)
        for name, (port, mutual) in wanted.items()
        if port
    }


class Visit:
    """One round at a gateway; `foreign` is an identity of an unknown CA, `deadline` is of time.monotonic()."""

    def __init__(
        self, prober: Prober, peer: Address, pace: float, foreign: Identity, deadline: float
    ) -> None:
        self._prober, self._peer, self._foreign, self._deadline = prober, peer, foreign, deadline
        # As long as the probe took is near; a port that drops packets must not cost the endpoint's whole time.
        self._silence = max(SILENCE, 4 * pace)

    def _left(self) -> float:
        return max(0.05, self._deadline - time.monotonic())

    async def look(self, endpoint: Endpoint, known: t.Optional[Answer]) -> Found:
        """Everything at once. `known` is the inference that gRPC made."""
        fronts = offered(endpoint)
        visits = {
            REST: lambda front: self._port(front, rest.READY, known, endpoint.exposure),
            METRICS: lambda front: self._port(front, rest.METRICS, None, False),
        }
        ports = asyncio.gather(*(visits[name](front) for name, front in fronts.items()))
        seen, closed = await asyncio.gather(ports, self._closed(endpoint))
        return Found(dict(zip(fronts, seen)), closed)

    async def _port(self, endpoint: Endpoint, first: Request, known: t.Optional[Answer], controlled: bool) -> Port:
        peer = Address(self._peer.host, endpoint.address.port)
        port = Port(endpoint, Observation())
        asked: t.List[t.Tuple[str, Request]] = []

        def more(seen: Observation, answer: Response) -> t.Sequence[Request]:
            port.fault = classification.explain_trust(endpoint, seen)
            if port.fault is None and answer.status == 200:
                if known is not None:
                    asked.append(("", rest.infer(endpoint, known)))
                if controlled:
                    asked.extend(rest.controls(endpoint))
            return [request for _name, request in asked]

        limit = MAX_ANSWER if known is not None else 0
        client = Client(self._prober, endpoint, peer, endpoint.identity, self._deadline, limit=limit)
        in_the_clear = exposure.clear_http(peer, peer.port, first.path, self._left())
        (port.seen, replies), port.plaintext = await asyncio.gather(client.ask(first, more), in_the_clear)
        if not replies:
            port.fault = classification.explain_trust(endpoint, port.seen)
            return port
        port.answer = t.cast("Response", replies[0])
        for (name, request), reply in zip(asked, replies[1:]):
            if not name:
                port.inference = reply
                continue
            port.controls = port.controls or {}
            port.controls.setdefault(name, []).append(rest.judge_control(request, reply))
        port.refusals = await self._refusals(port, peer, first)
        return port

    async def _refusals(self, port: Port, peer: Address, request: Request) -> t.Dict[str, Attempt]:
        wanted = [(name, *shown) for name, shown in _shown(port.endpoint, self._foreign).items()]

        async def attempt(name: str, identity: t.Optional[Identity], old: bool) -> Attempt:
            client = Client(self._prober, port.endpoint, peer, identity, self._deadline, old)
            seen, replies = await client.ask(request)
            if old:
                return outcome.of_old_client(seen)
            return _of_client(port, name, seen, replies)

        made = await asyncio.gather(*(attempt(*one) for one in wanted))
        return {one[0]: attempted for one, attempted in zip(wanted, made)}

    async def _closed(self, endpoint: Endpoint) -> t.Dict[int, Attempt]:
        """The ports that only the gateway may reach. On a loopback address everyone on that machine does."""
        gateway = endpoint.gateway
        if gateway is None or not endpoint.exposure or exposure.is_local(self._peer.host):
            return {}
        timeout = min(self._left(), self._silence)
        made = await asyncio.gather(*(exposure.open_port(self._peer, port, timeout) for port in gateway.closed_ports))
        return dict(zip(gateway.closed_ports, made))


def _shown(endpoint: Endpoint, foreign: t.Optional[Identity]) -> t.Dict[str, t.Tuple[t.Optional[Identity], bool]]:
    """The clients that must be refused: what each shows, and whether it knows TLS 1.1 at most."""
    shown: t.Dict[str, t.Tuple[t.Optional[Identity], bool]] = {"old_tls": (endpoint.identity, True)}
    if endpoint.mutual:
        shown.update(no_client_certificate=(None, False), foreign_client=(foreign, False))
        if endpoint.expired is not None:
            shown["expired_client"] = (endpoint.expired, False)
    return shown


def _of_client(port: Port, name: str, seen: Observation, replies: t.Sequence[Reply]) -> Attempt:
    """What became of a client with the wrong certificate, or none: a gateway may refuse it in TLS, or in HTTP."""
    if not replies or isinstance(replies[0], str):
        return outcome.of_client_certificate(seen)
    if name != "no_client_certificate" and not seen.client_certificate_asked:
        return Attempt(Outcome.UNCLEAR, "the gateway asks for no certificate, so this one was not shown")
    status = replies[0].status
    if status in _REFUSING and port.served:
        return Attempt(Outcome.REFUSED, str(replies[0]))
    if 200 <= status < 300:
        return Attempt(Outcome.ACCEPTED, "it was answered ({0})".format(replies[0]))
    return Attempt(Outcome.UNCLEAR, str(replies[0]))


def handshakes(endpoint: Endpoint) -> int:
    """How many TLS connections a good gateway that keeps them open is asked for."""
    return sum(1 + len(_shown(front, None)) for front in offered(endpoint).values())
