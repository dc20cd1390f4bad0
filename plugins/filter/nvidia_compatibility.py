# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter that judges whether a driver does for a Triton release: the gate."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nvidia_compatibility
short_description: Does an NVIDIA driver do for a Triton release?
version_added: 0.1.0
description:
  - Judges a driver, installed or to be installed, against the CUDA of a Triton release by a table. Below the minimum of the CUDA major it refuses, unless all
    GPUs are data-centre ones and the branch is on the release's list of forward-compatible ones; below the version that NVIDIA lists it warns.
positional: _input, table
options:
  _input:
    description: Triton's container release, yy.mm. Empty where none is named, which is no finding.
    type: str
    required: true
  table:
    description:
      - Releases, minimums, forward-compatible branches, toolkit and data-centre GPUs, as in C(vars/main/compatibility.yml) of the role C(nvidia_driver).
    type: dict
    required: true
  more:
    description: Further releases, each with C(cuda), C(driver) and, if it has a list of its own, C(forward).
    type: dict
    default: {}
  driver:
    description: Version or bare branch of the driver. Empty where it cannot be told.
    type: str
  where:
    description: How the driver comes about, for the message.
    type: str
    default: ''
  gpus:
    description: The GPUs as M(inferops.triton.nvidia_host_info) returns them.
    type: list
    elements: dict
    default: []
  names:
    description: The names of the GPUs as the driver tells them.
    type: list
    elements: str
    default: []
  toolkit:
    description: Version of the NVIDIA Container Toolkit. Empty where there is none.
    type: str
  allow:
    description: Codes of refusals that are overridden, V(driver_too_old).
    type: list
    elements: str
    default: []
author:
  - The inferops.triton authors (@inferops)
"""

EXAMPLES = r"""
- name: Refuse a driver that is too old
  ansible.builtin.assert:
    that: verdicts | selectattr('level', 'eq', 'refuse') | length == 0
    fail_msg: "{{ verdicts | map(attribute='message') | join(' ') }}"
  vars:
    verdicts: "{{ '25.08' | inferops.triton.nvidia_compatibility(table, driver='535.309.01') }}"
"""

RETURN = r"""
_value:
  description: The verdicts, worst first, each with C(level) (V(ok), V(warn) or V(refuse)), C(code) and C(message).
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._nvidia import compatibility


def nvidia_compatibility(
    release: str,
    table: Mapping[str, Any],
    more: Optional[Mapping[str, Any]] = None,
    driver: Optional[str] = None,
    where: str = "",
    gpus: Sequence[Mapping[str, Any]] = (),
    names: Sequence[str] = (),
    toolkit: Optional[str] = None,
    allow: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The verdicts; see compatibility.judge."""
    try:
        whole = compatibility.extended(table, more) if more else table
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error
    return compatibility.judge(str(release or ""), whole, driver, gpus, names, toolkit, where, allow)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"nvidia_compatibility": nvidia_compatibility}
