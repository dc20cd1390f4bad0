# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker 20.10 with a daemon.json that someone wrote by hand: what is reloaded, what is restarted, whom a restart may stop."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import pytest

from on_host import DAEMON_JSON, HERE, Runtime, assert_fails

BY_HAND = (HERE.parent / "daemon.json.j2").read_text(encoding="utf-8").partition("#}\n")[2]
RESTARTS = {"container_runtime_daemon_settings": {"log-opts": {"max-size": "21m"}}}
STRANGER = "docker run --detach --name stranger --entrypoint sleep $(docker image ls --quiet | head -n 1) 600"


@pytest.mark.quick
def test_what_was_written_by_hand_is_kept(host: Runtime) -> None:
    """Byte for byte: only the lines of what was asked for differ, the file's owner and mode are what they were."""
    text = host.shell(f"cat {DAEMON_JSON}")
    changed = [line for line in difflib.ndiff(BY_HAND.splitlines(), text.splitlines()) if line[0] in "+-"]
    assert [line for line in changed if line[0] == "-"] == [
        '-   "log-opts": { "max-size": "10m",   "max-file": "3" },',
        '-     "other": {"path": "/usr/sbin/runc"}',
    ]
    assert '+   "log-opts": { "max-size": "20m",   "max-file": "3" },' in changed
    assert json.loads(text)["runtimes"]["nvidia"]["path"] == "nvidia-container-runtime"
    assert host.shell(f"stat -c '%a %U' {DAEMON_JSON}").strip() == "640 root"
    assert "nvidia" in host.shell("docker info --format '{{json .Runtimes}}'")


@pytest.mark.quick
def test_a_reload_leaves_containers_alone(host: Runtime) -> None:
    """Labels and mirrors are taken in by a running daemon."""
    daemon, serving = host.shell("pidof dockerd"), host.triton()
    variables = {
        "container_runtime_daemon_settings": {"log-opts": {"max-size": "20m"}, "labels": ["rack=7"]},
        "container_runtime_registry_mirrors": [{"registry": "docker.io", "mirrors": ["mirror.example.com"]}],
    }
    run = host.changed(variables, ["--diff"])
    assert '+ "https://mirror.example.com"' in run.output, run.output[-3000:]
    assert "https://mirror.example.com/" in host.shell("docker info --format '{{json .RegistryConfig.Mirrors}}'")
    assert "rack=7" in host.shell("docker info --format '{{json .Labels}}'")
    assert (host.shell("pidof dockerd"), host.triton()) == (daemon, serving) and host.serves()


@pytest.mark.quick
def test_a_strangers_container_is_not_stopped(host: Runtime) -> None:
    host.shell(STRANGER)
    host.refused(RESTARTS, "must be restarted", "log-opts.max-size", "stranger", "foreign_containers", "container_runtime_allow")


def test_a_restart_that_was_allowed_is_drained(host: Runtime, tmp_path: Path) -> None:
    """The user's tasks run around it, Triton stops in order and serves again before the load comes back; what was allowed is shown."""
    marks = tmp_path / "marks"
    serving = host.triton()
    for name in ("drain", "undrain"):
        ask = f"systemctl is-active triton@blue; {host.engine} ps --quiet --filter name=triton-blue"
        (tmp_path / f"{name}.yml").write_text(
            f"- ansible.builtin.command: {{argv: [sh, -c, '{ask}']}}\n  register: bed_asked\n"
            f"- ansible.builtin.lineinfile: {{path: {marks}, line: '{name} {{{{ bed_asked.stdout_lines[0] }}}}', create: true, mode: '0600'}}\n"
            "  delegate_to: localhost\n  become: false\n"
        )
    variables = {
        **RESTARTS,
        "container_runtime_allow": ["foreign_containers"],
        "container_runtime_drain_tasks": str(tmp_path / "drain.yml"),
        "container_runtime_undrain_tasks": str(tmp_path / "undrain.yml"),
    }
    run = host.changed(variables)
    assert "overrides foreign_containers" in run.output, run.output[-3000:]
    assert marks.read_text().splitlines() == ["drain active", "undrain active"]
    assert host.triton() not in ("", serving) and host.serves()
    assert "stranger" not in host.shell("docker ps --format '{{.Names}}'")
    assert "MAINPID" not in host.shell("ls /run/inferops.triton 2>/dev/null || true")
    host.shell("docker rm --force stranger")


def test_a_daemon_that_does_not_start_gets_its_file_back(host: Runtime) -> None:
    """`hosts` is a flag of Debian's unit as well, which only a start tells: the old settings come back, and Triton with them."""
    before = host.shell(f"cat {DAEMON_JSON}")
    run = host.role({"container_runtime_daemon_settings": {"log-opts": {"max-size": "21m"}, "hosts": ["tcp://127.0.0.1:2375"]}})
    assert_fails(run, "did not start", "hosts", "as it was before, and so the daemon runs")
    assert host.shell(f"cat {DAEMON_JSON}") == before
    assert host.serves_soon(60)


def test_a_broken_file_is_refused_with_its_line(host: Runtime) -> None:
    """Before anything is changed: not even the toolkit, of which another version is asked for."""
    good = host.shell(f"cat {DAEMON_JSON}")
    host.shell(f"sed -i '2s/,$//' {DAEMON_JSON}")
    try:
        host.refused({**RESTARTS, "container_runtime_toolkit_version": "1.20.0-1"}, f"{DAEMON_JSON}, line 3", "nothing was changed")
    finally:
        host.shell(f"cat > {DAEMON_JSON} <<'EOF'\n{good}\nEOF\ntruncate --size=-1 {DAEMON_JSON}")


def test_a_disk_that_is_full_for_settings(host: Runtime) -> None:
    """The old file is there byte for byte, and nothing was restarted."""
    serving, before = host.triton(), host.shell(f"cat {DAEMON_JSON}")
    with host.full_disk("/etc/docker"):
        run = host.role({"container_runtime_daemon_settings": {"log-opts": {"max-size": "22m"}}})
        assert host.shell(f"cat {DAEMON_JSON}; ls -A /etc/docker | grep -c tmp || true") == before + "0\n"
    assert_fails(run, host.name, "The file system of /etc/docker is full", "Free space there")
    assert host.shell(f"cat {DAEMON_JSON}") == before and host.triton() == serving and host.serves()


def test_a_misspelt_variable_is_refused(host: Runtime) -> None:
    host.refused({"container_runtime_toolkit_verison": "1"}, "container_runtime_toolkit_verison", "did you mean container_runtime_toolkit_version")


def test_back_to_the_start(host: Runtime) -> None:
    """The settings of the inventory again: one restart, and nothing left to do."""
    host.changed()
    assert host.serves()
