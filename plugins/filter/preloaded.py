# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have Ansible load the filters of this collection once, and not once for every host and task."""

from __future__ import annotations

import gc
from typing import Any, Callable

from ansible.plugins.loader import connection_loader

DOCUMENTATION = r"""
name: preloaded
short_description: Load all filters of this collection in Ansible's main process, and return the input
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Ansible runs each task of each host in a process of its own, forked from its main one. To find one filter of a collection such a process imports
    the files of all of them, and what they import in turn, unless the main process has done so already (ansible-core 2.19, C(Jinja2Loader) in
    C(plugins/loader.py)). That takes longer than most tasks do.
  - The main process templates what belongs to a play, such as its C(hosts), and asks the conditions of C(meta) tasks. This filter is to be used there.
  - It also tells Python's garbage collector to leave alone what there is by then (C(gc.freeze)), and to look for more less often. A process that lives for
    one task has no garbage to look for, and looking through all that the main process holds copies it.
options:
  _input:
    description: Any value.
    type: raw
    required: true
  connection:
    description: Name of a connection plugin that is loaded as well, for each process would load it, even for tasks that stay on the controller.
    type: str
    default: ""
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


def preloaded(value: Any, connection: str = "") -> Any:
    """Return ``value``: that this filter was looked for has loaded them all."""
    if connection:
        connection_loader.get(connection, class_only=True)
    if gc.get_freeze_count() == 0:
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000)
    return value


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"preloaded": preloaded}
