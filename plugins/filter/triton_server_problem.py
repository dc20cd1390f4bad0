# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter that says why a configuration cannot be made flags of."""

from __future__ import annotations

DOCUMENTATION = r"""
name: triton_server_problem
short_description: Why P(inferops.triton.triton_server_args#filter) would refuse a configuration
version_added: 0.1.0
description:
  - Returns the sentence with which P(inferops.triton.triton_server_args#filter) fails, or an empty string,
    so that a play can refuse with one message of its own.
positional: _input
options:
  _input:
    description: A configuration, as P(inferops.triton.triton_server_args#filter) takes it.
    type: dict
    required: true
  help:
    description: The output of C(tritonserver --help).
    type: str
  defaults:
    description: Options merged under those of the configuration.
    type: dict
    default: {}
author:
  - The inferops.triton authors (@inferops)
"""

EXAMPLES = r"""
- name: Refuse with a message of one's own
  ansible.builtin.assert:
    that: problem | length == 0
    fail_msg: "{{ inventory_hostname }}: {{ problem }}"
  vars:
    problem: "{{ config | inferops.triton.triton_server_problem(help=help_text) }}"
"""

RETURN = r"""
_value:
  description: Cause and remedy, or an empty string.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter.triton_server_args import triton_server_args


def triton_server_problem(config: Any, **arguments: Any) -> str:
    """What triton_server_args raises for the same arguments, or an empty string."""
    try:
        triton_server_args(config, **arguments)
    except AnsibleFilterError as error:
        return str(error)
    return ""


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"triton_server_problem": triton_server_problem}
