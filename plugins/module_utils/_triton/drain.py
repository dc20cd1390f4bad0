# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting until clients have left an instance, as HAProxy counts them. Free of Ansible."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .generation import check_instance
from .haproxy import HaproxyDown

if TYPE_CHECKING:
    from .gateway import Gateway

_POLL_SECONDS = 0.1


def wait(gateway: Gateway, check: bool) -> dict[str, Any]:
    """State drained: waits until an instance has no connection left, or for the timeout (seconds); in check mode only looks."""
    instance, timeout = check_instance(gateway.params["instance"]), gateway.params["timeout"]
    began = time.monotonic()
    while True:
        try:
            found = [item for item in gateway.runtime.sessions() if item.server == instance]
        except HaproxyDown:
            found = []
        left = sum(item.current for item in found)
        seconds = time.monotonic() - began
        if not left or check or seconds >= timeout:
            by_backend: dict[str, int] = {}
            for item in found:
                by_backend[item.backend] = by_backend.get(item.backend, 0) + item.current
            return {"changed": False, "instance": instance, "sessions": left, "by_backend": by_backend, "seconds": round(seconds, 1)}
        time.sleep(_POLL_SECONDS)
