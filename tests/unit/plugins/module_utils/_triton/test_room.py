# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Room for a second instance: this process's own memory, and GPUs that a script answers for."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import room

ROOMY = "0, 10000, 70000\n"


def smi(folder: Path, rows: str, code: int = 0) -> str:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '{rows}'\nexit {code}\n")
    program.chmod(0o755)
    return str(program)


def test_a_listener_and_its_group_are_counted(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = room.room([server.getsockname()[1]], smi=smi(tmp_path, ROOMY))
    assert found["used_mib"] > 10 and found["free_mib"] > 10
    assert found["gpus"] == [{"index": 0, "used_mib": 10000, "free_mib": 70000}]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (ROOMY, None),
        (ROOMY + "1, 40000, 40000\n", "GPU 1 has 40000 MiB in use and 40000 MiB free"),
        ("0, [N/A], [N/A]\n", None),
        ("No devices were found\n", None),
        ("", None),
    ],
)
def test_gpus(tmp_path: Path, rows: str, says: str | None) -> None:
    assert room.room([], smi=smi(tmp_path, rows))["problem"] == says


def test_without_a_driver(tmp_path: Path) -> None:
    assert room.room([], smi=str(tmp_path / "none"))["gpus"] == []
    assert room.room([], smi=smi(tmp_path, "NVIDIA-SMI has failed", 9))["gpus"] == []


def test_memory_of_the_host(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:  102400 kB\n")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cgroup").write_text("0::/system.slice/triton@blue.service\n")
    (tmp_path / "7" / "status").write_text("Name: tritonserver\nVmRSS:  102400 kB\n")
    assert room._resident([], str(tmp_path)) == 0
    assert room._problem(100, 100, []) == "Triton has 100 MiB of the host's memory and 100 MiB are free"
    assert room._problem(90, 100, []) is None
