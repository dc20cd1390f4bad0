# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that turn a configuration into the command line of tritonserver."""

from __future__ import annotations

DOCUMENTATION = r"""
name: triton_server_args
short_description: The flags of tritonserver for a configuration
version_added: 0.1.0
description:
  - Triton has no configuration file. This filter turns the mapping that C(triton_config.yaml) holds into the flags of C(tritonserver), and checks
    it against the C(--help) of the very binary that will run. An unknown key or flag is an error that names it.
  - Gives the flags of TLS in the order that keeps TLS on, booleans as C(true) and C(false), and IPv6 addresses in brackets.
positional: _input
options:
  _input:
    description:
      - The configuration, with the keys C(model_repository_path) (a path or a list of them, required), C(grpc_port), C(http_port), C(metrics_port),
        C(grpc_address), C(http_address), C(metrics_address), C(tls) and C(options).
      - C(tls) has C(cert_file), C(key_file), C(ca_file) and C(mutual). C(tls=false) serves gRPC in the clear, on purpose.
      - C(options) maps any other flag, without its leading dashes, to a value, a list of values (the flag is repeated) or null (a default is not applied).
    type: dict
    required: true
  help:
    description: Output of C(tritonserver --help), as M(inferops.triton.triton_generation_info) returns it. Without it names and types are not checked.
    type: str
  defaults:
    description: Options below those of the configuration. The ones that the binary does not know are dropped.
    type: dict
    default: {}
  allow:
    description: Codes of refusals to override, V(health_restricted) or V(unknown_option).
    type: list
    elements: str
    default: []
author:
  - The inferops.triton authors (@inferops)
"""

EXAMPLES = r"""
- name: Show the flags
  ansible.builtin.debug:
    msg: "{{ config | inferops.triton.triton_server_args(help=host.engine.help) }}"
  vars:
    config:
      model_repository_path: /srv/models
      grpc_port: 8001
      tls:
        cert_file: tls/tls.crt
        key_file: tls/tls.key
        ca_file: tls/ca.crt
        mutual: true
      options:
        log-verbose: 1
        cache-config: ["local,size=1048576"]
"""

RETURN = r"""
_value:
  description: The flags, one list entry each, without the binary.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any, Optional

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._triton import config as backend


def triton_server_args(
    config: Any, help: Optional[str] = None, defaults: Optional[dict[str, Any]] = None, allow: Optional[list[str]] = None
) -> list[str]:
    """The flags for a configuration; see backend.server_args."""
    try:
        return backend.server_args(config, help, defaults, allow or ())
    except backend.ConfigError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"triton_server_args": triton_server_args}
