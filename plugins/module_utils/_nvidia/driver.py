# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which NVIDIA kernel module is loaded, installed and built on this host, and what stands in its way.

Sources: NVIDIA driver README, chapter "Frequently Asked Questions" (/proc/driver/nvidia/version, /sys/module/nvidia/version,
nvidia-installer.log); dkms(8) for `dkms status`, whose lines are `module/version, kernel, arch: state` (2.x: `module, version, ...`);
UEFI specification 3.3 (SecureBoot is one byte after four of attributes); modprobe.d(5).
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from dataclasses import asdict, dataclass
from typing import Any, Optional

from .._triton.commands import read, run

_DKMS = re.compile(
    r"^(?P<module>[^,/\s]+)(?:/|, )(?P<version>[^,\s]+), (?P<kernel>[^,\s]+), [^:]+: (?P<state>\w+)", re.MULTILINE
)
_MODULE = re.compile(r"nvidia(?:-current|-srv)?\.ko(?:\.(?:xz|gz|zst))?")
_VERSION = re.compile(r"\b(\d{3,}\.\d+(?:\.\d+)*)\b")
_SECURE_BOOT = "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
# Where DKMS keeps the key that it signs with: Debian and RHEL, then Ubuntu (dkms framework.conf).
_KEYS = ("/var/lib/dkms/mok.pub", "/var/lib/shim-signed/mok/MOK.der")
_RUN_FILE_TRACES = ("usr/bin/nvidia-uninstall", "usr/bin/nvidia-installer", "var/log/nvidia-installer.log")
_LOG_LINES = 25


@dataclass(frozen=True)
class Build:
    """One line of `dkms status`."""

    module: str
    version: str
    kernel: str
    state: str

    def plain(self) -> dict[str, Any]:
        """As a dictionary of plain data."""
        return asdict(self)


def output(*command: str, timeout: float = 60) -> str:
    """What a program prints; empty where it is not there, fails to start or does not end in time (seconds)."""
    return run(command, timeout).stdout


def loaded(root: str = "/") -> tuple[Optional[str], Optional[str]]:
    """Version and flavour (open or proprietary) of the module in the kernel; (None, None) where there is none."""
    shown = text(os.path.join(root, "proc/driver/nvidia/version"))
    match = _VERSION.search(shown)
    version = text(os.path.join(root, "sys/module/nvidia/version")).strip() or (match.group(1) if match else None)
    return version, ("open" if "Open Kernel Module" in shown else "proprietary") if version else None


def installed(root: str = "/") -> dict[str, str]:
    """Version of the nvidia module on disk by kernel release; of several files of one kernel the one that modprobe prefers (updates/)."""
    found: dict[str, str] = {}
    for tree in sorted(glob.glob(os.path.join(root, "lib/modules/*"))):
        files = [
            os.path.join(folder, name)
            for folder, _folders, names in os.walk(tree)
            for name in names
            if _MODULE.fullmatch(name)
        ]
        # depmod.d(5): updates, then extra, before what the kernel package brought.
        files.sort(key=lambda path: (f"{tree}/updates/" not in path, f"{tree}/extra/" not in path, path))
        for path in files:
            version = output("modinfo", "-F", "version", path).strip()
            if version:
                found[os.path.basename(tree)] = version.splitlines()[0]
                break
    return found


def builds(listing: str) -> list[Build]:
    """The lines of `dkms status` about NVIDIA's modules."""
    return [
        Build(*match.group("module", "version", "kernel", "state"))
        for match in _DKMS.finditer(listing)
        if match.group("module").startswith("nvidia")
    ]


def build_log(root: str = "/") -> tuple[Optional[str], list[str]]:
    """Path and last lines of the newest log of a module that DKMS failed to build: it keeps those under build/, not under log/."""
    logs = glob.glob(os.path.join(root, "var/lib/dkms/nvidia*/*/build/make.log"))
    if not logs:
        return None, []
    newest = max(logs, key=os.path.getmtime)
    return newest, [line for line in text(newest).splitlines() if line.strip()][-_LOG_LINES:]


def nouveau(root: str = "/", file: str = "") -> dict[str, bool]:
    """Whether nouveau is in the kernel, whether modprobe leaves it out, and whether an initramfs is older than the file that says so."""
    lines = [
        line.split("#", 1)[0].split()
        for folder in ("etc/modprobe.d", "lib/modprobe.d", "usr/lib/modprobe.d", "run/modprobe.d")
        for path in glob.glob(os.path.join(root, folder, "*.conf"))
        for line in text(path).splitlines()
    ]
    # Debian's name of it, then RHEL's. A rescue image stays as it was made.
    images = [
        path
        for name in ("initrd.img-*", "initramfs-*.img")
        for path in glob.glob(os.path.join(root, "boot", name))
        if "rescue" not in path
    ]
    said = os.path.getmtime(file) if file and os.path.exists(file) else 0
    return {
        "loaded": os.path.isdir(os.path.join(root, "sys/module/nouveau")),
        "blacklisted": ["blacklist", "nouveau"] in lines,
        "initramfs_stale": any(os.path.getmtime(path) < said for path in images),
    }


def secure_boot(root: str = "/") -> dict[str, Any]:
    """Whether the firmware demands signatures; the key that DKMS signs with, and whether it is enrolled (None: cannot be told)."""
    try:
        with open(os.path.join(root, "sys", _SECURE_BOOT), "rb") as stream:
            enabled = stream.read()[4:5] == b"\x01"
    except OSError:
        enabled = False
    file = next((path for path in _KEYS if os.path.exists(os.path.join(root, path.lstrip("/")))), None)
    enrolled = None
    if enabled and file and shutil.which("mokutil"):
        enrolled = "is already enrolled" in output("mokutil", "--test-key", file)
    return {"enabled": enabled, "key": file, "enrolled": enrolled}


def kernel(release: str, root: str = "/") -> dict[str, Any]:
    """The running kernel, and whether modules can be built for it: build is a link that its headers complete."""
    return {
        "release": release,
        "headers": os.path.exists(os.path.join(root, "lib/modules", release, "build", "Makefile")),
    }


def run_file(root: str = "/") -> bool:
    """Whether NVIDIA's run file has installed a driver: its uninstaller lies beside a log of its own."""
    return any(os.path.exists(os.path.join(root, path)) for path in _RUN_FILE_TRACES)


def text(path: str) -> str:
    """A file's text; empty where it cannot be read."""
    return read(path) or ""
