# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the CA in a folder of the controller fit to sign?"""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, authority

DOCUMENTATION = r"""
name: tls_authority
short_description: Is the CA in a folder of the controller fit to sign?
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Reads C(ca.crt) and C(ca.key) of a folder of the controller, and says what is wrong with them before anything is signed.
  - The key is opened to see that it belongs to the certificate, and never becomes a value of Ansible's.
options:
  _input:
    description: The folder.
    type: path
    required: true
  passphrase:
    description: The passphrase of C(ca.key), empty where it has none.
    type: str
    default: ""
requirements:
  - cryptography >= 42 on the controller
"""

EXAMPLES = r"""
- name: Stop before anything changes
  ansible.builtin.assert:
    that: [ca.findings | length == 0]
  vars:
    ca: "{{ 'triton-ca' | inferops.triton.tls_authority(passphrase=ca_passphrase) }}"
"""

RETURN = r"""
_value:
  description: What the folder holds.
  type: dict
  contains:
    state:
      description: V(absent), V(keyed) for a key alone, left by a run that was killed while it created the CA, or V(present).
      type: str
    certificate:
      description: The CA's certificate as PEM text, or V(none).
      type: str
    subject:
      description: Its subject (RFC 4514), or V(none).
      type: str
    not_after:
      description: The end of its validity in seconds since the epoch, or V(none).
      type: int
    findings:
      description: What keeps it from signing, each with C(code), C(subject), C(cause) and C(remedy).
      type: list
      elements: dict
"""


def tls_authority(directory: Any, passphrase: Any = "") -> dict[str, Any]:
    """Judge the CA in ``directory``."""
    try:
        _dep.require(42)
    except _dep.MissingCryptography as exc:
        raise AnsibleFilterError(f"tls_authority: {exc}") from exc
    return dict(authority.load(str(directory), str(passphrase or "") or None))


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tls_authority": tls_authority}
