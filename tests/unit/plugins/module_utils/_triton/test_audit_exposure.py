# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is open beside an endpoint, at real Tritons with other flags."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import exposure, frontends
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import RpcError
from ansible_collections.inferops.triton.plugins.module_utils._triton.outcome import Outcome
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import servers
from ansible_collections.inferops.triton.tests.unit.support.audits import found, one_way, value, verify
from ansible_collections.inferops.triton.tests.unit.support.triton import CLOSED, Triton, free_port, tls_flags


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", True),
        ("::", True),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
        ("2001:db8::1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_local_addresses(host: str, local: bool) -> None:
    assert exposure.is_local(host) is local


def test_ports_in_the_clear(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = free_port()
    flags = [*CLOSED, "--allow-metrics=true", "--metrics-port={0}".format(metrics)]
    flags += tls_flags(pki.server_cert, pki.server_key)
    with Triton(tmp_path, models=(), arguments=flags) as server:
        spec = one_way(pki, server.port, http_port=server.http_port, metrics_port=metrics)
        local = verify(spec)
        # Tests serve on loopback alone; what is loopback is tested above, so here it is another machine's address.
        monkeypatch.setattr(exposure, "is_local", lambda _host: False)
        # A busy machine may take longer for its metrics than a port is waited for.
        monkeypatch.setattr(frontends, "SILENCE", 9.0)
        seen = verify(spec)
        closed = verify({**spec, "http_port": free_port(), "metrics_port": 0})
        secured = verify({**spec, "http_port": server.port, "metrics_port": server.port})
        unasked = verify({**spec, "exposure": False})
    assert local["ok"]
    assert set(found(local, "skipped")) >= {"rest_exposed", "metrics_exposed"}
    assert found(seen, "failed") == {"rest_exposed": "rest_exposed", "metrics_exposed": "metrics_exposed"}
    assert "HTTP/1.0 200" in seen["diagnosis"]["cause"]
    assert "rest_exposed" in found(closed, "ok")
    assert "metrics_exposed" in found(closed, "skipped")
    assert set(found(secured, "ok")) >= {"rest_exposed", "metrics_exposed"}
    assert set(found(unasked, "skipped")) >= {"rest_exposed", "metrics_exposed", "control_exposed"}
    assert unasked["ok"]


def test_a_port_that_never_answers_is_unclear_and_soon_left(
    pki: Pki, triton_ready: Triton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposure, "is_local", lambda _host: False)
    with servers.listener(servers.silent) as port:
        started = time.monotonic()
        result = verify(one_way(pki, triton_ready.port, http_port=port, metrics_port=0), timeout=20)
    assert time.monotonic() - started < 10
    assert found(result, "inconclusive") == {"rest_exposed": "not_judged"}


@pytest.mark.parametrize(
    ("flags", "is_open"),
    [
        (["--model-control-mode=none"], "shared memory, trace settings, log settings"),
        (["--model-control-mode=explicit"], "model control, shared memory, trace settings, log settings"),
        (["--model-control-mode=explicit", *CLOSED], "model control"),
        (["--grpc-restricted-protocol=shared-memory,trace:key=value"], "log settings"),
        (CLOSED, None),
        (["--model-control-mode=explicit", *CLOSED, "--grpc-restricted-protocol=model-repository:key=value"], None),
    ],
)
def test_controls(pki: Pki, tmp_path: Path, flags: t.Sequence[str], is_open: t.Optional[str]) -> None:
    arguments = [*flags, *tls_flags(pki.server_cert, pki.server_key)]
    with Triton(tmp_path, models=(), arguments=arguments) as server:
        result = verify(one_way(pki, server.port))
        allowed = verify(one_way(pki, server.port, allow=["control_exposed"]))
    assert found(result, "failed") == ({"control_exposed": "control_exposed"} if is_open else {})
    assert value(result, "control_exposed") == is_open
    assert result["ok"] is (is_open is None)
    assert allowed["ok"]


@pytest.mark.parametrize(
    ("method", "status", "text", "outcome"),
    [
        ("LogSettings", "UNIMPLEMENTED", "", Outcome.REFUSED),
        ("LogSettings", "PERMISSION_DENIED", "no", Outcome.REFUSED),
        ("LogSettings", "UNAVAILABLE", "This protocol is restricted, expecting header 'x'", Outcome.REFUSED),
        ("LogSettings", "UNAVAILABLE", "Socket closed", Outcome.UNCLEAR),
        ("LogSettings", "INTERNAL", "broken", Outcome.UNCLEAR),
        ("RepositoryModelUnload", "UNAVAILABLE", "explicit model load / unload is not allowed if polling is enabled", Outcome.REFUSED),
        ("RepositoryModelUnload", "NOT_FOUND", "no such model", Outcome.ACCEPTED),
    ],
)
def test_what_a_control_says(method: str, status: str, text: str, outcome: str) -> None:
    assert exposure.judge_control(method, RpcError(status, text)).outcome == outcome
