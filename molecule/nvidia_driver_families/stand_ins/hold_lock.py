# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""hold_lock.py SECONDS: hold dpkg's lock as another package manager would."""

from __future__ import annotations

import fcntl
import sys
import time

with open("/var/lib/dpkg/lock-frontend", "wb") as stream:
    fcntl.lockf(stream, fcntl.LOCK_EX)
    time.sleep(float(sys.argv[1]))
