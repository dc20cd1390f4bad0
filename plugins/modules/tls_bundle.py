#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module tls_bundle: install certificate, key and CA as one unit."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_bundle
short_description: Install a TLS certificate, its key and its CA as one unit
version_added: 0.1.0
author: The inferops.triton authors (@inferops)
description:
  - Matches the private key to the leaf certificate, and refuses what does not belong together or cannot be read before anything changes.
  - Installs certificate, key and CA by one rename, so that there is the old bundle or the new one at any moment, also when the run is
    killed or the disk is full. The next run finishes what a killed one began.
  - C(tls.crt) (leaf and intermediates), C(tls.key) and C(ca.crt) in O(path) are symlinks that never change. They lead through C(.current)
    to C(.bundles/<id>/), the id being a digest over the bundle.
  - The key has the mode 0400, everything else 0444. What differs is put right and reported in RV(repaired).
  - Superseded bundles are removed, keys included. Files that another tool had left at the three names, and that differ from the
    bundle, are kept in C(.adopted).
  - Chains, names, purposes and dates are judged by the filter P(inferops.triton.tls_validate#filter) on the controller.
extends_documentation_fragment:
  - inferops.triton.attributes
requirements:
  - python3-cryptography (38 or later) on the host, unless O(state=absent)
options:
  path:
    description: Folder of the bundle.
    type: path
    default: /etc/triton/tls
  state:
    description:
      - V(present) installs the bundle.
      - V(absent) removes what V(present) has made, and the folder where that leaves it empty.
    type: str
    choices: [present, absent]
    default: present
  certificate:
    description: PEM text of the leaf certificate, followed by its intermediates.
    type: str
  certificate_path:
    description: The same as a file on the host.
    type: path
  key:
    description:
      - PEM text of the private key.
      - Without O(key) and O(key_path), the installed key is taken, or the one that waits in C(.pending/tls.key) in O(path),
        whichever belongs to the certificate. A waiting key is removed once it is installed.
    type: str
  key_path:
    description: The same as a file on the host. It may be the installed key itself.
    type: path
  key_passphrase:
    description:
      - Passphrase of a key that is encrypted. It is installed in the clear, for Triton cannot ask for a passphrase.
      - Not looked at where the key is not encrypted.
    type: str
  ca:
    description: PEM text of the CAs that clients (and under mutual TLS the server) trust.
    type: str
  ca_path:
    description: The same as a file on the host.
    type: path
  owner:
    description: User that owns the key, by name or number. The default is who runs the module, mostly root.
    type: str
  group:
    description: Group of the key. The default is the main group of O(owner).
    type: str
  allow:
    description:
      - Codes of findings to accept all the same, as in the filter P(inferops.triton.tls_validate#filter). They are returned in RV(overridden).
      - Of use here are V(bom), V(pem_glued), V(pem_indented) and V(key_in_certificate); the installed files are clean all the same.
    type: list
    elements: str
    default: []
seealso:
  - module: inferops.triton.tls_bundle_info
  - plugin: inferops.triton.tls_validate
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Install a certificate for the key that was made on this host
  inferops.triton.tls_bundle:
    certificate: "{{ signed.certificate }}"
    ca: "{{ lookup('ansible.builtin.file', 'ca.crt') }}"

- name: Install what another agent renews on the host, for the user that runs Triton
  inferops.triton.tls_bundle:
    certificate_path: /etc/pki/agent/triton.pem
    key_path: /etc/pki/agent/triton.key
    ca_path: /etc/pki/agent/ca.pem
    owner: triton

- name: Remove the bundle
  inferops.triton.tls_bundle:
    state: absent
"""

RETURN = r"""
bundle:
  description: The bundle as it is installed, or in check mode would be. None where it is absent, or where check mode cannot know it yet.
  type: dict
  returned: success
  contains:
    id:
      description: Digest over the bundle, 20 hex digits.
      type: str
    certificate_file:
      description: Path of the certificate and its intermediates.
      type: str
    key_file:
      description: Path of the key.
      type: str
    ca_file:
      description: Path of the CA file, or None.
      type: str
    leaf:
      description: Subject, issuer, SANs, dates, fingerprints and key of the leaf certificate.
      type: dict
    chain:
      description: The intermediates, likewise.
      type: list
      elements: dict
    ca_certificates:
      description: The CAs, likewise.
      type: list
      elements: dict
    key:
      description: Type, size, curve and public key digest of the private key.
      type: dict
repaired:
  description: "What was not as it should be, such as C(tls.key: mode 0644 -> 0400)."
  type: list
  elements: str
  returned: success
adopted:
  description: Files of another tool that were taken over.
  type: list
  elements: str
  returned: success
pruned:
  description: Superseded bundles and leftovers that were removed.
  type: list
  elements: str
  returned: success
warnings_found:
  description: Findings that do not stand in the way, each with code, subject, cause and remedy.
  type: list
  elements: dict
  returned: success
overridden:
  description: Findings that O(allow) has overridden.
  type: list
  elements: dict
  returned: success
diagnosis:
  description: Code of the failure.
  type: str
  returned: failure
cause:
  description: What is wrong, in one sentence.
  type: str
  returned: failure
remedy:
  description: What to do, in one sentence.
  type: str
  returned: failure
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, bundle, finding, report, store


_SHORTEST_SECRET = 32


def main() -> None:
    """Read the options, call the back end, exit once."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": "/etc/triton/tls"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            # public, but careless hands paste a key into them, and options are logged before they can be looked at
            "certificate": {"type": "str", "no_log": True},
            "certificate_path": {"type": "path"},
            "key": {"type": "str", "no_log": True},
            "key_path": {"type": "path", "no_log": False},
            "key_passphrase": {"type": "str", "no_log": True},
            "ca": {"type": "str", "no_log": True},
            "ca_path": {"type": "path"},
            "owner": {"type": "str"},
            "group": {"type": "str"},
            "allow": {"type": "list", "elements": "str", "default": []},
        },
        mutually_exclusive=[("certificate", "certificate_path"), ("key", "key_path"), ("ca", "ca_path")],
        required_if=[("state", "present", ("certificate", "certificate_path"), True)],
        supports_check_mode=True,
    )
    # a blank or a short text is no key, and hiding it would blot out every message
    passphrase = module.params["key_passphrase"]
    module.no_log_values = {value for value in module.no_log_values if len(value.strip()) >= _SHORTEST_SECRET or value == passphrase}
    try:
        result = _absent(module) if module.params["state"] == "absent" else _present(module)
    except report.FAILURES as exc:
        module.fail_json(**report.failure(exc))
    else:
        module.exit_json(**result)


def _source(module: AnsibleModule, name: str) -> bundle.Source:
    return bundle.Source(module.params[name], module.params[f"{name}_path"])


def _absent(module: AnsibleModule) -> t.Dict[str, t.Any]:
    path = module.params["path"]
    before = report.installed(path)
    removed = store.remove(path, check=module.check_mode)
    diff = report.diff(path, before, {} if removed else before)
    return {**report.EMPTY, "changed": bool(removed), "bundle": None, "pruned": removed, "diff": diff}


def _present(module: AnsibleModule) -> t.Dict[str, t.Any]:
    path = module.params["path"]
    allow = finding.check_allow(module.params["allow"])
    try:
        key = _source(module, "key")._replace(passphrase=module.params["key_passphrase"])
        desired = bundle.desire(_source(module, "certificate"), key, _source(module, "ca"), path, allow)
        owner = bundle.ownership(module.params["owner"], module.params["group"])
    except (finding.MaterialError, LookupError, _dep.MissingCryptography) as exc:
        if module.check_mode and not (isinstance(exc, finding.MaterialError) and exc.finding["code"] != "missing"):
            # an earlier step of this very run would make it: predicted, not run
            return {**report.EMPTY, "changed": True, "bundle": None, "diff": report.diff(path, report.installed(path), None)}
        raise
    before = report.installed(path)
    plan = store.plan(path, desired.content, owner)
    if plan.changed and not module.check_mode:
        store.install(path, desired.content, owner)
    described = report.bundle(path, desired)
    return {
        "changed": plan.changed,
        "bundle": described,
        "repaired": plan.repaired,
        "adopted": [os.path.join(path, name) for name in plan.adopted],
        "pruned": plan.pruned,
        "warnings_found": desired.warnings,
        "overridden": desired.overridden,
        "diff": report.diff(path, before, report.desired(desired), plan.repaired),
    }


if __name__ == "__main__":
    main()
