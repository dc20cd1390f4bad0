# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a certificate has to be issued again, or an empty list."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, renewal

DOCUMENTATION = r"""
name: tls_renewal
short_description: Why a certificate has to be issued again
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Compares an installed certificate with what is asked for, on the controller, with no module run.
    An empty list says that it may stay.
options:
  _input:
    description: The certificate as PEM text, leaf first; empty where there is none.
    type: str
    required: true
  san:
    description: The subject alternative names asked for, as the filter P(inferops.triton.subject_alt_names#filter) gives them.
    type: list
    elements: str
    required: true
  ca:
    description: The CA that must have issued it, as PEM text; none for a self-signed certificate.
    type: str
  key_type:
    description: The type of key asked for.
    type: str
    choices: [ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072, rsa-4096]
    default: ecdsa-p256
  purpose:
    description: The extended key usage asked for.
    type: str
    choices: [server, client]
    default: server
  share:
    description: Share of the lifetime, from 0 to 1. With less of it left, a renewal is due.
    type: float
    default: 0.33
requirements:
  - cryptography >= 42 on the controller
"""

EXAMPLES = r"""
- name: Say what is due
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'host.crt') | inferops.triton.tls_renewal(san=['DNS:gpu1'], ca=ca_pem) }}"
"""

RETURN = r"""
_value:
  description: The reasons.
  type: list
  elements: dict
  contains:
    code:
      description: >-
        One of V(absent), V(unreadable), V(issuer), V(outlives_ca), V(names), V(purpose), V(key_type), V(expired), V(renewal).
      type: str
    text:
      description: The reason, for people.
      type: str
  sample: [{"code": "renewal", "text": "12 of its 365 days are left"}]
"""


def tls_renewal(
    certificate: Any,
    san: Any,
    ca: Any = None,
    key_type: str = "ecdsa-p256",
    purpose: str = "server",
    share: float = 0.33,
) -> list[dict[str, Any]]:
    """Return the reasons to issue ``certificate`` again."""
    if key_type not in renewal.KEY_TYPES:
        raise AnsibleFilterError(f"tls_renewal: {key_type!r} is none of {', '.join(renewal.KEY_TYPES)}.")
    policy = renewal.Policy(
        san=frozenset(str(name) for name in san),
        ca=str(ca) if ca else None,
        key_type=key_type,
        purpose=purpose,
        share=float(share),
    )
    try:
        _dep.require(42)
        return [dict(reason) for reason in renewal.reasons(str(certificate or ""), policy)]
    except (ValueError, _dep.MissingCryptography) as exc:
        raise AnsibleFilterError(f"tls_renewal: {exc}") from exc


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tls_renewal": tls_renewal}
