# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""site and verify on three hosts of this machine, run by ansible-runner: what its events say, what a plan says, and a wave that is too slow.

The tests stand in the order of a fleet's life: each finds what the one before has left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.inferops.triton.tests.rollouts.local_fleet import Fleet, Run, local_fleet

NAMES = ["gpu1", "gpu2", "gpu3"]
AUDIT = "Prove the endpoints of all hosts from the client's side"


@pytest.fixture(scope="module", name="fleet")
def fixture_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Three hosts after their first rollout, one host a wave."""
    with local_fleet(tmp_path_factory.mktemp("fleet"), NAMES) as fleet:
        fleet.variables["triton_rollout_waves"] = [1]
        yield fleet


@pytest.fixture(scope="module", name="first")
def fixture_first(fleet: Fleet) -> Run:
    return fleet.run("site", triton_verify_latency_factor=50, triton_verify_latency_samples=8)


def audits(run: Run) -> list[dict[str, Any]]:
    """What the audits of a run returned, one after the other."""
    ended = [each["event_data"] for each in run.events if each["event"] == "runner_on_ok"]
    return [each["res"] for each in ended if each["task"] == AUDIT]


def test_the_events_of_site_tell_the_waves_and_what_became_of_each_host(fleet: Fleet, first: Run) -> None:
    assert first.status == 0, first.told[-4000:]
    assert first.hosts("runner_on_failed") == first.hosts("runner_on_unreachable") == []
    (stats,) = [each["event_data"] for each in first.events if each["event"] == "playbook_on_stats"]
    assert set(stats["ok"]) == {*NAMES} and not stats["failures"]
    assert stats["artifact_data"]["triton_rollout"] == {"ok": True, "counts": first.summary["counts"]}
    assert [result["name"] for each in audits(first) for result in each["results"]] == NAMES
    assert all(each["summary"]["failed"] == 0 for each in audits(first))
    assert first.states == dict.fromkeys(NAMES, "changed")
    # The same words on the terminal, in an event, and in the file.
    assert [each["msg"] for each in first.results("Sum up").values()] == [first.summary["lines"]]
    assert all(fleet.running().values())


def test_each_wave_is_compared_with_the_hosts_that_serve_by_then(first: Run) -> None:
    results = [result for each in audits(first) for result in each["results"]]
    compared = {result["name"]: check for result in results for check in result["checks"] if check["check"] == "fleet_latency"}
    # Nobody serves before the first one; the others are not asked before they do.
    assert [compared[name]["status"] for name in NAMES] == ["skipped", "ok", "ok"], compared
    assert "the p50 of 1 other(s)" in compared["gpu2"]["detail"] and "the p50 of 2 other(s)" in compared["gpu3"]["detail"]


def test_a_plan_shows_each_host_what_would_change_and_what_it_costs(fleet: Fleet, first: Run) -> None:
    assert first.status == 0
    before = fleet.running()
    other_models = {"triton_server_models": [{"path": str(fleet.folder / "models" / "slow")}]}
    fleet.hosts["gpu1"].update(other_models)
    fleet.hosts["gpu2"].update(other_models)
    checked = fleet.run("site", "--check", "--diff")
    for name in ("gpu1", "gpu2"):
        del fleet.hosts[name]["triton_server_models"]
    assert checked.status == 0, checked.told[-4000:]
    models = "models +{0}/slow, -{0}/fast".format(fleet.folder / "models")
    assert checked.summary["plan"] == [
        {"hosts": ["gpu1", "gpu2"], "changes": [models, "configuration"], "cost": ["one restart"]},
        {"hosts": ["gpu3"], "changes": [], "cost": []},
    ]
    assert f"  gpu1, gpu2: {models}; configuration: one restart each" in checked.summary["lines"]
    assert checked.states == {"gpu1": "would change", "gpu2": "would change", "gpu3": "unchanged"}
    (shown,) = [each["msg"] for each in checked.results("Show the order, and what is due").values()]
    assert shown == ["wave 1: gpu1", "wave 2: gpu2", f"gpu1, gpu2: {models}; configuration: one restart each", "gpu3: nothing"]
    assert fleet.running() == before


def test_a_plan_shows_what_a_gpu_driver_would_take(fleet: Fleet, first: Run) -> None:
    """Of a host without a GPU, as if it had one: the steps, and the reboot that they may cost."""
    assert first.status == 0
    driver = {"nvidia_driver_force": True, "nvidia_driver_kernel": "any", "nvidia_driver_headers_packages": ["linux-libc-dev"], "nvidia_driver_reboot": True}
    fleet.hosts["gpu1"].update(driver)
    checked = fleet.run("site", "--check", "--limit", "gpu1")
    for name in driver:
        del fleet.hosts["gpu1"][name]
    assert "Unable to find" not in checked.told
    assert checked.states == {"gpu1": "would change"}, checked.told[-4000:]
    (plan,) = checked.summary["plan"]
    assert any(change.startswith("Install the ") for change in plan["changes"]) and "a reboot, where the driver needs one" in plan["cost"], plan


def test_a_plan_of_a_rotation(fleet: Fleet, first: Run) -> None:
    assert first.status == 0
    before = fleet.running()
    fleet.hosts["gpu3"]["tls_certificates_names"] = ["gpu3", "another.example"]
    checked = fleet.run("rotate_certificates", "--check", "--diff")
    del fleet.hosts["gpu3"]["tls_certificates_names"]
    assert checked.status == 0, checked.told[-4000:]
    assert {"hosts": ["gpu3"], "changes": ["a new certificate"], "cost": ["one restart"]} in checked.summary["plan"]
    assert checked.states == {"gpu1": "unchanged", "gpu2": "unchanged", "gpu3": "would change"}
    assert fleet.running() == before


def test_a_wave_that_is_slower_than_the_fleet_goes_back_and_ends_the_rollout(fleet: Fleet, first: Run) -> None:
    assert first.status == 0
    before = fleet.running()
    slow = [{"path": str(fleet.folder / "models" / "slow")}]
    run = fleet.run("site", triton_server_models=slow, triton_verify_latency_factor=4, triton_verify_latency_samples=8)
    assert run.status == 2
    assert run.states == {"gpu1": "rolled back", "gpu2": "not reached", "gpu3": "not reached"}
    reason = run.summary["hosts"][0]["reason"]
    assert "slower_than_fleet" in reason and "p50 of 8" in reason and "4 times is allowed" in reason
    assert "2 other(s) of the fleet" in reason and "The host is back on generation" in reason
    # What the summary claims is so.
    assert fleet.running() == before


def test_the_events_of_verify_name_the_hosts_that_fail(fleet: Fleet, first: Run) -> None:
    assert first.status == 0
    proved = fleet.run("verify")
    assert (proved.status, proved.hosts("runner_on_failed")) == (0, []), proved.told[-4000:]
    assert audits(proved)[0]["summary"]["ok"] == 3 and audits(proved)[0]["lines"][-1].startswith("PROVED")
    fleet.hosts["gpu2"]["triton_verify_outputs"] = {"OUTPUT": {"data": [1.0, 3.0]}}
    failed = fleet.run("verify")
    del fleet.hosts["gpu2"]["triton_verify_outputs"]
    assert (failed.status, failed.hosts("runner_on_failed")) == (2, ["gpu2"])
    (message,) = [each["event_data"]["res"]["msg"] for each in failed.events if each["event"] == "runner_on_failed"]
    assert message.startswith("gpu2 (127.0.0.2:") and "output_mismatch" in message
