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
        choices: [own_ca, self_signed, provided, external, acme]
        required: true
      host:
        description: How messages name the host.
        type: str
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
      key_reuse:
        description: Whether a new certificate is for the key that the host has.
        type: bool
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
        description: Passphrase of the key that signs, empty for none.
        type: str
        required: true
      ca_root_passphrase:
        description: Passphrase of the root's key, empty for none.
        type: str
        required: true
      ca_common_name:
        description: Common name of a CA that is created.
        type: str
        required: true
      ca_rollover:
        description: Step of a CA rollover to take, empty for none.
        type: str
        choices: ["", trust, issue, retire]
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
      client_key_reuse:
        description: Whether they are renewed with the key that they have.
        type: bool
        required: true
      client_directory:
        description: Their folder.
        type: path
        required: true
      ca_file:
        description: What clients trust where somebody else's CA issues, a file of the controller; empty for its public CAs.
        type: path
        required: true
      request_file:
        description: The host's request, for V(external).
        type: path
        required: true
      certificate_file:
        description: What comes back for it.
        type: path
        required: true
      client_requests:
        description: Folder of the requests of clients, and of what comes back for them.
        type: path
        required: true
      renewal_info:
        description: Why the ACME server suggests a renewal of the installed certificate; empty where it does not.
        type: str
        required: true
      provided:
        description: By C(certificate), C(key) and C(ca), each with C(given), C(origin), C(on_host) and C(text).
        type: dict
        required: true
      provided_passphrase:
        description: Passphrase of a provided key that is encrypted, empty for none.
        type: str
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
    waits:
      description: What the run waits for others to do.
      type: list
      elements: str
    create_ca:
      description: Whether the CA does not exist yet.
      type: bool
    ca_common_name:
      description: Common name of a CA that is to be made, now or as the next one of a rollover.
      type: str
    issuing:
      description: Why the root has to sign the issuing CA again.
      type: list
      elements: str
    rollover:
      description: Whether a step of a CA rollover is to be taken, or to be finished.
      type: bool
    clients:
      description: Names of the client identities to issue.
      type: list
      elements: str
    client_reasons:
      description: Why.
      type: list
      elements: str
    client_new_keys:
      description: Names of those that get a new key.
      type: list
      elements: str
    client_asks:
      description: Names of the client identities to write requests for.
      type: list
      elements: str
    client_takes:
      description: Names of the client identities whose certificates came back.
      type: list
      elements: str
    reasons:
      description: Why the host's certificate has to be issued.
      type: list
      elements: str
    reuse_key:
      description: Whether the certificate to issue is for the key that the host has.
      type: bool
    asks:
      description: Why a request for the host has to be written.
      type: list
      elements: str
    takes:
      description: Whether the certificate that came back is to be installed.
      type: bool
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
        host=str(options["host"]),
        names=[name.partition(":")[2] for name in san],
        san=frozenset(san),
        mutual=bool(options["mutual_tls"]),
        key_type=str(options["key_type"]),
        key_reuse=bool(options["key_reuse"]),
        share=float(options["renewal_share"]),
        lifetime_days=float(options["lifetime_days"]),
        ca_directory=str(options["ca_directory"]),
        ca_passphrase=str(options["ca_passphrase"]),
        ca_root_passphrase=str(options["ca_root_passphrase"]),
        ca_common_name=str(options["ca_common_name"]),
        rollover=str(options["ca_rollover"]),
        clients=[str(name) for name in options["clients"]],
        client_key_type=str(options["client_key_type"]),
        client_key_reuse=bool(options["client_key_reuse"]),
        client_directory=str(options["client_directory"]),
        provided={str(name): _part(part) for name, part in options["provided"].items() if part["given"]},
        ca_file=str(options["ca_file"]),
        request_file=str(options["request_file"]),
        certificate_file=str(options["certificate_file"]),
        client_requests=str(options["client_requests"]),
        renewal_info=str(options["renewal_info"]),
        warn_days=float(options["warn_days"]),
        error_days=float(options["error_days"]),
        allow=[str(code) for code in options["allow"] if code != "ca_unknown"],
        other_ca="ca_unknown" in options["allow"],
        provided_passphrase=str(options["provided_passphrase"]),
    )


def _part(part: Mapping[str, Any]) -> plan.Part:
    text = part["text"]
    return plan.Part(str(part["origin"]), bool(part["on_host"]), None if text is None else str(text))


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tls_plan": tls_plan}
