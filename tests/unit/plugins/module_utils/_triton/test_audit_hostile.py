# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that mean harm, and odd input: none holds up or breaks the others, and each gets its own result."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import audit, client
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import servers
from ansible_collections.inferops.triton.tests.unit.support.audits import both_ways
from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity, issue
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton

Options = t.Dict[str, t.Any]
Result = t.Dict[str, t.Any]


@pytest.fixture(name="good")
def fixture_good(pki: Pki, triton: Triton) -> Options:
    return both_ways(pki, triton.port, model="triton_identity")


def one_byte_a_second(connection: socket.socket) -> None:
    """Something like a TLS record, a byte a second."""
    for byte in b"\x16\x03\x03\x40\x00" + bytes(60):
        connection.sendall(bytes([byte]))
        time.sleep(1)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """An HTTP/2 frame (RFC 9113, 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


# HPACK (RFC 7541): ":status: 200" from the static table, then a literal "content-type: application/grpc".
_ANSWER_HEADERS = b"\x88\x0f\x10\x10application/grpc"
_TRAILERS = b"\x00\x0bgrpc-status\x010"


def after_first_call(connection: ssl.SSLSocket) -> None:
    """Greet, and wait for the first call."""
    connection.sendall(servers.SETTINGS + frame(4, 1, 0, b""))
    seen = b""
    while b"ServerReady" not in seen and len(seen) < 200:  # the HEADERS of the first call have come by then
        part = connection.recv(65536)
        if not part:  # the client has hung up; to read on would keep a core busy until the last test
            raise ConnectionResetError
        seen += part


def no_message(connection: ssl.SSLSocket) -> None:
    """Answers a call as gRPC does, with bytes that are no message."""
    after_first_call(connection)
    connection.sendall(frame(1, 4, 1, _ANSWER_HEADERS))
    connection.sendall(frame(0, 0, 1, b"\0" + (64).to_bytes(4, "big") + b"\xff" * 64))
    connection.sendall(frame(1, 5, 1, _TRAILERS))
    servers.until_closed(connection)


def grpc_answer(length: int, endless: bool) -> t.Callable[[ssl.SSLSocket], None]:
    """Answers any call with a message that says to have `length` bytes, and sends zeros: a while, or for ever."""

    def answer(connection: ssl.SSLSocket) -> None:
        after_first_call(connection)
        # More than the default windows allow needs no patience: the client closes what breaks flow control.
        connection.sendall(frame(1, 4, 1, _ANSWER_HEADERS))
        connection.sendall(frame(0, 0, 1, b"\0" + length.to_bytes(4, "big")))
        while endless:
            connection.sendall(frame(0, 0, 1, bytes(1024)))
            time.sleep(0.02)
        servers.until_closed(connection)

    return answer


def long_chain(pki: Pki, count: int) -> Identity:
    """The server's certificate, sent with so many others that OpenSSL must give up."""
    extra = issue("filler", pki.root, ["n{0}.example".format(i) for i in range(800)]).certificate
    return Identity(pki.server.certificate, pki.server.private_key, (extra,) * count)


def hostile(pki: Pki, folder: Path) -> t.List[t.Tuple[str, servers.Handler, t.Set[str]]]:
    """Name, handler, and the codes that may name it."""

    def tls(name: str, answer: t.Callable[[ssl.SSLSocket], None], identity: t.Optional[Identity] = None) -> servers.Handler:
        return servers.over_tls(folder / name, identity or pki.server, answer)

    return [
        ("never", servers.silent, {"timeout"}),
        ("banner", servers.endless_banner, {"not_tls"}),
        ("dripping", one_byte_a_second, {"timeout"}),
        ("garbage", tls("garbage", servers.garbage_http2), {"not_grpc"}),
        ("later", tls("later", servers.settings_then_garbage), {"rpc_failed"}),
        ("chain", tls("chain", servers.until_closed, long_chain(pki, 12)), {"tls_failed"}),
        ("no message", tls("no-message", no_message), {"rpc_failed"}),
        ("huge", tls("huge", grpc_answer(client.MAX_ANSWER + 1, False)), {"rpc_failed"}),
        ("endless", tls("endless", grpc_answer(client.MAX_ANSWER, True)), {"timeout", "rpc_failed"}),
    ]


