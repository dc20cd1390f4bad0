# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is due for a host's certificates."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, plan

DOCUMENTATION = r"""
name: tls_plan
short_description: What is due for a host's certificates
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - The decision behind the role P(inferops.triton.tls_certificates#role), made on the controller from one look at the host.
  - It reads the CA and the client identities of the controller. Their keys never become values of Ansible's.
positional: _input, bundle, found, cryptography
options:
  _input:
    description: The options of the role, without their prefix, all of them.
    type: dict
    required: true
    suboptions:
      source:
        description: Where certificates come from.
        type: str
        choices: [own_ca, self_signed, provided]
        required: true
      san:
        description: Subject alternative names, as P(inferops.triton.subject_alt_names#filter) gives them.
        type: list
        elements: str
        required: true
      mutual_tls:
        description: Whether the material must do for mutual TLS.
        type: bool
        required: true
      key_type:
        description: Type of the key.
        type: str
        required: true
      renewal_share:
        description: Share of the lifetime below which a certificate is renewed.
        type: float
        required: true
      lifetime_days:
        description: Lifetime of issued certificates.
        type: float
        required: true
      ca_directory:
        description: Folder of the CA.
        type: path
        required: true
      ca_passphrase:
        description: Passphrase of the CA's key, empty for none.
        type: str
        required: true
      clients:
        description: Names of the client identities.
        type: list
        elements: str
        required: true
      client_key_type:
        description: Type of their keys.
        type: str
        required: true
      client_directory:
        description: Their folder.
        type: path
        required: true
      provided:
        description: By C(certificate), C(key) and C(ca), each with C(given), C(origin), C(on_host) and C(text).
        type: dict
        required: true
      warn_days:
        description: Days before the end of the validity at which to warn.
        type: float
        required: true
      error_days:
        description: Days before the end of the validity at which to refuse.
        type: float
        required: true
      allow:
        description: Codes of refusals to override.
        type: list
        elements: str
        required: true
  bundle:
    description: What M(inferops.triton.tls_bundle_info) found installed.
    type: dict
  found:
    description: What it found of the material that is provided on the host.
    type: dict
  cryptography:
    description: Version of cryptography on the host; none where it is missing.
    type: str
requirements:
  - cryptography >= 42 on the controller
"""

EXAMPLES = r"""
- name: Say why the host's certificate has to be issued
  ansible.builtin.debug:
    msg: "{{ (request | inferops.triton.tls_plan(info.bundle, none, info.cryptography)).reasons }}"
"""

RETURN = r"""
_value:
  description: The plan. Where nothing is due, all its lists are empty.
  type: dict
  contains:
    refusals:
      description: Why the run cannot go on. Each names option and file, cause, remedy and code.
      type: list
      elements: str
    remarks:
      description: Warnings, and what was overridden.
      type: list
      elements: str
    create_ca:
      description: Whether the CA does not exist yet.
      type: bool
    clients:
      description: Names of the client identities to issue.
      type: list
      elements: str
    client_reasons:
      description: Why.
      type: list
      elements: str
    reasons:
      description: Why the host's certificate has to be issued.
      type: list
      elements: str
    differences:
      description: What differs from what the host should have, where nothing has to be issued for it.
      type: list
      elements: str
"""


def tls_plan(request: Any, bundle: Any = None, found: Any = None, cryptography: Any = None) -> plan.Plan:
    """Return the plan for one host."""
    try:
        _dep.require(42)
        return plan.plan(_request(request), plan.Host(bundle, found, cryptography is not None))
    except KeyError as exc:
        raise AnsibleFilterError(f"tls_plan: {exc} is missing.") from exc
    except (ValueError, OSError, _dep.MissingCryptography) as exc:
        raise AnsibleFilterError(f"tls_plan: {exc}") from exc


def _request(options: Mapping[str, Any]) -> plan.Request:
    san = [str(name) for name in options["san"]]
    return plan.Request(
        source=str(options["source"]),
        names=[name.partition(":")[2] for name in san],
        san=frozenset(san),
        mutual=bool(options["mutual_tls"]),
        key_type=str(options["key_type"]),
        share=float(options["renewal_share"]),
        lifetime_days=float(options["lifetime_days"]),
        ca_directory=str(options["ca_directory"]),
        ca_passphrase=str(options["ca_passphrase"]),
        clients=[str(name) for name in options["clients"]],
        client_key_type=str(options["client_key_type"]),
        client_directory=str(options["client_directory"]),
        provided={str(name): _part(part) for name, part in options["provided"].items() if part["given"]},
        warn_days=float(options["warn_days"]),
        error_days=float(options["error_days"]),
        allow=[str(code) for code in options["allow"]],
    )


def _part(part: Mapping[str, Any]) -> plan.Part:
    text = part["text"]
    return plan.Part(str(part["origin"]), bool(part["on_host"]), None if text is None else str(text))


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tls_plan": tls_plan}
