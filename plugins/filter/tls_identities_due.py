# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which client identities have to be issued."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, identities, renewal

DOCUMENTATION = r"""
name: tls_identities_due
short_description: Which client identities have to be issued
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Reads C(NAME.crt) and C(NAME.key) of a folder of the controller, and says which identities are missing, differ from what
    is asked for, or are to be renewed. The keys never become values of Ansible's.
options:
  _input:
    description: Names of the identities.
    type: list
    elements: str
    required: true
  directory:
    description: The folder.
    type: path
    required: true
  ca:
    description: The CA that must have issued them, as PEM text; empty where it does not exist yet.
    type: str
  chain:
    description: What must follow them in their files, as PEM text, the issuing CA where a root stands above it.
    type: str
    default: ""
  key_type:
    description: The type of key asked for.
    type: str
    choices: [ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072, rsa-4096]
    default: ecdsa-p256
  share:
    description: Share of the lifetime, from 0 to 1. With less of it left, a renewal is due.
    type: float
    default: 0.33
requirements:
  - cryptography >= 42 on the controller
"""

EXAMPLES = r"""
- name: Say which identities are due
  ansible.builtin.debug:
    msg: "{{ ['verifier'] | inferops.triton.tls_identities_due(directory='triton-ca/clients', ca=ca_pem) }}"
"""

RETURN = r"""
_value:
  description: The identities to issue, each with its C(name) and its C(reasons), as P(inferops.triton.tls_renewal#filter) gives them.
  type: list
  elements: dict
"""


def tls_identities_due(
    names: Any, directory: Any, ca: Any = None, key_type: str = "ecdsa-p256", share: float = 0.33, chain: Any = ""
) -> list[dict[str, Any]]:
    """Return the identities of ``directory`` that have to be issued, and why."""
    if key_type not in renewal.KEY_TYPES:
        raise AnsibleFilterError(f"tls_identities_due: {key_type!r} is none of {', '.join(renewal.KEY_TYPES)}.")
    try:
        _dep.require(42)
        found = identities.due([str(name) for name in names], str(directory), str(ca) if ca else None, key_type, float(share), str(chain or ""))
    except (ValueError, OSError, _dep.MissingCryptography) as exc:
        raise AnsibleFilterError(f"tls_identities_due: {exc}") from exc
    return [dict(identity) for identity in found]


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tls_identities_due": tls_identities_due}
