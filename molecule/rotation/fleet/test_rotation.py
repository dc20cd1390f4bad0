# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations that succeed, fail, and are killed: what the summary claims is what the hosts do."""

from __future__ import annotations

import json
import re
import subprocess
import time

import pytest

from fleet import DUE, ROTATE, Fleet, kill_controller
from load import Load

SITE = "inferops.triton.site"
ROLLBACK = "inferops.triton.rollback"


def show(**figures: object) -> None:
    """A line of figures for the scenario's output."""
    print("\nFIGURES " + json.dumps(figures))


def addresses(fleet: Fleet) -> dict[str, str]:
    return {host: fleet.address(host) for host in fleet.hosts}


def started(fleet: Fleet, host: str) -> float:
    """When the service of a host started, in seconds since the machine's boot, which all hosts of the bed share."""
    text = fleet.shell(host, "systemctl show --value --property ExecMainStartTimestampMonotonic triton@blue")
    return int(text) / 1e6


def test_nothing_is_due(fleet: Fleet) -> None:
    before = fleet.all_served()
    run = fleet.run()
    assert run.status == 0 and not run.changed(), run.output[-3000:]
    assert set(run.states().values()) == {"unchanged"}
    assert fleet.all_served() == before


def test_check_lists_what_is_due_and_changes_nothing(fleet: Fleet) -> None:
    before = {host: (fleet.served(host), fleet.generation(host), fleet.installed(host)) for host in fleet.hosts}
    run = fleet.run(ROTATE, DUE, "--check", "--diff")
    assert run.status == 0, run.output[-3000:]
    assert set(run.states().values()) == {"would change"}
    for host in fleet.hosts:
        assert re.search(rf"{host}: valid until \d{{4}}-\d\d-\d\dT[\d:]+Z \(\d+ days\): due", re.sub(r"\s+", " ", run.output))
    assert {host: (fleet.served(host), fleet.generation(host), fleet.installed(host)) for host in fleet.hosts} == before


def test_a_rotation_in_waves_under_load(fleet: Fleet) -> None:
    before = fleet.all_served()
    with Load(addresses(fleet), fleet.pki, fleet.scratch / "waves") as load:
        run = fleet.run(ROTATE, {**DUE, "tls_certificates_clients": []})
        time.sleep(3)
    figures = load.figures()
    show(what="rotation by restart", **{**figures, "failed": len(figures["failed"])})
    assert run.status == 0, run.output[-3000:]
    assert set(run.states().values()) == {"changed"}
    after = fleet.all_served()
    assert all(after[host] != before[host] and after[host] == fleet.installed(host) for host in fleet.hosts)
    assert figures["failed"] == [] and figures["requests"] > 1000
    # The canary alone, then its rack, then the other rack.
    times = [started(fleet, host) for host in ("r1", "r2", "r3")]
    assert times == sorted(times), times


def test_a_rotation_changes_the_certificate_and_nothing_else(fleet: Fleet) -> None:
    """What waits in the variables stays there until site, and is not what the rotation is proved by."""
    waits = {"triton_server_options": {"log-verbose": 1}, "triton_server_mutual_tls": False, "triton_verify_model": "later"}
    run = fleet.run(ROTATE, {**DUE, **waits}, "--limit", "r1")
    assert run.status == 0 and run.states() == {"r1": "changed"}, run.output[-3000:]
    assert "--log-verbose" not in fleet.shell("r1", "cat /etc/triton/instances/blue/start") and fleet.asked_for("r1").strip()


