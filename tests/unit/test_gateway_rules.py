# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway lets through and what it refuses, by a real HAProxy before a real Triton."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import time
import typing as t
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import gateways, https
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, issue

STRICT = {
    "triton_gateway_mutual_tls": True,
    "triton_gateway_metrics_mutual_tls": False,
    "triton_gateway_client_subjects": ["verifier", "search engine"],
    "triton_gateway_open_apis": ["model-repository", "shared-memory", "trace", "logging"],
    "triton_gateway_compressed_bodies": True,
    "triton_gateway_max_body_bytes": 0,
    "triton_gateway_hsts_seconds": 0,
    "triton_gateway_log_requests": "failed",
}
CASES: t.Dict[str, t.Dict[str, t.Any]] = {
    "usual": {},
    "strict": STRICT,
    "small": {"triton_gateway_max_body_bytes": 1000},
    "rated": {"triton_gateway_client_request_rate": 2, "triton_gateway_client_connection_rate": 1},
    "crowded": {"triton_gateway_client_max_connections": 5},
}
PLAIN = "the path must be written plainly"


@dataclass(frozen=True)
class Setup:
    """A Triton and a gateway for each set of variables; `tls` is a good client's context."""

    hosts: t.Dict[str, gateways.Host]
    tls: ssl.SSLContext
    pki: Pki

    def ask(self, path: str, method: str = "GET", headers: t.Sequence[str] = (), body: bytes = b"", name: str = "usual") -> https.Answer:
        return https.ask(self.hosts[name].ports.http, self.tls, path, method, headers, body)


@pytest.fixture(scope="module")
def setup(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Setup]:
    folder = tmp_path_factory.mktemp("rules")
    hosts = {name: gateways.Host(folder / name) for name in CASES}
    texts = gateways.render(
        folder / "rendered",
        {name: {**host.ports.variables(host.run_directory), **CASES[name]} for name, host in hosts.items()},
    )
    first = hosts["usual"].ports
    server = gateways.server(folder / "server", first.instances["blue"], pki)
    with contextlib.ExitStack() as stack:
        stack.enter_context(server)
        for name, host in hosts.items():
            # All before the same Triton.
            text = texts[name]
            for protocol, port in first.instances["blue"].items():
                text = text.replace(f"127.0.0.1:{host.ports.instances['blue'][protocol]}\n", f"127.0.0.1:{port}\n")
            host.give("blue", pki.server, pki.root.pem)
            stack.enter_context(host)
            host.present(text)
        yield Setup(hosts, https.context(pki.ca_file, pki.client_cert, pki.client_key), pki)


OPEN = ["/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/stats", "/v2/models/triton_identity", "/v2/models/triton_identity/ready"]
OPEN += [f"/v2/models/triton_identity{version}/{what}" for version in ("", "/versions/1") for what in ("config", "stats", "ready")]
CLOSED = [
    ("model-repository", "POST", "/v2/repository/index"),
    ("model-repository", "POST", "/v2/repository/models/triton_identity/load"),
    ("model-repository", "POST", "/v2/repository/models/triton_identity/unload"),
    ("shared-memory", "GET", "/v2/systemsharedmemory/status"),
    ("shared-memory", "GET", "/v2/cudasharedmemory/status"),
    ("shared-memory", "POST", "/v2/systemsharedmemory/region/a/register"),
    ("trace", "GET", "/v2/trace/setting"),
    ("trace", "POST", "/v2/models/triton_identity/trace/setting"),
    ("logging", "GET", "/v2/logging"),
    ("logging", "POST", "/v2/logging"),
]
TRICKS = [
    "/v2/%72epository/index",
    "/v2/repository%2findex",
    "/v2/repository/index%00",
    "/%762/repository/index",
    "//v2/repository/index",
    "/v2//repository/index",
    "/v2/./repository/index",
    "/v2/models/../repository/index",
    "/v2/models/triton_identity/../../repository/index",
    "/v2/models/..",
    "/v2/models/./ready",
    "/v2/repository/index/",
    "/v2/repository;x/index",
    "/v2\\repository\\index",
    "/v2/models/%2e%2e/repository/index",
    "http://localhost/v2/%72epository/index",
    "/",
]


