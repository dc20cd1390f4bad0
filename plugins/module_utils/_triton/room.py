# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host has room for a second instance beside the one that runs: memory of the host and of every GPU. Free of Ansible.

A second instance needs about what the first one has by now; models are the most of it. Sources: proc(5) (VmRSS, MemAvailable),
nvidia-smi(1) (--query-gpu). On a GPU everything that is in use counts, whoever uses it: a container's processes cannot be told apart there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Optional

from .commands import read, run
from .hostinfo import listeners

# What a start needs for a while beyond what a running instance has.
_MARGIN = 1.1
_SECONDS = 90
_MIB = 1024


def room(ports: Iterable[int], proc: str = "/proc", smi: str = "nvidia-smi") -> dict[str, Any]:
    """Memory in MiB that the instance on these ports has (``used_mib``), what is free (``free_mib``), the same for each GPU, and a ``problem`` or None."""
    used, free = _resident(ports, proc) // _MIB, _kib(os.path.join(proc, "meminfo"), "MemAvailable") // _MIB
    gpus = _gpus(smi)
    return {"used_mib": used, "free_mib": free, "gpus": gpus, "problem": _problem(used, free, gpus)}


def _problem(used: int, free: int, gpus: list[dict[str, int]]) -> Optional[str]:
    for gpu in gpus:
        if gpu["used_mib"] * _MARGIN > gpu["free_mib"]:
            return f"GPU {gpu['index']} has {gpu['used_mib']} MiB in use and {gpu['free_mib']} MiB free"
    if used * _MARGIN > free:
        return f"Triton has {used} MiB of the host's memory and {free} MiB are free"
    return None


def _resident(ports: Iterable[int], proc: str) -> int:
    """KiB that the processes have which share a control group with whoever listens on the ports."""
    pids = {listener.pid for listener in listeners(ports, proc) if listener.pid}
    groups = {read(os.path.join(proc, str(pid), "cgroup")) for pid in pids} - {None, ""}
    total = 0
    for name in os.listdir(proc):
        if name.isdigit() and read(os.path.join(proc, name, "cgroup")) in groups:
            total += _kib(os.path.join(proc, name, "status"), "VmRSS")
    return total


def _kib(path: str, key: str) -> int:
    for line in (read(path) or "").splitlines():
        name, _colon, value = line.partition(":")
        if name == key:
            return int(value.split()[0])
    return 0


def _gpus(smi: str) -> list[dict[str, int]]:
    """Memory of each GPU; empty where there is none, or no driver that answers."""
    command = [smi, "--query-gpu=index,memory.used,memory.free", "--format=csv,noheader,nounits"]
    done = run(command, _SECONDS)
    rows = [line.split(",") for line in done.stdout.splitlines()] if done.returncode == 0 else []
    return [
        dict(zip(("index", "used_mib", "free_mib"), map(int, row)))
        for row in rows
        if len(row) == 3 and all(cell.strip().isdigit() for cell in row)
    ]
