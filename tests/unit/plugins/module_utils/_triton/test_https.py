# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP as it arrives: in pieces, cut off, over many connections, from servers that mean harm."""

from __future__ import annotations

import asyncio
import ssl
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import https, rest
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Files, load_endpoint
from ansible_collections.inferops.triton.plugins.module_utils._triton.https import Request, Response
from ansible_collections.inferops.triton.plugins.module_utils._triton.outcome import Outcome
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Observation, Problem, Prober, Stop
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import servers
from ansible_collections.inferops.triton.tests.unit.support.audits import found, one_way, verify
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton

SHORT = Request("/", enough=4096)


class Pieces:
    """A stream of what is given, then its end: a closed connection, or a TLS session that the server ends."""

    def __init__(self, pieces: t.Iterable[bytes], polite: bool = True) -> None:
        self._pieces, self._polite = iter(pieces), polite

    async def send(self, data: bytes) -> None:
        """Nobody is there."""

    async def receive(self, size: int = 1) -> bytes:
        piece = next(self._pieces, b"")
        if not piece and self._polite:
            raise Stop(Problem.CLOSED, "the server ended the TLS session")
        return piece


def read(pieces: t.Iterable[bytes], request: Request = SHORT, polite: bool = True) -> Response:
    return asyncio.run(https._read(Pieces(pieces, polite), request, time.monotonic()))


@pytest.mark.parametrize("polite", [True, False])
@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("data", "status", "body", "last"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", 200, b"hello", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 200, b"hello", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n1\r\n!\r\n0\r\n\r\n", 200, b"\r\n\r\n!", False),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end", True),
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", 400, b"", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200, b"hello", True),
    ],
)
def test_answers_in_pieces(data: bytes, status: int, body: bytes, last: bool, size: int, polite: bool) -> None:
    answer = read((data[i : i + size] for i in range(0, len(data), size)), polite=polite)
    assert (answer.status, answer.body, answer.last) == (status, body, last)


@pytest.mark.parametrize("header", [b"", b"Content-Length: 999999999\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_what_never_ends_is_cut_off(header: bytes) -> None:
    def endless() -> t.Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n" + header + b"\r\n"
        if header.startswith(b"Transfer"):
            yield b"fffff\r\n"
        while True:
            yield b"nv_ 1\n" * 100

    answer = read(endless())
    assert answer.last
    assert 3000 < len(answer.body) < 10_000
    assert b"\nnv_ 1\n" in answer.body


def test_long_answers_are_not_read_again_and_again() -> None:
    started = time.process_time()
    body = b"x" * (16 << 20)
    pieces = (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), *(body[i : i + 16384] for i in range(0, len(body), 16384)))
    assert len(read(pieces, Request("/", enough=len(body) * 2)).body) == len(body)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "pieces",
    [
        [b"SSH-2.0-OpenSSH\r\n"],
        [b"\x00\x00\x12\x04"],
        [b"HTTP/1.1 OK\r\n\r\n"],
        [b"HTTP/1.1 abc OK\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Le"],
        [b"HTTP/1.1 200 OK\r\n", *[b"X-Header: " + b"y" * 100 + b"\r\n"] * 200],
        [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"],
        [b"HTTP/1.1 100 Continue\r\n\r\n"],
    ],
)
def test_what_is_no_http(pieces: t.List[bytes]) -> None:
    with pytest.raises(Stop) as caught:
        read(pieces)
    assert caught.value.problem is Problem.NOT_HTTP


@pytest.mark.parametrize("polite", [True, False])
def test_no_answer_at_all(polite: bool) -> None:
    with pytest.raises(Stop) as caught:
        read([], polite=polite)
    assert caught.value.problem is Problem.CLOSED


@pytest.mark.parametrize(
    ("headers", "body", "shown"),
    [
        ({}, b'{"error":"no such model"}', "HTTP 404 Not Found (no such model)"),
        ({}, b"[" * 100_000, "HTTP 404 Not Found (" + "[" * 200 + ")"),
        ({"content-type": "text/html"}, b"<html>", "HTTP 404 Not Found"),
        ({}, b"\xff\xfe", "HTTP 404 Not Found (\ufffd\ufffd)"),
        ({}, b"", "HTTP 404 Not Found"),
    ],
)
def test_what_is_shown_of_an_error(headers: t.Dict[str, str], body: bytes, shown: str) -> None:
    assert str(Response(404, "Not Found", headers, body, False)) == shown


def _told(connection: ssl.SSLSocket) -> t.Tuple[str, bytes]:
    """Path of the next request, and the answer that names it."""
    seen = b""
    while not seen.endswith(b"\r\n\r\n"):
        data = connection.recv(65536)
        if not data:
            raise OSError("the client is gone")
        seen += data
    path = seen.split(b" ")[1].decode()
    return path, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path.encode())


