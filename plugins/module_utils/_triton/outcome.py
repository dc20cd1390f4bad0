# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a client that must not get in."""

from __future__ import annotations

from dataclasses import dataclass


class Outcome:
    """Whether such a client got in; unclear where neither can be told."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Attempt:
    """The outcome of one such client, and how it showed."""

    outcome: str
    detail: str
