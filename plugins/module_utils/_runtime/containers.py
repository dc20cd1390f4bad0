# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The containers that run, and whether they still see their GPUs. Free of Ansible. Sources: docker-ps(1), podman-ps(1)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .._triton.commands import run


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
    """The running containers of an engine; none where it does not answer. Strangers' are asked for their GPUs, too: what is done here can take those away."""
    done = run([engine, "ps", "--no-trunc", "--format", "{{.Names}}\t{{.Image}}"])
    images = {}
    for line in done.stdout.splitlines() if done.returncode == 0 else []:
        name, _tab, image = line.partition("\t")
        images[name.split(",")[0]] = image
    pids = _pids(engine, list(images)) if ask_gpus and images else {}
    found = []
    for name, image in images.items():
        gpus, problem = _gpus(engine, name) if name in pids and _has_nvidia_smi(pids[name]) else (None, None)
        found.append(Container(name, image, units.get(name), gpus, problem))
    return found


def without_gpus(engines: Sequence[str] = ("docker", "podman")) -> list[Container]:
    """The running containers of any engine that got GPUs and do not reach them."""
    return [container for engine in engines for container in running(engine, {}, True) if container.problem]


def gpu_lost(container: Container) -> dict[str, str]:
    """The warning about a container that does not reach its GPUs: code, cause and remedy."""
    return {
        "code": "gpu_lost",
        "cause": f"The container {container.name} does not reach its GPUs: {container.problem}.",
        "remedy": f"Restart it{f' (systemctl restart {container.unit})' if container.unit else ''}; with CDI a daemon-reload does not take them away.",
    }


def _pids(engine: str, names: list[str]) -> dict[str, str]:
    """The first process of each container, by one call."""
    done = run([engine, "inspect", "--type", "container", "--format", "{{.Name}}\t{{.State.Pid}}", *names])
    pairs = (line.partition("\t") for line in done.stdout.splitlines())
    # Docker puts a slash before the name.
    return {name.lstrip("/"): pid.strip() for name, _tab, pid in pairs}


def _has_nvidia_smi(pid: str, proc: str = "/proc") -> bool:
    """Whether a container got GPUs, for nvidia-smi is mounted into it with them. Seen from outside: a failed exec would be an error in the daemon's log."""
    return pid.isdigit() and pid != "0" and os.path.lexists(os.path.join(proc, pid, "root", "usr/bin/nvidia-smi"))


def _gpus(engine: str, name: str) -> tuple[Optional[int], Optional[str]]:
    """What nvidia-smi in the container says.

    A container that lost its GPUs answers "Failed to initialize NVML: Unknown Error" (nvidia-container-toolkit issue 48).
    """
    done = run([engine, "exec", name, "nvidia-smi", "--list-gpus"])
    if done.returncode == 0:
        return sum(line.startswith("GPU ") for line in done.stdout.splitlines()), None
    if done.returncode in (126, 127) or any(words in done.stdout + done.stderr for words in ("executable file", "not found")):
        return None, None
    # The engine has remarks of its own, on stderr.
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return 0, lines[-1] if lines else f"exit status {done.returncode}"


def lost(before: list[Container], after: list[Container]) -> list[Container]:
    """The containers that see fewer GPUs than they did."""
    had = {container.name: container.gpus for container in before}
    return [container for container in after if container.gpus is not None and container.gpus < (had.get(container.name) or 0)]