def test_a_failure_in_a_wave_goes_back_and_stops(fleet: Fleet) -> None:
    before = fleet.all_served()
    other_keys = {"tls_certificates_key_type": "ecdsa-p384", "tls_certificates_clients": []}
    with fleet.only("r2", fleet.generation("r2")), Load({"r3": fleet.address("r3")}, fleet.pki, fleet.scratch / "stops") as load:
        run = fleet.run(ROTATE, other_keys)
    assert run.status != 0
    assert run.states() == {"r1": "changed", "r2": "rolled back", "r3": "not reached"}, run.output[-4000:]
    after = fleet.all_served()
    assert after["r1"] != before["r1"] and after["r2"] == before["r2"] and after["r3"] == before["r3"]
    assert load.figures()["retried"] == 0
    # Verified and run are the same again, and the reason is the host's.
    assert fleet.shell("r2", "basename $(readlink -f /etc/triton/committed)").strip() == fleet.generation("r2")
    (reason,) = [host["reason"] for host in run.summary["hosts"] if host["name"] == "r2"]
    assert "Run the generation" in reason and fleet.generation("r2") in reason

    # r2 has the new bundle and did not serve it; r3 has the old one.
    again = fleet.run(ROTATE, other_keys)
    assert again.status == 0 and again.states() == {"r1": "unchanged", "r2": "changed", "r3": "changed"}, again.output[-3000:]
    said = re.sub(r"\s+", " ", again.output)
    assert re.search(r"r2: valid until [^:]+:[\d:]+Z \(\d+ days\): installed and not served: due", said), said[:6000]
    assert re.search(r"r3: valid until [^:]+:[\d:]+Z \(\d+ days\): due: its key is ECDSA P-256, asked for is ecdsa-p384", said), said[:6000]
    assert fleet.served("r2") == fleet.installed("r2") != before["r2"]


def test_a_host_that_fails_for_good_is_said_to(fleet: Fleet) -> None:
    """Neither the new generation nor the old one starts: no claim that anything serves."""
    with fleet.only("r1", "none"):
        run = fleet.run(ROTATE, DUE, "--limit", "r1")
    assert run.status != 0 and run.states() == {"r1": "failed"}, run.output[-3000:]
    assert "Going back failed, too" in re.sub(r"\s+", " ", run.output)
    again = fleet.run(ROTATE, {}, "--limit", "r1")
    assert again.status == 0 and again.states() == {"r1": "changed"}, again.output[-3000:]
    assert fleet.infer("r1")


STEPS = [
    "Make the key",
    "Install certificate, key and CA as one",
    "Stage what was verified last, with the certificate",
    "Run the generation",
    "Prove the endpoints of all hosts",
    "Mark what was verified",
    "Remove generations",
]


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_controller(fleet: Fleet, step: str) -> None:
    old = fleet.served("r1")
    fleet.run_until(step, kill_controller, DUE, "--limit", "r1")
    served = fleet.soon(lambda: fleet.infer("r1") and fleet.served("r1"))
    assert served in (old, fleet.installed("r1"))
    run = fleet.run(ROTATE, DUE, "--limit", "r1")
    assert run.status == 0, run.output[-3000:]
    assert old != fleet.served("r1") == fleet.installed("r1") and fleet.infer("r1")
    assert not fleet.shell("r1", "find /etc/triton -name '*.incoming*' -o -name '.staging*' -o -name '.pending'").strip()


# What proves runs on the controller, which is killed above.
@pytest.mark.parametrize("step", [step for step in STEPS if not step.startswith("Prove")])
def test_a_killed_module(fleet: Fleet, step: str) -> None:
    """SIGKILL to whatever Python runs on the host in that step; Triton's own stub is not called python."""
    old = fleet.served("r1")

    def kill(_process: object) -> None:
        fleet.shell("r1", "for i in $(seq 200); do pkill -9 -x 'python3(\\.[0-9]+)?' && exit; sleep 0.02; done", check=False)

    run = fleet.run_until(step, kill, DUE, "--limit", "r1")
    served = fleet.soon(lambda: fleet.infer("r1") and fleet.served("r1"))
    assert served in (old, fleet.installed("r1"))
    if run.status != 0:
        # What was rolled back is proved to be served again; nothing else may be claimed.
        assert run.states()["r1"] in ("rolled back", "failed")
        assert run.states()["r1"] != "rolled back" or served == old, run.output[-3000:]
        (reason,) = [host["reason"] for host in run.summary["hosts"] if host["name"] == "r1"]
        assert fleet.generation("r1") in reason, reason
    run = fleet.run(ROTATE, DUE, "--limit", "r1")
    assert run.status == 0, run.output[-3000:]
    assert fleet.served("r1") == fleet.installed("r1") != old


