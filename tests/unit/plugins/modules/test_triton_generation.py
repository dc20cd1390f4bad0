# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module in a process of its own, against a real supervisord."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import hostmodule, triton
from ansible_collections.inferops.triton.tests.unit.support.supervised import Supervised


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Supervised]:
    with Supervised(tmp_path) as host:
        yield host


def answer(host: Supervised) -> str:
    with socket.create_connection(("127.0.0.1", host.port), timeout=5) as client:
        return client.recv(100).decode()


def test_the_life_of_a_host(host: Supervised) -> None:
    first = host.stage("one")
    assert first["changed"] and not host.stage("one")["changed"]
    result = host.activate(first["id"])
    assert (result["changed"], result["restarted"], result["previous_id"]) == (True, True, None)
    assert (host.running(), answer(host)) == (first["id"], "one")
    assert not host.activate(first["id"])["changed"]
    assert hostmodule.run("triton_generation", host.options(state="committed"))["changed"]

    second = host.stage("two", diff=True)
    assert second["differences"] == ["answer"]
    assert [(item["before"], item["after"]) for item in second["diff"]] == [("one", "two")]
    assert answer(host) == "one"
    assert host.activate(second["id"], check=True)["changed"] and answer(host) == "one"
    result = host.activate(second["id"])
    assert (result["previous_id"], answer(host)) == (first["id"], "two")
    assert host.log().count("starting") == 2

    assert host.activate("committed")["changed"] and answer(host) == "one"
    assert not host.activate("committed")["changed"]
    host.activate(second["id"])
    result = hostmodule.run("triton_generation", host.options(state="committed", id=second["id"]))
    assert (result["id"], result["previous_id"]) == (second["id"], first["id"])
    assert host.activate("previous")["changed"] and answer(host) == "one"
    assert hostmodule.run("triton_generation", host.options(state="committed", undo=True))["changed"]
    pruned = hostmodule.run("triton_generation", host.options(state="pruned", keep=0))
    assert pruned["pruned"] == [second["id"]]
    assert not hostmodule.run("triton_generation", host.options(state="pruned", keep=0))["changed"]

    stopped = host.options(state="stopped")
    assert hostmodule.run("triton_generation", stopped, check=True)["changed"]
    assert hostmodule.run("triton_generation", stopped)["changed"]
    assert not hostmodule.run("triton_generation", stopped)["changed"]
    assert hostmodule.run("triton_generation", host.options(state="committed"))["diagnosis"] == "not_running"
    with pytest.raises(ConnectionRefusedError):
        answer(host)
    assert host.activate(first["id"])["reason"] == "triton-blue was STOPPED"


def test_what_a_generation_was_verified_by_is_kept_beside_it(host: Supervised) -> None:
    """Another expectation is a change, and no other generation; it goes with the generation."""

    def recorded() -> dict[str, Any]:
        return {item["id"]: item["proof"] for item in hostmodule.run("triton_generation_info", info)["generations"]}

    info = {"path": str(host.root), "service_manager": "supervisor", "supervisor_config": str(host.config)}
    first = host.stage("one")["id"]
    host.activate(first)
    proof = {"model": "mine", "inputs": {"INPUT": {"data": [1.0, 2.0]}}, "mutual": True}
    commit = host.options(state="committed", proof=proof)
    assert hostmodule.run("triton_generation", commit, check=True)["changed"] and recorded() == {first: {}}
    assert hostmodule.run("triton_generation", commit)["changed"] and recorded() == {first: proof}
    assert not hostmodule.run("triton_generation", commit)["changed"]
    # What is not said stays.
    assert not hostmodule.run("triton_generation", host.options(state="committed"))["changed"] and recorded() == {first: proof}
    other = host.options(state="committed", proof={"model": "other"})
    assert hostmodule.run("triton_generation", other)["changed"] and recorded() == {first: {"model": "other"}}

    second = host.stage("two")["id"]
    host.activate(second)
    hostmodule.run("triton_generation", host.options(state="committed", undo=True))
    assert recorded() == {first: {"model": "other"}, second: {}}
    assert hostmodule.run("triton_generation", host.options(state="pruned", keep=0))["pruned"] == [first]
    assert list((host.root / "proofs").iterdir()) == []


