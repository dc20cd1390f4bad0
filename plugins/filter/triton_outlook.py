# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would change of a host's Triton."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.inferops.triton.plugins.module_utils._triton import outlook

DOCUMENTATION = r"""
name: triton_outlook
short_description: Say what a run would change of a host's Triton, and what that costs
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - The role C(triton_server) collects what M(inferops.triton.triton_generation_info) and M(inferops.triton.triton_generation) in check mode found.
    Hosts alike get the same words, so that they can be grouped.
options:
  _input:
    description:
      - "C(before) and C(after), the descriptions of the generations that runs and that is to run; C(differences) and C(repaired), as
        M(inferops.triton.triton_generation) returns them; C(id), C(running_id), C(committed), C(service_state) and C(enabled); whether the host
        C(fetches) the engine, lacks the C(user), the C(unit), or has a C(leftover) instance; which C(packages) and C(models) it lacks; and whether a
        second instance may take over, C(beside)."
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say what would change
  ansible.builtin.debug:
    msg: "{{ (facts_of_the_host | inferops.triton.triton_outlook).changes }}"
"""

RETURN = r"""
_value:
  description: The outlook.
  type: dict
  contains:
    changes:
      description: What would change, a clause each; empty for nothing.
      type: list
      elements: str
    cost:
      description: What clients would notice of it; empty for nothing.
      type: list
      elements: str
"""


def triton_outlook(facts: Any) -> dict[str, list[str]]:
    """Say it. AnsibleFilterError where a fact is missing."""
    try:
        return outlook.outlook(facts)
    except KeyError as error:
        raise AnsibleFilterError(f"triton_outlook: {error} is missing.") from error


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"triton_outlook": triton_outlook}
