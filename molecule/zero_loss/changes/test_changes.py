# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that succeed and that fail, under clients that never try again: not one request fails, and what serves is what the summary claims."""

from __future__ import annotations

import time
from typing import Any

import pytest

from clients import Load, targets
from fleet import DUE, ROTATE, Fleet, kill_controller
from instances import answers_wrongly, never_ready, no_rest_until_undone, running

SITE = "inferops.triton.site"
UPGRADE = "inferops.triton.upgrade"
ROLLBACK = "inferops.triton.rollback"
NEW_RELEASE = {"triton_server_native_wheel": "nvidia-pytriton==0.7.0"}
# The generations on a file system of their own without a byte left.
FULL_DISK = """cp -a /etc/triton/generations /var/tmp/generations && mount -t tmpfs -o size=4m tmpfs /etc/triton/generations \\
  && cp -a /var/tmp/generations/. /etc/triton/generations/ && ! dd if=/dev/zero of=/etc/triton/generations/.fill bs=1k 2>/dev/null"""


def changed(before: dict[str, str], after: dict[str, str]) -> None:
    assert after["colour"] != before["colour"] and after["generation"] != before["generation"]
    assert after["generation"] == after["committed"] and after["grpc"] == after["rest"] and after["instances"] == "1"


def test_a_rotation(fleet: Fleet, load: Load) -> None:
    before = {host: running(fleet, host) for host in fleet.hosts}
    run = fleet.run(ROTATE, {**DUE, "tls_certificates_clients": []})
    assert run.status == 0 and set(run.states().values()) == {"changed"}, run.output[-4000:]
    for host in fleet.hosts:
        after = running(fleet, host)
        changed(before[host], after)
        assert after["grpc"] == fleet.installed(host) != before[host]["grpc"]
    time.sleep(3)


def test_an_upgrade_and_back(fleet: Fleet, load: Load) -> None:
    before = {host: running(fleet, host) for host in fleet.hosts}
    run = fleet.run(UPGRADE, NEW_RELEASE)
    assert run.status == 0 and set(run.states().values()) == {"changed"}, run.output[-4000:]
    for host in fleet.hosts:
        changed(before[host], running(fleet, host))
        assert "nvidia-pytriton-0.7.0" in fleet.shell(host, "cat /etc/triton/active/start")
    run = fleet.run(ROLLBACK)
    assert run.status == 0 and set(run.states().values()) == {"changed"}, run.output[-4000:]
    for host in fleet.hosts:
        after = running(fleet, host)
        assert after == before[host], "back on the generation, the colour and the certificate of before"


def failing(fleet: Fleet, variables: dict[str, Any], says: str) -> None:
    """The first host fails and goes back, which takes nothing from its clients; the second is not reached."""
    first, second = fleet.hosts
    before = {host: running(fleet, host) for host in fleet.hosts}
    run = fleet.run(SITE, variables)
    assert run.status != 0 and run.states() == {first: "rolled back", second: "not reached"}, run.output[-4000:]
    assert run.summary is not None
    (reason,) = [host["reason"] for host in run.summary["hosts"] if host["name"] == first]
    assert says in reason, reason
    assert {host: running(fleet, host) for host in fleet.hosts} == before


def test_a_new_instance_that_is_never_ready(fleet: Fleet, load: Load) -> None:
    with never_ready(fleet, next(iter(fleet.hosts))):
        failing(fleet, {**NEW_RELEASE, "triton_server_ready_timeout": 10}, "waited 10 s for port")


def test_a_new_instance_that_answers_wrongly(fleet: Fleet, load: Load) -> None:
    """What only the audit at the candidate port can find, before a client does."""
    with answers_wrongly(fleet, next(iter(fleet.hosts))):
        failing(fleet, {"triton_server_options": {"log-verbose": 1}}, "output_mismatch")


