# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The waves in which a fleet is changed, and what became of each host. Knows no Ansible."""

from __future__ import annotations

import math
import typing as t

# What became of a host, worst first. The first three fail the run.
STATES = ("failed", "unreachable", "rolled back", "waits", "not reached", "would change", "changed", "unchanged")
BAD = frozenset(STATES[:3])
_MEANING = {
    "failed": "failed, and not proved to serve what they served before",
    "unreachable": "not reached by Ansible",
    "rolled back": "failed, and back on what they served before, which was proved",
    "waits": "left as they are until something arrives",
    "not reached": "not come to, for the rollout stopped",
    "would change": "changed by a run without --check",
    "changed": "changed and proved",
    "unchanged": "proved, nothing to change",
}

Member = t.Mapping[str, t.Any]
Outcome = t.Mapping[str, t.Any]


def size(wanted: t.Any, total: int) -> int:
    """How many of `total` hosts a wave holds that is given as a number or a percentage ("25%"), at least one. ValueError else."""
    text = str(wanted).strip()
    number = text[:-1] if text.endswith("%") else text
    if isinstance(wanted, bool) or not number.isdigit() or int(number) == 0 or (text.endswith("%") and int(number) > 100):
        raise ValueError("{0!r} is no size of a wave. Give a number of hosts from 1, or a percentage from 1% to 100%.".format(wanted))
    return max(1, math.ceil(int(number) * total / 100)) if text.endswith("%") else int(number)


def waves(members: t.Sequence[Member], sizes: t.Sequence[t.Any], canaries: t.Sequence[str] = ()) -> t.Dict[str, t.Any]:
    """Order the hosts: {"waves": lists of names, "unchanged": names that nothing is due for, "wave_of": number by name, from 1,
    "lines": the order and what is due, for people}.

    A member has `name`, `domain`, `due`, and what would change (`changes`) and cost (`cost`), lists of clauses. The sizes are those
    of one wave after the other, the last one of all that follow; percentages are of the hosts that something is due for. Canaries
    come first, whatever the sizes. No wave holds two failure domains. Otherwise the order is that of `members`. ValueError for
    sizes that make no sense and canaries that are no member.
    """
    if not sizes:
        raise ValueError("There are no sizes of waves. Give at least one.")
    names = [member["name"] for member in members]
    strangers = [name for name in canaries if name not in names]
    if strangers:
        raise ValueError("{0} is to be a canary and is no host of this run.".format(", ".join(strangers)))
    due = [member for member in members if member["due"]]
    counts = [size(each, len(due)) for each in sizes]
    first = sorted((member for member in due if member["name"] in canaries), key=lambda member: canaries.index(member["name"]))
    found = list(_by_domain(first))
    for group in _by_domain([member for member in due if member["name"] not in canaries]):
        while group:
            wanted = counts[min(len(found), len(counts) - 1)]
            found.append(group[:wanted])
            group = group[wanted:]
    unchanged = [member["name"] for member in members if not member["due"]]
    lines = ["wave {0}: {1}".format(number, _enumerate(wave)) for number, wave in enumerate(found, 1)]
    lines += ["{0}: {1}".format(_enumerate(group), text) for text, group in _by_change(due).items()]
    lines += ["{0}: nothing".format(_enumerate(unchanged))] if unchanged else []
    return {
        "lines": lines,
        "waves": found,
        "unchanged": unchanged,
        "wave_of": {name: number for number, wave in enumerate(found, 1) for name in wave},
    }


def _by_domain(members: t.Sequence[Member]) -> t.List[t.List[str]]:
    """Names by domain, in the order in which the domains appear."""
    groups: t.Dict[str, t.List[str]] = {}
    for member in members:
        groups.setdefault(str(member["domain"]), []).append(member["name"])
    return list(groups.values())


def _by_change(members: t.Iterable[Member]) -> t.Dict[str, t.List[str]]:
    """Names by what would change and what it would cost, as one text: "certificate; image: one restart each"."""
    groups: t.Dict[str, t.List[str]] = {}
    for member in members:
        changes, cost = "; ".join(member["changes"]) or "what --diff shows", " and ".join(member["cost"]) or "no interruption"
        groups.setdefault("{0}: {1}".format(changes, cost), []).append(member["name"])
    return {text + (" each" if len(names) > 1 else ""): names for text, names in groups.items()}


def summarize(names: t.Sequence[str], outcomes: t.Sequence[Outcome], members: t.Sequence[Member] = ()) -> t.Dict[str, t.Any]:
    """What became of the hosts of these names: {"ok", "counts" by state, "lines" for people, "hosts": an outcome each, "plan": what was due}.

    An outcome has `name`, `state` of STATES, and `reason`; a host without one was not reached. Lines are grouped by state, and by
    reason where it is a bad one, worst first; the last one is the total. A run without a host is not ok. Hosts that are among
    `members` get their `changes` and `cost`, by which those that would change are grouped, and so is the plan.
    """
    known = {outcome["name"]: outcome for outcome in outcomes}
    plans = {member["name"]: member for member in members}
    hosts = [{**known.get(name, {"name": name, "state": "not reached", "reason": ""}), **_planned(plans.get(name))} for name in names]
    counts = {state: sum(host["state"] == state for host in hosts) for state in STATES}
    lines: t.List[str] = []
    for state in STATES:
        groups: t.Dict[str, t.List[str]] = {}
        for host in hosts:
            if host["state"] == state and state != "would change":
                groups.setdefault(host["reason"] if state in BAD or state == "waits" else "", []).append(host["name"])
        if state == "would change":
            groups = _by_change(host for host in hosts if host["state"] == state)
        if groups:
            lines.append("{0} ({1}):".format(state.upper(), _MEANING[state]))
        lines += ["  {0}{1}".format(_enumerate(names), ": " + reason if reason else "") for reason, names in groups.items()]
    ok = bool(hosts) and not any(counts[state] for state in BAD)
    totals = ", ".join("{0} {1}".format(number, state) for state, number in counts.items() if number)
    lines.append("{0}: {1} host{2}: {3}".format("DONE" if ok else "NOT DONE", len(hosts), "" if len(hosts) == 1 else "s", totals or "none"))
    return {"ok": ok, "counts": counts, "lines": lines, "hosts": hosts, "plan": _plan(members)}


def _planned(member: t.Optional[Member]) -> t.Dict[str, t.List[str]]:
    """What was due for a host that was looked at; nothing for one that was not."""
    return {key: list(member[key]) if member else [] for key in ("changes", "cost")}


def _plan(members: t.Sequence[Member]) -> t.List[t.Dict[str, t.Any]]:
    """The hosts that the same is due for, in the order in which they were looked at: {"hosts", "changes", "cost"} each."""
    groups: t.Dict[t.Tuple[t.Tuple[str, ...], t.Tuple[str, ...]], t.List[str]] = {}
    for member in members:
        groups.setdefault((tuple(member["changes"]), tuple(member["cost"])), []).append(member["name"])
    return [{"hosts": names, "changes": list(changes), "cost": list(cost)} for (changes, cost), names in groups.items()]


def _enumerate(names: t.Sequence[str], most: int = 20) -> str:
    """So many names; of more, how many more."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else "{0} and {1} more".format(shown, len(names) - most)
