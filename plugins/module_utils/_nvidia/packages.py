# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The driver's packages on this host: which are installed, held, broken, and which versions could be had. dpkg and rpm.

Sources: dpkg-query(1) (status abbreviations and fields), apt-cache(8) (`policy`), rpm(8) (query formats), dnf(8) (`repoquery`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from typing import Any, Optional

from .driver import output, text

# What NVIDIA's driver is packaged as, in every distribution; not the container toolkit, the CUDA toolkit or DCGM.
DRIVER = re.compile(
    r"(?:nvidia|libnvidia|firmware-nvidia|xserver-xorg-video-nvidia|linux-(?:modules|objects|signatures)-nvidia|kmod-nvidia|libcuda1$|libcudadebugger1$"
    r"|libnvcuvid1$|libnvoptix1$|libnvsdm|libegl-nvidia|libgl1-nvidia|libgles-nvidia|libglx-nvidia|cuda-drivers|nvlsm$)"
)
_OTHERS = re.compile(
    r"(?:lib)?nvidia-(?:container|docker|ctk|cuda-(?:toolkit|dev|doc|gdb)|cudnn|visual|profiler|nsight|settings$|installer-cleanup$|support$|kernel-common$)"
)
_CANDIDATE = re.compile(r"^  Candidate: (\S+)", re.MULTILINE)
_VERSION = re.compile(r"^ (?:\*\*\*|   ) (\S+) -?\d+$")
_SOURCE = re.compile(r"^ {6,9}-?\d+ (\S+)")
_HALF = frozenset(("half-installed", "half-configured", "unpacked", "triggers-awaited", "triggers-pending"))


def is_driver(name: str) -> bool:
    """Whether a package belongs to the driver by its name."""
    return bool(DRIVER.match(name)) and not _OTHERS.match(name)


def manager() -> Optional[str]:
    """apt or dnf, by the database that this host has."""
    if shutil.which("dpkg-query") and shutil.which("apt-cache"):
        # Debian's rpm may be there as well; its database is empty.
        return "apt" if not _rpm_rules() else "dnf"
    return "dnf" if shutil.which("rpm") else None


def _rpm_rules() -> bool:
    return "rhel" in re.findall(
        r"[a-z]+", next((line for line in text("/etc/os-release").splitlines() if line.startswith("ID_LIKE=")), "")
    )


def installed(kind: Optional[str], extra: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """The driver's packages and ``extra`` ones by name, with version, status and whether they are held."""
    names = frozenset(extra)
    if kind == "apt":
        listing = output(
            "dpkg-query", "--show", "--showformat=${Package}\t${Version}\t${db:Status-Status}\t${db:Status-Want}\n"
        )
        return dpkg(listing, names)
    if kind == "dnf":
        listing = output("rpm", "--query", "--all", "--queryformat=%{NAME}\t%{EVR}\n")
        return rpm(listing, names, text("/etc/dnf/plugins/versionlock.list"))
    return {}


def dpkg(listing: str, extra: frozenset[str] = frozenset()) -> dict[str, dict[str, Any]]:
    """What dpkg-query lists of the driver."""
    found = {}
    for line in listing.splitlines():
        name, version, status, want = line.split("\t")
        if (is_driver(name) or name in extra) and status not in ("not-installed", "config-files"):
            found[name] = {"version": version, "status": status, "held": want == "hold"}
    return found


def rpm(listing: str, extra: frozenset[str], locks: str) -> dict[str, dict[str, Any]]:
    """What rpm lists of the driver; a lock of dnf's plugin versionlock names a package and its version."""
    lines = [line.strip() for line in locks.splitlines()]
    found = {}
    for line in listing.splitlines():
        name, version = line.split("\t")
        if is_driver(name) or name in extra:
            lock = f"{name}-{version if ':' in version else '0:' + version}.*"
            found[name] = {"version": version, "status": "installed", "held": lock in lines, "lock": lock}
    return found


def broken(kind: Optional[str]) -> list[str]:
    """Packages of any kind that dpkg left half done: nothing can be installed until they are finished."""
    if kind != "apt":
        return []
    listing = output("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status} ${db:Status-Eflag}\n")
    return sorted(
        line.split()[0]
        for line in listing.splitlines()
        if line.split()[1] in _HALF or line.split()[2] == "reinst-required"
    )


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


def header_packages(kind: Optional[str], release: str) -> list[str]:
    """The headers of the running kernel, and the package that brings those of the next: named like the kernel's own (dpkg only)."""
    if kind == "dnf":
        return [f"kernel-devel-{release}", "kernel-headers"]
    listing = output("dpkg-query", "--show", "--showformat=${Package}\t${db:Status-Status}\n", "linux-image-*")
    images = [line.split("\t")[0] for line in listing.splitlines() if line.endswith("\tinstalled")]
    following = [
        name.replace("linux-image-", "linux-headers-", 1)
        for name in images
        if re.fullmatch(r"linux-image-[a-z][a-z0-9.-]*", name) and "unsigned" not in name
    ]
    return [f"linux-headers-{release}", *following]
