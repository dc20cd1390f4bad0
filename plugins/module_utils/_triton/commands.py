# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the host's own programs, and writing its files so that a kill leaves the old or the new one. Free of Ansible."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Optional

from .disk import write_text
from .hostinfo import environment

SECONDS = 60.0
MISSING = 127


def run(command: Sequence[str], seconds: float = SECONDS, extra: Optional[Mapping[str, str]] = None) -> subprocess.CompletedProcess[str]:
    """A finished program; one that is not there or takes longer than the seconds ended with 127 or 124 and says so on stderr."""
    try:
        return subprocess.run(
            list(command),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            env=environment({"SYSTEMD_COLORS": "0", **(extra or {})}),
            check=False,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, MISSING, "", f"{command[0]}: {os.strerror(error.errno or 0)}")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"{command[0]} did not answer within {seconds:g} s")


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """What a failed program said last."""
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()] or lines
    return said[-1] if said else f"exit status {done.returncode}"


def read(path: str) -> Optional[str]:
    """A file's text; None where there is none, or none that can be read."""
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as stream:
            return stream.read()
    except OSError:
        return None


def write(path: str, text: str, mode: int = 0o644, folder_mode: int = 0o755) -> None:
    """Replaces a file by one rename, keeping the owner and, but for a stricter ``mode``, the mode it has. Raises HostError."""
    write_text(os.path.realpath(path), text, mode, folder_mode, keep=True)
