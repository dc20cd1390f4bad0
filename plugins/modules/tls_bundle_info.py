#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module tls_bundle_info: what certificate, key and CA lie on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_bundle_info
short_description: Report the TLS certificate, key and CA on a host
version_added: 0.1.0
author: The inferops.triton authors (@inferops)
description:
  - Describes a bundle that M(inferops.triton.tls_bundle) has installed, or any certificate, key and CA file.
  - Bad files are findings in the result, no failures. A private key is described by its public half and never returned.
extends_documentation_fragment:
  - inferops.triton.attributes
  - inferops.triton.attributes.info_module
requirements:
  - python3-cryptography (38 or later) on the host, where there is a file to read
options:
  path:
    description: Folder of an installed bundle. Not used where O(certificate_path) is given.
    type: path
    default: /etc/triton/tls
  certificate_path:
    description: A certificate file, instead of an installed bundle.
    type: path
  key_path:
    description: The key file that belongs to O(certificate_path).
    type: path
  key_passphrase:
    description: Passphrase of O(key_path), where that is encrypted.
    type: str
  ca_path:
    description: The CA file of O(certificate_path).
    type: path
  owner:
    description: User that the key should belong to, by name or number. Without it, owners are not judged.
    type: str
  group:
    description: Group that the key should belong to.
    type: str
seealso:
  - module: inferops.triton.tls_bundle
  - plugin: inferops.triton.tls_validate
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at the installed bundle
  inferops.triton.tls_bundle_info:
  register: installed

- name: Refuse files that do not belong together
  inferops.triton.tls_bundle_info:
    certificate_path: /etc/pki/agent/triton.pem
    key_path: /etc/pki/agent/triton.key
  register: agent
  failed_when: agent.bundle.findings | length > 0
"""

RETURN = r"""
bundle:
  description: What lies on the host.
  type: dict
  returned: success
  contains:
    present:
      description: Whether the certificate file exists.
      type: bool
    id:
      description: Digest of the installed bundle. None where M(inferops.triton.tls_bundle) did not install it.
      type: str
    certificate:
      description: PEM text of the leaf and its intermediates. None where it cannot be read.
      type: str
    ca:
      description: PEM text of the CAs. None where there are none.
      type: str
    leaf:
      description: The leaf certificate, its subject, issuer, SANs, dates, fingerprints and key.
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
      description: The key file, with C(present), C(type), C(bits), C(curve), C(public_key_sha256), C(encrypted), C(owner), C(group), C(mode), C(finding).
      type: dict
    key_matches:
      description: Whether the key belongs to the leaf. None where either cannot be read.
      type: bool
    drift:
      description: Differences from what M(inferops.triton.tls_bundle) would leave, in modes, owners and layout.
      type: list
      elements: str
    findings:
      description: What is wrong with the files, each with C(code), C(subject), C(cause) and C(remedy).
      type: list
      elements: dict
    pending_key:
      description: Whether a key waits for its certificate, in C(.pending/tls.key) in O(path).
      type: bool
    pending_public_key_sha256:
      description: The digest of the waiting key's SubjectPublicKeyInfo.
      type: str
cryptography:
  description: Version of cryptography on the host. None where it is not installed, which is an error only where there is a file to read.
  type: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, look


def main() -> None:
    """Read the options, call the back end, exit once."""
    module = AnsibleModule(argument_spec=look.SPEC, required_by=look.REQUIRED_BY, supports_check_mode=True)
    try:
        result = look.look(module.params)
    except _dep.MissingCryptography as missing:
        if not module.check_mode:
            words = {"diagnosis": "cryptography_missing", "cause": str(missing), "remedy": look.REMEDY}
            module.fail_json(msg=f"{missing} {look.REMEDY}", exception=_dep.ERROR, **words)
        module.warn(f"{missing} {look.REMEDY}")
        result = look.unread()
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
