# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host has NVIDIA GPUs, and which driver is loaded; needs neither driver nor lspci. Free of Ansible.

Sources: Documentation/ABI/testing/sysfs-bus-pci, PCI class 0x03 (display controller), NVIDIA's vendor id 0x10de;
/sys/module/nvidia/version and /proc/driver/nvidia/version are the loaded kernel module's.
"""

from __future__ import annotations

import glob
import re
from typing import Optional

from .commands import read

_NVIDIA = "0x10de"
_VERSION = re.compile(r"\b(\d{3,}\.\d+(?:\.\d+)*)\b")


def count(devices: str = "/sys/bus/pci/devices") -> int:
    """How many GPUs of NVIDIA are on the PCI bus."""
    return sum(
        1
        for device in glob.glob(f"{devices}/*")
        if (read(f"{device}/vendor") or "").strip() == _NVIDIA and (read(f"{device}/class") or "").startswith("0x03")
    )


def driver_version(sys: str = "/sys", proc: str = "/proc") -> Optional[str]:
    """The version of the loaded driver; None where none is loaded."""
    version = (read(f"{sys}/module/nvidia/version") or "").strip()
    if version:
        return version
    match = _VERSION.search(read(f"{proc}/driver/nvidia/version") or "")
    return match.group(1) if match else None
