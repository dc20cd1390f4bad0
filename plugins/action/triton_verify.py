# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module triton_verify and tells on the terminal how far it is.

gRPC must not be imported here: this runs in Ansible's own process, which forks.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
import typing as t

from ansible import constants as C
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash

from ansible_collections.inferops.triton.plugins.module_utils._triton import progress

_PATIENCE = 3.0  # seconds; what is over sooner needs no progress
_PERIOD = 5.0  # seconds between two lines
_POLL = 0.5

display = Display()


class ActionModule(ActionBase):
    """The module, with progress while it runs, where it runs on the controller."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: t.Optional[str] = None, task_vars: t.Optional[t.Dict[str, t.Any]] = None) -> t.Dict[str, t.Any]:
        """The module's result, as it returned it."""
        result: t.Dict[str, t.Any] = super().run(tmp, task_vars)
        in_background = bool(self._task.async_val) and not self._connection.has_native_async
        if in_background or self._connection.transport != "local" or self._task.no_log:
            found = self._execute_module(task_vars=task_vars, wrap_async=in_background)
        else:
            found = self._with_progress(task_vars)
        result = merge_hash(result, found)
        if not in_background:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _with_progress(self, task_vars: t.Optional[t.Dict[str, t.Any]]) -> t.Dict[str, t.Any]:
        """Run the module with a thread beside it that reads how far it is."""
        # Ansible removes its own folder also where this process is killed by Ctrl-C.
        folder = tempfile.mkdtemp(prefix="triton-verify-", dir=C.DEFAULT_LOCAL_TMP)
        path = self._task.args.get("progress_file") or os.path.join(folder, "progress.json")
        over = threading.Event()
        reporter = threading.Thread(target=_report, args=(path, over), daemon=True)
        reporter.start()
        try:
            arguments = {**self._task.args, "progress_file": path}
            found: t.Dict[str, t.Any] = self._execute_module(module_args=arguments, task_vars=task_vars)
        finally:
            over.set()
            reporter.join()
            shutil.rmtree(folder, ignore_errors=True)
        return found


def _report(path: str, over: threading.Event) -> None:
    """Show a line every few seconds until `over`, if there is news."""
    # Else the kernel may give a Ctrl-C to this thread, and the main thread, which alone acts on it, sleeps on until the module ends.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    started = time.monotonic()
    shown, due = None, started + _PATIENCE
    while not over.wait(_POLL):
        now = time.monotonic()
        if now < due:
            continue
        seen = progress.read(path)
        if seen is not None and seen != shown:
            shown, due = seen, now + _PERIOD
            display.display(line(seen, now - started))


def line(seen: progress.Progress, seconds: float) -> str:
    """What the terminal says of the progress after so many seconds."""
    text = "triton_verify: {0} of {1} endpoints, {2} failed, {3:.0f} s"
    return text.format(seen.done, seen.total, seen.failed, seconds)
