# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Margins, strength, devices and models, each against a real server with that one fault; and what an audit costs."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import threading
import time
import typing as t
from pathlib import Path

import pytest
from tritonclient.grpc import service_pb2_grpc as pb_grpc

from ansible_collections.inferops.triton.plugins.module_utils._triton import attempts, classification, probe
from ansible_collections.inferops.triton.plugins.module_utils._triton.deps import SSL, grpc, pb
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Files, load_endpoint
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory
from ansible_collections.inferops.triton.tests.unit.support import servers
from ansible_collections.inferops.triton.tests.unit.support.audits import (
    Options,
    both_ways,
    found,
    one_way,
    value,
    verify,
)
from ansible_collections.inferops.triton.tests.unit.support.certificates import issue
from ansible_collections.inferops.triton.tests.unit.support.gateway import behind_gateway, haproxy, https_gateway
from ansible_collections.inferops.triton.tests.unit.support.triton import (
    IDENTITY,
    Triton,
    free_port,
    tls_flags,
)

NAMES = ["localhost", "127.0.0.1"]


@pytest.mark.parametrize(
    ("margins", "code", "warned"),
    [
        ({}, None, []),
        ({"warn_days": 100}, None, ["expires_soon"]),
        ({"warn_days": 100, "error_days": 89}, None, ["expires_soon"]),
        ({"warn_days": 100, "error_days": 91}, "expires_soon", []),
    ],
)
def test_margins(
    pki: Pki, triton_ready: Triton, margins: Options, code: t.Optional[str], warned: t.List[str]
) -> None:
    # leaf and intermediate end on the same day: the failure names one, and no warning is left beside it
    result = verify(one_way(pki, triton_ready.port, **margins))
    assert (result["diagnosis"] or {}).get("code") == code
    assert found(result, "failed") == ({"dates": code} if code else {})
    assert sorted({each["code"] for each in result["warnings"]}) == warned
    assert all(each[part].endswith(".") for each in result["warnings"] for part in ("cause", "remedy"))
    assert result["ok"] is (code is None), "a warning never makes an endpoint fail"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"error_days": 31}, "error_days (31) is more than warn_days (30)"),
        ({"warn_days": -1}, "warn_days"),
        ({"warn_days": float("nan")}, "warn_days"),
        ({"error_days": -0.5}, "error_days"),
        ({"http_port": 65536}, "http_port"),
        ({"metrics_port": -1}, "metrics_port"),
        ({"devices": {"kind": "gpu"}}, "no model"),
        ({"devices": {"kind": "tpu"}, "model": "m"}, "devices"),
        ({"devices": {"kind": "gpu", "count": 0}, "model": "m"}, "devices"),
    ],
)
def test_options_that_contradict(pki: Pki, options: Options, named: str) -> None:
    result = verify(one_way(pki, 1, **options))
    assert result["diagnosis"]["code"] == "invalid_option"
    assert named in result["diagnosis"]["cause"]


def test_what_clients_accept_and_best_practice_does_not(pki: Pki, plain: int, tmp_path: Path) -> None:
    nameless = issue("localhost", pki.root)
    with haproxy(tmp_path, nameless, plain) as port:
        result = verify(one_way(pki, port, server_name="localhost"))
    assert result["ok"], result["diagnosis"]
    assert [each["code"] for each in result["warnings"]] == ["cn_without_san"]


def test_certificate_and_connection_are_described(pki: Pki, triton_ready: Triton) -> None:
    result = verify(one_way(pki, triton_ready.port))
    certificate = result["certificate"]
    assert certificate["fingerprint_sha256"] == pki.server.fingerprint
    assert certificate["san"] == ["DNS:localhost", "IP:127.0.0.1", "DNS:triton.example"]
    assert certificate["not_after"].endswith("Z")
    assert 89 < certificate["days_left"] <= 90
    assert result["tls"] == {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "alpn": "h2"}
    dead = verify(one_way(pki, free_port()))
    assert (dead["certificate"], dead["tls"], dead["warnings"]) == (None, None, [])


