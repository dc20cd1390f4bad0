# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman 4.3: repositories that are not to be had or not to be trusted, and a driver that changes."""

from __future__ import annotations

from typing import Any

import pytest

from on_host import Runtime, assert_fails

NEWER = {"container_runtime_toolkit_version": "1.20.0-1"}


@pytest.mark.quick
def test_triton_has_what_cdi_gives(host: Runtime) -> None:
    host.pretend_driver("535.261.03")
    host.role()
    assert host.shell("podman exec triton-blue nvidia-smi -L").startswith("GPU 0: ")
    assert host.shell("podman inspect --format '{{.HostConfig.ReadonlyRootfs}} {{.EffectiveCaps}}' triton-blue").strip() in ("true []", "true <nil>")


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"container_runtime_toolkit_repository_url": "http://{gateway}:9/deb/"}, ["could not be installed", "http://.*:9/deb/", "toolkit_repository_url"]),
        (
            {"container_runtime_toolkit_repository_key": "{packages}/stranger.asc"},
            ["holds the key [0-9A-F]{40}", "_fingerprints names", "Nothing trusts it yet"],
        ),
        (
            {"container_runtime_toolkit_repository_key": "{packages}/stranger.asc", "container_runtime_toolkit_repository_fingerprints": []},
            ["could not be installed", "not signed|NO_PUBKEY|public key is not available"],
        ),
        ({"container_runtime_toolkit_version": "9.9.9-1"}, ["could not be installed", "9.9.9-1", "container_runtime_toolkit_version"]),
    ],
    ids=["unreachable", "key of another", "signed by another", "no such version"],
)
def test_a_repository_that_cannot_be_used_leaves_no_trace(host: Runtime, variables: dict[str, Any], says: list[str]) -> None:
    """The host's package manager works as before, and the old toolkit is there."""
    sources = host.shell("cat /etc/apt/sources.list.d/nvidia-container-toolkit.list; ls /etc/apt/sources.list.d")
    filled = {name: value.format(**host.bed) if isinstance(value, str) else value for name, value in {**NEWER, **variables}.items()}
    run = host.role(filled)
    assert_fails(run, host.name, *says)
    assert host.shell("cat /etc/apt/sources.list.d/nvidia-container-toolkit.list; ls /etc/apt/sources.list.d") == sources
    host.shell("apt-get update -o Dir::Etc::sourcelist=sources.list.d/nvidia-container-toolkit.list -o Dir::Etc::sourceparts=-")
    assert not host.shell("ls /etc/apt/*/*~ 2>/dev/null || true")
    assert "1.17.8-1" in host.shell("cat /etc/apt/preferences.d/nvidia-container-toolkit")
    assert host.shell("dpkg-query --show --showformat '${Version}' nvidia-container-toolkit") == "1.17.8-1"
    assert host.serves()


def test_a_disk_that_is_full_for_packages(host: Runtime) -> None:
    """Nothing is half installed, the pin is as before, and the host's own words say which folder."""
    host.shell("apt-get clean")
    with host.full_disk("/var/cache/apt/archives"):
        run = host.role(NEWER)
    assert_fails(run, host.name, "could not be installed", "free space in /var/cache/apt/archives|No space left")
    assert "1.17.8-1" in host.shell("cat /etc/apt/preferences.d/nvidia-container-toolkit")
    assert host.shell("dpkg-query --show --showformat '${db:Status-Status} ${Version}' nvidia-container-toolkit") == "installed 1.17.8-1"
    assert host.serves()


def test_a_check_run_says_what_would_be_done(host: Runtime) -> None:
    host.pretend_driver("535.309.01")
    before = host.state()
    run = host.role(NEWER, ["--check", "--diff"])
    assert run.status == 0 and run.changed(), run.output[-3000:]
    assert "would install the NVIDIA Container Toolkit 1.20.0-1" in run.output
    assert host.state() == before


def test_another_driver_makes_another_specification(host: Runtime) -> None:
    """The role notices that the specification names a driver that is gone; a container that starts now gets the new one."""
    assert "libcuda.so.535.261.03" in host.shell("cat /etc/cdi/nvidia.yaml")
    serving = host.triton()
    host.changed()
    assert "libcuda.so.535.309.01" in host.shell("cat /etc/cdi/nvidia.yaml")
    assert host.triton() == serving and host.serves()
    host.shell("systemctl restart triton@blue")
    assert host.serves_soon(60)
    assert "libcuda.so.535.309.01" in host.shell("podman exec triton-blue ls /usr/lib/x86_64-linux-gnu")


def test_a_specification_that_is_damaged_is_made_anew(host: Runtime) -> None:
    host.shell("echo '# nothing' > /etc/cdi/nvidia.yaml")
    host.changed()
    assert "libcuda.so.535.309.01" in host.shell("cat /etc/cdi/nvidia.yaml")
