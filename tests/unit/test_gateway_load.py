# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real Tritons behind the gateway, under clients that never try again: switches, reloads and restarts."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import tritonclient.grpc as client

from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import gateways, https, triton
from ansible_collections.inferops.triton.tests.unit.support.certificates import issue

NAMES = ["localhost", "127.0.0.1"]


@dataclass
class Load:
    """Clients in threads of their own, each a loop of inferences; what failed is kept in words."""

    host: gateways.Host
    ca: str
    requests: int = 0
    failures: t.List[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def rest_kept(self) -> None:
        """Over one connection, until an answer says that it was the last one on it (RFC 9112, 9.6)."""
        tls = https.context(self.ca)
        connection = https.connect(self.host.ports.http, tls)

        def once() -> https.Answer:
            nonlocal connection
            answer = https.infer(connection)
            if answer.headers.get("connection") == "close" or answer.status == 0:
                connection.close()
                connection = https.connect(self.host.ports.http, tls)
            return answer

        self._loop(once)
        connection.close()

    def rest_fresh(self) -> None:
        tls = https.context(self.ca)

        def once() -> https.Answer:
            with https.connect(self.host.ports.http, tls) as connection:
                return https.infer(connection)

        self._loop(once)

    def grpc_kept(self) -> None:
        with inferring(self.host, self.ca) as infer:
            self._loop(lambda: https.Answer(200 if infer() == [1.0, 2.0] else 0))

    def grpc_fresh(self) -> None:
        def once() -> https.Answer:
            with inferring(self.host, self.ca) as infer:
                return https.Answer(200 if infer() == [1.0, 2.0] else 0)

        self._loop(once)

    def _loop(self, once: t.Callable[[], https.Answer]) -> None:
        while not self.ended.is_set():
            try:
                answer = once()
            except Exception as error:  # whatever it is, a client has seen it
                answer = https.Answer(0, body=repr(error).encode())
            self.requests += 1
            if answer.status != 200:
                self.failures.append(f"status {answer.status}: {answer.body!r}")
            time.sleep(0.002)

    @contextlib.contextmanager
    def running(self) -> t.Iterator[None]:
        clients = [self.rest_kept, self.rest_kept, self.rest_fresh, self.grpc_kept, self.grpc_fresh]
        threads = [threading.Thread(target=each, daemon=True) for each in clients]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in threads:
                thread.join(30)


@contextlib.contextmanager
def inferring(host: gateways.Host, ca: str) -> t.Iterator[t.Callable[[], t.List[float]]]:
    """A gRPC client that does not share its connection with another one."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_reconnect_backoff_ms", 500)]
    with client.InferenceServerClient(
        f"localhost:{host.ports.grpc}", ssl=True, root_certificates=ca, channel_args=options
    ) as stub:
        value = client.InferInput("INPUT", [2], "FP32")
        value.set_data_from_numpy(np.array([1, 2], dtype=np.float32))
        yield lambda: stub.infer("triton_identity", [value], client_timeout=20).as_numpy("OUTPUT").tolist()


class Pair:
    """Blue and green: a Triton each, with a certificate of its own."""

    def __init__(self, folder: Path, pki: Pki) -> None:
        self.host = gateways.Host(folder / "host")
        self.pki, self.ca, self.folder = pki, pki.ca_file, folder
        self.identities = {colour: issue(colour, pki.root, NAMES) for colour in gateways.COLOURS}
        self.started = 0
        self.servers: t.Dict[str, triton.Triton] = {}
        self.texts: t.Dict[str, str] = {}
        for colour, identity in self.identities.items():
            self.host.give(colour, identity, pki.root.pem)

    def start(self, colour: str) -> None:
        self.started += 1
        folder = self.folder / f"{colour}-{self.started}"
        certificate, key = self.identities[colour].write(folder, "server")
        ports = self.host.ports.instances[colour]
        # As behind the role's gateway: connections end by themselves, and requests on them in their own time.
        age = ("--grpc-max-connection-age=6000", "--grpc-max-connection-age-grace=20000")
        only = triton.Model(colour)  # tells which one answers
        self.servers[colour] = gateways.server(folder, ports, self.pki, only, certificate=certificate, key=key, arguments=age).start()

    def stop(self, colour: str) -> None:
        self.servers.pop(colour).stop()

    def answering(self) -> str:
        """Which instance answers a REST client now."""
        tls = https.context(self.ca)
        found = [colour for colour in gateways.COLOURS if https.ask(self.host.ports.http, tls, f"/v2/models/{colour}/ready").status == 200]
        assert len(found) == 1
        return found[0]


@pytest.fixture(scope="module")
def pair(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    made = Pair(folder, pki)
    variables = {**made.host.ports.variables(made.host.run_directory), "triton_gateway_connect_wait": 15}
    texts = gateways.render(folder / "rendered", {"usual": variables, "other": {**variables, "triton_gateway_hsts_seconds": 60}})
    try:
        for colour in gateways.COLOURS:
            made.start(colour)
        with made.host:
            made.host.present(texts["usual"])
            made.texts = texts
            yield made
    finally:
        for server in made.servers.values():
            server.stop()


def served(pair: Pair) -> str:
    """Common name of the certificate that REST clients see."""
    with https.connect(pair.host.ports.http, https.context(pair.ca)) as connection:
        subject = t.cast(t.Dict[str, t.Any], connection.getpeercert())["subject"]
    return str(dict(part for names in subject for part in names)["commonName"])


def seen_over_grpc(pair: Pair) -> str:
    """The same for a new gRPC connection: the gateway passes it through."""
    tls = https.context(pair.ca, alpn=["h2"])
    with https.connect(pair.host.ports.grpc, tls) as connection:
        subject = t.cast(t.Dict[str, t.Any], connection.getpeercert())["subject"]
    return str(dict(part for names in subject for part in names)["commonName"])


def test_switches_reloads_and_a_stop_without_a_failure(pair: Pair) -> None:
    """As a change goes: switch, drain, stop, start, switch back, with reloads between."""
    load = Load(pair.host, pair.ca)
    with load.running():
        time.sleep(1)
        for colour, other in (("green", "blue"), ("blue", "green")):
            assert pair.host.module("serving", instance=colour)["changed"]
            assert pair.answering() == served(pair) == seen_over_grpc(pair) == colour
            drained = pair.host.module("drained", instance=other, timeout=30)
            assert drained["sessions"] == 0, drained
            pair.stop(other)
            pair.host.present(pair.texts["other" if colour == "green" else "usual"])
            time.sleep(1)
            pair.start(other)
    assert load.failures == [] and load.requests > 500, (load.requests, load.failures[:5])


def test_refused_certificate_under_load(pair: Pair) -> None:
    """HAProxy refuses green's: no client notices."""
    good = pair.identities["green"]
    bad = type(good)(good.certificate, pair.identities["blue"].private_key)
    pair.host.give("green", bad, pair.pki.root.pem)
    load = Load(pair.host, pair.ca)
    with load.running():
        time.sleep(0.5)
        assert pair.host.module("serving", instance="green")["diagnosis"] == "certificate_refused"
        assert pair.answering() == served(pair) == "blue"
        time.sleep(0.5)
    pair.host.give("green", good, pair.pki.root.pem)
    assert load.failures == [] and load.requests > 100


def test_a_grpc_connection_stays_until_triton_ends_it(pair: Pair) -> None:
    try:
        with inferring(pair.host, pair.ca) as infer:
            assert infer() == [1.0, 2.0]
            assert pair.host.module("serving", instance="green")["changed"]
            assert pair.host.module("drained", instance="blue", timeout=0)["by_backend"]["grpc_blue"] == 1
            assert infer() == [1.0, 2.0]
            assert pair.host.module("drained", instance="blue", timeout=20)["sessions"] == 0
            assert infer() == [1.0, 2.0]  # by the other one
    finally:
        # What follows expects clients to be sent to blue, whatever became of this.
        back = pair.host.module("serving", instance="blue")
    assert back["changed"]


def test_requests_wait_for_a_triton_that_restarts(pair: Pair) -> None:
    """What the strategy restart costs: new connections wait, and do not fail."""
    pair.stop("blue")
    answers: t.List[t.Any] = []

    def rest() -> None:
        answers.append(https.ask(pair.host.ports.http, https.context(pair.ca), "/v2/health/live").status)

    def over_grpc() -> None:
        with inferring(pair.host, pair.ca) as infer:
            answers.append(infer())

    threads = [threading.Thread(target=each) for each in (rest, over_grpc)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    pair.start("blue")
    for thread in threads:
        thread.join(30)
    assert sorted(answers, key=str) == [200, [1.0, 2.0]]


def test_a_triton_that_does_not_come_back(pair: Pair) -> None:
    """After triton_gateway_connect_wait a readable error."""
    pair.stop("blue")
    began = time.monotonic()
    answer = https.ask(pair.host.ports.http, https.context(pair.ca), "/v2/health/live", timeout=40)
    assert answer.status == 503 and "cannot be reached" in answer.error and 10 < time.monotonic() - began < 25
    pair.start("blue")


def test_wrong_name_is_seen_by_clients(pair: Pair) -> None:
    """The control of what the gateway passes through: the identity is checked end to end."""
    with pytest.raises(ssl.SSLCertVerificationError):
        https.connect(pair.host.ports.grpc, https.context(pair.ca), "other.example")