def _rsa_authority(folder: Path) -> t.Tuple[factory.Issued, str]:
    """An RSA CA, which can sign with SHA-1, and its file."""
    root = factory.issue("RSA root", ca=True, kind="RSA-2048")
    path = folder / "rsa-ca.crt"
    path.write_text(root.pem)
    return root, str(path)


@pytest.mark.parametrize(
    ("fault", "check", "code", "shown"),
    [
        ({"kind": "RSA-1024"}, "key", "weak_key", "RSA 1024"),
        ({"signature": "sha1"}, "signature", "weak_signature", "sha1WithRSAEncryption"),
    ],
)
def test_weak_material(pki: Pki, tmp_path: Path, fault: Options, check: str, code: str, shown: str) -> None:
    root, ca_file = _rsa_authority(tmp_path)
    weak = factory.issue("triton", root, names=NAMES, **fault)
    certificate, key = tmp_path / "weak.crt", tmp_path / "weak.key"
    certificate.write_text(weak.pem)
    key.write_text(weak.key_pem)
    # Triton refuses such certificates, so it takes a server at OpenSSL's lowest security level.
    lax = ("-cipher", "ALL:@SECLEVEL=0", "-alpn", "h2")
    with servers.s_server(str(certificate), str(key), *lax) as port:
        result = verify({"address": "127.0.0.1:{0}".format(port), "ca_file": ca_file}, timeout=1)
    assert found(result, "failed")[check] == code, result
    other = {"key": "signature", "signature": "key"}[check]
    assert other in found(result, "ok")
    assert value(result, check) == shown


@pytest.mark.parametrize(
    ("devices", "code", "count"),
    [
        ({"kind": "cpu"}, None, 1),
        ({"kind": "cpu", "count": 2}, "device_missing", 1),
        ({"kind": "gpu", "count": 1}, "device_missing", 0),
    ],
)
def test_devices(pki: Pki, triton: Triton, devices: Options, code: t.Optional[str], count: int) -> None:
    result = verify(both_ways(pki, triton.port, model="triton_identity", devices=devices))
    assert found(result, "failed") == ({"devices": code} if code else {})
    assert value(result, "devices") == count
    assert "1 of KIND_CPU" in next(each["detail"] for each in result["checks"] if each["check"] == "devices")


def test_gpus_are_counted_over_the_groups() -> None:
    config_type = pb.ModelConfigResponse().config
    for kind, count, gpus in ((1, 2, [0, 1]), (1, 1, [1, 3]), (2, 3, [])):
        config_type.instance_group.add(kind=kind, count=count, gpus=gpus)
    assert classification.count_devices(config_type, "gpu")[0] == 3
    assert classification.count_devices(config_type, "cpu")[0] == 3
    assert "on GPU 0, 1, 3" in classification.count_devices(config_type, "gpu")[1]


def test_model_that_is_loading(pki: Pki, tmp_path: Path) -> None:
    arguments = ["--model-control-mode=explicit", *tls_flags(pki.server_cert, pki.server_key)]
    server = Triton(tmp_path, models=(IDENTITY,), arguments=arguments)
    spec = one_way(pki, server.port, model="triton_identity")
    with server:
        source = tmp_path / "models" / "triton_identity" / "1" / "model.py"
        wait = "    def initialize(self, args):\n        time.sleep(5)\n    def execute"
        source.write_text(source.read_text().replace("    def execute", wait))
        credentials = grpc.ssl_channel_credentials(pki.root.pem.encode())
        with grpc.secure_channel("127.0.0.1:{0}".format(server.port), credentials) as channel:
            request = pb.RepositoryModelLoadRequest(model_name="triton_identity")
            loading = pb_grpc.GRPCInferenceServiceStub(channel).RepositoryModelLoad.future(request)
            time.sleep(1)
            result = verify(spec)
            loading.result(timeout=20)
            after = verify(spec)
    assert found(result, "failed")["model_ready"] == "model_not_ready"
    assert found(after, "ok")["inference"] is None