@pytest.mark.parametrize("step", STEPS)
def test_power_loss(fleet: Fleet, step: str) -> None:
    """The host is gone at once and comes back by itself, with one of the two generations, whole."""
    old = fleet.served("r1")

    def lose(_process: object) -> None:
        subprocess.run(["docker", "kill", "--signal", "KILL", "inferops-r1"], check=True, capture_output=True)

    run = fleet.run_until(step, lose, DUE, "--limit", "r1")
    subprocess.run(["docker", "start", "inferops-r1"], check=True, capture_output=True)
    # The last step may be over before the host is.
    finished = step == STEPS[-1] and run.status == 0
    assert run.states() == {"r1": "changed" if finished else "unreachable"}, run.output[-3000:]
    assert finished == (run.status == 0)
    served = fleet.soon(lambda: fleet.infer("r1") and fleet.served("r1"), 60)
    assert served in (old, fleet.installed("r1"))
    again = fleet.run(ROTATE, DUE, "--limit", "r1")
    assert again.status == 0, again.output[-3000:]
    assert fleet.served("r1") == fleet.installed("r1") != old


def test_an_unreachable_host_is_left_out_and_counted(fleet: Fleet) -> None:
    subprocess.run(["docker", "stop", "--signal", "KILL", "inferops-r2"], check=True, capture_output=True)
    try:
        run = fleet.run(ROTATE, DUE)
    finally:
        subprocess.run(["docker", "start", "inferops-r2"], check=True, capture_output=True)
    assert run.status != 0
    assert run.states() == {"r1": "changed", "r2": "unreachable", "r3": "changed"}, run.output[-3000:]
    assert fleet.soon(lambda: fleet.infer("r2"), 60)


def test_rollback_of_a_host_and_of_the_fleet(fleet: Fleet) -> None:
    # After the tests above there is something to go back to; run alone, after a rotation.
    if not all(fleet.shell(host, "ls -d /etc/triton/previous", check=False) for host in fleet.hosts):
        assert fleet.run(ROTATE, DUE).status == 0
    before = {host: (fleet.generation(host), fleet.served(host)) for host in fleet.hosts}
    run = fleet.run(ROLLBACK, {}, "--limit", "r3")
    assert run.status == 0 and run.states() == {"r3": "changed"}, run.output[-3000:]
    assert fleet.served("r3") != before["r3"][1] and fleet.served("r1") == before["r1"][1]
    named = fleet.run(ROLLBACK, {"triton_server_rollback_id": before["r3"][0]}, "--limit", "r3")
    assert named.status == 0 and (fleet.generation("r3"), fleet.served("r3")) == before["r3"], named.output[-3000:]
    run = fleet.run(ROLLBACK)
    assert run.status == 0 and {run.states()[host] for host in ("r1", "r2")} == {"changed"}, run.output[-3000:]
    assert all(fleet.served(host) != before[host][1] and fleet.infer(host) for host in ("r1", "r2"))
    assert not fleet.run(ROLLBACK).changed()
    unknown = fleet.run(ROLLBACK, {"triton_server_rollback_id": "0" * 20})
    assert unknown.status != 0 and "there is no generation 00000000000000000000" in re.sub(r"\s+", " ", unknown.output)
    assert fleet.run(ROTATE).status == 0


def test_going_back_takes_what_clients_must_show_back_too(fleet: Fleet) -> None:
    """From mutual to one-way TLS: what failed, and what is undone, is proved by the TLS that it goes back to."""
    one_way = {"triton_server_mutual_tls": False}
    before = (fleet.generation("r1"), fleet.served("r1"))
    assert fleet.asked_for("r1").strip(), "clients are asked for certificates"
    with fleet.only("r1", before[0]):
        failed = fleet.run(SITE, one_way, "--limit", "r1")
    assert failed.status != 0 and failed.states() == {"r1": "rolled back"}, failed.output[-4000:]
    assert (fleet.generation("r1"), fleet.served("r1")) == before
    changed = fleet.run(SITE, one_way, "--limit", "r1")
    assert changed.status == 0 and changed.states() == {"r1": "changed"} and not fleet.asked_for("r1").strip(), changed.output[-4000:]
    undone = fleet.run(ROLLBACK, one_way, "--limit", "r1")
    assert undone.status == 0 and (fleet.generation("r1"), fleet.served("r1")) == before, undone.output[-4000:]
    assert fleet.asked_for("r1").strip()


def test_keys_of_pruned_generations_are_gone(fleet: Fleet) -> None:
    keys = fleet.shell("r1", "ls /etc/triton/generations/*/tls/tls.key | wc -l")
    generations = fleet.shell("r1", "ls -d /etc/triton/generations/*/ | wc -l")
    assert keys == generations and int(keys) <= 7, "five newest, committed and previous"
