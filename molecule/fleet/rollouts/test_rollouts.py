# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight hosts in three failure domains, from their first rollout to releases that come and go, under clients that never try again.

In this order, each from where the one before it ended. Waves: one host, then a domain at a time. After each, what the summary claims of a host is held
against what the host does, asked by docker exec, Python's ssl and tritonclient.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from clients import Load
from fleet import Fleet, Run, kill_controller
from instances import running

SITE, UPGRADE, ROLLBACK = "inferops.triton.site", "inferops.triton.upgrade", "inferops.triton.rollback"
OLD, NEW = "0.6.0", "0.7.0"
NEW_RELEASE = {"triton_server_native_wheel": f"nvidia-pytriton=={NEW}"}
FAILING = {"rolled back", "unreachable", "failed"}
Truth = dict[str, dict[str, str]]


def release(fleet: Fleet, host: str) -> str:
    """The release of the wheel whose binary the serving process is."""
    path = fleet.shell(host, "readlink /proc/$(systemctl show --value --property MainPID triton@$(basename $(readlink /etc/triton/active)))/exe")
    return path.partition("nvidia-pytriton-")[2].partition("/")[0]


def truth(fleet: Fleet, halfway: Optional[str] = None) -> Truth:
    """What every host really does, that its clients get right answers among it. One that a run left halfway may have its second instance up."""
    found = {host: {**running(fleet, host), "release": release(fleet, host)} for host in fleet.hosts}
    for host in fleet.hosts:
        assert fleet.infer(host, model="mirror"), host
        assert found[host]["generation"] == found[host]["committed"], (host, found[host])
        if host == halfway:
            del found[host]["instances"]
        else:
            assert found[host]["instances"] == "1", (host, found[host])
    return found


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def as_claimed(run: Run, states: dict[str, str], before: Truth, after: Truth, changed: Optional[str]) -> None:
    """The run claims these states, and they are true: who changed runs that release, who did not is as before. One that was unreachable is one or the other."""
    assert run.states() == states, run.output[-6000:]
    assert (run.status != 0) == bool(FAILING & set(states.values())), run.status
    for host, state in states.items():
        if state == "changed":
            assert after[host]["generation"] != before[host]["generation"] and after[host]["release"] == changed, (host, after[host])
        elif state == "unreachable":
            assert after[host].items() <= before[host].items() or after[host]["release"] == changed, (host, before[host], after[host])
        else:
            assert after[host] == before[host], (host, before[host], after[host])


def of(fleet: Fleet, **states: str) -> dict[str, str]:
    """The state of each host, by keyword; those that are not named are in the state `others`."""
    others = states.pop("others", "")
    return {host: states.get(host, others) for host in fleet.hosts}


def is_back(fleet: Fleet, host: str) -> None:
    assert fleet.soon(lambda: fleet.infer(host, model="mirror"), 120), host


@contextlib.contextmanager
def wrong(fleet: Fleet, host: str) -> Iterator[None]:
    """The model of a host answers wrongly on the new release."""
    fleet.shell(host, f"echo {NEW} > /srv/wrong_on")
    try:
        yield
    finally:
        fleet.shell(host, "rm /srv/wrong_on")


@contextlib.contextmanager
def partition(fleet: Fleet, host: str) -> Iterator[None]:
    """The host lives on, and neither its clients nor Ansible reach it: its network is taken away, and the name by which docker is asked for it."""
    (network,) = docker("inspect", "--format", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}", f"inferops-{host}").split()
    docker("network", "disconnect", network, f"inferops-{host}")
    docker("rename", f"inferops-{host}", f"inferops-{host}-away")
    try:
        yield
    finally:
        docker("rename", f"inferops-{host}-away", f"inferops-{host}")
        docker("network", "connect", "--ip", fleet.address(host), network, f"inferops-{host}")


def test_the_first_rollout(fleet: Fleet) -> None:
    for host in fleet.hosts:
        docker("cp", f"{Path(__file__).with_name('models')}/.", f"inferops-{host}:/srv/models")
    run = fleet.run(SITE)
    assert run.status == 0 and run.states() == of(fleet, others="changed"), run.output[-6000:]
    after = truth(fleet)
    assert {found["release"] for found in after.values()} == {OLD}
    # One domain after the other, the canary before all.
    started = {}
    for host in fleet.hosts:
        started[host] = int(fleet.shell(host, "systemctl show --value --property ExecMainStartTimestampMonotonic triton@blue"))
    domains = [["f1"], ["f2", "f3"], ["f4", "f5", "f6"], ["f7", "f8"]]
    for first, second in zip(domains, domains[1:]):
        assert max(started[host] for host in first) < min(started[host] for host in second), started


