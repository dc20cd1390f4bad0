# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter that says what a package manager's failure means."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nvidia_driver_diagnosis
short_description: What a failure of the package manager means
version_added: 0.1.0
description:
  - Translates what apt, dpkg, dnf or DKMS said into a code, a cause and a remedy, with the lines that tell.
positional: _input
options:
  _input:
    description: The failed results of the tasks.
    type: list
    elements: dict
    required: true
  log:
    description: The C(dkms_log) of M(inferops.triton.nvidia_host_info).
    type: dict
author:
  - The inferops.triton authors (@inferops)
"""

EXAMPLES = r"""
- name: Say what happened
  ansible.builtin.fail:
    msg: "{{ found.cause }} {{ found.remedy }}"
  vars:
    found: "{{ [ansible_failed_result] | inferops.triton.nvidia_driver_diagnosis }}"
"""

RETURN = r"""
_value:
  description: C(code), C(cause), C(remedy), and the C(evidence), a list of lines.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import diagnosis


def nvidia_driver_diagnosis(
    results: Sequence[Mapping[str, Any]], log: Optional[Mapping[str, Any]] = None
) -> dict[str, Any]:
    """The diagnosis; see diagnosis.diagnose."""
    return diagnosis.diagnose(diagnosis.joined(results), log)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"nvidia_driver_diagnosis": nvidia_driver_diagnosis}