def test_failures_are_named_and_the_way_back_is_open(host: Supervised) -> None:
    good = host.stage("good")["id"]
    host.activate(good)
    hostmodule.run("triton_generation", host.options(state="committed"))
    model = 'print("E1 model_lifecycle.cc:642] \\"failed to load \\x27m\\x27 version 1: Internal: RuntimeError: no weights"); sys.exit(1)'
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"before": model}, "model_load_failed", "The model m (version 1) failed to load: RuntimeError: no weights."),
        ({"before": "sys.exit(7)"}, "start_failed", "triton-blue did not start: BACKOFF, Exited too quickly"),
        ({"command": "/nonexistent/tritonserver"}, "binary_missing", "/nonexistent/tritonserver does not exist"),
    ]
    for changes, code, cause in cases:
        bad = host.stage("bad", **changes)["id"]
        result = host.activate(bad)
        assert (result["failed"], result["diagnosis"]) == (True, code), result
        assert cause in result["cause"] and result["msg"] == f"{result['cause']} {result['remedy']}"
        assert not any("good" in line or good in line for line in result["log"])
        assert host.linked() == bad
        assert host.activate("committed")["changed"]
        assert answer(host) == "good"


def test_a_slow_start_ends_in_a_timeout_and_the_next_run_waits_on(host: Supervised) -> None:
    slow = host.stage("slow", before='print("loading", flush=True); time.sleep(4)')["id"]
    result = host.activate(slow, ready_timeout=1)
    assert result["diagnosis"] == "start_timeout"
    assert f"waited 1 s for port {host.port} to listen" in result["cause"] and "Its last line: loading" in result["cause"]
    result = host.activate(slow)
    assert not result["changed"] and answer(host) == "slow"
    assert host.log().count("starting") == 1


def test_a_crash_after_the_start_is_noticed(host: Supervised) -> None:
    """Long enough up for supervisord to call it running, and started anew by it again and again."""
    result = host.activate(host.stage("x", before="time.sleep(1.5); sys.exit(3)")["id"])
    assert result["diagnosis"] == "start_failed"


def test_a_held_port_is_refused_before_the_restart(host: Supervised) -> None:
    good = host.stage("good")["id"]
    host.activate(good)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        number = holder.getsockname()[1]
        result = host.activate(host.stage("next")["id"], port=number)
        assert (result["diagnosis"], result["listener"]["pid"]) == ("port_in_use", os.getpid())
        other = host.activate(host.stage("next")["id"], other_ports=[{"port": number}])
        assert other["diagnosis"] == "port_in_use"
    assert (host.linked(), answer(host), host.log().count("starting")) == (good, "good", 1)


def test_a_program_that_supervisord_has_not_read_yet(tmp_path: Path) -> None:
    for autostart in (False, True):
        folder = tmp_path / str(autostart)
        folder.mkdir()
        with Supervised(folder, program=False, autostart=autostart) as host:
            generation = host.stage("new")["id"]
            assert host.activate(generation)["diagnosis"] == "program_missing"
            host.add_program()
            assert host.activate(generation)["changed"]
            assert (answer(host), host.log().count("starting")) == ("new", 1)
            assert not host.activate(generation)["changed"]


def test_no_supervisord(tmp_path: Path) -> None:
    host = Supervised(tmp_path)
    generation = host.stage("x")["id"]
    result = host.activate(generation)
    assert result["diagnosis"] == "service_manager_missing" and "supervisord does not answer" in result["cause"]
    assert host.linked() is None


@pytest.mark.parametrize("point", range(1, 9))
def test_killed_while_activating(tmp_path: Path, point: int) -> None:
    """The old or the new generation runs, whole; the next run finishes; each needs one restart at most."""
    with Supervised(tmp_path, startsecs=0) as host:
        old, new = host.stage("old")["id"], host.stage("new")["id"]
        host.activate(old)
        killed = host.activate(new, kill_at=point)
        assert killed.get("killed") or killed["id"] == new
        assert host.linked() in (old, new) and host.running() in (old, new)
        assert host.activate(new)["id"] == new
        assert (host.linked(), host.running(), answer(host)) == (new, new, "new")
        assert not host.activate(new)["changed"]
        assert host.log().count(f"starting {new}") <= 2


def test_killed_between_the_symlink_and_the_restart(host: Supervised) -> None:
    old, new = host.stage("old")["id"], host.stage("new")["id"]
    host.activate(old)
    Store(str(host.root)).point("instances/blue", new)
    assert answer(host) == "old"
    assert host.activate(new, check=True)["restarted"]
    result = host.activate(new)
    assert (result["restarted"], result["reason"]) == (True, f"an earlier run ended before the restart: {old} still ran")
    assert answer(host) == "new"


def test_killed_module_leaves_nothing_half_staged(tmp_path: Path) -> None:
    host = Supervised(tmp_path)
    points = 0
    for point in range(2, 60, 6):
        if not host.stage(f"text {point}", kill_at=point).get("killed"):
            break
        points += 1
        store = Store(str(host.root))
        assert all(store.damage(generation) == [] for generation in store.ids())
    assert points >= 2
    assert host.stage("last")["changed"]
    assert [path for path in host.root.rglob(".*") if path.name != ".lock"] == []


