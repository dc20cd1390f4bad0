# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the package database of a host says, asked by one call; without the cost of a package module's run. Free of Ansible.

Sources: dpkg-query(1), dpkg(1) (states of packages), rpm(8).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .commands import run

DPKG, RPM = "dpkg", "rpm"
# RHEL and all that is made from it have this file; rpm and dpkg may both be there as tools.
_REDHAT = "/etc/redhat-release"
_QUERIES = {
    DPKG: (
        "dpkg-query",
        "--show",
        "--showformat=${Package}\t${Version}\t${db:Status-Status}\t${db:Status-Want}\t${db:Status-Eflag}\n",
    ),
    RPM: ("rpm", "--query", "--queryformat=%{NAME}\t%{EVR}\tinstalled\tinstall\tok\n"),
}
_INSTALLED = frozenset(("installed", "triggers-pending", "triggers-awaited"))
_UNFINISHED = frozenset(("half-installed", "half-configured", "unpacked"))


@dataclass(frozen=True)
class Package:
    """A package that the database knows. version: with the epoch, where there is one; status, want and flag: in dpkg's words."""

    name: str
    version: str
    status: str = "installed"
    want: str = "install"
    flag: str = "ok"

    @property
    def installed(self) -> bool:
        return self.status in _INSTALLED

    @property
    def unfinished(self) -> bool:
        """Left half done: nothing can be installed until it is finished."""
        return self.status in _UNFINISHED or self.flag == "reinstreq"


def database() -> Optional[str]:
    """Which database rules this host; None where there is none that we know."""
    if os.path.exists(_REDHAT) and shutil.which("rpm"):
        return RPM
    return next((name for name, query in _QUERIES.items() if shutil.which(query[0])), None)


def listing(names: Sequence[str] = ()) -> list[Package]:
    """The packages that the database knows, or those of the names (dpkg: patterns) that it does."""
    kind = database()
    if kind is None:
        return []
    # rpm says on stdout, too, which it does not know.
    everything = ("--all",) if kind == RPM and not names else ()
    lines = run([*_QUERIES[kind], *everything, *names]).stdout.splitlines()
    return [Package(*line.split("\t")) for line in lines if line.count("\t") == 4]


def missing(names: Sequence[str]) -> list[str]:
    """Those of the names that are not installed, in order; all of them where the host has no package database we know."""
    bare = [name.split("=", 1)[0] for name in names]
    installed = {package.name for package in listing(bare) if package.installed} if names else set()
    return [name for name, short in zip(names, bare) if short not in installed]
