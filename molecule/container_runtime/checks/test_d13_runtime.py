# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker 26 from (a stand-in of) Docker's own repository, with CDI: what a new driver and a new toolkit ask for, and runs that were killed."""

from __future__ import annotations

import json
import re
import time

import pytest

from on_host import DAEMON_JSON, HERE, Runtime, assert_fails

SETTINGS = {"container_runtime_daemon_settings": {"log-opts": {"max-size": "30m"}}}
# In a second session on the same host, the settings are there already.
FORGET = f"sed -i 's/30m/29m/' {DAEMON_JSON}"
RUN = "docker run --detach --network host --name"
IMAGE = "$(docker image ls --quiet | head -n 1)"
LOST = f"{RUN} lost --volume /usr/bin/nvidia-smi:/usr/bin/nvidia-smi:ro --entrypoint sleep {IMAGE} 600"


@pytest.mark.quick
def test_the_engine_came_from_the_repository(host: Runtime) -> None:
    versions = host.shell("dpkg-query --show --showformat '${Package} ${Version} ${db:Status-Status}\\n' docker-ce docker-ce-cli").splitlines()
    assert versions == ["docker-ce 5:26.1.5-1 installed", "docker-ce-cli 5:26.1.5-1 installed"]
    assert host.shell("cat /etc/apt/sources.list.d/docker.list").splitlines()[-1] == (
        f"deb [signed-by=/etc/apt/keyrings/docker.asc] {host.bed['packages']}/docker/debian trixie stable"
    )


@pytest.mark.quick
def test_the_container_has_what_cdi_gives(host: Runtime) -> None:
    assert json.loads(host.shell(f"cat {DAEMON_JSON}"))["features"] == {"cdi": True}
    assert host.shell("docker exec triton-blue nvidia-smi -L").startswith("GPU 0: ")


@pytest.mark.quick
def test_a_container_that_uses_the_gpu_is_found(host: Runtime) -> None:
    """Its device is open in a container of somebody else: the driver is not changed below it, and it is named."""
    host.shell(f"{RUN} trainer --device nvidia.com/gpu=all --entrypoint sh {IMAGE} -c 'exec sleep 600 < /dev/nvidia0'")
    try:
        before = host.state()
        number = host.shell("docker inspect --format '{{.Id}}' trainer")[:12]
        run = host.run(str(HERE.parent / "driver.yml"), {"nvidia_driver_force": True, "nvidia_driver_replace": True})
        assert_fails(run, host.name, "The GPU is used by sleep", f"container {number}", "nvidia_driver_drain_tasks", "gpu_in_use")
        assert host.state() == before
    finally:
        host.shell("docker rm --force trainer")


@pytest.mark.quick
def test_a_container_that_lost_its_gpus_is_named(host: Runtime) -> None:
    """Whoever runs it: nvidia-smi is in it, as the toolkit puts it there, and its device is not."""
    host.shell(LOST)
    try:
        run = host.role()
        assert run.status == 0 and not run.changed(), run.output[-3000:]
        assert re.search("container lost does not reach its GPUs: Failed to initialize NVML: Unknown Error.*gpu_lost", run.output), run.output[-3000:]
    finally:
        host.shell("docker rm --force lost")


def test_settings_that_docker_refuses_are_refused_before(host: Runtime) -> None:
    """Docker 23 and later can be asked."""
    host.refused({"container_runtime_daemon_settings": {"log-level": 7}}, "would not start", "log-level", "nothing was changed")


def test_mirrors_of_other_registries_are_not_dockers(host: Runtime) -> None:
    host.refused({"container_runtime_registry_mirrors": [{"registry": "nvcr.io", "mirrors": ["mirror.example.com"]}]}, "mirrors of docker.io alone", "nvcr.io")


