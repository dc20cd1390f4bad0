# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the terminal shows at the end of an audit."""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.report import failures
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.failures import Result
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.text import visible

_NAMES = 10
_NAME_LENGTH = 80  # characters; a name of 10 kB must not push the rest off the screen
_SENTENCE_LENGTH = 400


def lines(results: t.Sequence[Result], summary: t.Mapping[str, t.Any]) -> t.List[str]:
    """The failures by cause, worst first (see `failures.groups`), what was tolerated, and the totals as the last line."""
    found: t.List[str] = []
    for group in failures.groups(results):
        found.append(f"FAILED {visible(group.code)} ({failures.SEVERITIES[group.severity]}) at {_names(group.names)}")
        found.append(f"  {visible(group.cause, _SENTENCE_LENGTH)}")
        if group.remedy:
            found.append(f"  Remedy: {visible(group.remedy, _SENTENCE_LENGTH)}")
    overridden, warnings = failures.tolerated(results)
    for title, codes in (("overridden", overridden), ("warning", warnings)):
        found += [f"{title} {visible(code)} at {_names(names)}" for code, names in codes.items()]
    return [*found, failures.totals(results, summary)]


def _names(names: t.Sequence[str]) -> str:
    shown = ", ".join(visible(name, _NAME_LENGTH) or "(no name)" for name in names[:_NAMES])
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{failures.count(len(names), 'endpoint')}: {shown}{more}"
