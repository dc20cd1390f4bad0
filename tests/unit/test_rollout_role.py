# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rollout of every playbook: a host that is gone is left out, one that cannot be looked at ends the run before any is changed; waves in their
order, and the gate between them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "any_errors_fatal": True,
        "tasks": [
            {"ansible.builtin.import_role": {"name": "inferops.triton.triton_rollout", "tasks_from": "reach"}},
            {"name": "Go on", "ansible.builtin.debug": {"msg": "here"}},
        ],
    },
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{"name": "Sum up", "ansible.builtin.debug": {"msg": "{{ __triton_rollout_outcome | default({}) }}"}}],
    },
]
HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


def run(folder: Path, hosts: dict[str, dict[str, Any]], plays: Any = None) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and by task what it gave on each host."""
    (folder / "play.json").write_text(json.dumps(plays or PLAY))
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    program = shutil.which("ansible-playbook", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert program, "ansible-playbook is not on PATH"
    command = [program, "--inventory", str(folder / "inventory.json"), str(folder / "play.json")]
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_HOME": str(folder / "ansible")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
    result = json.loads(done.stdout[done.stdout.index("{") :])
    tasks = [task for play in result["plays"] for task in play["tasks"]]
    return done.returncode, {str(task["task"]["name"]).rpartition(" : ")[2]: task["hosts"] for task in tasks}


def test_a_host_that_is_gone_is_left_out_and_the_others_go_on(tmp_path: Path) -> None:
    # By 255 ssh says that it did not get through.
    (tmp_path / "ssh").write_text("#!/bin/sh\necho no route to host >&2\nexit 255\n")
    (tmp_path / "ssh").chmod(0o755)
    gone = {"ansible_connection": "ssh", "ansible_ssh_executable": str(tmp_path / "ssh")}
    _status, told = run(tmp_path, {"gpu1": HERE, "gpu2": gone, "gpu3": HERE})
    assert set(told["Go on"]) == {"gpu1", "gpu3"}
    outcomes = {name: result["msg"] for name, result in told["Sum up"].items()}
    assert outcomes["gpu1"] == outcomes["gpu3"] == {}
    assert (outcomes["gpu2"]["name"], outcomes["gpu2"]["state"]) == ("gpu2", "unreachable")
    assert "no route to host" in outcomes["gpu2"]["reason"]


def test_a_host_that_cannot_be_looked_at_ends_the_run(tmp_path: Path) -> None:
    status, told = run(tmp_path, {"gpu1": HERE, "gpu2": {**HERE, "ansible_python_interpreter": "/bin/false"}})
    assert status != 0 and "Go on" not in told and "Sum up" not in told
    message = told["Refuse a host that answers, and cannot be looked at"]["gpu2"]["msg"]
    assert message.startswith("gpu2: ") and "ansible_python_interpreter" in message


def role(part: str, **variables: Any) -> dict[str, Any]:
    """A task that runs a part of the role."""
    return {"ansible.builtin.import_role": {"name": "inferops.triton.triton_rollout", "tasks_from": part}, "vars": variables}


# The order of hosts and waves as the playbooks have it; the changes are made up.
CHANGE = yaml.safe_load((Path(__file__).resolve().parents[2] / "playbooks" / "site.yml").read_text(encoding="utf-8"))[1]
WAVES: list[dict[str, Any]] = [
    {
        "hosts": "all",
        "gather_facts": False,
        "vars": {"triton_rollout_due": "{{ after != 'one' }}", "triton_rollout_changes": ["an image"], "triton_rollout_cost": ["one restart"]},
        "tasks": [role("main")],
    },
    {
        "hosts": CHANGE["hosts"],
        "serial": CHANGE["serial"],
        "gather_facts": False,
        "tasks": [
            {
                "block": [
                    role("announce"),
                    {"name": "Change", "ansible.builtin.assert": {"that": "not broken | default(false)"}},
                    role("note", triton_rollout_before="one", triton_rollout_after="{{ after }}"),
                ],
                "rescue": [
                    {
                        "name": "Go back",
                        "ansible.builtin.set_fact": {
                            "__triton_rollout_outcome": {"name": "{{ inventory_hostname }}", "state": "rolled back", "reason": "it is broken"}
                        },
                    }
                ],
            },
            role("gate"),
        ],
    },
    {"hosts": "all", "gather_facts": False, "tasks": [role("summary")]},
]


@pytest.mark.parametrize(
    ("broken", "allowed", "states"),
    [
        ("", 0, "a1 changed, a2 changed, b1 changed, b2 changed, c unchanged"),
        ("a2", 0, "a1 changed, a2 rolled back, b1 not reached, b2 changed, c not reached"),
        # One of the two hosts of its wave: half of it may fail.
        ("a2", 50, "a1 changed, a2 rolled back, b1 changed, b2 changed, c unchanged"),
        ("a2", 49, "a1 changed, a2 rolled back, b1 not reached, b2 changed, c not reached"),
        ("b2", 50, "a1 not reached, a2 not reached, b1 not reached, b2 rolled back, c not reached"),
    ],
)
def test_waves_and_the_gate_between_them(tmp_path: Path, broken: str, allowed: int, states: str) -> None:
    """The canary b2 alone; then two at a time, rack a before rack b; nothing is due for c."""
    summary = tmp_path / "summary.json"
    fleet = {
        "triton_rollout_waves": [1, 2],
        "triton_rollout_canaries": ["b2"],
        "triton_rollout_domain": "{{ inventory_hostname[0] }}",
        "triton_rollout_max_fail_percentage": allowed,
        "triton_rollout_summary_file": str(summary),
    }
    names = ["a1", "a2", "b1", "b2", "c"]
    hosts = {name: {**HERE, **fleet, "after": "one" if name == "c" else "two", "broken": name == broken} for name in names}
    status, told = run(tmp_path, hosts, WAVES)
    (lines,) = [result["msg"] for result in told["Show the order, and what is due"].values()]
    assert lines[:4] == ["wave 1: b2", "wave 2: a1, a2", "wave 3: b1", "a1, a2, b1, b2: an image: one restart each"]
    written = json.loads(summary.read_text())
    assert ", ".join(f"{host['name']} {host['state']}" for host in written["hosts"]) == states
    assert (status, written["ok"]) == ((2, False) if broken else (0, True))
