# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter that names the packages of a driver."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nvidia_driver_packages
short_description: All packages that the NVIDIA driver of a host may turn out to need
version_added: 0.1.0
description:
  - Of both flavours of the kernel module, and with Fabric Manager, since the GPUs of the host are not known yet; what to ask its repositories for.
positional: _input
options:
  _input:
    description: The settings, as P(inferops.triton.nvidia_driver_plan#filter) takes them.
    type: dict
    required: true
author:
  - The inferops.triton authors (@inferops)
"""

EXAMPLES = r"""
- name: Look at the host
  inferops.triton.nvidia_host_info:
    packages: "{{ settings | inferops.triton.nvidia_driver_packages }}"
    repositories: bare
"""

RETURN = r"""
_value:
  description: Names of packages, sorted.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import selection


def nvidia_driver_packages(settings: Mapping[str, Any]) -> list[str]:
    """The names; see selection.everything."""
    return selection.everything(settings)


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"nvidia_driver_packages": nvidia_driver_packages}
