# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which versions of packages a host has, and whether its package manager was interrupted. Free of Ansible.

Source: /var/lib/dpkg/updates holds what an interrupted dpkg had not yet merged into its status, and as long as it does apt refuses every
change (apt's pkgDPkgPM, "dpkg was interrupted").
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Optional

from .._triton.packages import DPKG, database, listing

_DPKG_UPDATES = "/var/lib/dpkg/updates"


def installed(names: Sequence[str]) -> tuple[dict[str, Optional[str]], list[str]]:
    """Name to version without its epoch of rpm (None: not installed) of the named packages; the packages that dpkg left unfinished, whichever they are."""
    found: dict[str, Optional[str]] = dict.fromkeys(names)
    if database() != DPKG:
        found.update({package.name: package.version.rpartition(":")[2] for package in (listing(names) if names else [])})
        return found, []
    packages = listing()
    found.update({package.name: package.version for package in packages if package.installed and package.name in found})
    unfinished = [f"{package.name} ({package.status})" for package in packages if package.unfinished]
    if not unfinished and os.path.isdir(_DPKG_UPDATES) and any(name.isdigit() for name in os.listdir(_DPKG_UPDATES)):
        unfinished.append("dpkg's journal")
    return found, unfinished
