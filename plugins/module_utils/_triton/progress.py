# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far an audit is, told through a file: the module writes it, whoever waits for the module reads it.

Neither gRPC nor a TLS library is imported here: the action plugin runs in Ansible's own process.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import typing as t

_PERIOD = 0.5  # seconds between two writes


class Progress(t.NamedTuple):
    """Endpoints that are finished, all there are, and those among the finished that failed."""

    done: int
    total: int
    failed: int


class ProgressFile:
    """One line of JSON, replaced at most twice a second, and when the last endpoint is finished.

    A file that cannot be written costs no result: the audit goes on without it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._last = float("-inf")
        self._timer: t.Optional[threading.Timer] = None
        self._usable = True

    def __call__(self, done: int, total: int, failed: int) -> None:
        """Note that one more endpoint is finished."""
        self._seen = Progress(done, total, failed)
        wait = self._last + _PERIOD - time.monotonic()
        if done == total or wait <= 0:
            self._write()
        elif self._timer is None:
            # Dead endpoints keep the next call waiting, and what was counted by now must show meanwhile.
            self._timer = threading.Timer(wait, self._write)
            self._timer.daemon = True
            self._timer.start()

    def _write(self) -> None:
        with self._lock:
            self._last, self._timer = time.monotonic(), None
            if not self._usable:
                return
            beside = "{0}.{1}".format(self._path, os.getpid())
            try:
                with open(beside, "w", encoding="ascii") as file:
                    file.write(json.dumps(self._seen._asdict()) + "\n")
                os.replace(beside, self._path)
            except OSError:
                self._usable = False
                with contextlib.suppress(OSError):
                    os.unlink(beside)


def read(path: str) -> t.Optional[Progress]:
    """What the file says, None as long as it says nothing."""
    try:
        with open(path, encoding="ascii") as file:
            return Progress(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None
