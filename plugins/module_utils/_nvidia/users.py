# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which processes hold an NVIDIA device open, read from /proc: works without nvidia-smi and sees processes in containers.

The driver's own daemons are no users: they are stopped and started with it.
Sources: proc(5); device files in the NVIDIA driver README, chapter "Frequently Asked Questions".
"""

from __future__ import annotations

import glob
import os
import re
from typing import Any

from .._triton.hostinfo import place
from .driver import text

_DEVICE = re.compile(r"/dev/nvidia(?:\d+|-uvm(?:-tools)?|ctl|-caps/.*)")
_DAEMONS = frozenset(("nvidia-persiste", "nv-fabricmanage", "nvidia-powerd", "nvlsm"))  # the kernel keeps 15 characters


def of_gpu(proc: str = "/proc") -> list[dict[str, Any]]:
    """Processes that have a device of the driver open, by pid, with the unit or container that they belong to."""
    found = []
    for folder in sorted(glob.glob(f"{proc}/[0-9]*"), key=lambda path: int(os.path.basename(path))):
        if not _holds(f"{folder}/fd"):
            continue
        name = text(f"{folder}/comm").strip()
        if name in _DAEMONS:
            continue
        unit, container = place(text(f"{folder}/cgroup"))
        found.append(
            {
                "pid": int(os.path.basename(folder)),
                "process": name,
                "unit": unit,
                "container": container[:12] if container else None,
            }
        )
    return found


def _holds(folder: str) -> bool:
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            if _DEVICE.fullmatch(os.readlink(os.path.join(folder, name))):
                return True
        except OSError:
            continue
    return False
