# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The driver's packages on this host: which are installed and held, and which versions could be had.

Sources: apt-cache(8) (`policy`), dnf(8) (`repoquery`), dnf-versionlock(8).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Optional

from .._triton import packages as database
from .driver import output

# What NVIDIA's driver is packaged as, in every distribution; not the container toolkit, the CUDA toolkit or DCGM.
DRIVER = re.compile(
    r"(?:nvidia|libnvidia|firmware-nvidia|xserver-xorg-video-nvidia|linux-(?:modules|objects|signatures)-nvidia|kmod-nvidia|libcuda1$|libcudadebugger1$"
    r"|libnvcuvid1$|libnvoptix1$|libnvsdm|libegl-nvidia|libgl1-nvidia|libgles-nvidia|libglx-nvidia|cuda-drivers|nvlsm$)"
)
_OTHERS = re.compile(
    r"(?:lib)?nvidia-(?:container|docker|ctk|cuda-(?:toolkit|dev|doc|gdb)|cudnn|visual|profiler|nsight|settings$|installer-cleanup$|support$|kernel-common$)"
)
_VERSION = re.compile(r"^ (?:\*\*\*|   ) (\S+) -?\d+$")
_SOURCE = re.compile(r"^ {6,9}-?\d+ (\S+)")


def is_driver(name: str) -> bool:
    """Whether a package belongs to the driver by its name."""
    return bool(DRIVER.match(name)) and not _OTHERS.match(name)


def manager() -> Optional[str]:
    """apt or dnf, by the database that rules this host."""
    return {database.DPKG: "apt", database.RPM: "dnf"}.get(database.database() or "")


def installed(found: Iterable[database.Package], extra: Iterable[str] = (), locks: str = "") -> dict[str, dict[str, Any]]:
    """The driver's packages and ``extra`` ones by name, with version, status and whether they are held: by dpkg, or by a line in the locks of dnf.

    A lock of dnf's plugin versionlock names a package and its version.
    """
    names, lines = frozenset(extra), frozenset(line.strip() for line in locks.splitlines())
    told = {}
    for package in found:
        if package.status in ("not-installed", "config-files") or not (is_driver(package.name) or package.name in names):
            continue
        lock = f"{package.name}-{package.version if ':' in package.version else '0:' + package.version}.*"
        held = package.want == "hold" or lock in lines
        told[package.name] = {"version": package.version, "status": package.status, "held": held, "lock": lock}
    return told


def available(kind: Optional[str], names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """For each name the versions that the configured repositories have, newest first, each with its sources (URL or repository id)."""
    if not names:
        return {}
    if kind == "apt":
        return policy(output("apt-cache", "policy", *names), names)
    if kind == "dnf":
        form = "%{name}\t%{evr}\t%{repoid}\n"
        return repoquery(
            output("dnf", "-q", "repoquery", "--showduplicates", f"--qf={form}", *names, timeout=300), names
        )
    return {name: [] for name in names}


def policy(listing: str, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What `apt-cache policy` lists; a version that only the package database knows is none that could be had."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    package = ""
    for line in listing.splitlines():
        if line and not line.startswith(" "):
            package = line.split(":")[0]
            continue
        version, source = _VERSION.match(line), _SOURCE.match(line)
        if version:
            found.setdefault(package, []).append({"version": version.group(1), "sources": []})
        elif source and found.get(package) and source.group(1) != "/var/lib/dpkg/status":
            found[package][-1]["sources"].append(source.group(1))
    return {name: [item for item in items if item["sources"]] for name, items in found.items()}


def repoquery(listing: str, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What `dnf repoquery` lists, oldest first there, newest first here."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for line in listing.splitlines():
        if line.count("\t") == 2:
            name, version, repository = line.split("\t")
            # A package may be asked for with its version: kernel-devel-5.14.0-427.el9.x86_64.
            exact = [asked for asked in names if asked.startswith(f"{name}-{version}")]
            for asked in [*exact, name]:
                found.setdefault(asked, []).insert(0, {"version": version, "sources": [repository]})
    return found


def header_packages(kind: Optional[str], release: str, found: Iterable[database.Package] = ()) -> list[str]:
    """The headers of the running kernel, and the package that brings those of the next: named like the kernel's own (dpkg only)."""
    if kind == "dnf":
        return [f"kernel-devel-{release}", "kernel-headers"]
    images = [package.name for package in found if package.status == "installed"]
    following = [
        name.replace("linux-image-", "linux-headers-", 1)
        for name in images
        if re.fullmatch(r"linux-image-[a-z][a-z0-9.-]*", name) and "unsigned" not in name
    ]
    return [f"linux-headers-{release}", *following]
