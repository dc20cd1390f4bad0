# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module triton_gateway as it sets the gateway up and takes it away: a real HAProxy under a real supervisord."""

from __future__ import annotations

import contextlib
import os
import socket
import typing as t
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import candidate, gatewayfiles
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import gateways, https
from ansible_collections.inferops.triton.tests.unit.support.triton import free_port
from ansible_collections.inferops.triton.tests.unit.support.gateway_hosts import (
    Fleet,
    ca,
    fleets,
    hello,
    hosts,
    http_server,
    runtime,
    served,
    sha1,
    tcp_server,
    waited,
)


@pytest.fixture(scope="module")
def fleet(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with fleets(tmp_path_factory.mktemp("gateway"), pki) as made:
        yield made


@pytest.fixture
def host(fleet: Fleet) -> t.Iterator[gateways.Host]:
    with hosts(fleet) as made:
        yield made


# present


def test_first_run_and_the_next(host: gateways.Host, fleet: Fleet) -> None:
    predicted = host.module("present", config=fleet.texts["usual"], check=True, diff=True)
    assert predicted["changed"] and predicted["started"] and not (host.root / "gateway").exists()
    assert {Path(each["after_header"]).name for each in predicted["diff"]} == {"haproxy.cfg", "prepare"}
    first = host.present(fleet.texts["usual"])
    assert (first["changed"], first["started"], first["reloaded"], first["instance"]) == (True, True, False, "blue")
    assert "diff" not in first
    assert served(fleet.ports.http) == served(fleet.ports.metrics) == sha1(fleet.blue)
    again = host.present(fleet.texts["usual"])
    assert (again["changed"], again["started"], again["reloaded"], again["reason"]) == (False, False, False, None)
    assert host.module("present", config=fleet.texts["usual"], check=True)["changed"] is False


def test_private_files_are_private(host: gateways.Host, fleet: Fleet) -> None:
    host.present(fleet.texts["usual"])
    assert oct((host.run_directory / "tls.pem").stat().st_mode & 0o777) == "0o600"
    assert "PRIVATE KEY" not in (host.root / "gateway" / "haproxy.cfg").read_text()
    for name in ("haproxy.sock", "master.sock"):
        assert oct((host.run_directory / "control" / name).stat().st_mode & 0o777) == "0o600"


def test_changed_configuration_is_reloaded(host: gateways.Host, fleet: Fleet) -> None:
    """Over a connection that lives on."""
    host.present(fleet.texts["usual"])
    worker = runtime(host).workers()[0]
    predicted = host.module("present", config=fleet.texts["other"], check=True)
    assert predicted["reloaded"] and runtime(host).workers() == [worker]
    with http_server(fleet.ports.instances["blue"]["http"]), https.connect(fleet.ports.http, https.context(str(ca(host, fleet)))) as kept:
        assert https.infer(kept).status == 200
        result = host.present(fleet.texts["other"])
        assert (result["started"], result["reloaded"], result["reason"]) == (False, True, "the configuration changed")
        assert https.infer(kept).status == 200  # by the worker that was replaced
        with https.connect(fleet.ports.http, https.context(str(ca(host, fleet)))) as fresh:
            assert https.infer(fresh).headers["strict-transport-security"] == "max-age=60"
    assert worker not in runtime(host).workers()[:1]
    assert host.present(fleet.texts["other"])["changed"] is False


def test_refused_configuration_changes_nothing(host: gateways.Host, fleet: Fleet) -> None:
    host.present(fleet.texts["usual"])
    before = (host.root / "gateway" / "haproxy.cfg").read_text()
    for check in (True, False):
        result = host.module("present", config=fleet.texts["wrong"], check=check)
        assert result["failed"] and result["diagnosis"] == "config_refused"
        assert "NO-SUCH-CIPHER" in result["cause"] and str(host.root / "gateway" / "haproxy.cfg") in result["cause"]
    assert (host.root / "gateway" / "haproxy.cfg").read_text() == before
    assert served(fleet.ports.http) == sha1(fleet.blue)
    assert host.present(fleet.texts["usual"])["changed"] is False


def test_a_change_that_was_not_verified_is_undone(host: gateways.Host, fleet: Fleet) -> None:
    assert host.module("undone")["changed"] is False
    assert host.present(fleet.texts["usual"])["committed"] is False
    assert host.module("committed", check=True)["changed"] and host.module("committed")["changed"]
    assert host.module("committed")["changed"] is False
    assert host.present(fleet.texts["usual"])["committed"] is True
    first = (host.root / "gateway" / "haproxy.cfg").read_text()

    assert host.present(fleet.texts["no_limits"])["committed"] is False
    assert host.module("undone", check=True)["reloaded"]
    undone = host.module("undone")
    assert undone["changed"] and undone["reloaded"] and undone["committed"]
    assert (host.root / "gateway" / "haproxy.cfg").read_text() == first
    assert host.module("undone")["changed"] is False
    assert served(fleet.ports.http) == sha1(fleet.blue)


def test_port_of_another(host: gateways.Host, fleet: Fleet) -> None:
    result = host.module("present", config=fleet.texts["taken"])
    assert result["diagnosis"] == "port_in_use" and result["listener"]["pid"] == os.getpid()
    assert not (host.root / "gateway" / "haproxy.cfg").exists()


def test_reload_that_fails_is_put_back(host: gateways.Host, fleet: Fleet) -> None:
    """What `haproxy -c` does not see: an address that this host does not have."""
    host.present(fleet.texts["usual"])
    wrong = fleet.texts["other"].replace(f"bind 127.0.0.1:{fleet.ports.metrics} ", f"bind 192.0.2.1:{fleet.ports.metrics} ")
    result = host.module("present", config=wrong, ready_timeout=3)
    assert result["failed"] and result["diagnosis"] == "reload_failed", result
    assert "192.0.2.1" in result["cause"]
    assert served(fleet.ports.http) == sha1(fleet.blue)
    assert host.present(fleet.texts["usual"])["changed"] is False
    assert host.present(fleet.texts["other"])["reloaded"] and host.present(fleet.texts["other"])["changed"] is False


def test_start_that_fails(host: gateways.Host, fleet: Fleet) -> None:
    wrong = fleet.texts["usual"].replace(f"bind 127.0.0.1:{fleet.ports.metrics} ", f"bind 192.0.2.1:{fleet.ports.metrics} ")
    result = host.module("present", config=wrong, ready_timeout=3)
    assert result["diagnosis"] in ("start_failed", "start_timeout") and "192.0.2.1" in result["cause"]


def test_nothing_to_serve(fleet: Fleet, tmp_path: Path) -> None:
    with gateways.Host(tmp_path, fleet.ports) as bare:
        assert bare.module("present", config=fleet.texts["usual"], check=True)["reason"] == "there is no generation yet"
        assert bare.module("present", config=fleet.texts["usual"])["diagnosis"] == "nothing_to_serve"
        missing = bare.module("present", config=fleet.texts["usual"], executable="no-haproxy")
        assert missing["diagnosis"] == "haproxy_missing"
        assert bare.module("present", config=fleet.texts["usual"], executable="no-haproxy", check=True)["reason"] == "HAProxy is not installed yet"
        assert bare.module("serving", instance="green")["diagnosis"] == "nothing_to_serve"
        assert bare.module("serving", instance="../x")["diagnosis"] == "invalid_instance"


@pytest.mark.parametrize("at", (1, 4, 8, 11, 16))
def test_killed_run_is_finished_by_the_next(host: gateways.Host, fleet: Fleet, at: int) -> None:
    host.present(fleet.texts["usual"])
    host.module("present", config=fleet.texts["other"], kill_at=at)
    host.present(fleet.texts["other"])
    assert host.present(fleet.texts["other"])["changed"] is False
    host.module("serving", instance="green", kill_at=at)
    host.module("serving", instance="green")
    assert served(fleet.ports.http) == sha1(fleet.green)
    assert host.module("serving", instance="green")["changed"] is False


# drained


def test_drained_counts_what_is_left(host: gateways.Host, fleet: Fleet) -> None:
    """Connections of a worker that a reload replaced count as well."""
    host.present(fleet.texts["usual"])
    with tcp_server(fleet.ports.instances["blue"]["grpc"]):
        with hello(fleet.ports.grpc):
            waited(lambda: host.module("drained", instance="blue", timeout=0)["sessions"] == 1)
            host.present(fleet.texts["other"])
            with hello(fleet.ports.grpc):
                waited(lambda: host.module("drained", instance="blue", timeout=0)["sessions"] == 2)
                host.module("serving", instance="green")
                left = host.module("drained", instance="blue", timeout=0.5)
                assert (left["sessions"], left["by_backend"]["grpc_blue"], left["changed"]) == (2, 2, False)
                assert 0.5 <= left["seconds"] < 3
                assert host.module("drained", instance="green", timeout=5)["sessions"] == 0
                assert host.module("drained", instance="blue", timeout=60, check=True)["sessions"] == 2
        done = host.module("drained", instance="blue", timeout=10)
        assert done["sessions"] == 0 and done["seconds"] < 10


# absent, candidate


def test_absent(host: gateways.Host, fleet: Fleet) -> None:
    host.present(fleet.texts["usual"])
    assert host.module("absent", check=True)["changed"] and (host.root / "gateway").exists()
    result = host.module("absent")
    assert result["changed"] and not (host.root / "gateway").exists() and not host.run_directory.exists()
    with pytest.raises(OSError):
        served(fleet.ports.http)
    assert host.module("absent")["changed"] is False
    assert host.store.running("blue")


def test_candidate_configuration(fleet: Fleet, tmp_path: Path) -> None:
    """Reached from the addresses that it names and from no other."""
    server = gatewayfiles.server(fleet.texts["usual"], "grpc_green")
    assert server == f"127.0.0.1:{fleet.ports.instances['green']['grpc']}"
    port = free_port()
    for sources, works in ((["192.0.2.0/24", "127.0.0.1"], True), (["192.0.2.1", "2001:db8::/64"], False)):
        text = candidate.config("green", server, "127.0.0.1", port, sources)
        with tcp_server(fleet.ports.instances["green"]["grpc"]), gateways.plain_haproxy(tmp_path, text, port):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(b"hello")
                assert (connection.recv(100) == b"hello") is works
                continue
            assert not works


@pytest.mark.parametrize("sources", [[], ["example.com"], ["10.0.0.0/33"], ["0.0.0.0/0; x"]])
def test_candidate_sources(sources: t.List[str]) -> None:
    with pytest.raises(HostError) as raised:
        candidate.config("green", "127.0.0.1:1", "*", 8003, sources)
    assert raised.value.code == "invalid_source"


@pytest.mark.parametrize("name", ["usual", "mutual", "no_limits"])
def test_configurations_are_sound(host: gateways.Host, fleet: Fleet, name: str) -> None:
    """Not even a warning."""
    files = gatewayfiles.Files(str(host.root), str(host.run_directory))
    bundle = gatewayfiles.bundle(host.store, "blue")
    assert gatewayfiles.judged(files, gateways.executable(), fleet.texts[name], bundle) == (0, [])
