# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every situation that a handshake decides, decided by a real Triton and a real gRPC client, as situations.py says they did.

`make test-situations`; a Triton is started for each, which takes a minute.
"""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory, situations as s
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton, tls_flags
from tritonclient.grpc import service_pb2, service_pb2_grpc

DECIDED = {name: situation for name, situation in s.SITUATIONS.items() if situation.client is not None}

# Triton is not given the CA file: it would complete a chain from it. Where the CA's own strength is the matter, it is given, as the role
# gives it: then its OpenSSL looks at that key, too.
SERVER_HAS_CA = {"CA of RSA 1024"}


def encoded(text: str | bytes | None) -> bytes:
    return text if isinstance(text, bytes) else (text or "").encode()


def infers(port: int, ca: bytes, name: str) -> bool:
    """Whether a client that trusts ca reaches the server by this name."""
    credentials = grpc.ssl_channel_credentials(ca)
    options = [("grpc.ssl_target_name_override", name)]
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        try:
            return bool(service_pb2_grpc.GRPCInferenceServiceStub(channel).ServerLive(service_pb2.ServerLiveRequest(), timeout=3).live)
        except grpc.RpcError:
            return False


@pytest.mark.parametrize("name", DECIDED)
def test_as_the_situations_say(name: str, tmp_path: Path) -> None:
    situation = DECIDED[name]
    files = {part: tmp_path / f"{part}.pem" for part in ("certificate", "key", "ca")}
    for part, path in files.items():
        path.write_bytes(encoded(getattr(situation, part)))
    ca = str(files["ca"]) if name in SERVER_HAS_CA else None
    triton = Triton(tmp_path / "triton", models=(), arguments=tls_flags(str(files["certificate"]), str(files["key"]), ca))
    try:
        with triton:
            wanted = [str(each) for each in situation.terms.get("names", [])] or [factory.NAME]
            accepted = all(infers(triton.port, encoded(situation.ca), each) for each in wanted)
    except RuntimeError:
        accepted = False
    assert ("accepts" if accepted else "refuses") == situation.client
