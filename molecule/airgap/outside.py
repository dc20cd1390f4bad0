# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints which of the places (host:port; «sources»: the first package source of this host) this host reaches, one a line."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path


def source() -> str:
    """Host and port of the first source of /etc/apt/sources.list."""
    found = re.search(r"https?://([^/\s]+)", Path("/etc/apt/sources.list").read_text(encoding="utf-8"))
    return f"{found[1]}:80" if found else "no-source:80"


for place in sys.argv[1:]:
    host, _colon, port = (source() if place == "sources" else place).rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        print(host, port)
    except OSError:
        continue
