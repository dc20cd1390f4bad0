# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the containers of triton_server are started with: GPUs, labels for SELinux, confinement. Rendered by Ansible from the role's own variables."""

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

ROLE = Path(__file__).parents[2] / "roles" / "triton_server"
SENT, OWN = "/var/lib/triton/models/abc", "/srv/models"
# name: the role's variables, whether the host has SELinux, and options that `start` must have, or must not (with "!").
CASES: dict[str, tuple[dict[str, Any], bool, list[str]]] = {
    "docker": ({}, False, ['--volume "$PWD:/etc/triton/generation:ro" --workdir', f"--volume {SENT}:{SENT}:ro ", "!--gpus", "!--device", "!,z"]),
    "docker_gpus": ({"triton_server_container_gpus": "all"}, False, ["--gpus all", "!--device"]),
    "docker_cdi": (
        {"triton_server_container_gpus": '"device=0,GPU-1"', "triton_server_container_cdi": True},
        False,
        ["--device nvidia.com/gpu=0", "--device nvidia.com/gpu=GPU-1", "!--gpus"],
    ),
    "podman": ({"triton_server_engine": "podman"}, False, ["podman run", "!--device", "--cap-drop ALL", "--read-only", "no-new-privileges", "--pull never"]),
    "podman_gpus": (
        {"triton_server_engine": "podman", "triton_server_container_gpus": 2},
        False,
        ["--device nvidia.com/gpu=0", "--device nvidia.com/gpu=1", "!gpu=2"],
    ),
    "selinux": (
        {"triton_server_engine": "podman"},
        True,
        [
            '--volume "$PWD/tls:/etc/triton/generation/tls:ro,z"',
            '--volume "$PWD/models:/etc/triton/generation/models:ro,z"',
            f"--volume {SENT}:{SENT}:ro,z",
            f"--volume {OWN}:{OWN}:ro ",
            '!"$PWD:',
            "!label=disable",
        ],
    ),
    "selinux_docker_without_models": ({"triton_server_test_model": False}, True, ['generation/tls:ro,z" --workdir', '!"$PWD/models']),
    "selinux_disabled": ({"triton_server_container_selinux": "disable"}, True, ["--security-opt label=disable", '"$PWD:/etc/triton/generation:ro"', "!,z"]),
    "selinux_kept": ({"triton_server_container_selinux": "keep"}, True, ['"$PWD:/etc/triton/generation:ro"', "!,z", "!label=disable"]),
    "gateway": (
        {"triton_gateway_enabled": True},
        False,
        [
            "colour=$1 set -- case $colour in",
            "blue) set -- --grpc-port=18001 --http-port=18000 --metrics-port=18002 ;;",
            "green) set -- --grpc-port=28001 --http-port=28000 --metrics-port=28002 ;;",
            '--name "triton-$colour"',
        ],
    ),
    "selinux_asked_for": ({"triton_server_container_selinux": "relabel"}, False, ["generation/tls:ro,z"]),
}
PLAY = """
- hosts: all
  gather_facts: false
  vars_files: ["{role}/vars/main.yml"]
  tasks:
    - ansible.builtin.copy:
        content: "{{{{ lookup('ansible.builtin.template', '{role}/templates/start.' ~ triton_server_engine ~ '.j2') }}}}"
        dest: "{folder}/{{{{ inventory_hostname }}}}"
        mode: "0600"
"""
# What the role learns from the host and the binary.
LEARNT = {
    "__triton_server_argv": ["--log-verbose=1"],
    "__triton_server_sent_models": [SENT],
    "__triton_server_model_paths": [OWN],
    "__triton_server_info": {"engine": {"id": "sha256:1", "help": ""}, "user": {"uid": 997, "gid": 998}, "selinux": "{{ selinux }}"},
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one `start` for each case, named by it; one run of Ansible for all."""
    folder = tmp_path_factory.mktemp("start")
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    hosts = {name: {**defaults, **variables, "selinux": selinux, "ansible_connection": "local"} for name, (variables, selinux, _says) in CASES.items()}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (folder / "play.yml").write_text(PLAY.format(role=ROLE, folder=folder))
    program = shutil.which("ansible-playbook", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert program, "ansible-playbook is not on PATH"
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(folder / "local"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable, "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(
        [program, "-i", str(folder / "hosts.json"), "--extra-vars", json.dumps(LEARNT), str(folder / "play.yml")],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize("name", CASES)
def test_start(scripts: Path, name: str) -> None:
    text = (scripts / name).read_text(encoding="utf-8")
    subprocess.run(["sh", "-n", str(scripts / name)], check=True)
    one_line = " ".join(text.replace("\\\n", " ").split())
    for option in CASES[name][2]:
        assert (option.lstrip("!") in one_line) is not option.startswith("!"), f"{option} in {text}"
    assert "--user 997:998" in one_line and one_line.endswith('sha256:1 tritonserver --log-verbose=1 "$@"')
