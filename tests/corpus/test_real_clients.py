# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every situation that a handshake decides, decided by a real Triton and a real gRPC client, as situations.py says they did.

`make test-situations`; a Triton is started for each, which takes minutes.
"""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory, situations as s
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton, tls_flags
from tritonclient.grpc import service_pb2, service_pb2_grpc

DECIDED = {name: situation for name, situation in s.SITUATIONS.items() if situation.client is not None}


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
    # Without --grpc-root-cert, from which Triton would complete a chain.
    triton = Triton(tmp_path / "triton", models=(), arguments=tls_flags(str(files["certificate"]), str(files["key"])))
    try:
        with triton:
            wanted = [str(each) for each in situation.terms.get("names", [])] or [factory.NAME]
            accepted = all(infers(triton.port, encoded(situation.ca), each) for each in wanted)
    except RuntimeError:
        accepted = False
    assert ("accepts" if accepted else "refuses") == situation.client
