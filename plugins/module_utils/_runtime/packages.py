# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which versions of packages a host has, and whether its package manager was interrupted. Free of Ansible.

Sources: dpkg-query(1), dpkg(1) (states of packages), rpm(8); /var/lib/dpkg/updates holds what an interrupted dpkg had not yet
merged into its status, and as long as it does apt refuses every change (apt's pkgDPkgPM, "dpkg was interrupted").
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import Optional

from .commands import run

_UNFINISHED = ("half-installed", "half-configured", "unpacked")
_DPKG_UPDATES = "/var/lib/dpkg/updates"


def installed(names: Sequence[str]) -> tuple[dict[str, Optional[str]], list[str]]:
    """Name to version (None: not installed) of the named packages, and the packages that dpkg left unfinished, whichever they are."""
    if shutil.which("dpkg-query") and not _is_rpm():
        return _dpkg(names)
    found: dict[str, Optional[str]] = dict.fromkeys(names)
    if names and shutil.which("rpm"):
        answer = run(["rpm", "--query", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}\n", *names]).stdout
        for line in answer.splitlines():
            name, _blank, version = line.partition(" ")
            if name in found and " " not in version:
                found[name] = version
    return found, []


def _is_rpm() -> bool:
    """Whether dnf manages this host, as Ansible decides it: dpkg may be installed there as a tool."""
    return os.path.exists("/etc/redhat-release")


def _dpkg(names: Sequence[str]) -> tuple[dict[str, Optional[str]], list[str]]:
    found: dict[str, Optional[str]] = dict.fromkeys(names)
    unfinished = []
    answer = run(["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package} ${Version}\n"]).stdout
    for line in answer.splitlines():
        status, name, version = (line.split(" ", 2) + ["", ""])[:3]
        if status in _UNFINISHED:
            unfinished.append(f"{name} ({status})")
        elif status in ("installed", "triggers-pending", "triggers-awaited") and name in found:
            found[name] = version
    if not unfinished and os.path.isdir(_DPKG_UPDATES) and any(name.isdigit() for name in os.listdir(_DPKG_UPDATES)):
        unfinished.append("dpkg's journal")
    return found, unfinished
