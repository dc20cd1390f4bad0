# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which waves a fleet is changed."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.inferops.triton.plugins.module_utils._triton import rollout

DOCUMENTATION = r"""
name: triton_waves
short_description: Order the hosts of a run into waves
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Canaries come first, then waves of the given sizes. No wave holds hosts of two failure domains.
  - Hosts that nothing is due for are in no wave.
positional: _input
options:
  _input:
    description: The hosts, in the order in which they are to be changed.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The host.
        type: str
        required: true
      domain:
        description: Its failure domain, such as a rack or a zone.
        type: str
        required: true
      due:
        description: Whether it is to be changed at all.
        type: bool
        required: true
      changes:
        description: What would change, a clause each.
        type: list
        elements: str
        required: true
      cost:
        description: What clients would notice of it; empty for nothing.
        type: list
        elements: str
        required: true
  sizes:
    description:
      - Sizes of the waves, each a number of hosts or a percentage of those that are to be changed, rounded up. The last one holds for all waves that follow.
    type: list
    elements: raw
    required: true
  canaries:
    description: Hosts that are changed before all others.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show the waves of 10 hosts, one first, then 3, 3 and 3
  ansible.builtin.debug:
    msg: "{{ members | inferops.triton.triton_waves(sizes=[1, '25%']) }}"
"""

RETURN = r"""
_value:
  description: The order.
  type: dict
  contains:
    lines:
      description: The waves, and hosts grouped by what would change and cost, for people.
      type: list
      elements: str
    waves:
      description: One list of names for each wave.
      type: list
      elements: list
    unchanged:
      description: Names of the hosts that nothing is due for.
      type: list
      elements: str
    wave_of:
      description: The number of each host's wave, from 1; hosts that nothing is due for have none.
      type: dict
"""


def triton_waves(members: Any, sizes: Any, canaries: Any = ()) -> dict[str, Any]:
    """Order the hosts. AnsibleFilterError where the sizes make no sense or a canary is no member."""
    try:
        return rollout.waves(members, sizes, list(canaries))
    except ValueError as error:
        raise AnsibleFilterError(f"triton_waves: {error}") from error


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"triton_waves": triton_waves}