def test_an_address_without_a_way_to_it(pki: Pki) -> None:
    # Linux has no TCP route to the broadcast address (tcp_v4_connect: ENETUNREACH), whatever the network.
    result = verify({"address": "255.255.255.255:8001", "ca_file": pki.ca_file})
    assert found(result, "failed") == {"reachable": "unreachable"}


@pytest.mark.parametrize(("kind", "expected"), [("one way", 5), ("mutual", 7), ("mutual, expired", 8)])
def test_handshakes_are_counted(pki: Pki, tmp_path: Path, kind: str, expected: int, triton: Triton, triton_ready: Triton) -> None:
    port = (triton_ready if kind == "one way" else triton).port
    counted = _Counter(port)
    with counted.listening() as through:
        spec = one_way(pki, through) if kind == "one way" else both_ways(pki, through)
        if kind.endswith("expired"):
            certificate, key = pki.root.write(tmp_path, "client-ca")
            spec.update(client_ca_cert=certificate, client_ca_key=key)
        assert attempts.handshakes(load_endpoint(spec, Files())) == expected
        result = verify(spec)
    assert result["ok"], result["diagnosis"]
    assert counted.hellos == expected


@pytest.mark.parametrize(("mutual", "expected"), [(False, 5 + 4), (True, 8 + 10)])
def test_handshakes_at_a_gateway_are_counted(pki: Pki, tmp_path: Path, mutual: bool, expected: int) -> None:
    behind = behind_gateway(pki, tmp_path / "triton", mutual=mutual)
    asked = "alpn http/1.1 ssl-min-ver TLSv1.2 verify required ca-file " + pki.ca_file
    options = {"options": asked} if mutual else {}
    rest, metrics = behind.rest(pki, **options), behind.metrics(pki, **options)
    counted = [_Counter(behind.triton.port), _Counter(rest.port), _Counter(metrics.port)]
    with behind.triton, https_gateway(tmp_path, behind.triton.port, rest, metrics), contextlib.ExitStack() as stack:
        grpc_port, http_port, metrics_port = [stack.enter_context(each.listening()) for each in counted]
        expectation = {"http_port": http_port, "metrics_port": metrics_port, "metrics_mutual": mutual}
        spec = (both_ways if mutual else one_way)(pki, grpc_port, model="triton_identity", gateway=expectation)
        if mutual:
            certificate, key = pki.root.write(tmp_path, "client-ca")
            spec.update(client_ca_cert=certificate, client_ca_key=key)
        assert attempts.handshakes(load_endpoint(spec, Files())) == expected
        result = verify(spec)
    assert result["ok"], result["diagnosis"]
    assert sum(each.hellos for each in counted) == expected


@dataclasses.dataclass
class _Counter:
    """A TCP relay to a server's port that counts the connections which begin with a TLS record (RFC 8446, 5.1: type 22)."""

    port: int
    hellos: int = 0

    @contextlib.contextmanager
    def listening(self) -> t.Iterator[int]:
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(asyncio.start_server(self._relay, "127.0.0.1", 0))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            server.close()
            for task in asyncio.all_tasks(loop):
                task.cancel()
                loop.run_until_complete(asyncio.wait([task]))
            loop.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(4096)
        self.hellos += first[:1] == b"\x16"
        inner, outer = await asyncio.open_connection("127.0.0.1", self.port)
        outer.write(first)
        await asyncio.gather(self._pump(reader, outer), self._pump(inner, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()


def test_a_context_for_old_clients_knows_nothing_newer() -> None:
    context = probe.tls_context(None, True)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()
    # RFC 8446, 4.2.1: supported_versions (43) is what a client of TLS 1.3 sends; legacy_version is the newest otherwise.
    hello = connection.bio_read(4096)
    assert hello[9:11] == b"\x03\x02"