def test_a_run_that_changes_nothing(fleet: Fleet, load: Load) -> None:
    before = truth(fleet)
    run = fleet.run(SITE)
    assert not run.changed()
    as_claimed(run, of(fleet, others="unchanged"), before, truth(fleet), None)


def test_an_upgrade_whose_canary_fails(fleet: Fleet, load: Load) -> None:
    before = truth(fleet)
    with wrong(fleet, "f1"):
        run = fleet.run(UPGRADE, NEW_RELEASE)
    as_claimed(run, of(fleet, f1="rolled back", others="not reached"), before, truth(fleet), None)
    assert "output_mismatch" in run.output


def test_an_upgrade_that_fails_in_the_second_wave(fleet: Fleet, load: Load) -> None:
    before = truth(fleet)
    with wrong(fleet, "f2"):
        run = fleet.run(UPGRADE, NEW_RELEASE)
    as_claimed(run, of(fleet, f1="changed", f2="rolled back", f3="changed", others="not reached"), before, truth(fleet), NEW)
    assert "output_mismatch" in run.output


def test_a_host_that_dies_in_the_middle(fleet: Fleet, load: Load) -> None:
    """It goes on where the last run stopped: f1 and f3 are done. One of the second wave dies while its generation is staged."""
    before = truth(fleet)
    load.gone.add("f5")

    def die(_process: Any) -> None:
        docker("kill", "inferops-f5")

    run = fleet.run_until("Stage a generation", die, NEW_RELEASE, playbook=UPGRADE, after="Wave 2 of")
    docker("start", "inferops-f5")
    is_back(fleet, "f5")
    states = of(fleet, f5="unreachable", f1="not reached", f3="not reached", f7="not reached", f8="not reached", others="changed")
    as_claimed(run, states, before, truth(fleet), NEW)


def test_a_wave_that_is_wholly_unreachable(fleet: Fleet, load: Load) -> None:
    """f5 is the canary; the wave after it, f7 and f8, is gone by the time that its turn comes."""
    before = truth(fleet)
    load.gone.update(("f7", "f8"))

    def die(_process: Any) -> None:
        docker("kill", "inferops-f7", "inferops-f8")

    run = fleet.run_until("Stage a generation", die, NEW_RELEASE, playbook=UPGRADE, after="Wave 1 of")
    docker("start", "inferops-f7", "inferops-f8")
    for host in ("f7", "f8"):
        is_back(fleet, host)
    states = of(fleet, f5="changed", f7="unreachable", f8="unreachable", others="not reached")
    as_claimed(run, states, before, truth(fleet), NEW)


def test_a_controller_that_is_killed_and_run_again(fleet: Fleet, load: Load) -> None:
    """Killed with f7 half done. The second run ends what it left: the whole fleet is on the new release."""
    before = truth(fleet)
    killed = fleet.run_until("Run the generation", kill_controller, NEW_RELEASE, playbook=UPGRADE, after="Wave 1 of")
    assert killed.status != 0 and killed.summary is None
    for host in fleet.hosts:
        assert fleet.infer(host, model="mirror"), host
    run = fleet.run(UPGRADE, NEW_RELEASE)
    as_claimed(run, of(fleet, f7="changed", f8="changed", others="unchanged"), before, truth(fleet), NEW)


def test_a_host_that_is_cut_off(fleet: Fleet, load: Load) -> None:
    """All go back to the old release. One of the third wave is cut off in it, and lives on, halfway; the run stops there, and the next one ends it."""
    before = truth(fleet)
    load.gone.add("f4")
    with contextlib.ExitStack() as cut:
        run = fleet.run_until("Run the generation", lambda _process: cut.enter_context(partition(fleet, "f4")), {}, playbook=ROLLBACK, after="Wave 3 of")
    is_back(fleet, "f4")
    states = of(fleet, f4="unreachable", f7="not reached", f8="not reached", others="changed")
    middle = truth(fleet, halfway="f4")
    as_claimed(run, states, before, middle, OLD)
    time.sleep(3)
    again = fleet.run(ROLLBACK)
    assert again.status == 0, again.output[-6000:]
    after = truth(fleet)
    assert {found["release"] for found in after.values()} == {OLD}, after
    assert after["f1"] == middle["f1"] and again.states()["f8"] == "changed"


def test_an_upgrade_of_the_whole_fleet(fleet: Fleet, load: Load) -> None:
    before = truth(fleet)
    run = fleet.run(UPGRADE, NEW_RELEASE)
    as_claimed(run, of(fleet, others="changed"), before, truth(fleet), NEW)
