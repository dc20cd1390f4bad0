# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done, in which order, and what becomes of a daemon that refuses. Docker, systemd and nvidia-ctk are scripts that keep their state in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Optional

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import driver as modules
from ansible_collections.inferops.triton.plugins.module_utils._runtime import apply, cdi, containers, daemon, look, packages
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError

STANDIN = Path(__file__).parents[5] / "tests" / "bed" / "standins" / "nvidia_ctk.py"
RESTARTS = {"log-driver": "local"}
RELOADS = {"labels": ["a=b"]}

SYSTEMCTL = r"""
case "$1 $2" in
  "show --no-pager") shift 3; for unit; do
    echo "Id=$unit"; [ "$unit" = docker ] && echo "LoadState=$LOAD" || echo LoadState=loaded
    [ -e "$STATE/up-$unit" ] && echo ActiveState=active || echo ActiveState=inactive
    echo; done;;
  "is-enabled "*) [ -e "$STATE/enabled" ] && echo enabled || echo disabled;;
  "enable "*) touch "$STATE/enabled";;
  "stop "*) rm -f "$STATE/up-$2"; [ "$2" != triton@blue.service ] || rm -f "$STATE/container";;
  "start docker" | "restart docker" | "reload docker")
    [ "$1" = reload ] || rm -f "$STATE/container" "$STATE/up-docker"
    if [ -e "$STATE/refuses" ] && [ "$(cat "$DAEMON")" != "$(cat "$STATE/good")" ]; then [ "$1" = reload ] || exit 1; exit 0; fi
    cat "$DAEMON" > "$STATE/served" 2>/dev/null || printf '{}' > "$STATE/served"; touch "$STATE/up-docker";;
  "start triton@blue.service") touch "$STATE/up-$2"; printf triton-blue > "$STATE/container";;
esac
"""
DOCKER = r"""
[ -e "$STATE/up-docker" ] || { echo 'Cannot connect to the Docker daemon' >&2; exit 1; }
case "$1" in
  info) python3 -c '
import json, sys
served = json.load(open(sys.argv[1]))
live = served.get("live-restore", False)
print(json.dumps({"ServerVersion": "26.1.5", "Runtimes": served.get("runtimes", {}), "LiveRestoreEnabled": live}))' "$STATE/served";;
  ps) [ ! -e "$STATE/container" ] || printf '%s\ttriton:1\n' "$(cat "$STATE/container")"; [ ! -e "$STATE/stranger" ] || printf 'redis\tredis:7\n';;
  inspect) shift 5; for name; do printf '/%s\t1\n' "$name"; done;;
esac
"""


