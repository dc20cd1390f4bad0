# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures that several reports derive from the results. Times are in seconds since 1970, UTC."""

from __future__ import annotations

import datetime
import math
import typing as t

DAY = 86400.0


class Thresholds(t.NamedTuple):
    """Days left from which on an end of validity is a warning, or an error."""

    warning: float = 30.0
    error: float = 0.0


def timestamp(text: str) -> float:
    """The time that ``2026-11-25T11:00:00Z`` names."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def date(moment: float) -> str:
    """``2026-11-25`` for a time; empty where the calendar has no such day."""
    try:
        return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=moment)).strftime("%Y-%m-%d")
    except (OverflowError, ValueError):
        return ""


def chain_end(certificate: t.Mapping[str, t.Any], finished: float) -> float:
    """When the first certificate of the served chain ends: `days_left` counts to that, `not_after` is the leaf's."""
    return min(timestamp(certificate["not_after"]), float(round(finished + certificate["days_left"] * DAY)))


def percentile(values: t.Sequence[float], percent: float) -> float:
    """By nearest rank: the least of `values` that `percent` of them do not exceed, so always one that was measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def duration(seconds: float) -> str:
    """Three significant figures with the unit that suits: ``850 µs``, ``4.21 ms``, ``1.5 s``."""
    for scale, unit in ((1e-6, "µs"), (1e-3, "ms")):
        if seconds < scale * 999.5:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds:.3g} s" if seconds < 999.5 else f"{seconds:.0f} s"
