# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names and addresses as the subject alternative names of a certificate."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._tls import san

DOCUMENTATION = r"""
name: subject_alt_names
short_description: Host names and addresses as subject alternative names
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Tells DNS names and IP addresses apart, brings both into the one form in which certificates and gRPC clients compare
    them, and drops what occurs twice.
options:
  _input:
    description: DNS names and IPv4 or IPv6 addresses; the prefixes C(DNS:) and C(IP:) are allowed.
    type: list
    elements: str
    required: true
  skip_invalid:
    description: Leave out what is neither a name nor an address, instead of failing.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Ask for a certificate
  community.crypto.openssl_csr_pipe:
    privatekey_path: /etc/ssl/private/host.key
    subject_alt_name: "{{ ['gpu1.example.com', '192.0.2.7'] | inferops.triton.subject_alt_names }}"
"""

RETURN = r"""
_value:
  description: The subject alternative names, in the order of the input.
  type: list
  elements: str
  sample: ["DNS:gpu1.example.com", "IP:192.0.2.7"]
"""


def subject_alt_names(names: Any, skip_invalid: bool = False) -> list[str]:
    """Return ``DNS:…`` and ``IP:…`` for ``names``; raise AnsibleFilterError for what is neither."""
    if isinstance(names, (str, bytes)) or not hasattr(names, "__iter__"):
        raise AnsibleFilterError(f"subject_alt_names: its input is not a list of names but {type(names).__name__}.")
    try:
        return san.subject_alt_names([str(name) for name in names if name], skip_invalid=skip_invalid)
    except ValueError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"subject_alt_names": subject_alt_names}
