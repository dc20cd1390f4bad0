# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a service manager offers for one instance; systemd.py and supervisor.py implement it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Protocol

from .hostinfo import Listener

# States of an instance, in systemd's words for every manager.
RUNNING = "active"
STARTING = "activating"
STOPPING = "deactivating"
STOPPED = "inactive"
FAILED = "failed"  # also between the restarts of a crash loop
MISSING = "missing"  # the manager does not know the instance
UNKNOWN = "unknown"  # the manager does not answer


@dataclass(frozen=True)
class Status:
    """An instance as its manager sees it.

    run identifies one invocation: it changes with every start. restarts counts the manager's own restarts.
    words are the manager's, for messages. reload: its configuration on disk is newer than what it has read.
    """

    state: str
    pid: Optional[int] = None
    run: Optional[str] = None
    restarts: int = 0
    words: str = ""
    reload: bool = False


class Manager(Protocol):
    """A service manager, bound to one instance. Methods raise HostError; times are in seconds."""

    @property
    def service(self) -> str:
        """What the manager calls the instance."""

    def status(self) -> Status:
        """The present state."""

    def enabled(self) -> bool:
        """Whether the instance starts at boot."""

    def require(self) -> None:
        """Makes sure that the manager can run the instance, before anything changes."""

    def prepared(self) -> bool:
        """Whether prepare() would leave the manager's configuration as it is."""

    def prepare(self, reload: bool) -> None:
        """Brings the manager's configuration of the instance up to date; after the symlink was turned."""

    def enable(self) -> None:
        """Starts the instance at boot."""

    def restart(self, timeout: float) -> None:
        """Stops the instance, if it runs, and starts it; once."""

    def stop(self, timeout: float) -> bool:
        """Stops and disables the instance; True if anything changed."""

    def log(self, run: Optional[str]) -> str:
        """What an invocation wrote, its last lines at most."""

    def owns(self, listener: Listener) -> bool:
        """Whether a listening socket is the instance's."""
