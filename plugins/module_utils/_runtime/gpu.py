# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of NVIDIA's drivers is loaded. Free of Ansible.

/sys/module/nvidia/version and /proc/driver/nvidia/version are the loaded kernel module's.
"""

from __future__ import annotations

import re
from typing import Optional

from .commands import read

_VERSION = re.compile(r"\b(\d{3,}\.\d+(?:\.\d+)*)\b")


def driver_version(sys: str = "/sys", proc: str = "/proc") -> Optional[str]:
    """The version of the loaded driver; None where none is loaded."""
    version = (read(f"{sys}/module/nvidia/version") or "").strip()
    if version:
        return version
    match = _VERSION.search(read(f"{proc}/driver/nvidia/version") or "")
    return match.group(1) if match else None
