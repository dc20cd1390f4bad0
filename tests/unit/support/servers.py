# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers with one fault each: OpenSSL's s_server, and sockets that misbehave."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
import typing as t
from pathlib import Path

from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity
from ansible_collections.inferops.triton.tests.unit.support.triton import free_port

Handler = t.Callable[[socket.socket], None]

SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


@contextlib.contextmanager
def listener(handler: Handler) -> t.Iterator[int]:
    """A port of 127.0.0.1 whose connections `handler` gets, each in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _peer = server.accept()
                except OSError:
                    return
                threading.Thread(target=guard, args=(connection,), daemon=True).start()

        def guard(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(20)
                handler(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        # close() alone does not wake a thread that waits in accept()
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def until_closed(connection: socket.socket) -> None:
    """Read and ignore until the client hangs up."""
    while connection.recv(65536):
        pass


def silent(connection: socket.socket) -> None:
    """Accept and never answer."""
    until_closed(connection)


def endless_banner(connection: socket.socket) -> None:
    """Talk first, and for ever."""
    while True:
        connection.sendall(b"220 welcome to this server\r\n" * 64)


def dripping(connection: socket.socket) -> None:
    """Something that begins like a TLS record and never ends."""
    connection.sendall(b"\x16\x03\x03\x40\x00")
    while True:
        connection.sendall(b"\x02")
        time.sleep(0.02)


def closing(connection: socket.socket) -> None:
    """Read the first bytes and hang up."""
    connection.recv(1)


def http_1(connection: socket.socket) -> None:
    """A web server without TLS."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def over_tls(
    folder: Path, identity: Identity, answer: t.Callable[[ssl.SSLSocket], None], alpn: bool = True
) -> Handler:
    """A handler that completes a TLS handshake as `identity` and goes on with `answer`."""
    certificate, key = identity.write(folder, "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if alpn:
        context.set_alpn_protocols(["h2"])

    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as secured:
            answer(secured)

    return handle


def garbage_http2(connection: ssl.SSLSocket) -> None:
    """Answer HTTP/2 with anything else."""
    connection.recv(1)
    connection.sendall(b"\xff" * 100)
    until_closed(connection)


def settings_then_silence(connection: ssl.SSLSocket) -> None:
    """Greet as HTTP/2 does, then answer no call."""
    connection.sendall(SETTINGS)
    until_closed(connection)


def settings_then_garbage(connection: ssl.SSLSocket) -> None:
    """Greet as HTTP/2 does, then send nonsense for ever."""
    connection.sendall(SETTINGS)
    while True:
        connection.sendall(b"\xff\xfe" * 4096)


@contextlib.contextmanager
def s_server(certificate: str, key: str, *arguments: str) -> t.Iterator[int]:
    """`openssl s_server` on a free port of 127.0.0.1; `arguments` are its own."""
    port = free_port()
    command = ["openssl", "s_server", "-accept", "127.0.0.1:{0}".format(port), "-cert_chain", certificate]
    process = subprocess.Popen(
        [*command, "-cert", certificate, "-key", key, "-quiet", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.kill()
        process.communicate()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until something listens: /proc/net/tcp tells it without taking the one connection that s_server serves at a time."""
    wanted = "0100007F:{0:04X}".format(port)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("openssl s_server ended with {0}".format(process.returncode))
        lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
        if any(line.split()[1] == wanted and line.split()[3] == "0A" for line in lines[1:]):
            return
        time.sleep(0.02)
    raise RuntimeError("openssl s_server does not listen")
