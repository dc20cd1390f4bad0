# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter that names the options whose values are secrets."""

from __future__ import annotations

DOCUMENTATION = r"""
name: triton_server_secret_options
short_description: The options of tritonserver whose values are secrets
version_added: 0.1.0
description:
  - Names the options whose values must not be shown, such as C(grpc-restricted-protocol), or a C(cache-config) with a password in it.
  - A caller keeps the files that hold such values private.
positional: _input
options:
  _input:
    description: Options, as under C(options) of P(inferops.triton.triton_server_args#filter).
    type: dict
    required: true
author:
  - The inferops.triton authors (@inferops)
"""

EXAMPLES = r"""
- name: Decide whether the start script is private
  ansible.builtin.debug:
    msg: "{{ {'grpc-restricted-protocol': 'model-repository:admin=s3cr3t'} | inferops.triton.triton_server_secret_options }}"
    # => ["grpc-restricted-protocol"]
"""

RETURN = r"""
_value:
  description: Names of the options with secret values, sorted.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._triton import config as backend


def triton_server_secret_options(options: Any) -> list[str]:
    """Names of the secret options; see backend.secret_options."""
    if not isinstance(options, dict):
        raise AnsibleFilterError(f"triton_server_secret_options needs a mapping of options, not {type(options).__name__}.")
    return backend.secret_options(options)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"triton_server_secret_options": triton_server_secret_options}
