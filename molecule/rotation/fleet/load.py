# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of every kind that never stop: with a connection kept, with a fresh one each time, each with one of two identities.

A client reads its CA and its identity at each new connection, as they lie in its own folder at that moment. A request that fails is tried once
more, on a new connection, as soon as the model says that it is ready, for at most RETRY seconds: a Triton before 2.58 that is about to stop
takes requests still, and answers that the model has no versions. What fails then is counted as failed.
"""

from __future__ import annotations

import contextlib
import shutil
import struct
import threading
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc as pb_grpc

RETRY = 30.0
_PAUSE = 0.1


def request() -> t.Any:
    """Three FP32 for the identity model."""
    tensor = pb.ModelInferRequest.InferInputTensor(name="INPUT", datatype="FP32", shape=[3])
    message = pb.ModelInferRequest(model_name="triton_identity", inputs=[tensor])
    message.raw_input_contents.append(struct.pack("<3f", 1, 2, 3))
    return message


class Materials:
    """What a client trusts and shows: copies that change only when someone hands it new ones."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder, self.identity = folder, identity
        self._lock = threading.Lock()
        folder.mkdir(parents=True)

    def take(self, pki: Path, ca: bool = True, identity: bool = True) -> None:
        """Copy the CA, the identity, or both from the controller's folder."""
        with self._lock:
            if ca:
                shutil.copy(pki / "ca/ca.crt", self.folder / "ca.crt")
            for suffix in (".crt", ".key") if identity else ():
                shutil.copy(pki / "clients" / (self.identity + suffix), self.folder / ("client" + suffix))

    def channel(self, address: str, server_name: str) -> t.Any:
        """A new channel with what lies there now."""
        with self._lock:
            ca, key, certificate = ((self.folder / name).read_bytes() for name in ("ca.crt", "client.key", "client.crt"))
        options = [("grpc.ssl_target_name_override", server_name), ("grpc.use_local_subchannel_pool", 1)]
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(ca, key, certificate), options)


@dataclass
class Client:
    """One client of one server. Times in seconds."""

    host: str
    address: str
    materials: Materials
    persistent: bool
    requests: int = 0
    retried: int = 0
    failed: t.List[str] = field(default_factory=list)
    longest_gap: float = 0.0

    def run(self, over: threading.Event) -> None:
        """Ask until it is over."""
        channel = self.materials.channel(self.address, self.host)
        last = time.monotonic()
        while not over.is_set():
            self.requests += 1
            try:
                self._ask(channel, 10.0)
            except grpc.RpcError:
                self.retried += 1
                channel.close()
                channel = self.materials.channel(self.address, self.host)
                try:
                    self._until_ready(channel)
                    self._ask(channel, 10.0)
                except grpc.RpcError as error:
                    self.failed.append("{0}: {1}".format(error.code(), error.details()))
            now = time.monotonic()
            self.longest_gap, last = max(self.longest_gap, now - last), now
            if not self.persistent:
                channel.close()
                channel = self.materials.channel(self.address, self.host)
            time.sleep(_PAUSE)
        channel.close()

    @staticmethod
    def _until_ready(channel: t.Any) -> None:
        stub, end = pb_grpc.GRPCInferenceServiceStub(channel), time.monotonic() + RETRY
        wanted = pb.ModelReadyRequest(name="triton_identity")
        while time.monotonic() < end:
            with contextlib.suppress(grpc.RpcError):
                if stub.ModelReady(wanted, timeout=max(0.1, end - time.monotonic()), wait_for_ready=True).ready:
                    return
            time.sleep(0.1)

    @staticmethod
    def _ask(channel: t.Any, timeout: float) -> None:
        answer = pb_grpc.GRPCInferenceServiceStub(channel).ModelInfer(request(), timeout=timeout)
        if struct.unpack("<3f", answer.raw_output_contents[0]) != (1, 2, 3):
            raise AssertionError("the model answered wrongly")


class Load:
    """Four clients for each host, as a context manager."""

    def __init__(self, hosts: t.Mapping[str, str], pki: Path, folder: Path) -> None:
        self.materials = [Materials(folder / identity, identity) for identity in ("verifier", "reader")]
        self.hand_out(pki)
        self.clients = [
            Client(host, address + ":8001", materials, persistent)
            for host, address in hosts.items()
            for materials in self.materials
            for persistent in (True, False)
        ]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=client.run, args=(self._over,)) for client in self.clients]

    def hand_out(self, pki: Path, ca: bool = True, identity: bool = True) -> None:
        """Give the clients what the controller has for them."""
        for materials in self.materials:
            materials.take(pki, ca, identity)

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def figures(self) -> t.Dict[str, t.Any]:
        """Requests, those tried again, those that failed then, and the longest time without an answer for each host."""
        return {
            "requests": sum(client.requests for client in self.clients),
            "retried": sum(client.retried for client in self.clients),
            "failed": [text for client in self.clients for text in client.failed],
            "longest_gap": {client.host: round(max(c.longest_gap for c in self.clients if c.host == client.host), 2) for client in self.clients},
        }