def test_secrets_and_keys_are_in_no_result(tmp_path: Path, pki: Pki) -> None:
    host = Supervised(tmp_path)
    key = Path(pki.server_key).read_text()
    files = [
        {"path": "tls/tls.key", "source": pki.server_key, "private": True},
        {"path": "environment", "secret": "TOKEN=hunter2-hunter2"},
    ]
    result = host.stage("x", files=files, diff=True)
    assert result["changed"] and {"tls/tls.key", "environment"} <= set(result["differences"])
    text = json.dumps(result)
    assert "hunter2" not in text and key.splitlines()[1] not in text
    assert "SHA-256 of its public key" in text


def test_check_mode_predicts(tmp_path: Path) -> None:
    host = Supervised(tmp_path)
    predicted = host.stage("x", check=True, diff=True)
    assert predicted["changed"] and predicted["diff"] and list(host.root.iterdir()) == []
    missing = host.stage("x", files=[{"path": "tls/tls.crt", "source": str(tmp_path / "later.crt")}], check=True)
    assert (missing["changed"], missing["id"]) == (True, None)
    assert host.activate("", check=True, id=None)["changed"]
    assert host.activate(predicted["id"], check=True)["changed"]
    assert host.stage("x")["id"] == predicted["id"]
    assert not host.stage("x", check=True)["changed"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": "staged"}, "files"),
        ({"state": "active", "instance": "blue"}, "id"),
        ({"state": "active", "id": "x"}, "instance"),
        ({"state": "committed"}, "instance"),
        ({"state": "pruned", "keep": -1}, "keep must not be negative"),
        ({"state": "active", "instance": "Blue", "id": "x"}, "'Blue' is not a name for an instance"),
        ({"state": "active", "instance": "blue", "id": "f" * 20}, "is not staged"),
        ({"state": "committed", "instance": "blue"}, "runs no generation"),
        ({"state": "stopped", "instance": "blue", "service_manager": "supervisor"}, "supervisor_config"),
        ({"state": "staged", "files": [{"path": "x", "source": "/nonexistent"}]}, "does not exist"),
        ({"state": "staged", "files": [{"path": "x", "content": "y"}], "owner": "no-such-user"}, "There is no user no-such-user"),
    ],
)
def test_bad_options(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    result = hostmodule.run("triton_generation", {"path": str(tmp_path), **options})
    assert result["failed"] and message in result["msg"]


def test_the_real_triton(tmp_path: Path, pki: Pki) -> None:
    """The server of the wheel under supervisord: start, a bad key, the way back."""
    with Supervised(tmp_path) as host:
        wheel, http = triton.wheel(), triton.free_port()
        backends = triton.backends(tmp_path)
        flags = [
            "--model-repository=models",
            f"--backend-directory={backends}",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={host.port}",
            "--http-address=127.0.0.1",
            f"--http-port={http}",
            "--allow-metrics=false",
            "--exit-timeout-secs=1",
            "--disable-auto-complete-config",
            *triton.tls_flags("tls/tls.crt", "tls/tls.key", "tls/ca.crt", mutual=True),
        ]
        command = f"{wheel}/pytriton/tritonserver/bin/tritonserver {' '.join(flags)}"
        triton.IDENTITY.write(tmp_path / "models")
        files = [
            {"path": f"models/{path.relative_to(tmp_path / 'models')}", "source": str(path)}
            for path in (tmp_path / "models").rglob("*")
            if path.is_file()
        ]
        tls = {"tls/tls.crt": pki.server_cert, "tls/ca.crt": pki.ca_file}
        files += [{"path": path, "source": source} for path, source in tls.items()]

        def stage(key: str) -> str:
            private = {"path": "tls/tls.key", "source": key, "private": True}
            return str(host.stage(command=command, files=[*files, private])["id"])

        good, bad = stage(pki.server_key), stage(pki.client_key)
        both: dict[str, Any] = {"other_ports": [{"port": http}]}
        assert host.activate(good, **both)["changed"]
        assert host.running() == good
        assert not host.activate(good, **both)["changed"]
        failed = host.activate(bad, **both)
        assert failed["diagnosis"] == "key_mismatch" and "does not belong to the certificate" in failed["cause"]
        assert host.activate(good, **both)["restarted"]
        # Python's caches beside the model do not count as damage.
        assert not host.stage(command=command, files=[*files, {"path": "tls/tls.key", "source": pki.server_key, "private": True}])["changed"]
