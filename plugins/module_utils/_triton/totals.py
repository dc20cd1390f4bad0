# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit comes to: totals, and failures grouped by what caused them."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import iso

Result = t.Dict[str, t.Any]


class Clock:
    """When an audit began, in UTC; made at its start."""

    def __init__(self) -> None:
        self.started = datetime.datetime.now(datetime.timezone.utc)


def summarize(results: t.Sequence[Result], clock: Clock, interrupted: bool) -> Result:
    """The totals of `results` as plain data; `seconds` from the start of `clock` to now."""
    finished = datetime.datetime.now(datetime.timezone.utc)
    good = sum(result["ok"] for result in results)
    return {
        "endpoints": len(results),
        "ok": good,
        "failed": len(results) - good,
        "warnings": sum(bool(result.get("warnings")) for result in results),
        "seconds": round((finished - clock.started).total_seconds(), 3),
        "started": iso(clock.started),
        "finished": iso(finished),
        "interrupted": interrupted,
        "by_code": by_code(results),
    }


def by_code(results: t.Iterable[Result]) -> t.List[Result]:
    """Failed endpoints grouped by diagnosis code, the most frequent first and equally frequent ones by name of the code."""
    names: t.Dict[str, t.List[str]] = {}
    for result in results:
        if result["diagnosis"] is not None:
            names.setdefault(result["diagnosis"]["code"], []).append(result["name"])
    ordered = sorted(names.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [{"code": code, "count": len(found), "endpoints": found} for code, found in ordered]
