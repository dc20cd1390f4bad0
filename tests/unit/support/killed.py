# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a Python script that is killed (SIGKILL) right before its n-th change of the disk or of a service.

    python killed.py N SCRIPT [ARGUMENT...]

Ends like the script where that makes fewer changes.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import xmlrpc.client
from collections.abc import Callable
from typing import Any

_CHANGES = ("rename", "replace", "symlink", "mkdir", "rmdir", "unlink", "chmod", "fchmod", "chown", "fchown", "fsync")


def before_change(number: int) -> None:
    """Has this process killed right before its n-th change, counted from now."""
    left = number

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return call

    for name in _CHANGES:
        setattr(os, name, deadly(getattr(os, name)))
    ask = xmlrpc.client.ServerProxy._ServerProxy__request  # type: ignore[attr-defined]
    order = deadly(ask)

    def request(proxy: Any, method: str, parameters: Any) -> Any:
        return (ask if ".get" in method else order)(proxy, method, parameters)

    setattr(xmlrpc.client.ServerProxy, "_ServerProxy__request", request)


if __name__ == "__main__":
    before_change(int(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