class Machine:
    """A host with Docker; its state is in files."""

    def __init__(self, folder: Path, make: Callable[[str, str], Path], calls: Callable[[], list[str]]) -> None:
        self.state, self.daemon = folder / "state", folder / "daemon.json"
        self._calls = calls
        self.state.mkdir()
        make("systemctl", SYSTEMCTL)
        make("docker", DOCKER)
        make("journalctl", "echo 'unable to configure the Docker daemon with file daemon.json: conflict'")
        make("nvidia-ctk", "").write_text("#!/usr/bin/env python3\n" + STANDIN.read_text(encoding="utf-8"), encoding="utf-8")

    def put(self, *names: str, **texts: str) -> None:
        for name in names:
            (self.state / name).touch()
        for name, text in texts.items():
            (self.state / name).write_text(text)

    def run(self, check: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        defaults: dict[str, Any] = {
            "engine": "docker", "service": "docker", "daemon_settings": {}, "nvidia": "absent", "nvidia_default_runtime": False, "docker_cdi": False,
            "registry_cas": [], "registry_mirrors": [], "registry_credentials": [], "selinux_booleans": ["container_use_devices"],
            "managed_units": {"triton-blue": "triton@blue.service"}, "stop_timeout": 5.0, "ready_timeout": 5.0, "ports": [], "packages": [],
            "files": [], "key_files": [], "allow": [],
        }  # fmt: skip
        return apply.perform({**defaults, **options}, check, diff)

    def told(self) -> list[str]:
        """What systemd was told to change."""
        verbs = ("stop", "start", "restart", "reload", "enable")
        return [line.removeprefix("systemctl ") for line in self._calls() if line.split()[:1] == ["systemctl"] and line.split()[1] in verbs]


@pytest.fixture
def machine(
    tmp_path: Path, program: Callable[[str, str], Path], calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> Machine:
    """Docker runs, is enabled, and runs Triton."""
    made = Machine(tmp_path, program, calls)
    monkeypatch.setenv("STATE", str(made.state))
    monkeypatch.setenv("DAEMON", str(made.daemon))
    monkeypatch.setenv("LOAD", "loaded")
    monkeypatch.setattr(daemon, "PATH", str(made.daemon))
    monkeypatch.setattr(daemon.plan, "__defaults__", (str(made.daemon),))
    monkeypatch.setattr(look, "MARKS", str(tmp_path / "marks"))
    monkeypatch.setattr(apply, "_RELOAD_SECONDS", 1.0)
    monkeypatch.setattr(packages, "_DPKG_UPDATES", str(tmp_path))
    made.put("up-docker", "enabled", "up-triton@blue.service", served="{}", container="triton-blue")
    return made


def test_nothing_to_do(machine: Machine) -> None:
    result = machine.run()
    assert not result["changed"] and result["changes"] == [] and machine.told() == []
    assert [(one["name"], one["unit"]) for one in result["containers"]] == [("triton-blue", "triton@blue.service")]
    assert result["engine"] == {"present": True, "version": "26.1.5", "service_state": "active", "enabled": True}


def test_a_reload(machine: Machine) -> None:
    result = machine.run(daemon_settings=RELOADS, nvidia="present", diff=True)
    assert result["changed"] and result["signal"] == "reload" and result["stops"] == []
    assert machine.told() == ["reload docker"]
    assert json.loads((machine.state / "served").read_text()) == json.loads(machine.daemon.read_text())
    assert '"nvidia"' in result["diff"][0]["after"]
    assert not machine.run(daemon_settings=RELOADS, nvidia="present")["changed"]


def test_check_mode_changes_nothing(machine: Machine) -> None:
    result = machine.run(check=True, daemon_settings=RESTARTS)
    assert result["changed"] and result["signal"] == "restart" and result["stops"] == ["triton@blue.service"]
    assert machine.told() == [] and not machine.daemon.exists() and not Path(look.MARKS).exists()


def test_a_restart_in_order(machine: Machine) -> None:
    result = machine.run(daemon_settings=RESTARTS)
    assert machine.told() == ["stop triton@blue.service", "restart docker", "start triton@blue.service"]
    assert [one["name"] for one in result["containers"]] == ["triton-blue"]
    assert list(Path(look.MARKS).iterdir()) == []


def test_strangers_are_not_stopped(machine: Machine) -> None:
    machine.put("stranger")
    with pytest.raises(HostError) as caught:
        machine.run(daemon_settings=RESTARTS)
    assert caught.value.code == "foreign_containers" and "redis (redis:7)" in caught.value.cause
    assert machine.told() == [] and not machine.daemon.exists()
    assert machine.run(daemon_settings=RELOADS)["signal"] == "reload"
    allowed = machine.run(daemon_settings=RESTARTS, allow=["foreign_containers"])
    assert [one["code"] for one in allowed["overridden"]] == ["foreign_containers"]


def test_live_restore_leaves_strangers(machine: Machine) -> None:
    machine.put("stranger", served='{"live-restore": true}')
    machine.daemon.write_text('{"live-restore": true}')
    assert machine.run(daemon_settings=RESTARTS)["signal"] == "restart"


def test_a_daemon_that_refuses_gets_its_file_back(machine: Machine) -> None:
    old = '{"debug": true}'
    machine.daemon.write_text(old)
    machine.put("refuses", good=old, served=old)
    with pytest.raises(HostError) as caught:
        machine.run(daemon_settings=RESTARTS)
    assert caught.value.code == "service_failed"
    assert "unable to configure the Docker daemon" in caught.value.cause and "is as it was before, and so the daemon runs" in caught.value.cause
    assert machine.daemon.read_text() == old
    assert machine.told() == ["stop triton@blue.service", "restart docker", "restart docker", "start triton@blue.service"]


def test_a_reload_that_has_no_effect(machine: Machine) -> None:
    machine.put("refuses", good="x")
    with pytest.raises(HostError) as caught:
        machine.run(nvidia="present")
    assert caught.value.code == "reload_refused" and "runtimes.nvidia" in caught.value.cause


def test_a_killed_run_is_finished(machine: Machine) -> None:
    """The file is as it is to be; the mark says that the daemon has not read it."""
    machine.daemon.write_text(json.dumps(RESTARTS))
    assert machine.run(check=True, daemon_settings=RESTARTS)["signal"] is None
    Path(look.MARKS).mkdir()
    Path(look.mark("docker")).touch()
    assert machine.run(daemon_settings=RESTARTS)["signal"] == "restart"
    assert not machine.run(daemon_settings=RESTARTS)["changed"]


def test_a_daemon_that_lacks_what_its_file_says_is_reloaded(machine: Machine) -> None:
    machine.run(nvidia="present")
    machine.put(served="{}")
    assert machine.run(nvidia="present")["signal"] == "reload"


def test_a_daemon_that_is_down_is_started(machine: Machine) -> None:
    (machine.state / "up-docker").unlink()
    (machine.state / "enabled").unlink()
    result = machine.run(daemon_settings=RESTARTS)
    assert machine.told() == ["enable --no-reload --quiet docker", "start docker"] and result["signal"] is None


def test_no_engine(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOAD", "not-found")
    (machine.state / "up-docker").unlink()
    result = machine.run(check=True, nvidia="present")
    assert result["changed"] and not result["engine"]["present"] and result["signal"] is None
    with pytest.raises(HostError) as caught:
        machine.run(nvidia="present")
    assert caught.value.code == "engine_missing" and not machine.daemon.exists()


def test_selinux(machine: Machine, monkeypatch: pytest.MonkeyPatch, program: Callable[[str, str], Path], calls: Callable[[], list[str]]) -> None:
    """Booleans that the policy has and that are off are switched on, where containers get GPUs."""
    program("setsebool", 'touch "$STATE/on"')
    monkeypatch.setattr(look, "_selinux", lambda: "enforcing")
    monkeypatch.setattr(look, "_booleans", lambda names: dict.fromkeys(names, (machine.state / "on").exists()))
    assert not machine.run(nvidia="absent")["changed"]
    result = machine.run(nvidia="present")
    assert result["selinux"] == "enforcing" and "SELinux boolean container_use_devices: on" in result["changes"]
    assert "setsebool -P container_use_devices on" in calls()
    assert not machine.run(nvidia="present")["changed"]
    program("setsebool", "echo 'Cannot set persistent booleans' >&2; exit 1")
    (machine.state / "on").unlink()
    with pytest.raises(HostError) as caught:
        machine.run(nvidia="present")
    assert caught.value.code == "selinux_failed"


@pytest.mark.parametrize(("before", "after", "fails"), [(1, 1, False), (1, 0, True), (None, None, False), (0, 0, False)])
def test_gpus_are_counted_after_a_change(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, before: Optional[int], after: Optional[int], fails: bool
) -> None:
    answers = [before, after]
    monkeypatch.setattr(modules, "loaded", lambda: ("580.1.2", "open"))
    monkeypatch.setattr(cdi, "specs", lambda driver: [])
    monkeypatch.setattr(containers, "_has_nvidia_smi", lambda pid: True)
    monkeypatch.setattr(containers, "_gpus", lambda engine, name: (answers.pop(0), "NVML"))
    if not fails:
        assert machine.run(daemon_settings=RELOADS)["changed"]
        return
    with pytest.raises(HostError) as caught:
        machine.run(daemon_settings=RELOADS)
    assert caught.value.code == "gpu_lost" and "triton-blue" in caught.value.cause


def test_a_change_that_takes_a_strangers_gpus_fails(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = "Failed to initialize NVML: Unknown Error"
    answers: dict[str, list[tuple[int, Optional[str]]]] = {"triton-blue": [(1, None), (1, None)], "redis": [(1, None), (0, problem)]}
    machine.put("stranger")
    monkeypatch.setattr(modules, "loaded", lambda: ("580.1.2", "open"))
    monkeypatch.setattr(cdi, "specs", lambda driver: [])
    monkeypatch.setattr(containers, "_has_nvidia_smi", lambda pid: True)
    monkeypatch.setattr(containers, "_gpus", lambda engine, name: answers[name].pop(0))
    with pytest.raises(HostError) as caught:
        machine.run(daemon_settings=RELOADS)
    assert caught.value.code == "gpu_lost" and "redis" in caught.value.cause and "triton-blue" not in caught.value.cause


def test_lost_gpus_are_told_by_a_look(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules, "loaded", lambda: ("580.1.2", "open"))
    monkeypatch.setattr(containers, "_has_nvidia_smi", lambda pid: True)
    monkeypatch.setattr(containers, "_gpus", lambda engine, name: (0, "Failed to initialize NVML: Unknown Error"))
    (found,) = machine.run(check=True)["warnings_found"]
    assert found["code"] == "gpu_lost" and "systemctl restart triton@blue.service" in found["remedy"]
