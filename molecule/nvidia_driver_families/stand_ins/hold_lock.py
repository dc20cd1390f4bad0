# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""hold_lock.py [SECONDS]: hold dpkg's lock as another package manager would, for ever, or for so long after apt-get has begun to wait for it."""

from __future__ import annotations

import fcntl
import glob
import sys
import time


def somebody_waits() -> bool:
    """Whether an apt-get that installs is running; it cannot go on without the lock."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as stream:
                words = stream.read().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"apt-get") and b"install" in words:
            return True
    return False


with open("/var/lib/dpkg/lock-frontend", "wb") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    while len(sys.argv) == 1 or not somebody_waits():
        time.sleep(0.2)
    time.sleep(float(sys.argv[1]))
