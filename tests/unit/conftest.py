# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures shared by all unit tests: one certificate authority and real Triton servers."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.tests.unit.support import triton as server
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue


@dataclass(frozen=True)
class Pki:
    """A root, an intermediate, a server and a client identity, and the files that hold them."""

    folder: Path
    root: Identity
    intermediate: Identity
    server: Identity
    client: Identity
    stranger: Identity
    ca_file: str
    client_cert: str
    client_key: str
    server_cert: str
    server_key: str
    stranger_file: str


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """One hierarchy for the whole run; issuing a certificate costs milliseconds."""
    folder = tmp_path_factory.mktemp("pki")
    root = issue("Test root", ca=True, organization="Fleet")
    intermediate = issue("Test issuing CA", root, ca=True, organization="Fleet")
    identity = issue("triton", intermediate, ["localhost", "127.0.0.1", "triton.example"])
    client = issue("verifier", root, eku=[CLIENT])
    stranger = issue("Another root", ca=True, organization="Strangers")
    (folder / "ca.crt").write_text(root.pem)
    (folder / "stranger.crt").write_text(stranger.pem)
    server_cert, server_key = identity.write(folder, "server")
    client_cert, client_key = client.write(folder, "client")
    return Pki(
        folder=folder,
        root=root,
        intermediate=intermediate,
        server=identity,
        client=client,
        stranger=stranger,
        ca_file=str(folder / "ca.crt"),
        client_cert=client_cert,
        client_key=client_key,
        server_cert=server_cert,
        server_key=server_key,
        stranger_file=str(folder / "stranger.crt"),
    )


@pytest.fixture(scope="session")
def triton(
    pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> t.Iterator[server.Triton]:
    """A Triton under mutual TLS with the identity model, a slow one, one without output, and two of other datatypes."""
    flags = [*server.CLOSED, *server.tls_flags(pki.server_cert, pki.server_key, pki.ca_file, mutual=True)]
    instance = server.Triton(
        tmp_path_factory.mktemp("triton"),
        models=(server.IDENTITY, server.SLOW, server.BROKEN, server.WHOLE, server.HALF),
        arguments=flags,
    )
    with instance:
        yield instance


@pytest.fixture(scope="session")
def triton_one_way(
    pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> t.Iterator[server.Triton]:
    """A Triton with one-way TLS, the identity model and one that does not load, which keeps the server from being ready."""
    instance = server.Triton(
        tmp_path_factory.mktemp("triton-one-way"),
        models=(server.IDENTITY, server.FAILING),
        arguments=[*server.CLOSED, *server.tls_flags(pki.server_cert, pki.server_key)],
    )
    with instance:
        yield instance


@pytest.fixture(scope="session")
def triton_plaintext(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[server.Triton]:
    """A Triton without TLS and without models."""
    with server.Triton(tmp_path_factory.mktemp("triton-plaintext"), models=()) as instance:
        yield instance


@pytest.fixture(scope="session")
def triton_ready(
    pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> t.Iterator[server.Triton]:
    """A Triton with one-way TLS that is ready and has no models."""
    flags = [*server.CLOSED, *server.tls_flags(pki.server_cert, pki.server_key)]
    with server.Triton(tmp_path_factory.mktemp("triton-ready"), models=(), arguments=flags) as instance:
        yield instance
