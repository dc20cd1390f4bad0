# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first look of every rollout: a host that is gone is left out, a host that cannot be looked at ends the run, before any is changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def run(folder: Path, hosts: dict[str, dict[str, Any]]) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and by task what it gave on each host."""
    (folder / "play.json").write_text(json.dumps(PLAY))
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
