# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which public CA does a chain of certificates lead to?"""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, public_ca

DOCUMENTATION = r"""
name: tls_public_ca
short_description: The public CA that a chain of certificates leads to
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Searches the trust store of the controller for the one root that a chain ends at, every signature verified.
options:
  _input:
    description: Certificate, followed by its intermediates, as PEM text.
    type: str
    required: true
  store:
    description: File of trusted CAs as PEM. The default is the system's.
    type: path
requirements:
  - cryptography >= 42 on the controller
"""

EXAMPLES = r"""
- name: Give clients the one CA that they need
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', 'host.crt') | inferops.triton.tls_public_ca }}"
    dest: ca.crt
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The root's certificate as PEM text, empty where the controller trusts none of the chain.
  type: str
"""


def tls_public_ca(chain: Any, store: Any = None) -> str:
    """Return the root of ``chain``, or an empty text."""
    try:
        _dep.require(42)
    except _dep.MissingCryptography as exc:
        raise AnsibleFilterError(f"tls_public_ca: {exc}") from exc
    return public_ca.anchor(str(chain or ""), str(store) if store else None) or ""


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tls_public_ca": tls_public_ca}