def test_a_run_that_was_killed_is_finished(host: Runtime) -> None:
    """Killed after the file was written and before the daemon was restarted: the next run knows, and restarts."""
    serving = host.triton()
    host.shell(FORGET)
    # The daemon takes its time to stop: the run is killed meanwhile.
    host.shell("mkdir -p /run/systemd/system/docker.service.d; printf '[Service]\\nExecStop=/bin/sleep 8\\n' > /run/systemd/system/docker.service.d/slow.conf")
    host.shell("systemctl daemon-reload")
    try:
        with host.started(SETTINGS) as run:
            host.kill_when("systemctl restart docker")
        assert run.returncode != 0
        assert host.shell("ls /run/inferops.triton").strip() == "docker.pending"
        host.shell("rm -r /run/systemd/system/docker.service.d; systemctl daemon-reload")
        host.shell("systemctl start triton@blue")
        run = host.role(SETTINGS)
        assert run.status == 0 and run.changed(), run.output[-3000:]
    finally:
        host.shell("rm -rf /run/systemd/system/docker.service.d; systemctl daemon-reload")
    assert host.shell("ls /run/inferops.triton").strip() == ""
    assert json.loads(host.shell(f"cat {DAEMON_JSON}"))["log-opts"] == {"max-size": "30m"}
    assert host.serves_soon(60) and host.triton() != serving


def test_a_new_toolkit_and_a_new_driver(host: Runtime) -> None:
    """All four packages at the version, pinned; the specification where the new toolkit keeps it, for the driver that is loaded; Docker untouched."""
    daemon, serving = host.shell("pidof dockerd"), host.triton()
    host.pretend_driver("535.309.01")
    run = host.changed({**SETTINGS, "container_runtime_toolkit_version": "1.20.0-1"})
    assert "535.309.01" in run.output or run.changed()
    versions = host.shell("dpkg-query --show --showformat '${Version}\\n' 'nvidia-container*' 'libnvidia-container*'").split()
    assert versions == ["1.20.0-1"] * 4
    assert "libcuda.so.535.309.01" in host.shell("cat /var/run/cdi/nvidia.yaml")
    # The one that the older toolkit needed is brought up to date as well: engines read both.
    assert "libcuda.so.535.309.01" in host.shell("cat /etc/cdi/nvidia.yaml")
    assert (host.shell("pidof dockerd"), host.triton()) == (daemon, serving) and host.serves()
    assert "1.20.0-1" in host.shell("apt-cache policy nvidia-container-toolkit | grep Candidate")


def test_credentials_are_for_root_alone(host: Runtime) -> None:
    """Beside those that are there, and nowhere in the output, however much is asked for."""
    path = "~root/.docker/config.json"
    host.shell(f'printf \'{{"auths": {{"other.example.com": {{"auth": "eA=="}}}}, "psFormat": "x"}}\' > {path}; chmod 644 {path}')
    run = host.role({**SETTINGS, "container_runtime_toolkit_version": "1.20.0-1"}, ["--diff", "-vvv"])
    assert run.status == 0 and run.changed(), run.output[-3000:]
    found = json.loads(host.shell(f"cat {path}"))
    assert found["psFormat"] == "x" and found["auths"]["other.example.com"] == {"auth": "eA=="}
    assert found["auths"]["private.example.com"] == {"auth": "cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"}
    assert host.shell(f"stat -c %a {path}").strip() == "600"
    for secret in ("correct-horse-battery", "cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"):
        assert secret not in run.output
        assert secret not in host.shell("journalctl --no-pager")


def test_an_older_toolkit_again(host: Runtime) -> None:
    """The pin goes back as well as forward; the driver is what it was at first."""
    host.pretend_driver("535.261.03")
    host.changed()
    assert host.shell("dpkg-query --show --showformat '${Version}' nvidia-container-toolkit-base") == "1.17.8-1"
    assert "libcuda.so.535.261.03" in host.shell("cat /etc/cdi/nvidia.yaml")
    end = time.monotonic() + 30
    while not host.serves() and time.monotonic() < end:
        time.sleep(0.5)
    assert host.serves()


def test_a_start_of_triton_asks_for_the_gpus_of_others(host: Runtime) -> None:
    """Another unit needs a daemon-reload, which can take GPUs away from containers that run."""
    host.shell(LOST)
    try:
        run = host.run("inferops.triton.site", {"triton_server_exit_timeout": 31}, ["--tags", "triton_server,triton_verify"])
        assert run.status == 0 and run.changed(), run.output[-3000:]
        assert re.search(r"\[WARNING\]: The container lost does not reach its GPUs: Failed to initialize NVML", run.output), run.output[-3000:]
    finally:
        host.shell("docker rm --force lost")
    assert host.serves()
