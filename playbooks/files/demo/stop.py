# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop all that the demo runs: Supervisor, Triton and the processes of its Python backend.

Usage: stop.py FOLDER

FOLDER is the demo's. Its processes are known by what they execute, not by a file with process ids, so that those of a
run that was killed, or whose folder was deleted, are found too. Standard library only: the virtual environment may be gone.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

# Triton finishes its requests first (exit-timeout-secs); Supervisor waits a little longer (stopwaitsecs).
GENTLE_SECONDS = 30.0
FORCED_SECONDS = 5.0
SUPERVISOR = "Supervisor"


@dataclass(frozen=True)
class Process:
    """A process of the demo; what is its name for the reader."""

    pid: int
    what: str

    def __str__(self) -> str:
        return f"{self.what} (process {self.pid})"


def identify(folder: str, executable: str, arguments: list[str]) -> str:
    """What a process is to the demo in a folder; empty for one that is none of its."""
    if f"{folder}/supervisord.conf" in arguments[1:] and any(os.path.basename(a) == "supervisord" for a in arguments[:2]):
        return SUPERVISOR
    if executable.startswith(f"{folder}/engine/"):
        return "Triton" if "/bin/tritonserver" in executable else "its Python backend"
    return ""


def processes(folder: str) -> list[Process]:
    """The demo's processes that this user may look at; Supervisor first, whatever its number: numbers begin anew at the kernel's limit."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            executable = os.readlink(f"/proc/{name}/exe")
            with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="surrogateescape") as stream:
                arguments = stream.read().split("\0")
        except OSError:
            continue
        what = identify(folder, executable, arguments)
        if what:
            found.append(Process(int(name), what))
    return sorted(found, key=lambda process: (process.what != SUPERVISOR, process.pid))


def send(number: int, targets: list[Process]) -> None:
    for process in targets:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            pass


def gone(look: Callable[[], list[Process]], seconds: float) -> bool:
    """Wait until no process is left; False where some are after the given seconds."""
    deadline = time.monotonic() + seconds
    while look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def stop(folder: str) -> list[Process]:
    """Stop the demo's processes and return them; Supervisor first, which stops Triton and would start it again."""

    def look() -> list[Process]:
        return processes(folder)

    found = look()
    supervisors = [process for process in found if process.what == SUPERVISOR]
    send(signal.SIGTERM, supervisors or found)
    if found and not gone(look, GENTLE_SECONDS):
        send(signal.SIGKILL, look())
        if not gone(look, FORCED_SECONDS):
            left = ", ".join(str(process) for process in look())
            raise SystemExit(f"demo: {left} cannot be ended; look at it with ps, for instance in a debugger or on a dead disk.")
    return found


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    stopped = stop(os.path.realpath(arguments[0]))
    if stopped:
        names = ", ".join(str(process) for process in stopped)
        print(f"Stopped {names}. Nothing of the demo runs any more; make demo starts it again.")
    else:
        print("Nothing of the demo was running.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
