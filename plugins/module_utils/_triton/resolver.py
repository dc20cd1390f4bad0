# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names resolved beside the event loop, by threads that nobody waits for.

asyncio's own executor is joined when the loop ends and again when the interpreter does: one resolver that never answers
would hold up an audit whose time is over, or which was interrupted.
"""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address

# A few dead names must not starve all others; a thread is started only where none is free.
_THREADS = 64

Found = t.List[t.Tuple[t.Any, ...]]
_Job = t.Tuple[asyncio.AbstractEventLoop, "asyncio.Future[Found]", Address]


class Resolver:
    """getaddrinfo in daemon threads."""

    def __init__(self) -> None:
        self._jobs: "queue.SimpleQueue[_Job]" = queue.SimpleQueue()
        self._threads = 0
        self._waiting = 0

    async def resolve(self, address: Address) -> Found:
        """The host's addresses as socket.getaddrinfo has them. OSError where it has none."""
        loop = asyncio.get_running_loop()
        future: "asyncio.Future[Found]" = loop.create_future()
        self._waiting += 1
        if self._waiting > self._threads < _THREADS:
            self._threads += 1
            threading.Thread(target=self._work, daemon=True, name="resolver").start()
        self._jobs.put((loop, future, address))
        return await future

    def _work(self) -> None:
        while True:
            loop, future, address = self._jobs.get()
            found: t.Union[Found, Exception]
            try:
                found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
            except Exception as error:  # OSError, and UnicodeError for what the codec refuses
                found = error if isinstance(error, OSError) else OSError(str(error))
            try:
                loop.call_soon_threadsafe(self._settle, future, found)
            except RuntimeError:  # the loop has ended, and nobody asks any more
                return

    def _settle(self, future: "asyncio.Future[Found]", found: t.Union[Found, Exception]) -> None:
        self._waiting -= 1
        if future.done():  # cancelled; its thread was busy all the same until the system's resolver gave up
            return
        if isinstance(found, Exception):
            future.set_exception(found)
        else:
            future.set_result(found)
