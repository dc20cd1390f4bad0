# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that decide what a host's NVIDIA driver needs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nvidia_driver_plan
short_description: What is to be done to the NVIDIA driver of a host
version_added: 0.1.0
description:
  - Decides from one look at a host and the settings of the role C(nvidia_driver) which packages at which versions make up its driver, whether they
    change, and what stands in the way. Changes nothing.
positional: _input
options:
  _input:
    description: What M(inferops.triton.nvidia_host_info) returned.
    type: dict
    required: true
  settings:
    description: The role's variables, as its C(vars/main/main.yml) puts them together.
    type: dict
    required: true
author:
  - The inferops.triton authors (@inferops)
"""

EXAMPLES = r"""
- name: Decide
  ansible.builtin.set_fact:
    plan: "{{ host | inferops.triton.nvidia_driver_plan(settings=settings) }}"
"""

RETURN = r"""
_value:
  description:
    - The plan, with C(managed) and the C(reason) where the host is left alone; C(refusals) and C(warnings), each with C(code) and C(message); the C(driver)
      that the host has or would have; C(changes_driver); the C(packages), the C(target) version and what to C(install).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import plan


def nvidia_driver_plan(host: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The plan for a host; see plan.make."""
    return plan.make(host, settings)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"nvidia_driver_plan": nvidia_driver_plan}
