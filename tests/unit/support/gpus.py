# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as data: PCI trees in sysfs, and what nvidia_host_info returns of a host."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import yaml

ROLE = Path(__file__).parents[3] / "roles" / "nvidia_driver"

# What `lspci -n` prints of such machines, as «address class vendor:device [kernel driver]».
NO_GPU = "0000:00:00.0 060000 8086:0d57\n0000:00:02.0 030000 1234:1111 bochs-drm\n0000:00:03.0 020000 1af4:1041 virtio-pci"
CLOUD_T4 = "0000:00:00.0 060000 8086:1237\n0000:00:1e.0 030200 10de:1eb8 nvidia"
WORKSTATION = "0000:00:02.0 030000 8086:a780 i915\n0000:01:00.0 030000 10de:2684 nouveau\n0000:01:00.1 040300 10de:22ba snd_hda_intel"
OLD_AND_NEW = "0000:3b:00.0 030200 10de:1db4\n0000:af:00.0 030200 10de:20b5"
B200 = "0000:1b:00.0 030200 10de:2901\n0000:43:00.0 030200 10de:2901"
HGX_H100 = "\n".join(
    [f"0000:{bus:02x}:00.0 030200 10de:2330 nvidia" for bus in (0x1B, 0x43, 0x52, 0x61, 0x9D, 0xC3, 0xD1, 0xDF)]
    + [f"0000:{bus:02x}:00.0 068000 10de:22a3 nvidia-nvswitch" for bus in (0x07, 0x08, 0x09, 0x0A)]
)


def pci(root: Path, listing: str) -> str:
    """Write a listing as sysfs shows it, and return the folder that stands for /sys."""
    devices = root / "sys" / "bus" / "pci" / "devices"
    devices.mkdir(parents=True)
    for line in listing.splitlines():
        address, kind, identifier, *driver = line.split()
        vendor, device = identifier.split(":")
        folder = devices / address
        folder.mkdir()
        (folder / "vendor").write_text(f"0x{vendor}\n")
        (folder / "device").write_text(f"0x{device}\n")
        (folder / "class").write_text(f"0x{kind}\n")
        if driver:
            target = root / "sys" / "bus" / "pci" / "drivers" / driver[0]
            target.mkdir(parents=True, exist_ok=True)
            (folder / "driver").symlink_to(target)
    return str(root / "sys")


def role_data(name: str) -> dict[str, Any]:
    """The variables in a file of the role's vars/main."""
    data: dict[str, Any] = yaml.safe_load((ROLE / "vars" / "main" / f"{name}.yml").read_text(encoding="utf-8"))
    return data


DISTRIBUTIONS: dict[str, Any] = role_data("distributions")["__nvidia_driver_known_distributions"]
TABLE: dict[str, Any] = role_data("compatibility")["__nvidia_driver_compatibility_table"]
LIMITS: dict[str, Any] = role_data("compatibility")["__nvidia_driver_limits"]
NVIDIA = "https://developer.download.nvidia.com/compute/cuda/repos/x/x86_64/"
DEBIAN = "http://mirror.example/debian"


def settings(distribution: str = "Debian_12", **changes: Any) -> dict[str, Any]:
    """The role's variables at their defaults."""
    return {
        "data": DISTRIBUTIONS.get(distribution, {}),
        "known": list(DISTRIBUTIONS),
        "distribution": distribution.replace("_", " "),
        "source": "distribution",
        "version": "",
        "kernel_modules": "auto",
        "packages": [],
        "repository_url": NVIDIA,
        "headers": [],
        "kernel": "running",
        "force": False,
        "replace": False,
        "hold": True,
        "drains": False,
        "expected_gpus": 0,
        "space": {"/": 2500},
        "limits": LIMITS,
        "gate": {"release": "", "table": TABLE, "more": {}, "toolkit": ""},
        "allow": [],
        "asked": False,
        "marked": False,
        **changes,
    }


def gpu(device: str = "1eb8", generation: str = "Turing", open_modules: str = "yes") -> dict[str, Any]:
    """A GPU as nvidia_host_info returns it."""
    return {"address": "0000:00:1e.0", "device": device, "generation": generation, "open_modules": open_modules, "driver": ""}


def offers(version: str, *names: str, source: str = DEBIAN) -> dict[str, list[dict[str, Any]]]:
    """What the repositories have: one version of each package."""
    return {name: [{"version": version, "sources": [source]}] for name in names}


def host(gpus: Optional[list[dict[str, Any]]] = None, driver: Optional[dict[str, Any]] = None, **changes: Any) -> dict[str, Any]:
    """What nvidia_host_info returns of a bare host with one GPU."""
    return {
        "gpus": [gpu()] if gpus is None else gpus,
        "nvswitches": [],
        "driver": {
            "module_loaded": None,
            "flavour": None,
            "module_installed": None,
            "modules_installed": {},
            "origin": "none",
            "reboot_reasons": [],
            **(driver or {}),
        },
        "nvidia_smi": {"answers": False, "problem": None, "driver_version": None, "cuda_version": None, "gpus": []},
        "kernel": {
            "release": "6.1.0-56-amd64",
            "headers": False,
            "header_packages": ["linux-headers-6.1.0-56-amd64", "linux-headers-amd64"],
            "initramfs": "update-initramfs",
        },
        "secure_boot": {"enabled": False, "key": None, "enrolled": None},
        "nouveau": {"loaded": False, "blacklisted": True},
        "users": [],
        "package_manager": "apt",
        "packages": {},
        "broken_packages": [],
        "available": {},
        "free_mib": {"/": 9000},
        **changes,
    }


def installed(version: str, *names: str, held: bool = True, status: str = "installed") -> dict[str, dict[str, Any]]:
    """Packages that are installed."""
    return {name: {"version": version, "status": status, "held": held} for name in names}
