# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that look like variables of a role and are none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: unknown_variables
short_description: Say which names are no variables of a role
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - A misspelt role variable is silently ignored by Ansible and leaves the default in force.
    This filter finds such names, so that a role can refuse them.
  - It sees names only, never values, and so cannot leak a secret.
  - The options in C(meta/argument_specs.yml) are found as text, by their indentation, for reading 300 lines of YAML for every host takes a hundred times
    as long.
positional: _input, role
options:
  _input:
    description: Names to judge, for instance all variables of a host that begin with the role's prefix.
    type: list
    elements: str
    required: true
  role:
    description: Path of the role, as C(role_path) has it.
    type: path
    required: true
  facts:
    description: Names that the role sets itself, for others to use.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Refuse unknown variables
  ansible.builtin.fail:
    msg: "{{ unknown | join(' ') }}"
  when: unknown | length > 0
  vars:
    unknown: "{{ query('ansible.builtin.varnames', '^my_role_') | inferops.triton.unknown_variables(role_path) }}"
"""

RETURN = r"""
_value:
  description: For each unknown name, sorted, what is wrong with it and what to do about it.
  type: list
  elements: str
  sample: ["my_role_prot is no variable of the role my_role; did you mean my_role_port? Correct it in the inventory (roles/my_role/README.md lists them all),
    or, if it is yours, put unknown_variable into my_role_allow."]
"""


def options(role: Path) -> list[str]:
    """The options in a role's argument specification, at the top level of any entry point."""
    text = (role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    return re.findall(rf"(?m)^      ({role.name}_\w+):", text)


def unknown_variables(names: Any, role: str, facts: Any = ()) -> list[str]:
    """A sentence for each of ``names`` that is neither an option of the role nor one of its facts. AnsibleFilterError where these are no lists."""
    for label, value in (("input", names), ("facts", facts)):
        if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
            raise AnsibleFilterError(f"unknown_variables: its {label} is not a list of names but {type(value).__name__}.")
    path = Path(str(role))
    try:
        known = sorted({*options(path), *map(str, facts)})
    except OSError as error:
        raise AnsibleFilterError(f"unknown_variables: {error.filename} cannot be read: {error.strerror}.") from error
    return [_sentence(name, known, path.name) for name in sorted({str(name) for name in names} - set(known))]


def _sentence(name: str, known: list[str], role: str) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return (
        f"{name} is no variable of the role {role}{f'; did you mean {near[0]}?' if near else '.'} Correct it in the inventory"
        f" (roles/{role}/README.md lists them all), or, if it is yours, put unknown_variable into {role}_allow."
    )


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"unknown_variables": unknown_variables}
