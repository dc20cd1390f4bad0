# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman 5: a package manager that was interrupted or is at work, mirrors and credentials, a container that outlived its client."""

from __future__ import annotations

import json
import re
import time

import pytest

from on_host import Runtime, assert_fails

NEWER = {"container_runtime_toolkit_version": "1.20.0-1"}
# As apt does it: an fcntl lock on the first of dpkg's two locks.
HOLD = (
    "systemd-run --quiet --unit=holder python3 -c \"import fcntl, time; stream = open('/var/lib/dpkg/lock-frontend', 'w'); "
    'fcntl.lockf(stream, fcntl.LOCK_EX); time.sleep({seconds})"'
)
BREAK = "sed -i '/^Package: nvidia-container-toolkit-base$/,/^$/s/^Status: .*/Status: install ok half-configured/' /var/lib/dpkg/status"


@pytest.mark.quick
def test_a_container_that_outlived_its_client_is_replaced(host: Runtime) -> None:
    """Killed without a chance to clean up: the unit comes back by itself."""
    serving = host.triton()
    host.shell("systemctl kill --kill-whom=main --signal=KILL triton@blue")
    end = time.monotonic() + 60
    while host.triton() in ("", serving) and time.monotonic() < end:
        time.sleep(1)
    assert host.triton() not in ("", serving)
    assert host.serves_soon(60)


@pytest.mark.quick
def test_mirrors_and_credentials(host: Runtime) -> None:
    """For any registry; Podman reads them at the next pull, and Triton goes on."""
    serving = host.triton()
    mirrors = [{"registry": "nvcr.io", "mirrors": [f"{host.bed['registry']}/nvidia", "second.example.com"]}]
    host.changed({"container_runtime_registry_mirrors": mirrors})
    path = "~root/.config/containers/auth.json"
    assert json.loads(host.shell(f"cat {path}")) == {"auths": {"private.example.com": {"auth": "cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"}}}
    assert host.shell(f"stat -c %a {path}").strip() == "600"
    assert host.shell("podman login --get-login private.example.com").strip() == "robot"
    registries = json.loads(host.shell("podman info --format '{{json .Registries}}'"))
    assert [mirror["Location"] for mirror in registries["nvcr.io"]["Mirrors"]] == [f"{host.bed['registry']}/nvidia", "second.example.com"]
    assert host.triton() == serving and host.serves()


@pytest.mark.quick
def test_one_driver_that_is_too_old_stops_the_run_for_all(host: Runtime) -> None:
    """Before any host changes, for the driver that would be installed: Debian 13's 550 for CUDA 13, which the other host is not asked for."""
    release = "{{ '25.08' if inventory_hostname == '" + host.name + "' else '24.10' }}"
    variables = {"nvidia_driver_force": True, "nvidia_driver_replace": True, "nvidia_driver_triton_release": release}
    run = host.run("inferops.triton.site", variables, ["--limit", f"{host.name},d12-podman"])
    assert_fails(run, f"{host.name}: driver 550 would be installed, but Triton 25.08 .CUDA 13.0.1. needs 580 or later", "driver_too_old")
    assert "PLAY [Provision" not in run.output and not run.changed(), run.output[-3000:]
    assert re.search("d12-podman : ok=[0-9]+ changed=0 unreachable=0 failed=0", run.output), run.output[-3000:]


def test_what_dpkg_left_unfinished_is_named(host: Runtime) -> None:
    """Only where something is to be installed; nothing of the host's own is finished without being asked."""
    host.shell(BREAK)
    run = host.refused(NEWER, host.name, r"nvidia-container-toolkit-base \(half-configured\)", "dpkg --configure -a", "container_runtime_repair_packages")
    assert "could not be installed" not in run.output


def test_and_finished_where_that_is_allowed(host: Runtime) -> None:
    host.changed({**NEWER, "container_runtime_repair_packages": True})
    assert host.shell("dpkg-query --show --showformat '${db:Status-Status} ${Version}' nvidia-container-toolkit-base") == "installed 1.20.0-1"
    assert host.serves()


def test_a_lock_that_is_held_too_long(host: Runtime) -> None:
    """The run ends while the lock is still held."""
    host.shell(HOLD.format(seconds=600))
    try:
        run = host.role({"container_runtime_lock_timeout": 3})
        assert host.shell("systemctl is-active holder").strip() == "active"
    finally:
        host.shell("systemctl stop holder")
    assert_fails(run, host.name, "could not be installed", "lock")
    assert host.shell("dpkg-query --show --showformat '${Version}' nvidia-container-toolkit-base") == "1.20.0-1"


def test_a_lock_is_waited_for(host: Runtime) -> None:
    host.shell(HOLD.format(seconds=15))
    host.changed({"container_runtime_lock_timeout": 60})
    assert host.shell("dpkg-query --show --showformat '${Version}' nvidia-container-toolkit-base") == "1.17.8-1"