@pytest.mark.parametrize("path", OPEN)
def test_what_inference_needs_is_open(setup: Setup, path: str) -> None:
    assert setup.ask(path).status == 200


def test_inference(setup: Setup) -> None:
    answer = setup.ask("/v2/models/triton_identity/infer", "POST", body=https.INFERENCE)
    assert answer.status == 200 and json.loads(answer.body)["outputs"][0]["data"] == [1.0, 2.0]
    assert "server" not in answer.headers and answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(("api", "method", "path"), CLOSED)
def test_closed_api(setup: Setup, api: str, method: str, path: str) -> None:
    answer = setup.ask(path, method, body=b"{}" if method == "POST" else b"")
    assert answer.status == 403
    assert "triton_gateway_open_apis" in answer.error and api in answer.error
    assert answer.headers["content-type"] == "application/json" and "strict-transport-security" in answer.headers


@pytest.mark.parametrize(("api", "method", "path"), [case for case in CLOSED if not case[2].endswith(("load", "register"))])
def test_opened_api_reaches_triton(setup: Setup, api: str, method: str, path: str) -> None:
    """Triton's own answer, whichever it is: the control of the test above."""
    answer = setup.ask(path, method, body=b"{}" if method == "POST" else b"", name="strict")
    assert answer.status == 200, answer
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("path", TRICKS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_path_tricks(setup: Setup, method: str, path: str) -> None:
    answer = setup.ask(path, method, body=b"{}" if method == "POST" else b"")
    assert answer.status in (400, 403) and answer.error


@pytest.mark.parametrize("path", ["/v2/models/a\tb", "/v2/models/a\x00b", "/v2/models/\x7f", "/v2/models/a b", "/v2/models/\xff", "*", "v2"])
def test_what_is_no_path(setup: Setup, path: str) -> None:
    assert setup.ask(path).status == 400


@pytest.mark.parametrize("path", ["/v2/repository/index?x=1", "http://localhost/v2/repository/index", "/V2/repository/index", "/v2/repository/index#x"])
def test_other_ways_to_a_closed_api(setup: Setup, path: str) -> None:
    assert setup.ask(path, "POST", body=b"{}").status in (400, 403)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get"])
def test_methods(setup: Setup, method: str) -> None:
    assert setup.ask("/v2/health/ready", method).status in (400, 405)


def test_methods_of_triton_are_its_own(setup: Setup) -> None:
    assert setup.ask("/v2/models/triton_identity/infer").status == 405


def test_body_over_the_limit(setup: Setup) -> None:
    """Judged by its length at once: the body is never sent."""
    for length in (1001, 10**9, 2**62):
        answer = setup.ask("/v2/models/triton_identity/infer", "POST", [f"Content-Length: {length}"], name="small")
        assert answer.status == 413 and "triton_gateway_max_body_bytes" in answer.error
    assert setup.ask("/v2/models/triton_identity/infer", "POST", body=https.INFERENCE, name="small").status == 200


@pytest.mark.parametrize("lengths", [["5, 6"], ["-1"], ["5", "6"], ["99999999999999999999"], ["0x10"]])
def test_lengths_that_are_none(setup: Setup, lengths: t.List[str]) -> None:
    headers = [f"Content-Length: {length}" for length in lengths]
    assert setup.ask("/v2/models/triton_identity/infer", "POST", headers, b"x").status == 400


def test_chunked_body(setup: Setup) -> None:
    """Its length cannot be told before it has come; without a limit it goes through."""
    chunks = f"{len(https.INFERENCE):x}\r\n".encode() + https.INFERENCE + b"\r\n0\r\n\r\n"
    headers = ["Transfer-Encoding: chunked"]
    refused = setup.ask("/v2/models/triton_identity/infer", "POST", headers, chunks)
    assert refused.status == 411 and "triton_gateway_max_body_bytes" in refused.error
    assert setup.ask("/v2/models/triton_identity/infer", "POST", headers, chunks, name="strict").status == 200
    both = setup.ask("/v2/repository/index", "POST", [*headers, "Content-Length: 3"], chunks)
    assert both.status in (400, 403)


def test_http2(setup: Setup) -> None:
    port = setup.hosts["usual"].ports.http
    tls = https.context(setup.pki.ca_file, alpn=("h2", "http/1.1"))
    headers, _body = https.ask_http2(port, tls, "/v2/health/ready", "GET", b"")
    assert headers[0] == 0x88  # :status 200 of the static table
    _headers, body = https.ask_http2(port, tls, "/v2/models/triton_identity/infer", "POST", https.INFERENCE)
    assert "Content-Length" in json.loads(body)["error"]
    _headers, body = https.ask_http2(port, tls, "/v2/repository/index", "POST", b"{}")
    assert "model-repository" in json.loads(body)["error"]
    _headers, body = https.ask_http2(port, tls, "/v2/models/../repository/index", "POST", b"{}")
    assert PLAIN in json.loads(body)["error"]


def test_compressed_body(setup: Setup) -> None:
    path, headers, body = "/v2/models/triton_identity/infer", ["Content-Encoding: gzip"], gzip.compress(https.INFERENCE)
    answer = setup.ask(path, "POST", headers, body)
    assert answer.status == 415 and "triton_gateway_compressed_bodies" in answer.error
    assert setup.ask(path, "POST", headers, body, name="strict").status == 200
    assert setup.ask(path, "POST", ["Content-Encoding: identity"], https.INFERENCE).status == 200


def test_upgrade_goes_nowhere(setup: Setup) -> None:
    answer = setup.ask("/v2/health/ready", headers=["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"])
    assert answer.status == 200


def test_requests_of_one_address(setup: Setup) -> None:
    """Two a second, twenty in ten seconds, by HAProxy's sliding count."""
    with https.connect(setup.hosts["rated"].ports.http, setup.tls) as connection:
        statuses = []
        for _number in range(25):
            connection.sendall(https.request("/v2/health/ready"))
            last = https.answer(connection)
            statuses.append(last.status)
    assert statuses[:17] == [200] * 17 and statuses[-4:] == [429] * 4
    assert "triton_gateway_client_request_rate" in last.error


def test_connections_of_one_address(setup: Setup) -> None:
    """Up to twice the number a refusal can be read, beyond that the connection ends; who closes some is served again."""
    port = setup.hosts["crowded"].ports.http
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(https.connect(port, setup.tls)) for _number in range(10)]
        held[0].sendall(https.request("/v2/health/ready"))
        answer = https.answer(held[0])
        assert answer.status == 429 and "triton_gateway_client_max_connections" in answer.error
        with pytest.raises(OSError):
            https.connect(port, setup.tls)
    time.sleep(0.5)
    assert setup.ask("/v2/health/ready", name="crowded").status == 200


