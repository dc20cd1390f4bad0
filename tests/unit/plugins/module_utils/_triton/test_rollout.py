# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which a fleet is changed, and what is said of it afterwards."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import rollout


def fleet(text: str) -> t.List[t.Dict[str, t.Any]]:
    """Hosts from "name:domain", with a trailing "-" where nothing is due."""
    hosts = []
    for word in text.split():
        name, _colon, domain = word.rstrip("-").partition(":")
        due = not word.endswith("-")
        hosts.append({"name": name, "domain": domain, "due": due, "changes": ["an image"] * due, "cost": ["one restart"] * due})
    return hosts


@pytest.mark.parametrize(
    ("hosts", "sizes", "canaries", "waves"),
    [
        ("a b c d e", [1, 2], [], "a|b c|d e"),
        ("a b c d e", ["100%"], [], "a b c d e"),
        ("a b c d e", [1, "25%"], [], "a|b c|d e"),
        ("a b c d e", ["1%"], [], "a|b|c|d|e"),
        ("a b c", [10], [], "a b c"),
        # Percentages are of those that something is due for.
        ("a- b- c d", ["50%"], [], "c|d"),
        ("a b c d", [2], ["d"], "d|a b|c"),
        ("a b c d", [1, 3], ["d", "b"], "d b|a c"),
        # A canary that nothing is due for is in no wave.
        ("a- b c", [1], ["a"], "b|c"),
        # Never two domains at once.
        ("a:r1 b:r2 c:r1 d:r2 e:r1", [1, "100%"], [], "a|c e|b d"),
        ("a:r1 b:r2 c:r1", [5], [], "a c|b"),
        ("a:r1 b:r2 c:r1 d:r2", [5], ["a", "b"], "a|b|c|d"),
        ("a- b-", [1], [], ""),
    ],
)
def test_waves(hosts: str, sizes: t.List[t.Any], canaries: t.List[str], waves: str) -> None:
    members = fleet(hosts)
    order = rollout.waves(members, sizes, canaries)
    assert order["waves"] == [wave.split() for wave in waves.split("|") if wave]
    assert sorted([*order["unchanged"], *(name for wave in order["waves"] for name in wave)]) == sorted(m["name"] for m in members)
    assert order["wave_of"] == {name: number for number, wave in enumerate(order["waves"], 1) for name in wave}


@pytest.mark.parametrize("sizes", [[], [0], ["0%"], ["101%"], [-1], ["many"], [1.5], [True], [""], ["%"]])
def test_sizes_that_make_no_sense(sizes: t.List[t.Any]) -> None:
    with pytest.raises(ValueError, match="size"):
        rollout.waves(fleet("a b"), sizes)


def test_a_canary_that_is_no_host_of_the_run() -> None:
    with pytest.raises(ValueError, match="gpu9 is to be a canary"):
        rollout.waves(fleet("a b"), [1], ["gpu9"])


def outcome(name: str, state: str, reason: str = "") -> t.Dict[str, str]:
    return {"name": name, "state": state, "reason": reason}


def test_summary_of_a_rollout_that_stopped() -> None:
    outcomes = [
        outcome("a", "changed", "from one generation to another"),
        outcome("b", "rolled back", "the model answers wrongly"),
        outcome("c", "rolled back", "the model answers wrongly"),
        outcome("d", "unreachable", "no route"),
        outcome("f", "unchanged"),
    ]
    summary = rollout.summarize(list("abcdef"), outcomes)
    assert not summary["ok"]
    assert summary["lines"] == [
        "UNREACHABLE (not reached by Ansible):",
        "  d: no route",
        "ROLLED BACK (failed, and back on what they served before, which was proved):",
        "  b, c: the model answers wrongly",
        "NOT REACHED (not come to, for the rollout stopped):",
        "  e",
        "CHANGED (changed and proved):",
        "  a",
        "UNCHANGED (proved, nothing to change):",
        "  f",
        "NOT DONE: 6 hosts: 1 unreachable, 2 rolled back, 1 not reached, 1 changed, 1 unchanged",
    ]
    assert [host["state"] for host in summary["hosts"]] == [
        "changed", "rolled back", "rolled back", "unreachable", "not reached", "unchanged"
    ]
    assert summary["counts"]["rolled back"] == 2


@pytest.mark.parametrize("state", rollout.STATES)
def test_only_failures_fail_the_run(state: str) -> None:
    assert rollout.summarize(["a"], [outcome("a", state)])["ok"] == (state not in ("failed", "unreachable", "rolled back"))


def test_a_run_without_hosts_is_not_done() -> None:
    assert rollout.summarize([], [])["lines"] == ["NOT DONE: 0 hosts: none"]


def test_many_hosts_are_counted_not_listed() -> None:
    names = ["h{0}".format(number) for number in range(500)]
    lines = rollout.summarize(names, [outcome(name, "changed") for name in names])["lines"]
    assert lines[1].endswith("h19 and 480 more") and len(lines) == 3


def member(name: str, *changes: str, cost: t.Sequence[str] = ("one restart",)) -> t.Dict[str, t.Any]:
    return {"name": name, "domain": "", "due": bool(changes), "changes": list(changes), "cost": list(cost) if changes else []}


MIXED = [
    member("a", "a new certificate", "24.10 → 25.01"),
    member("b"),
    member("c", "a new certificate", "24.10 → 25.01"),
    member("d", "configuration", cost=["no interruption, for a second instance takes over"]),
    member("e", "the systemd unit", cost=[]),
    member("f"),
]


def test_a_plan_groups_hosts_by_what_would_change_and_cost() -> None:
    assert rollout.waves(MIXED, [1, 2])["lines"] == [
        "wave 1: a",
        "wave 2: c, d",
        "wave 3: e",
        "a, c: a new certificate; 24.10 → 25.01: one restart each",
        "d: configuration: no interruption, for a second instance takes over",
        "e: the systemd unit: no interruption",
        "b, f: nothing",
    ]


def test_a_summary_of_a_check_run_groups_likewise() -> None:
    outcomes = [outcome(name, "would change", "from one id to " + name) for name in "acde"] + [outcome(name, "unchanged") for name in "bf"]
    summary = rollout.summarize(list("abcdef"), outcomes, MIXED)
    assert summary["ok"]
    assert summary["lines"] == [
        "WOULD CHANGE (changed by a run without --check):",
        "  a, c: a new certificate; 24.10 → 25.01: one restart each",
        "  d: configuration: no interruption, for a second instance takes over",
        "  e: the systemd unit: no interruption",
        "UNCHANGED (proved, nothing to change):",
        "  b, f",
        "DONE: 6 hosts: 4 would change, 2 unchanged",
    ]
    assert summary["plan"] == [
        {"hosts": ["a", "c"], "changes": ["a new certificate", "24.10 → 25.01"], "cost": ["one restart"]},
        {"hosts": ["b", "f"], "changes": [], "cost": []},
        {"hosts": ["d"], "changes": ["configuration"], "cost": ["no interruption, for a second instance takes over"]},
        {"hosts": ["e"], "changes": ["the systemd unit"], "cost": []},
    ]
    assert summary["hosts"][0] == {**outcomes[0], "changes": ["a new certificate", "24.10 → 25.01"], "cost": ["one restart"]}


def test_a_host_that_was_never_looked_at_has_no_plan() -> None:
    (host,) = rollout.summarize(["a"], [outcome("a", "unreachable", "no route")])["hosts"]
    assert (host["changes"], host["cost"]) == ([], [])
