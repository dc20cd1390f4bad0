# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have Ansible load the filters of this collection once, and not once for every host and task."""

from __future__ import annotations

from typing import Any, Callable

DOCUMENTATION = r"""
name: preloaded
short_description: Load all filters of this collection, and return the input
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Ansible runs each task of each host in a process of its own, forked from its main one. To find one filter of a collection such a process imports
    the files of all of them, and what they import in turn, unless the main process has done so already (ansible-core 2.19, C(Jinja2Loader) in
    C(plugins/loader.py)). That takes longer than most tasks do.
  - The main process templates what belongs to a play, such as its C(hosts). This filter is to be used there.
options:
  _input:
    description: Any value.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Look at many hosts
  hosts: "{{ triton_hosts | default('triton') | inferops.triton.preloaded }}"
"""

RETURN = r"""
_value:
  description: The input.
  type: raw
"""


def preloaded(value: Any) -> Any:
    """Return ``value``: that this filter was looked for has loaded them all."""
    return value


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"preloaded": preloaded}
