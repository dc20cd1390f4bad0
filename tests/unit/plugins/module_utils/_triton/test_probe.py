# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe sees of real servers, good and bad, and that no server holds it longer than it may."""

from __future__ import annotations

import asyncio
import typing as t
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Identity
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import (
    Observation,
    Problem,
    Prober,
    Stage,
    is_settings,
)
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import servers
from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity as Made
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, issue
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton, free_port


def probe(port: int, identity: t.Optional[Made] = None, timeout: float = 5.0, host: str = "127.0.0.1") -> Observation:
    own = Identity(identity.chain_pem.encode(), identity.key_pem.encode()) if identity else None
    return asyncio.run(Prober().tls(Address(host, port), "localhost", own, timeout))


def plaintext(port: int) -> Observation:
    return asyncio.run(Prober().plaintext(Address("127.0.0.1", port), 5.0))


def test_right_client_of_a_mutual_triton(pki: Pki, triton: Triton) -> None:
    seen = probe(triton.port, pki.client)
    assert (seen.stage, seen.problem) == (Stage.DONE, None)
    assert (seen.tls_version, seen.alpn) == ("TLSv1.3", "h2")
    assert seen.cipher
    assert seen.client_certificate_asked
    assert seen.client_ca_names == [pki.root.certificate.subject.rfc4514_string()]
    sent = (pki.server.certificate, pki.intermediate.certificate)
    assert seen.chain == [certificate.public_bytes(Encoding.DER) for certificate in sent]
    assert seen.peer == Address("127.0.0.1", triton.port)


def test_clients_that_a_mutual_triton_refuses(pki: Pki, triton: Triton) -> None:
    foreign = issue("foreign", pki.stranger)
    for identity in (None, foreign):
        seen = probe(triton.port, identity)
        assert seen.refused
        assert not seen.accepted
        assert len(seen.chain) == 2


def test_one_way_triton_asks_no_client(pki: Pki, triton_one_way: Triton) -> None:
    for identity in (None, pki.client):
        seen = probe(triton_one_way.port, identity)
        assert seen.accepted
        assert not seen.client_certificate_asked
        assert seen.client_ca_names == []


def test_plaintext_client_at_tls_and_tls_client_at_plaintext(triton: Triton, triton_plaintext: Triton) -> None:
    assert not plaintext(triton.port).accepted
    assert plaintext(triton_plaintext.port).accepted
    seen = probe(triton_plaintext.port)
    assert (seen.stage, seen.problem) == (Stage.HANDSHAKE, Problem.NOT_TLS)
    assert is_settings(seen.banner)


def test_rest_port_speaks_no_tls(triton: Triton) -> None:
    seen = probe(triton.http_port)
    assert seen.stage is Stage.HANDSHAKE
    assert seen.problem in (Problem.NOT_TLS, Problem.CLOSED)


@pytest.mark.parametrize("tls", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(
    ("shown", "alert"), [("none", "certificate required"), ("foreign", "unknown ca"), ("expired", "certificate expired")]
)
def test_alerts_of_openssl(pki: Pki, tls: str, shown: str, alert: str) -> None:
    client = {
        "none": None,
        "foreign": issue("foreign", pki.stranger),
        "expired": issue("late", pki.root, eku=[CLIENT], start_days=-9, end_days=-2),
    }[shown]
    wanted = ("-Verify", "3", "-verify_return_error", "-CAfile", pki.ca_file, "-alpn", "h2", tls)
    with servers.s_server(pki.server_cert, pki.server_key, *wanted) as port:
        seen = probe(port, client)
    assert seen.refused
    assert seen.problem is Problem.ALERT
    # TLS 1.2 has no alert certificate_required (RFC 8446, 6.2); its servers say handshake_failure.
    assert seen.alert == (alert if (tls, shown) != ("-tls1_2", "none") else "handshake failure")


@pytest.mark.parametrize(
    ("arguments", "version", "alpn"),
    [
        (("-tls1_1", "-alpn", "h2", "-cipher", "ALL:@SECLEVEL=0"), "TLSv1.1", "h2"),
        (("-tls1_2",), "TLSv1.2", None),
        (("-alpn", "http/1.1"), None, None),
    ],
)
def test_versions_and_alpn(
    pki: Pki, arguments: t.Tuple[str, ...], version: t.Optional[str], alpn: t.Optional[str]
) -> None:
    with servers.s_server(pki.server_cert, pki.server_key, *arguments) as port:
        seen = probe(port, timeout=0.5)
    if version:
        assert (seen.tls_version, seen.alpn) == (version, alpn)
        assert seen.stage is Stage.HTTP2
    else:
        assert seen.problem is Problem.ALERT
        assert seen.alert == "no application protocol"


@pytest.mark.parametrize(
    ("handler", "stage", "problem"),
    [
        (servers.silent, Stage.HANDSHAKE, Problem.TIMEOUT),
        (servers.dripping, Stage.HANDSHAKE, Problem.TIMEOUT),
        (servers.endless_banner, Stage.HANDSHAKE, Problem.NOT_TLS),
        (servers.http_1, Stage.HANDSHAKE, Problem.NOT_TLS),
        (servers.closing, Stage.HANDSHAKE, Problem.CLOSED),
    ],
)
def test_hostile_sockets(handler: servers.Handler, stage: Stage, problem: Problem) -> None:
    with servers.listener(handler) as port:
        seen = probe(port, timeout=0.4)
    assert (seen.stage, seen.problem) == (stage, problem)
    assert seen.seconds < 1.5


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (servers.garbage_http2, Problem.NOT_HTTP2),
        (servers.settings_then_silence, None),
        (servers.until_closed, Problem.TIMEOUT),
        (lambda connection: None, Problem.CLOSED),
    ],
)
def test_hostile_after_the_handshake(
    pki: Pki, tmp_path: Path, answer: t.Callable[[t.Any], None], problem: t.Optional[Problem]
) -> None:
    with servers.listener(servers.over_tls(tmp_path, pki.server, answer)) as port:
        seen = probe(port, timeout=0.4)
    assert seen.problem is problem
    assert len(seen.chain) == 2


def test_huge_chain(pki: Pki, tmp_path: Path) -> None:
    padding = [issue("padding " + "x" * 50 + str(i), pki.root).certificate for i in range(250)]
    huge = Made(pki.server.certificate, pki.server.private_key, tuple(padding))
    with servers.listener(servers.over_tls(tmp_path, huge, servers.silent)) as port:
        seen = probe(port)
    assert (seen.stage, seen.problem) == (Stage.HANDSHAKE, Problem.TLS)
    assert "excessive message size" in seen.detail


def test_nothing_listens_and_nothing_resolves() -> None:
    assert probe(free_port()).problem is Problem.REFUSED
    assert probe(8001, host="no-such-host.invalid").problem is Problem.DNS


def test_names_are_tried_address_by_address(pki: Pki, triton: Triton) -> None:
    seen = probe(triton.port, pki.client, host="localhost")
    assert seen.accepted
    assert seen.peer is not None
    assert seen.peer.host in ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (bytes([0, 0, 24, 4, 0, 0, 0, 0, 0]), True),
        (bytes([0, 0, 24, 4, 0, 0, 0, 0, 1]), False),
        (bytes([0, 0, 24, 6, 0, 0, 0, 0, 0]), False),
        (bytes([255, 0, 24, 4, 0, 0, 0, 0, 0]), False),
        (b"HTTP/1.1 200", False),
        (b"", False),
    ],
)
def test_settings_frames(data: bytes, expected: bool) -> None:
    assert is_settings(data) is expected
