# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of this collection as Ansible does on a host: a process of its own, arguments and result as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

_MODULES = Path(__file__).resolve().parents[3] / "plugins" / "modules"
_KILLED = Path(__file__).with_name("killed.py")


def run(
    module: str, arguments: dict[str, Any], check: bool = False, diff: bool = False, kill_at: Optional[int] = None
) -> dict[str, Any]:
    """The result of a module; with kill_at {"killed": True} where it was killed before its n-th change."""
    flags = {"_ansible_check_mode": check, "_ansible_diff": diff}
    command = [sys.executable, str(_MODULES / f"{module}.py")]
    if kill_at is not None:
        command[1:1] = [str(_KILLED), str(kill_at)]
    done = subprocess.run(
        command,
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, **flags}}),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode < 0:
        return {"killed": True}
    try:
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise AssertionError(f"{module} gave no result:\n{done.stdout}{done.stderr}") from None
    return result
