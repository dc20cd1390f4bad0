# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the CA in a folder of the controller fit to sign?"""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, authority, finding, rollover

DOCUMENTATION = r"""
name: tls_authority
short_description: Is the CA in a folder of the controller fit to sign?
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Reads what signs in a folder of the controller, C(ca.crt) and C(ca.key) or, where there is one, the issuing CA C(issuing.crt) and C(issuing.key),
    and says what is wrong with them before anything is signed.
  - The key is opened to see that it belongs to the certificate, and never becomes a value of Ansible's.
options:
  _input:
    description: The folder.
    type: path
    required: true
  passphrase:
    description: The passphrase of the key that signs, empty where it has none.
    type: str
    default: ""
  share:
    description: Share of its lifetime, from 0 to 1. With less of it left, the root has to sign the issuing CA again.
    type: float
    default: 0.33
  step:
    description: A step of a CA rollover to judge, empty for none.
    type: str
    choices: ["", trust, issue, retire]
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
      description: V(absent), V(keyed) for one that is not complete, left by a run that was killed while it created the CA, or V(present).
      type: str
    phase:
      description: Where a CA rollover stands, V(none), V(trust), V(issue), or V(moving) for a step that was killed.
      type: str
    certificate:
      description: What clients trust, C(ca.crt), as PEM text, or V(none).
      type: str
    certificate_file:
      description: Path of the certificate that signs.
      type: path
    key_file:
      description: Path of its key.
      type: path
    issuer:
      description: The certificate that signs as PEM text, or V(none).
      type: str
    chain:
      description: What is served between a leaf and the root as PEM text, empty where the root itself signs.
      type: str
    subject:
      description: Subject (RFC 4514) of the certificate that signs, or V(none).
      type: str
    not_after:
      description: The end of what can be issued, in seconds since the epoch, or V(none).
      type: int
    root_not_after:
      description: The end of the root's validity, likewise.
      type: int
    issuing:
      description: Why the root has to sign the issuing CA (again).
      type: list
      elements: str
    due:
      description: Whether O(step) is still to be taken, or a step that was killed to be finished.
      type: bool
    findings:
      description: What keeps it from signing, each with C(code), C(subject), C(cause) and C(remedy).
      type: list
      elements: dict
"""


def tls_authority(directory: Any, passphrase: Any = "", share: float = 0.33, step: str = "") -> dict[str, Any]:
    """Judge the CA in ``directory``."""
    folder = str(directory)
    try:
        _dep.require(42)
        certificate_file, key_file = authority.signing_files(folder)
        return {
            **authority.load(folder, str(passphrase or "") or None),
            "certificate_file": certificate_file,
            "key_file": key_file,
            "root_not_after": authority.root_end(folder),
            "issuing": authority.issuing_reasons(folder, float(share)),
            "phase": rollover.phase(folder),
            "due": rollover.due(folder, step),
        }
    except (finding.MaterialError, OSError, _dep.MissingCryptography) as exc:
        raise AnsibleFilterError(f"tls_authority: {exc}") from exc


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tls_authority": tls_authority}
