# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the reports say of a whole audit: failures grouped by cause, worst first, and one line of totals."""

from __future__ import annotations

import string
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import TABLE

Result = t.Mapping[str, t.Any]

# The classes of failures, worst first.
OPEN = 0  # a refusal or an exposure failed: someone who must not get in does
BROKEN = 1  # a proof failed
UNPROVED = 2  # asked for, and inconclusive
UNTRIED = 3  # nothing was checked: options that cannot be meant, or the audit was interrupted
SEVERITIES = ("open", "broken", "not proved", "not tried")


@dataclass
class Group:
    """The endpoints with one code; cause and remedy are those of the first."""

    code: str
    severity: int
    cause: str
    remedy: str
    names: t.List[str] = field(default_factory=list)


def groups(results: t.Sequence[Result]) -> t.List[Group]:
    """The failures by code: the worse class first, in a class the code with most endpoints.

    An endpoint is in the group of its diagnosis and in that of every other check that failed, so that an open door is not
    hidden behind an expired certificate. What is inconclusive beside a failure only follows from it and makes no group.
    """
    found: t.Dict[str, Group] = {}
    for result in results:
        for code, (severity, cause, remedy) in faults(result).items():
            group = found.setdefault(code, Group(code, severity, cause, remedy))
            group.severity = min(group.severity, severity)
            group.names.append(result["name"])
    return sorted(found.values(), key=lambda group: (group.severity, -len(group.names), group.code))


def faults(result: Result) -> t.Dict[str, t.Tuple[int, str, str]]:
    """What is wrong with one endpoint: code → (class, cause, remedy), its diagnosis first; {} where it is ok."""
    diagnosis = result["diagnosis"]
    if result["ok"]:
        return {}
    failed = [check for check in result["checks"] if check["status"] == "failed" and check["code"]]
    severities: t.Dict[str, int] = {}
    for check in failed:
        severity = BROKEN if check["kind"] == "proof" else OPEN
        severities[check["code"]] = min(severity, severities.get(check["code"], severity))
    found: t.Dict[str, t.Tuple[int, str, str]] = {}
    if diagnosis is not None:
        tried = any(check["status"] != "skipped" for check in result["checks"])
        severity = severities.get(diagnosis["code"], UNPROVED if tried else UNTRIED)
        found[diagnosis["code"]] = (severity, diagnosis["cause"], diagnosis["remedy"])
    for check in failed:
        found.setdefault(check["code"], (severities[check["code"]], check["detail"], remedy(result, check["code"])))
    return found


def severity(result: Result) -> t.Optional[int]:
    """The worst class of what is wrong with an endpoint; None where it is ok."""
    if result["ok"]:
        return None
    return min((worst for worst, _cause, _remedy in faults(result).values()), default=UNPROVED)


class _Words(t.Dict[str, str]):
    """Stands in for the facts of a remedy: only the audit knew them."""

    def __missing__(self, key: str) -> str:
        return "the " + key.replace("_", " ")


def remedy(result: Result, code: str) -> str:
    """The remedy for a code at an endpoint: its diagnosis' own, else what docs/diagnosis.md says of the code."""
    diagnosis = result["diagnosis"]
    if diagnosis is not None and diagnosis["code"] == code:
        return str(diagnosis["remedy"])
    entry = TABLE.get(code)
    return "" if entry is None else string.Formatter().vformat(entry.remedy, (), _Words(address=str(result["address"])))


def tolerated(results: t.Sequence[Result]) -> t.Tuple[t.Dict[str, t.List[str]], t.Dict[str, t.List[str]]]:
    """(overridden, warnings): code → names of the endpoints, the most frequent code first."""
    overridden: t.Dict[str, t.List[str]] = {}
    warnings: t.Dict[str, t.List[str]] = {}
    for result in results:
        codes = dict.fromkeys(str(check["code"]) for check in result["checks"] if check["status"] == "overridden")
        for found, where in ((codes, overridden), (dict.fromkeys(one["code"] for one in result["warnings"]), warnings)):
            for code in found:
                where.setdefault(code, []).append(result["name"])
    return _by_frequency(overridden), _by_frequency(warnings)


def _by_frequency(names: t.Dict[str, t.List[str]]) -> t.Dict[str, t.List[str]]:
    return dict(sorted(names.items(), key=lambda item: (-len(item[1]), item[0])))


def count(number: int, noun: str) -> str:
    """``1 endpoint``, ``2 endpoints``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def totals(results: t.Sequence[Result], summary: t.Mapping[str, t.Any]) -> str:
    """One line that begins with PROVED or NOT PROVED, and can be searched for by a pipeline."""
    every, good = summary["endpoints"], summary["ok"]
    overridden = sum(check["status"] == "overridden" for result in results for check in result["checks"])
    extras = [f"{count(overridden, 'check')} overridden"] if overridden else []
    if summary["warnings"]:
        extras.append(f"{count(summary['warnings'], 'endpoint')} with warnings")
    tail = "; ".join([f"{summary['seconds']:.1f} s", *extras])
    if not every:
        return f"NOT PROVED: there were no endpoints, {tail}"
    if summary["interrupted"]:
        untried = sum((result["diagnosis"] or {}).get("code") == "interrupted" for result in results)
        return f"NOT PROVED: interrupted; {good} of {every} endpoints proved, {summary['failed'] - untried} failed, {untried} not finished, {tail}"
    if good < every:
        return f"NOT PROVED: {summary['failed']} of {count(every, 'endpoint')} failed, {good} proved, {tail}"
    made = sorted(sum(check["status"] != "skipped" for check in result["checks"]) for result in results)
    checks = count(made[0], "check") if made[0] == made[-1] else f"{made[0]} to {made[-1]} checks"
    return f"PROVED: {good} of {count(every, 'endpoint')}, {checks} each, {tail}"