def test_a_change_that_is_undone_after_the_switch(fleet: Fleet) -> None:
    """Clients that were sent to the new instance by then are not cut off there."""
    first, second = fleet.hosts
    before = {host: running(fleet, host) for host in fleet.hosts}
    variables = {"triton_server_options": {"log-verbose": 1}, "triton_verify_timeout": 3, "triton_verify_ready_timeout": 0}
    with Load(targets([first], fleet.address, fleet.pki), {"grpc_stream": (4, 0.1)}, stream_seconds=5.0) as load:
        run = fleet.run_until("Send clients to the instance", no_rest_until_undone(fleet, first), variables, playbook=SITE)
        assert run.status != 0 and run.states() == {first: "rolled back", second: "not reached"}, run.output[-4000:]
        assert {host: running(fleet, host) for host in fleet.hosts} == before
    assert load.requests() and load.failed() == []


def test_a_disk_that_is_full_while_staging(fleet: Fleet, load: Load) -> None:
    first = next(iter(fleet.hosts))
    fleet.shell(first, FULL_DISK)
    try:
        # What was staged before, if only for a moment, needs no place.
        failing(fleet, {"triton_server_options": {"log-verbose": 2}}, "is full")
    finally:
        fleet.shell(first, "umount /etc/triton/generations && rm -r /var/tmp/generations")


def test_the_gateway_reloaded_and_its_configuration_changed(fleet: Fleet, load: Load) -> None:
    before = {host: running(fleet, host) for host in fleet.hosts}
    for _round in range(3):
        for host in fleet.hosts:
            fleet.shell(host, "systemctl reload triton-gateway")
        time.sleep(2)
    run = fleet.run(SITE, {"triton_gateway_hsts_seconds": 600})
    assert run.status == 0, run.output[-4000:]
    assert {host: running(fleet, host) for host in fleet.hosts} == before
    time.sleep(3)


STEPS = [
    "Run the generation",
    "Prove the endpoints of all hosts",
    "Send clients to the instance",
    "Mark what was verified",
    "Wait until the old instance has no connection left",
]


@pytest.mark.parametrize("step", STEPS)
def test_a_controller_that_is_killed(fleet: Fleet, load: Load, step: str) -> None:
    """Whatever it left, one of the two instances serves, whole; the next run finishes the job and leaves one."""
    host = next(iter(fleet.hosts))
    before = running(fleet, host)
    fleet.run_until(step, kill_controller, {**DUE, "tls_certificates_clients": []}, "--limit", host)
    # A module that was at work on the host ends by itself.
    time.sleep(5)
    left = running(fleet, host)
    assert left["grpc"] == left["rest"] and left["grpc"] in (before["grpc"], fleet.installed(host))
    run = fleet.run(ROTATE, {**DUE, "tls_certificates_clients": []}, "--limit", host)
    assert run.status == 0, run.output[-4000:]
    changed({**before, "colour": ""}, running(fleet, host))
    assert running(fleet, host)["grpc"] == fleet.installed(host)


def test_the_next_run_waits_for_clients_that_a_killed_one_left_behind(fleet: Fleet) -> None:
    """The next run has yet another generation for the old instance, on which streams began before the switch: they end by themselves."""
    host = next(iter(fleet.hosts))
    with Load(targets([host], fleet.address, fleet.pki), {"grpc_stream": (2, 0.2)}, stream_seconds=40.0) as load:
        fleet.run_until("Mark what was verified", kill_controller, {**DUE, "tls_certificates_clients": []}, "--limit", host)
        left = running(fleet, host)
        assert left["instances"] == "2"
        run = fleet.run(ROTATE, {**DUE, "tls_certificates_clients": []}, "--limit", host)
        assert run.status == 0, run.output[-4000:]
        changed(left, running(fleet, host))
    assert load.requests() and load.failed() == []


@pytest.mark.parametrize("unit", ["triton", "gateway"])
def test_a_crash(fleet: Fleet, unit: str) -> None:
    """Back within seconds, on the generation that ran; here requests do fail, and are counted."""
    host = next(iter(fleet.hosts))
    before = running(fleet, host)
    name = f"triton@{before['colour']}" if unit == "triton" else "triton-gateway"
    began = time.monotonic()
    fleet.shell(host, f"systemctl kill --kill-whom=all --signal=KILL {name}")
    assert fleet.soon(lambda: fleet.infer(host), 60)
    seconds = time.monotonic() - began
    print(f'\nFIGURES {{"crash": "{unit}", "seconds": {seconds:.1f}}}')
    assert seconds < 30 and running(fleet, host) == before
