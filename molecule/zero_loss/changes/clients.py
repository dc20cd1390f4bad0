# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that are never told of a change, and never try again: gRPC by kept and by fresh connections, streams that outlive a connection's age, REST
over HTTPS by kept and by fresh connections. What fails is a failed request. Libraries as users have them: grpc, urllib3.
"""

from __future__ import annotations

import json
import queue
import ssl
import struct
import threading
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import urllib3
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc as pb_grpc

_TIMEOUT = 20.0
_REST = {"inputs": [{"name": "INPUT", "shape": [3], "datatype": "FP32", "data": [1, 2, 3]}]}


def request() -> t.Any:
    """Three FP32 for the identity model."""
    tensor = pb.ModelInferRequest.InferInputTensor(name="INPUT", datatype="FP32", shape=[3])
    message = pb.ModelInferRequest(model_name="triton_identity", inputs=[tensor])
    message.raw_input_contents.append(struct.pack("<3f", 1, 2, 3))
    return message


def check(answer: t.Any) -> None:
    """AssertionError where the outputs are not the inputs."""
    assert struct.unpack("<3f", answer.raw_output_contents[0]) == (1, 2, 3), "the model answered wrongly"


@dataclass(frozen=True)
class Target:
    """A host as its clients know it; files of the CA and of the client's identity."""

    name: str
    address: str
    ca: Path
    certificate: Path
    key: Path

    def channel(self) -> t.Any:
        """A channel of its own connection."""
        credentials = grpc.ssl_channel_credentials(self.ca.read_bytes(), self.key.read_bytes(), self.certificate.read_bytes())
        options = [("grpc.ssl_target_name_override", self.name), ("grpc.use_local_subchannel_pool", 1)]
        return grpc.secure_channel(self.address + ":8001", credentials, options)

    def pool(self) -> urllib3.HTTPSConnectionPool:
        """A pool of one connection, which notices before a request that the server closed it, as every HTTP library does."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.certificate, self.key)
        return urllib3.HTTPSConnectionPool(
            self.address, 8000, maxsize=1, ssl_context=context, assert_hostname=self.name, server_hostname=self.name,
            retries=False, timeout=urllib3.Timeout(_TIMEOUT),
        )


@dataclass
class Client(threading.Thread):
    """One client; `answers` holds when each request was sent (monotonic) and how long it took, in seconds."""

    target: Target
    kind: str
    pause: float
    over: threading.Event
    stream_seconds: float
    answers: t.List[t.Tuple[float, float]] = field(default_factory=list)
    failed: t.List[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Ask until it is over."""
        ask = getattr(self, "_" + self.kind)
        while not self.over.is_set():
            try:
                ask()
            except (grpc.RpcError, urllib3.exceptions.HTTPError, AssertionError, OSError) as error:
                said = "{0} {1}".format(error.code(), error.details()) if isinstance(error, grpc.RpcError) else repr(error)
                self.failed.append("{0} {1} at {2:.3f}: {3}".format(self.target.name, self.kind, time.time(), said))
                # A host that is gone refuses at once.
                self.over.wait(self.pause)

    def _timed(self, call: t.Callable[[], None]) -> None:
        started = time.monotonic()
        call()
        self.answers.append((started, time.monotonic() - started))
        self.over.wait(self.pause)

    def _infer(self, channel: t.Any) -> None:
        check(pb_grpc.GRPCInferenceServiceStub(channel).ModelInfer(request(), timeout=_TIMEOUT))

    def _grpc_kept(self) -> None:
        with self.target.channel() as channel:
            while not self.over.is_set():
                self._timed(lambda: self._infer(channel))

    def _grpc_fresh(self) -> None:
        def once() -> None:
            with self.target.channel() as channel:
                self._infer(channel)

        self._timed(once)

    def _grpc_stream(self) -> None:
        """A stream, each request of which has an answer."""
        sent: "queue.SimpleQueue[t.Any]" = queue.SimpleQueue()
        with self.target.channel() as channel:
            answers = pb_grpc.GRPCInferenceServiceStub(channel).ModelStreamInfer(iter(sent.get, None))
            end = time.monotonic() + self.stream_seconds

            def once() -> None:
                sent.put(request())
                answer = next(answers)
                assert not answer.error_message, answer.error_message
                check(answer.infer_response)

            while time.monotonic() < end and not self.over.is_set():
                self._timed(once)
            sent.put(None)
            assert next(answers, None) is None, "the stream did not end"

    def _post(self, pool: urllib3.HTTPSConnectionPool) -> None:
        answer = pool.request("POST", "/v2/models/triton_identity/infer", body=json.dumps(_REST), headers={"Content-Type": "application/json"})
        assert answer.status == 200, "{0} {1!r}".format(answer.status, answer.data[:200])
        assert json.loads(answer.data)["outputs"][0]["data"] == [1.0, 2.0, 3.0], "the model answered wrongly"

    def _rest_kept(self) -> None:
        with self.target.pool() as pool:
            while not self.over.is_set():
                self._timed(lambda: self._post(pool))

    def _rest_fresh(self) -> None:
        def once() -> None:
            with self.target.pool() as pool:
                self._post(pool)

        self._timed(once)


# How many clients of each kind a host has, and how many seconds they wait between two requests.
CLIENTS = {"grpc_kept": (3, 0.01), "grpc_fresh": (2, 0.02), "grpc_stream": (2, 0.02), "rest_kept": (2, 0.01), "rest_fresh": (1, 0.05)}


def targets(names: t.Iterable[str], address: t.Callable[[str], str], pki: Path) -> t.List[Target]:
    """Hosts as clients know them, with the verifier's identity."""
    pair = [pki / "clients" / ("verifier." + suffix) for suffix in ("crt", "key")]
    return [Target(name, address(name), pki / "ca/ca.crt", *pair) for name in names]


class Load:
    """All clients of all targets, as a context manager. `gone` is for whoever kills hosts: what their clients see says nothing."""

    def __init__(
        self, targets: t.Iterable[Target], clients: t.Optional[t.Mapping[str, t.Tuple[int, float]]] = None, stream_seconds: float = 15.0
    ) -> None:
        self._over = threading.Event()
        self.gone: t.Set[str] = set()
        self.clients = [
            Client(target, kind, pause, self._over, stream_seconds)
            for target in targets
            for kind, (number, pause) in (clients or CLIENTS).items()
            for _number in range(number)
        ]

    def __enter__(self) -> "Load":
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        for client in self.clients:
            client.join(_TIMEOUT + 10)

    def requests(self) -> int:
        """Answered requests so far, and failed ones."""
        return sum(len(client.answers) + len(client.failed) for client in self.clients)

    def by_kind(self) -> t.Dict[str, int]:
        """Answered requests of each kind of client."""
        return {kind: sum(len(client.answers) for client in self.clients if client.kind == kind) for kind in CLIENTS}

    def failed(self, of: t.Optional[t.Collection[str]] = None) -> t.List[str]:
        """What failed, of all hosts or of those named, each with its host, kind, time and reason."""
        return [text for client in self.clients if of is None or client.target.name in of for text in client.failed]

    def percentile(self, share: float, spans: t.Sequence[t.Tuple[float, float]]) -> float:
        """Milliseconds within which that share (0 to 1) of the requests were answered that were sent within the spans of time (monotonic)."""
        times = sorted(
            took for client in self.clients for sent, took in list(client.answers) if any(begin <= sent <= end for begin, end in spans)
        )
        return round(1000 * times[min(len(times) - 1, int(share * len(times)))], 3) if times else float("nan")
