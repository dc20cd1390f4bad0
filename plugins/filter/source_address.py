# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A filter that says from which address this machine reaches another one."""

from __future__ import annotations

DOCUMENTATION = r"""
name: source_address
short_description: The address of the controller from which it reaches a host
version_added: 0.1.0
description:
  - Asks the controller's routing table; nothing is sent. Where addresses are translated on the way, the host sees another one.
positional: _input
options:
  _input:
    description: A name or an address, without a port.
    type: str
    required: true
author:
  - The inferops.triton authors (@inferops)
"""

EXAMPLES = r"""
- name: Show from where the controller comes
  ansible.builtin.debug:
    msg: "{{ ansible_host | inferops.triton.source_address }}"
"""

RETURN = r"""
_value:
  description: The address, or an empty string where the name has none or there is no way to it.
  type: str
  sample: 192.0.2.10
"""

import socket
from collections.abc import Callable
from typing import Any


def source_address(host: str) -> str:
    """The local address of a UDP socket that is connected to the host; no packet leaves."""
    try:
        ((family, kind, protocol, _name, address), *_rest) = socket.getaddrinfo(host.strip("[]"), 9, type=socket.SOCK_DGRAM)
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except (OSError, UnicodeError):
        return ""


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"source_address": source_address}