def test_grpc_connections_of_one_address(setup: Setup) -> None:
    """One a second, ten in ten seconds; and no more at a time than the number."""
    tls = https.context(setup.pki.ca_file, setup.pki.client_cert, setup.pki.client_key, alpn=["h2"])
    served = 0
    for _number in range(15):
        with contextlib.suppress(OSError):
            https.connect(setup.hosts["rated"].ports.grpc, tls).close()
            served += 1
    assert 8 <= served <= 11
    with contextlib.ExitStack() as stack:
        for _number in range(5):
            stack.enter_context(https.connect(setup.hosts["crowded"].ports.grpc, tls))
        with pytest.raises(OSError):
            https.connect(setup.hosts["crowded"].ports.grpc, tls)


def test_slow_headers_end(setup: Setup) -> None:
    """A byte every second: it ends after timeout http-request, and others are served meanwhile."""
    with https.connect(setup.hosts["usual"].ports.http, setup.tls) as connection:
        began = time.monotonic()
        connection.sendall(b"GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 15:
                connection.sendall(b"x")
                connection.settimeout(1)
                try:
                    if connection.recv(100):
                        break
                except TimeoutError:
                    assert setup.ask("/v2/health/ready").status == 200
        assert 9 < time.monotonic() - began < 13


@pytest.mark.parametrize(("version", "works"), [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
@pytest.mark.parametrize("port", ["http", "metrics"])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_versions(setup: Setup, port: str, version: str, works: bool) -> None:
    tls = https.context(setup.pki.ca_file, version=ssl.TLSVersion[version])
    number = getattr(setup.hosts["usual"].ports, port)
    if works:
        https.connect(number, tls).close()
    else:
        with pytest.raises(OSError):
            https.connect(number, tls)


def test_weak_ciphers_are_not_offered(setup: Setup) -> None:
    for name in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"):
        tls = https.context(setup.pki.ca_file, version=ssl.TLSVersion.TLSv1_2)
        tls.set_ciphers(name)
        with pytest.raises(OSError):
            https.connect(setup.hosts["usual"].ports.http, tls)


@pytest.mark.parametrize("port", ["grpc", "http", "metrics"])
def test_plaintext_is_refused(setup: Setup, port: str) -> None:
    with socket.create_connection((https.ADDRESS, getattr(setup.hosts["usual"].ports, port)), timeout=10) as connection:
        connection.sendall(https.request("/v2/health/ready"))
        assert https.answer(connection).status == 0


def test_client_certificates(setup: Setup, tmp_path: Path) -> None:
    """None, one of a stranger, and one whose subject is not allowed: the first two end in the handshake, the last is told why."""
    port, ca = setup.hosts["strict"].ports.http, setup.pki.ca_file
    assert https.ask(port, setup.tls, "/v2").status == 200
    other = issue("billing", setup.pki.root, eku=[CLIENT]).write(tmp_path, "other")
    answer = https.ask(port, https.context(ca, *other), "/v2")
    assert answer.status == 403 and "triton_gateway_client_subjects" in answer.error
    blank = issue("search engine", setup.pki.root, eku=[CLIENT]).write(tmp_path, "blank")
    assert https.ask(port, https.context(ca, *blank), "/v2").status == 200
    stranger = issue("verifier", setup.pki.stranger, eku=[CLIENT]).write(tmp_path, "stranger")
    for tls in (https.context(ca), https.context(ca, *stranger)):
        with contextlib.suppress(OSError):
            assert https.ask(port, tls, "/v2").status == 0
    # The metrics of that host are open to those without one.
    assert https.ask(setup.hosts["strict"].ports.metrics, https.context(ca), "/metrics").status == 200


def test_metrics_and_nothing_else(setup: Setup) -> None:
    port = setup.hosts["usual"].ports.metrics
    answer = https.ask(port, setup.tls, "/metrics")
    assert answer.status == 200 and "strict-transport-security" in answer.headers
    for path, method in (("/", "GET"), ("/metrics", "POST"), ("/v2", "GET"), ("/metrics/", "GET"), ("/stats", "GET")):
        assert https.ask(port, setup.tls, path, method).status == 403


def test_haproxys_own_metrics(setup: Setup) -> None:
    stats = f"http://127.0.0.1:{setup.hosts['usual'].ports.stats}"
    with urllib.request.urlopen(f"{stats}/metrics", timeout=10) as answer:
        assert b'haproxy_server_current_sessions{proxy="grpc_blue",server="blue"}' in answer.read()
    with urllib.request.urlopen(f"{stats}/stats", timeout=10) as answer:
        assert b"rest_green" in answer.read()


def test_log(setup: Setup) -> None:
    """TLS version, SNI, subject and outcome; neither bodies nor queries."""
    usual, strict = setup.hosts["usual"], setup.hosts["strict"]
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        tls = https.context(setup.pki.ca_file, setup.pki.client_cert, setup.pki.client_key, alpn=["h2"], version=version)
        https.connect(usual.ports.grpc, tls, "triton.example").close()
    setup.ask("/v2/models/triton_identity/infer?token=secret", "POST", body=https.INFERENCE)
    setup.ask("/v2/health/ready", name="strict")
    setup.ask("/v2/nothing", name="strict")
    time.sleep(0.5)
    lines = usual.log.splitlines()
    for spoken in ("TLSv1.2", "TLSv1.3"):
        assert any(f"grpc grpc_blue tls={spoken} sni=triton.example" in line and "ended=" in line for line in lines), usual.log[-2000:]
    inference = [line for line in lines if "POST /v2/models/triton_identity/infer" in line and "rest_blue" in line]
    assert inference and all("tls=TLSv1.3 sni=localhost" in line and "status=" in line for line in inference)
    assert "secret" not in usual.log and "INPUT" not in usual.log
    assert any("cn=verifier GET /v2/nothing status=403" in line for line in strict.log.splitlines())
    assert "/v2/health/ready" not in strict.log  # it logs what failed
    assert any("no request:" in line and "SSL" in line for line in strict.log.splitlines())
