# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find misspelt role variables: names with a role's prefix that the role does not know."""

from __future__ import annotations

import difflib
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: unknown_variables
short_description: Names that are not among the known ones, each with the nearest known name
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - A misspelt role variable is silently ignored by Ansible and leaves the default in force.
    This filter finds such names, so that a role can refuse them.
  - It sees names only, never values, and so cannot leak a secret.
positional: _input, known
options:
  _input:
    description: Names to judge, for instance all variables of a host that begin with the role's prefix.
    type: list
    elements: str
    required: true
  known:
    description: The names that exist, for instance the options of the role's argument specification.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse unknown variables
  ansible.builtin.assert:
    that: [unknown | length == 0]
  vars:
    unknown: "{{ query('ansible.builtin.varnames', '^my_role_') | inferops.triton.unknown_variables(['my_role_port']) }}"
"""

RETURN = r"""
_value:
  description: One entry for each unknown name, sorted by name.
  type: list
  elements: dict
  contains:
    name:
      description: The unknown name.
      type: str
    suggestion:
      description: The known name that resembles it most, or V(none) if nothing is close.
      type: str
  sample: [{"name": "my_role_prot", "suggestion": "my_role_port"}]
"""


def unknown_variables(names: Any, known: Any) -> list[dict[str, str | None]]:
    """Return a name and a suggestion for each of ``names`` that is not in ``known``."""
    for label, value in (("input", names), ("known", known)):
        if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
            raise AnsibleFilterError(
                f"unknown_variables: its {label} is not a list of names but {type(value).__name__}."
            )
    candidates = sorted({str(name) for name in known})
    unknown: list[dict[str, str | None]] = []
    for name in sorted({str(name) for name in names} - set(candidates)):
        near = difflib.get_close_matches(name, candidates, n=1, cutoff=0.6)
        unknown.append({"name": name, "suggestion": near[0] if near else None})
    return unknown


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"unknown_variables": unknown_variables}
