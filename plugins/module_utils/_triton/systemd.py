# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as units of one systemd template. Sources: systemctl(1), systemd.unit(5), journalctl(1); tried on 252."""

from __future__ import annotations

import os
import subprocess
import time
from typing import Optional

from . import manager
from .errors import HostError
from .disk import replace_link
from .hostinfo import Listener, environment

_STATES = {
    "active": manager.RUNNING,
    "reloading": manager.RUNNING,
    "activating": manager.STARTING,
    "deactivating": manager.STOPPING,
    "inactive": manager.STOPPED,
    "failed": manager.FAILED,
}
_PROPERTIES = (
    "LoadState,ActiveState,SubState,MainPID,InvocationID,NRestarts,Result,ExecMainCode,ExecMainStatus,NeedDaemonReload,ExecMainStartTimestampMonotonic"
)
_LOG_LINES = 400
_SECONDS = 30.0
DROP_IN = "generation.conf"


class Systemd:
    """One instance under systemd: a unit and a drop-in that is a symlink into the instance's generation."""

    def __init__(self, instance: str, unit: str, directory: str, drop_in: str, container: str) -> None:
        """unit: its name; directory: where units lie; drop_in: path that the drop-in points to; container: its name."""
        self.instance = instance
        self.service = unit
        self._drop_in = os.path.join(directory, f"{unit}.d", DROP_IN)
        self._drop_in_target = drop_in
        self._container = container

    def status(self) -> manager.Status:
        values = show([self.service]).get(self.service)
        if values is None:
            return manager.Status(manager.UNKNOWN, words="systemctl does not answer")
        return status_of(values)

    def enabled(self) -> bool:
        # Not the property UnitFileState: systemd keeps that one until it reloads.
        return _run(["systemctl", "is-enabled", self.service], _SECONDS).stdout.strip() in ("enabled", "enabled-runtime")

    def require(self) -> None:
        status = self.status()
        if status.state == manager.MISSING:
            _systemctl("daemon-reload")  # a template that was installed a moment ago
            status = self.status()
        if status.state == manager.MISSING:
            raise HostError(
                "unit_missing",
                f"systemd does not know the unit {self.service} ({status.words}).",
                f"Install its template in {os.path.dirname(os.path.dirname(self._drop_in))}.",
            )
        if status.state == manager.UNKNOWN:
            raise HostError(
                "service_manager_missing",
                f"systemd does not run on this host: {status.words}.",
                "Use a host with systemd, or the service manager supervisor.",
            )

    def prepared(self) -> bool:
        try:
            return os.readlink(self._drop_in) == self._drop_in_target
        except OSError:
            return False

    def prepare(self, reload: bool) -> None:
        turned = replace_link(self._drop_in, self._drop_in_target)
        if turned or reload or self.status().reload:
            _systemctl("daemon-reload")

    def enable(self) -> None:
        # The link for boot needs no reload, and a reload can take GPUs away from running containers.
        _systemctl("enable", "--no-reload", "--quiet", self.service)

    def restart(self, timeout: float) -> None:
        if self.status().state == manager.FAILED:
            _systemctl("reset-failed", self.service)
        try:
            # Whether the start succeeded is told by the status, and why not by the log.
            _run(["systemctl", "restart", self.service], timeout)
        except subprocess.TimeoutExpired:
            raise self._slow(timeout) from None

    def stop(self, timeout: float) -> bool:
        status = self.status()
        if status.state == manager.MISSING:
            return False
        enabled = self.enabled()
        changed = enabled or status.state != manager.STOPPED
        if enabled:
            _systemctl("disable", "--no-reload", "--quiet", self.service)
        if status.state != manager.STOPPED:
            try:
                _systemctl("stop", self.service, timeout=timeout)
            except subprocess.TimeoutExpired:
                raise self._slow(timeout) from None
        if self.status().state == manager.FAILED:
            _systemctl("reset-failed", self.service)
        return changed

    def reread(self) -> None:
        """Has systemd read its unit files again."""
        _systemctl("daemon-reload")

    def reload(self, timeout: float) -> None:
        """Has the service read its configuration again, without a restart. Raises HostError where systemd says that it failed."""
        _systemctl("reload", self.service, timeout=timeout)

    def log(self, run: Optional[str]) -> str:
        _run(["journalctl", "--sync"], _SECONDS)
        # The service's own lines, and those that systemd writes about it; then what the service wrote since its
        # start: the lines of a process that ended at once may lack the invocation.
        queries = [[f"--since=@{self._started():.6f}", f"_SYSTEMD_UNIT={self.service}"]]
        if run:
            queries.insert(0, [f"_SYSTEMD_INVOCATION_ID={run}", "+", f"INVOCATION_ID={run}"])
        lines: dict[str, None] = {}
        for query in queries:
            done = _run(["journalctl", "--no-pager", "--output=cat", f"--lines={_LOG_LINES}", *query], _SECONDS)
            lines.update(dict.fromkeys(done.stdout.splitlines()))
        return "\n".join(lines)

    def owns(self, listener: Listener) -> bool:
        return listener.unit == self.service or (listener.container or "").split(",")[0] == self._container

    def _started(self) -> float:
        """When the main process of the last start began, in seconds since the epoch."""
        values = show([self.service]).get(self.service, {})
        began = int(values.get("ExecMainStartTimestampMonotonic") or 0) / 1e6
        return time.time() - (time.monotonic() - began) if began else time.time()

    def _slow(self, timeout: float) -> HostError:
        return HostError(
            "stop_timeout",
            f"{self.service} did not stop within {timeout:g} s.",
            "Raise stop_timeout above the server's exit-timeout-secs, or look at the unit's log.",
        )


