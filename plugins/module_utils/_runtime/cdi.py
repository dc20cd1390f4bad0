# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CDI specification of a host's GPUs: which driver it was made for, and making it anew. Free of Ansible.

Sources: CDI's SPEC.md (folders, file names, versions); nvidia-container-toolkit, cmd/nvidia-ctk/cdi/generate, and its
nvidia-cdi-refresh.service (1.18 and later), which writes to /var/run/cdi at boot and after a driver was installed. A specification
names the driver's libraries with their versions, so that after a driver change it names files that are gone
(nvidia-container-toolkit issues 856 and 1860). Of two folders the later one, /var/run/cdi, wins.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Optional

from .._triton.commands import last_line, read, run
from .._triton.disk import disk_errors, sync_folder
from .._triton.errors import HostError

STATIC = "/etc/cdi/nvidia.yaml"
DYNAMIC = "/var/run/cdi/nvidia.yaml"
REFRESH_UNITS = ("/usr/lib/systemd/system/nvidia-cdi-refresh.service", "/lib/systemd/system/nvidia-cdi-refresh.service")
REFRESH_ENVIRONMENT = "/etc/nvidia-container-toolkit/nvidia-cdi-refresh.env"
_OUTPUT = re.compile(r"^\s*NVIDIA_CTK_CDI_OUTPUT_FILE_PATH=[\"']?([^\"'\n]+)", re.MULTILINE)
_DRIVER = re.compile(r"lib(?:cuda|nvidia-ml)\.so\.(\d+(?:\.\d+)+)")
_HOST_PATH = re.compile(r"[\"']?hostPath[\"']?\s*:\s*[\"']?([^\"'\s,]+)")
_CDI_VERSION = re.compile(r"[\"']?cdiVersion[\"']?\s*:\s*[\"']?(\d+\.\d+\.\d+)")


@dataclass(frozen=True)
class Spec:
    """A specification on the disk; stale says why it must be made anew, None where it fits the loaded driver."""

    path: str
    driver_version: Optional[str] = None
    cdi_version: Optional[str] = None
    stale: Optional[str] = None

    def plain(self) -> dict[str, Any]:
        """As a dictionary of plain data."""
        return vars(self).copy()


def target(root: str = "/") -> str:
    """The file that belongs to the installed toolkit: the one its own unit keeps up to date, else one that outlives a reboot."""
    if any(os.path.exists(_under(root, unit)) for unit in REFRESH_UNITS):
        match = _OUTPUT.search(read(_under(root, REFRESH_ENVIRONMENT)) or "")
        return match.group(1).strip() if match else DYNAMIC
    return STATIC


def specs(driver: str, root: str = "/") -> list[Spec]:
    """The specification that must be there, and a second one that engines would read as well, each with what is wrong with it."""
    wanted = target(root)
    paths = [wanted] + [path for path in (STATIC, DYNAMIC) if path != wanted and os.path.exists(_under(root, path))]
    return [_look(path, driver, root) for path in paths]


def _look(path: str, driver: str, root: str) -> Spec:
    text = read(_under(root, path))
    if text is None:
        return Spec(path, stale="it is missing")
    match, version = _DRIVER.search(text), _CDI_VERSION.search(text)
    named = match.group(1) if match else None
    stale = None
    if named is None:
        stale = "it names no driver"
    elif named != driver:
        stale = f"it names the driver {named}, and {driver} is loaded"
    else:
        gone = [name for name in _HOST_PATH.findall(text) if not os.path.exists(_under(root, name))]
        stale = f"it names {gone[0]}, which is gone" if gone else None
    return Spec(path, named, version.group(1) if version else None, stale)


def generate(path: str) -> None:
    """Writes a specification by one rename. Raises HostError cdi_failed with what nvidia-ctk said."""
    folder = os.path.dirname(path)
    # Engines read *.yaml and *.json of the folder, and so not this.
    temporary = f"{path}.new"
    with disk_errors(folder):
        os.makedirs(folder, mode=0o755, exist_ok=True)
    done = run(["nvidia-ctk", "cdi", "generate", "--format=yaml", f"--output={temporary}"])
    if done.returncode != 0 or not os.path.exists(temporary):
        raise HostError(
            "cdi_failed",
            f"nvidia-ctk could not generate {path}: {last_line(done)}.",
            "Check the driver with nvidia-smi, and the toolkit with nvidia-ctk cdi generate.",
        )
    with disk_errors(folder):
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        sync_folder(folder)


def too_new(spec: Spec, podman: str) -> bool:
    """Whether a Podman of that version cannot read a specification: CDI 0.7 came with Podman 5.

    Source: containers/podman, go.mod of 4.9 (container-device-interface 0.6) and 5.0 (0.7).
    """
    return _numbers(spec.cdi_version or "0") >= (0, 7) and 0 < _numbers(podman)[0] < 5


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3]) or (0,)


def _under(root: str, path: str) -> str:
    return os.path.join(root, path.lstrip("/"))
