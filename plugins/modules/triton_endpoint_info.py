#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Triton endpoint presents and serves."""

from __future__ import annotations

DOCUMENTATION = r"""
module: triton_endpoint_info
short_description: Describe what a Triton endpoint presents over TLS and serves over gRPC
version_added: 0.1.0
description:
  - Returns the TLS version, cipher and ALPN, the whole chain as it is sent, the CA names that the server asks of clients, and over gRPC the server with its
    version and extensions and its models with state and configuration.
  - The TLS part verifies nothing and works where gRPC is refused; RV(diagnosis) then says why. It fails only where there is no TLS to describe.
  - gRPC is asked only where O(ca_file) or O(ca) allows to verify the server.
author:
  - The inferops.triton authors (@inferops)
extends_documentation_fragment:
  - inferops.triton.attributes
  - inferops.triton.attributes.info_module
  - inferops.triton.endpoint
  - inferops.triton.endpoint.timeout
seealso:
  - module: inferops.triton.triton_verify
  - module: inferops.triton.triton_infer
"""

EXAMPLES = r"""
- name: Look at an endpoint
  inferops.triton.triton_endpoint_info:
    address: gpu1.example:8001
    ca_file: /etc/pki/fleet-ca.crt
  delegate_to: localhost
  become: false
  register: endpoint

- name: Show when its certificate expires
  ansible.builtin.debug:
    msg: "{{ endpoint.tls.chain[0].not_after }}"
"""

RETURN = r"""
tls:
  description: The TLS connection.
  returned: success
  type: dict
  contains:
    version:
      description: The TLS version that was agreed on.
      type: str
      sample: TLSv1.3
    cipher:
      description: The cipher, as OpenSSL calls it.
      type: str
      sample: TLS_AES_256_GCM_SHA384
    alpn:
      description: The protocol agreed on by ALPN, none where there was none.
      type: str
      sample: h2
    chain:
      description: Every certificate that the server sent, leaf first, as M(inferops.triton.tls_bundle_info) describes them.
      type: list
      elements: dict
    client_certificate_asked:
      description: Whether the server asks clients for a certificate.
      type: bool
    client_ca_names:
      description: The CAs of which it asks for certificates, as RFC 4514 names.
      type: list
      elements: str
server:
  description: Name, version, extensions and readiness of the server. None where gRPC was not asked or refused.
  returned: success
  type: dict
  sample: {"name": "triton", "version": "2.51.0", "extensions": ["classification"], "ready": true}
models:
  description: The models with C(name), C(version), C(state), C(reason) where there is one, and C(config), the model's configuration where it is ready.
  returned: success
  type: list
  elements: dict
diagnosis:
  description: Why gRPC was refused, with C(code), C(cause) and C(remedy); none where it was not. When the module fails, it is the code alone.
  returned: always
  type: dict
cause:
  description: What is wrong, in a sentence.
  returned: failure
  type: str
remedy:
  description: What to do about it.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.inferops.triton.plugins.module_utils._triton import argspec, single
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={**argspec.endpoint_options(), **argspec.timeout_option()},
        mutually_exclusive=[("ca_file", "ca")],
        supports_check_mode=True,
    )
    argspec.require_libraries(module)
    try:
        result = single.describe(module.params, module.params["timeout"])
    except Failure as failure:
        argspec.fail(module, failure.diagnosis)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
