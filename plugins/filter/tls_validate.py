# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter tls_validate: is certificate material fit to serve?"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, validate

DOCUMENTATION = r"""
name: tls_validate
short_description: Judge a TLS certificate, its key and its CA together
version_added: 0.1.0
author: The inferops.triton authors (@inferops)
description:
  - Tells whether certificate material is fit to be served by Triton to gRPC clients, before any host changes.
  - The measure is what Triton loads and what gRPC clients accept. What they accept is at most a warning, with a code.
  - Every code is explained in C(docs/tls-findings.md) of the collection.
  - Bad material is no failure of the filter. The result says C(ok=false) and why.
positional: _input
options:
  _input:
    description: The material.
    type: dict
    required: true
    suboptions:
      certificate:
        description: PEM text of the server's certificate, followed by its intermediates.
        type: str
        required: true
      ca:
        description: PEM text of the CAs that clients trust, and under mutual TLS the server, too.
        type: str
      key:
        description: PEM text of the private key.
        type: str
      key_passphrase:
        description: Passphrase of the key, where that is encrypted.
        type: str
      public_key_sha256:
        description:
          - SHA-256 of the key's SubjectPublicKeyInfo (DER), hex, as M(inferops.triton.tls_bundle_info) returns it.
          - Stands for the key where the key stays on its host. Ignored where O(_input.key) is given.
        type: str
  names:
    description: DNS names and IP addresses that clients reach the server by. All of them must be covered.
    type: list
    elements: str
    default: []
  mutual:
    description: Whether the server is to ask clients for certificates, for which it needs a CA.
    type: bool
    default: false
  self_signed:
    description: Whether clients trust the certificate itself (development).
    type: bool
    default: false
  now:
    description: The moment to judge dates at, in ISO 8601. The default is the present.
    type: str
  warn_days:
    description: Fewer days left than this are a warning.
    type: float
    default: 30
  error_days:
    description: Fewer days left than this are an error.
    type: float
    default: 0
  allow:
    description: Codes of findings that are not to count as errors. They are listed in RV(_value.overridden).
    type: list
    elements: str
    default: []
notes:
  - Needs cryptography 42 or later on the controller.
"""

EXAMPLES = r"""
- name: Refuse certificates that clients would refuse
  ansible.builtin.assert:
    that: verdict.ok
    fail_msg: "{{ verdict.errors | map(attribute='cause') | join(' ') }}"
  vars:
    verdict: "{{ material | inferops.triton.tls_validate(names=[inventory_hostname], mutual=true) }}"
    material:
      certificate: "{{ lookup('ansible.builtin.file', 'triton.crt') }}"
      ca: "{{ lookup('ansible.builtin.file', 'ca.crt') }}"
      public_key_sha256: "{{ installed.bundle.key.public_key_sha256 }}"

- name: Accept a certificate without the names, knowingly
  ansible.builtin.debug:
    msg: "{{ material | inferops.triton.tls_validate(names=['triton.example.com'], allow=['hostname_mismatch']) }}"
"""

RETURN = r"""
_value:
  description: The verdict.
  type: dict
  contains:
    ok:
      description: Whether no error is left.
      type: bool
    errors:
      description: Findings that end in a refusal, each with C(code), C(subject), C(cause) and C(remedy).
      type: list
      elements: dict
    warnings:
      description: Findings that gRPC clients accept.
      type: list
      elements: dict
    overridden:
      description: Findings that would be errors, but for O(allow).
      type: list
      elements: dict
    leaf:
      description: The server's certificate. None where none could be read.
      type: dict
    chain:
      description: The other certificates served with it, in their order.
      type: list
      elements: dict
    ca:
      description: The CAs.
      type: list
      elements: dict
"""

_MATERIAL = frozenset(("certificate", "ca", "key", "key_passphrase", "public_key_sha256"))


def tls_validate(
    bundle: t.Any,
    names: t.Sequence[str] = (),
    mutual: bool = False,
    self_signed: bool = False,
    now: t.Any = None,
    warn_days: float = 30,
    error_days: float = 0,
    allow: t.Sequence[str] = (),
) -> validate.Verdict:
    """Judge a bundle; AnsibleFilterError is for wrong use of the filter alone."""
    if not isinstance(bundle, t.Mapping):
        raise AnsibleFilterError(f"tls_validate: a dictionary is needed, not {type(bundle).__name__}.")
    unknown = sorted(set(bundle) - _MATERIAL)
    if unknown:
        raise AnsibleFilterError(f"tls_validate: unknown key '{unknown[0]}'; known are {', '.join(sorted(_MATERIAL))}.")
    for key, value in bundle.items():
        if value is not None and not isinstance(value, (str, bytes)):
            raise AnsibleFilterError(f"tls_validate: {key}: text is needed, not {type(value).__name__}.")
    material: validate.Bundle = {
        "certificate": bundle.get("certificate"),
        "ca": bundle.get("ca"),
        "key": bundle.get("key"),
        "key_passphrase": bundle.get("key_passphrase"),
        "public_key_sha256": bundle.get("public_key_sha256"),
    }
    try:
        return validate.validate(material, validate.terms(names, mutual, self_signed, now, warn_days, error_days, allow))
    except (ValueError, _dep.MissingCryptography) as exc:
        raise AnsibleFilterError(f"tls_validate: {exc}") from exc


class FilterModule:
    """The filters of this file."""

    def filters(self) -> t.Dict[str, t.Callable[..., t.Any]]:
        """By name."""
        return {"tls_validate": tls_validate}
