# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""NVIDIA devices on the PCI bus, read from sysfs: works with no driver, no lspci and no list of devices.

Sources: Documentation/ABI/testing/sysfs-bus-pci; vendor 10de and device ids in https://pci-ids.ucw.cz; PCI code and ID assignment
(class 03 display, 0680 other bridge, which is what NVSwitches are); which GPUs the open modules drive: README of
github.com/NVIDIA/open-gpu-kernel-modules (Turing, device 1e02, is the first).
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

VENDOR = "0x10de"
_DISPLAY = "0x03"
_OTHER_BRIDGE = "0x0680"

# First device id of a generation, ascending. Ids of one generation lie together, apart from a few Ampere ones among Turing's.
_GENERATIONS = (
    (0x0000, "before Maxwell"),
    (0x1340, "Maxwell"),
    (0x15F0, "Pascal"),
    (0x1617, "Maxwell"),
    (0x1725, "Pascal"),
    (0x17C2, "Maxwell"),
    (0x1B00, "Pascal"),
    (0x1D81, "Volta"),
    (0x1DFF, "Turing"),
    (0x2080, "Ampere"),
    (0x2182, "Turing"),
    (0x2200, "Ampere"),
    (0x2300, "Hopper"),
    (0x2400, "Ampere"),
    (0x2600, "Ada Lovelace"),
    (0x2900, "Blackwell"),
)
_CLOSED = frozenset(("before Maxwell", "Maxwell", "Pascal", "Volta"))
# Grace Hopper: an H100 that only the open modules drive.
_GRACE_HOPPER = frozenset((0x2342, 0x2345, 0x2348))


@dataclass(frozen=True)
class Gpu:
    """A GPU by its place on the bus. ``open_modules``: no, yes or required."""

    address: str
    device: str
    generation: str
    open_modules: str
    driver: str

    def plain(self) -> dict[str, Any]:
        """As a dictionary of plain data."""
        return asdict(self)


def generation(device: int) -> str:
    """The generation of a GPU by its device id."""
    return next(name for first, name in reversed(_GENERATIONS) if device >= first)


def open_modules(device: int) -> str:
    """Whether NVIDIA's open kernel modules drive a GPU: no, yes, or required where no others do."""
    name = generation(device)
    if name == "Blackwell" or device in _GRACE_HOPPER:
        return "required"
    return "no" if name in _CLOSED else "yes"


def scan(sys: str = "/sys") -> tuple[list[Gpu], list[str]]:
    """The GPUs and the addresses of the NVSwitches of this host, by address."""
    gpus, switches = [], []
    folder = os.path.join(sys, "bus/pci/devices")
    for address in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = os.path.join(folder, address)
        if _read(path, "vendor") != VENDOR:
            continue
        kind = _read(path, "class")
        if kind.startswith(_OTHER_BRIDGE):
            switches.append(address)
        elif kind.startswith(_DISPLAY):
            text = _read(path, "device")
            device = int(text, 16) if text.startswith("0x") else 0
            driver = (
                os.path.basename(os.path.realpath(os.path.join(path, "driver")))
                if os.path.exists(os.path.join(path, "driver"))
                else ""
            )
            gpus.append(Gpu(address, text[2:], generation(device), open_modules(device), driver))
    return gpus, switches


def _read(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name), encoding="ascii", errors="replace") as stream:
            return stream.read().strip().lower()
    except OSError:
        return ""