def transient(unit: str, description: str, properties: list[str], command: list[str]) -> None:
    """Runs a command as a unit without a file, which is forgotten when it ends. Raises HostError."""
    options = [f"--property={each}" for each in properties]
    done = _run(["systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--description={description}", *options, "--", *command], _SECONDS)
    if done.returncode != 0:
        raise HostError(
            "service_manager_failed",
            f"systemd-run of {unit} failed: {done.stderr.strip() or f'exit status {done.returncode}'}.",
            "Look at the journal of this host.",
        )


def show(units: list[str]) -> dict[str, dict[str, str]]:
    """Properties of units, by one call; empty where there is no systemd."""
    try:
        done = _run(["systemctl", "show", "--no-pager", f"--property=Id,{_PROPERTIES}", *units], _SECONDS)
    except (HostError, subprocess.TimeoutExpired):
        return {}
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in done.stdout.strip().split("\n\n")
    ]
    return dict(zip(units, blocks)) if done.returncode == 0 else {}


def status_of(values: dict[str, str]) -> manager.Status:
    """The status that a unit's properties stand for."""
    state = _STATES.get(values.get("ActiveState", ""), manager.UNKNOWN)
    if values.get("LoadState") != "loaded":
        state = manager.MISSING
    elif values.get("SubState") == "auto-restart":
        state = manager.FAILED
    words = f"{values.get('ActiveState')} ({values.get('SubState')})"
    if values.get("LoadState") != "loaded":
        words = values.get("LoadState", "not loaded")
    elif values.get("Result") not in ("success", "", None):
        words += f", result {values['Result']}, exit status {values.get('ExecMainStatus')}"
    return manager.Status(
        state=state,
        pid=int(values.get("MainPID") or 0) or None,
        run=values.get("InvocationID") or None,
        restarts=int(values.get("NRestarts") or 0),
        words=words,
        reload=values.get("NeedDaemonReload") == "yes",
    )


def _systemctl(*arguments: str, timeout: float = _SECONDS) -> None:
    done = _run(["systemctl", *arguments], timeout)
    if done.returncode != 0:
        raise HostError(
            "service_manager_failed",
            f"systemctl {' '.join(arguments)} failed: {done.stderr.strip() or f'exit status {done.returncode}'}.",
            "Look at the journal of this host.",
        )


def _run(command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            env=environment({"SYSTEMD_COLORS": "0"}),
            check=False,
        )
    except FileNotFoundError:
        raise HostError(
            "service_manager_missing",
            f"There is no {command[0]} on this host.",
            "Use a host with systemd, or the service manager supervisor.",
        ) from None
