# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception that back ends on a host raise."""

from __future__ import annotations

from typing import Any


class HostError(Exception):
    """A named failure on a host.

    ``code`` is stable and documented; ``cause`` and ``remedy`` are one sentence each. ``details`` are further
    plain values for the result of the module (``log``, ``listener`` ...).
    """

    def __init__(self, code: str, cause: str, remedy: str, **details: Any) -> None:
        super().__init__(f"{cause} {remedy}")
        self.code = code
        self.cause = cause
        self.remedy = remedy
        self.details = details

    def result(self) -> dict[str, Any]:
        """The keyword arguments of ``fail_json``."""
        return {
            "msg": str(self),
            "diagnosis": self.code,
            "cause": self.cause,
            "remedy": self.remedy,
            **self.details,
        }