@pytest.mark.parametrize("announced", [True, False])
def test_a_server_that_closes_after_each_answer(pki: Pki, tmp_path: Path, announced: bool) -> None:
    def one(connection: ssl.SSLSocket) -> None:
        path, answer = _told(connection)
        if path != "/mute":
            connection.sendall(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) if announced else answer)

    with servers.listener(servers.over_tls(tmp_path, pki.server, one, alpn=False)) as port:
        endpoint = load_endpoint(one_way(pki, port), Files())

        async def ask() -> t.Tuple[Observation, t.List[https.Reply]]:
            client = https.Client(Prober(), endpoint, Address("127.0.0.1", port), None, time.monotonic() + 5)
            return await client.ask(Request("/a"), lambda _seen, _answer: [Request("/b"), Request("/mute"), Request("/c")])

        seen, replies = asyncio.run(ask())
    assert seen.accepted
    bodies = [reply.body if isinstance(reply, Response) else reply for reply in replies]
    assert bodies == [b"/a", b"/b", "the server closed the connection", b"/c"]


def _silence(connection: ssl.SSLSocket) -> None:
    servers.until_closed(t.cast("t.Any", connection))


def _garbage(connection: ssl.SSLSocket) -> None:
    connection.recv(1)
    connection.sendall(b"\xff" * 100)


def _endless(connection: ssl.SSLSocket) -> None:
    connection.recv(1)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def _headers(connection: ssl.SSLSocket) -> None:
    connection.recv(1)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Header: y\r\n" * 999)


def _drip(connection: ssl.SSLSocket) -> None:
    connection.recv(1)
    for byte in b"HTTP/1.1 200 OK\r\n\r\n":
        connection.sendall(bytes([byte]))
        time.sleep(0.5)


@pytest.mark.parametrize(
    ("harm", "failures"),
    [
        (_silence, {"metrics_tls": "timeout"}),
        (_garbage, {"metrics_tls": "http_failed"}),
        (_headers, {"metrics_tls": "http_failed"}),
        (_drip, {"metrics_tls": "timeout"}),
        (_endless, {"metrics_served": "metrics_missing", "metrics_hsts": "hsts_missing"}),
    ],
)
def test_servers_that_mean_harm(
    pki: Pki, triton_ready: Triton, tmp_path: Path, harm: t.Callable[[ssl.SSLSocket], None], failures: t.Dict[str, str]
) -> None:
    with servers.listener(servers.over_tls(tmp_path, pki.server, harm, alpn=False)) as port:
        started = time.monotonic()
        result = verify(one_way(pki, triton_ready.port, gateway={"http_port": 0, "metrics_port": port}), timeout=3)
    assert time.monotonic() - started < 8
    # The refusals follow from what is wrong already, or are made by the handshake.
    assert found(result, "failed") == failures, result["diagnosis"]
    assert found(result, "ok")["control_exposed"] is None


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Response(503, "", {}, b'{"error":"explicit model load / unload is not allowed if polling is enabled"}', False), Outcome.REFUSED),
        (Response(403, "", {}, b"", False), Outcome.REFUSED),
        (Response(404, "", {}, b"", False), Outcome.REFUSED),
        (Response(302, "", {}, b"", False), Outcome.REFUSED),
        (Response(200, "", {}, b"", False), Outcome.ACCEPTED),
        (Response(429, "", {}, b"", False), Outcome.UNCLEAR),
        (Response(500, "", {}, b"", False), Outcome.UNCLEAR),
        (Response(503, "", {}, b"", False), Outcome.UNCLEAR),
        ("the server closed the connection", Outcome.REFUSED),
    ],
)
def test_what_a_reply_says_of_a_control(reply: https.Reply, outcome: str) -> None:
    assert rest.judge_control(Request("/v2/logging"), reply).outcome == outcome
