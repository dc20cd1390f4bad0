# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What staging a generation would do to a host that was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.plugins.module_utils._triton.prediction import predict

DOCUMENTATION = r"""
name: triton_prediction
short_description: Say what staging a generation would do to a host that was looked at
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - What M(inferops.triton.triton_generation) with O(inferops.triton.triton_generation#module:state=staged) returns in check mode, without another module
    run on the host.
options:
  _input:
    description: Files as O(inferops.triton.triton_generation#module:files) takes them.
    type: list
    elements: dict
    required: true
  describe:
    description: As O(inferops.triton.triton_generation#module:describe).
    type: dict
    required: true
  info:
    description: What M(inferops.triton.triton_generation_info) returned, asked about the user, the instances, and those of the files that lie on the host.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say whether anything would be staged
  ansible.builtin.debug:
    msg: "{{ (files | inferops.triton.triton_prediction(describe={'release': '24.10'}, info=host)).changed }}"
"""

RETURN = r"""
_value:
  description: The prediction.
  type: dict
  contains:
    changed:
      description: Whether anything would be written.
      type: bool
    id:
      description: Id of the generation, null where a file of the host is not there yet or cannot be read.
      type: str
    differences:
      description: Paths of the files that differ from what the instance runs that clients reach.
      type: list
      elements: str
    repaired:
      description: What would be put right in a generation in use that someone altered.
      type: list
      elements: str
"""


def triton_prediction(files: Any, describe: Any, info: Any) -> dict[str, Any]:
    """Predict. AnsibleFilterError where a file cannot be part of a generation."""
    try:
        return predict(_plain(files), _plain(describe), info)
    except HostError as error:
        raise AnsibleFilterError(f"triton_prediction: {error}") from error


def _plain(value: Any) -> Any:
    """Ansible's own kinds of text and lists as Python's, of which a manifest is made."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"triton_prediction": triton_prediction}
