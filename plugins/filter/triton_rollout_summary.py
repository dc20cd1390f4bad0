# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the hosts of a rollout."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.inferops.triton.plugins.module_utils._triton import rollout

DOCUMENTATION = r"""
name: triton_rollout_summary
short_description: Sum up what became of the hosts of a rollout
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Groups the hosts by what became of them and why, worst first, and counts them.
positional: _input, outcomes, members
options:
  _input:
    description: Names of all hosts of the run.
    type: list
    elements: str
    required: true
  outcomes:
    description: What became of them. A host without an outcome was not reached.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The host.
        type: str
        required: true
      state:
        description: What became of it.
        type: str
        required: true
        choices: [failed, unreachable, rolled back, waits, not reached, would change, changed, unchanged]
      reason:
        description: Why, in a sentence.
        type: str
        required: true
  members:
    description: What was due for the hosts that were looked at, as P(inferops.triton.triton_waves#filter) takes them.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Sum up
  ansible.builtin.debug:
    msg: "{{ (['gpu1', 'gpu2'] | inferops.triton.triton_rollout_summary([{'name': 'gpu1', 'state': 'changed', 'reason': ''}])).lines }}"
"""

RETURN = r"""
_value:
  description: The summary.
  type: dict
  contains:
    ok:
      description: Whether there is a host at all, and none failed, was rolled back, or could not be reached.
      type: bool
    counts:
      description: How many hosts are in each state.
      type: dict
    lines:
      description: The same for people; the last line is the total.
      type: list
      elements: str
    hosts:
      description: C(name), C(state) and C(reason) of each host, and what was due for it, C(changes) and C(cost).
      type: list
      elements: dict
    plan:
      description: The hosts grouped by what was due for them, each with C(hosts), C(changes) and C(cost).
      type: list
      elements: dict
"""


def triton_rollout_summary(names: Any, outcomes: Any, members: Any = ()) -> dict[str, Any]:
    """Sum up. AnsibleFilterError for a state that does not exist."""
    strange = sorted({str(outcome["state"]) for outcome in outcomes} - set(rollout.STATES))
    if strange:
        raise AnsibleFilterError(f"triton_rollout_summary: there is no state {', '.join(strange)}.")
    return rollout.summarize(names, outcomes, list(members))


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"triton_rollout_summary": triton_rollout_summary}
