# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of the role triton_gateway, certificates for two colours, and what the tests of its module do with a host."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import ssl
import threading
import time
import typing as t
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.inferops.triton.plugins.module_utils._triton.haproxy import Runtime
from ansible_collections.inferops.triton.plugins.module_utils._triton.supervisor import Supervisor
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import gateways, https
from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity, issue

VARIANTS: t.Dict[str, t.Dict[str, t.Any]] = {
    "usual": {},
    "mutual": {"triton_gateway_mutual_tls": True},
    "other": {"triton_gateway_hsts_seconds": 60},
    "taken": {"triton_gateway_stats_port": 1},  # of another's, set below
    "wrong": {"triton_gateway_tls_ciphers": ["NO-SUCH-CIPHER"]},
    "no_limits": {
        "triton_gateway_max_body_bytes": 0,
        "triton_gateway_client_max_connections": 0,
        "triton_gateway_client_connection_rate": 0,
        "triton_gateway_client_request_rate": 0,
        "triton_gateway_address": "::1",
        "triton_gateway_log_requests": "failed",
    },
}
NAMES = ["localhost", "127.0.0.1"]


class Fleet:
    """Texts of the role, and certificates for blue and green."""

    def __init__(self, folder: Path, pki: Pki) -> None:
        self.ports = gateways.Ports()
        self.run_directory = folder / "host" / "run"
        self.taken = socket.create_server(("127.0.0.1", 0))
        VARIANTS["taken"]["triton_gateway_stats_port"] = self.taken.getsockname()[1]
        self.texts = gateways.render(
            folder / "rendered", {name: {**self.ports.variables(self.run_directory), **variables} for name, variables in VARIANTS.items()}
        )
        self.root = pki.root
        self.blue, self.green, self.third = (issue(name, pki.root, NAMES) for name in ("blue", "green", "third"))


@contextlib.contextmanager
def fleets(folder: Path, pki: Pki) -> t.Iterator[Fleet]:
    """For the tests of one file."""
    made = Fleet(folder, pki)
    with made.taken:
        yield made


@contextlib.contextmanager
def hosts(fleet: Fleet) -> t.Iterator[gateways.Host]:
    """A host with generations for both colours and no gateway yet."""
    folder = fleet.run_directory.parent
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    made = gateways.Host(folder, fleet.ports)
    made.give("blue", fleet.blue, fleet.root.pem)
    made.give("green", fleet.green, fleet.root.pem)
    with made:
        yield made


def served(port: int, name: str = "localhost") -> str:
    """SHA-1 of the certificate that a port presents now."""
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with https.connect(port, tls, name) as connection:
        der = connection.getpeercert(binary_form=True)
    assert der
    return hashlib.sha1(der).hexdigest()


def sha1(identity: Identity) -> str:
    return hashlib.sha1(identity.certificate.public_bytes(Encoding.DER)).hexdigest()


def runtime(host: gateways.Host) -> Runtime:
    return Runtime(str(host.run_directory))


def ca(host: gateways.Host, fleet: Fleet) -> Path:
    path = host.folder / "root.crt"
    path.write_text(fleet.root.pem)
    return path


def manager(action: str, host: gateways.Host) -> None:
    supervisor = Supervisor("gateway", str(host.supervisord), "triton-gateway")
    if action == "stop":
        supervisor.stop(20)
    else:
        pid = supervisor.status().pid
        assert pid
        os.kill(pid, 9)


def waited(happens: t.Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextlib.contextmanager
def hello(port: int) -> t.Iterator[socket.socket]:
    """A connection whose ClientHello was sent and that then stays."""
    tls = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = tls.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(outgoing.read())
        yield connection


@contextlib.contextmanager
def tcp_server(port: int) -> t.Iterator[None]:
    """Sends back what it gets."""
    with _serving(port, lambda data: data):
        yield


@contextlib.contextmanager
def http_server(port: int) -> t.Iterator[None]:
    """Answers each request that comes in one piece."""
    with _serving(port, lambda _data: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"):
        yield


@contextlib.contextmanager
def _serving(port: int, reply: t.Callable[[bytes], bytes]) -> t.Iterator[None]:
    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(reply(data))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", port)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