def test_hostile_servers_harm_nobody_else(pki: Pki, good: Options, tmp_path: Path) -> None:
    cases = hostile(pki, tmp_path)
    with contextlib.ExitStack() as stack:
        specs: t.List[Options] = []
        for name, handler, _codes in cases:
            port = stack.enter_context(servers.listener(handler))
            specs += [{"name": name, "address": "127.0.0.1:{0}".format(port), "ca_file": pki.ca_file}, good]
        started = time.monotonic()
        results, summary = audit.verify(specs, audit.Settings(timeout=2.0, concurrency=4))
    assert time.monotonic() - started < 8, "two seconds for each, side by side"
    found = {result["name"]: result["diagnosis"]["code"] for result in results[::2]}
    assert {name: found[name] in codes for name, _handler, codes in cases} == dict.fromkeys(found, True), found
    assert all(result["ok"] for result in results[1::2])
    assert (summary["ok"], summary["failed"]) == (len(cases), len(cases))
    (huge,) = (result for result in results if result["name"] == "huge")
    assert "larger than max" in huge["diagnosis"]["cause"], "the bound refuses it before it is read"


def test_endpoints_that_hang_give_up_their_place(good: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_PATIENCE", 0.1)
    with servers.listener(servers.silent) as port:
        hanging = {**good, "address": "127.0.0.1:{0}".format(port)}
        started = time.monotonic()
        results, _summary = audit.verify([*[hanging] * 6, good], audit.Settings(timeout=2.0, concurrency=1))
    assert time.monotonic() - started < 8, "one after the other they take twelve"
    assert [result["ok"] for result in results] == [False] * 6 + [True]
    assert {result["diagnosis"]["code"] for result in results[:6]} == {"timeout"}


def test_endpoints_that_hang_after_their_greeting_give_up_theirs(pki: Pki, good: Options, tmp_path: Path) -> None:
    with servers.listener(servers.over_tls(tmp_path, pki.server, servers.settings_then_silence)) as port:
        hanging = {**good, "address": "127.0.0.1:{0}".format(port)}
        started = time.monotonic()
        results, _summary = audit.verify([*[hanging] * 6, good], audit.Settings(timeout=4.0, concurrency=1))
    assert time.monotonic() - started < 16, "one after the other they take 24"
    assert [result["ok"] for result in results] == [False] * 6 + [True]


def test_duplicates_are_audited_each(good: Options) -> None:
    dead = {**good, "address": "127.0.0.1:1"}
    results, summary = audit.verify([good, dead, good, good, dead], audit.Settings())
    assert [result["ok"] for result in results] == [True, False, True, True, False]
    assert [result["rounds"] for result in results] == [1] * 5
    assert summary["by_code"] == [{"code": "connection_refused", "count": 2, "endpoints": ["127.0.0.1:1"] * 2}]


@contextlib.contextmanager
def relay(family: socket.AddressFamily, host: str, target: int) -> t.Iterator[int]:
    """A port of `host` that passes bytes on to 127.0.0.1:`target`."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    with socket.create_server((host, 0), family=family, backlog=64) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    near, _peer = server.accept()
                    far = socket.create_connection(("127.0.0.1", target))
                    for ends in ((near, far), (far, near)):
                        threading.Thread(target=pump, args=ends, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def test_ipv6_literal(good: Options, triton: Triton) -> None:
    with relay(socket.AF_INET6, "::1", triton.port) as port:
        spec = {**good, "address": "[::1]:{0}".format(port), "server_name": "triton.example"}
        (result,), _summary = audit.verify([spec], audit.Settings())
    assert result["ok"], result["diagnosis"]
    assert result["address"] == spec["address"]


def test_internationalised_names(pki: Pki, good: Options, tmp_path: Path) -> None:
    identity = issue("idn", pki.root, ["xn--mnchen-3ya.example"])
    handler = servers.over_tls(tmp_path, identity, servers.settings_then_silence)
    with servers.listener(handler) as port:
        spec = {"address": "127.0.0.1:{0}".format(port), "server_name": "münchen.example", "ca_file": pki.ca_file}
        results, _summary = audit.verify(
            [spec, {**good, "address": "münchen.invalid:8001"}], audit.Settings(timeout=1.0)
        )
    named = {check["check"]: check for check in results[0]["checks"]}["name"]
    assert (named["status"], named["value"]) == ("ok", "xn--mnchen-3ya.example")
    assert results[1]["diagnosis"]["code"] == "dns"


def test_resolver_that_never_answers(good: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its threads are left behind: the audit's end waits for none of them."""
    release = threading.Event()
    real = socket.getaddrinfo

    def stuck(host: str, *arguments: t.Any, **options: t.Any) -> t.Any:
        if host.endswith(".example"):
            release.wait(60)
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    lost = {**good, "address": "gpu1.example:8001"}
    started = time.monotonic()
    results, _summary = audit.verify([lost, good, lost], audit.Settings(timeout=3.0))
    elapsed = time.monotonic() - started
    release.set()
    assert elapsed < 12
    assert [result["diagnosis"] and result["diagnosis"]["code"] for result in results] == ["timeout", None, "timeout"]
