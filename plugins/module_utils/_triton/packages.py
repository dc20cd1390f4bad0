# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which packages of the distribution a host lacks, without the cost of a package module's run. Free of Ansible."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

# Each prints the names of those packages that are installed, and complains of the others on stderr.
_QUERIES = (
    ("dpkg-query", ("--show", "--showformat=${db:Status-Status} ${Package}\n")),
    ("rpm", ("--query", "--queryformat=installed %{NAME}\n")),
)


def missing(names: Sequence[str]) -> list[str]:
    """Those of the names that are not installed, in order; all of them where the host has no package database we know."""
    if not names:
        return []
    for program, arguments in _QUERIES:
        if shutil.which(program):
            answer = subprocess.run([program, *arguments, *names], capture_output=True, text=True, check=False).stdout
            installed = {line.split(" ", 1)[1] for line in answer.splitlines() if line.startswith("installed ")}
            return [name for name in names if name.split("=", 1)[0] not in installed]
    return list(names)
