# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The containers that run, and whether they still see their GPUs. Free of Ansible. Sources: docker-ps(1), podman-ps(1)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .commands import run


@dataclass(frozen=True)
class Container:
    """A running container; unit is the systemd unit that runs it, by the names that the caller knows; None: a stranger's.

    gpus: how many it sees; None where it has no nvidia-smi, or was not asked; problem: what nvidia-smi said where it failed.
    """

    name: str
    image: str
    unit: Optional[str] = None
    gpus: Optional[int] = None
    problem: Optional[str] = None

    def plain(self) -> dict[str, Any]:
        """As a dictionary of plain data."""
        return vars(self).copy()


def running(engine: str, units: Mapping[str, str], ask_gpus: bool) -> list[Container]:
    """The running containers of an engine; none where it does not answer."""
    done = run([engine, "ps", "--no-trunc", "--format", "{{.Names}}\t{{.Image}}"])
    found = []
    for line in done.stdout.splitlines() if done.returncode == 0 else []:
        name, _tab, image = line.partition("\t")
        name = name.split(",")[0]
        gpus, problem = _gpus(engine, name) if ask_gpus and name in units and _has_nvidia_smi(engine, name) else (None, None)
        found.append(Container(name, image, units.get(name), gpus, problem))
    return found


def _has_nvidia_smi(engine: str, name: str, proc: str = "/proc") -> bool:
    """Whether a container got GPUs, for nvidia-smi is mounted into it with them. Seen from outside: a failed exec would be an error in the daemon's log."""
    pid = run([engine, "inspect", "--format", "{{.State.Pid}}", name]).stdout.strip()
    return pid.isdigit() and os.path.lexists(os.path.join(proc, pid, "root", "usr/bin/nvidia-smi"))


def _gpus(engine: str, name: str) -> tuple[Optional[int], Optional[str]]:
    """What nvidia-smi in the container says.

    A container that lost its GPUs answers "Failed to initialize NVML: Unknown Error" (nvidia-container-toolkit issue 48).
    """
    done = run([engine, "exec", name, "nvidia-smi", "--list-gpus"])
    text = (done.stdout + done.stderr).strip()
    if done.returncode == 0:
        return sum(line.startswith("GPU ") for line in done.stdout.splitlines()), None
    if done.returncode in (126, 127) or "executable file" in text or "not found" in text:
        return None, None
    return 0, text.splitlines()[-1] if text else f"exit status {done.returncode}"


def lost(before: list[Container], after: list[Container]) -> list[Container]:
    """The containers that see fewer GPUs than they did."""
    had = {container.name: container.gpus for container in before}
    return [container for container in after if container.gpus is not None and container.gpus < (had.get(container.name) or 0)]
