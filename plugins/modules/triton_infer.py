#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One test inference over TLS."""

from __future__ import annotations

DOCUMENTATION = r"""
module: triton_infer
short_description: Run one inference on Triton over TLS and check its outputs
version_added: 0.1.0
description:
  - Asks a model for one inference over TLS or mutual TLS, compares the outputs with what is expected and fails where they differ, are empty or missing, or
    come too late.
  - A failure carries RV(diagnosis), RV(cause) and RV(remedy); C(docs/diagnosis.md) explains the codes.
author:
  - The inferops.triton authors (@inferops)
extends_documentation_fragment:
  - inferops.triton.attributes
  - inferops.triton.attributes.info_module
  - inferops.triton.endpoint
  - inferops.triton.endpoint.timeout
  - inferops.triton.endpoint.inference
options:
  model:
    required: true
  ca_file:
    description:
      - PEM file with the CA that the server's certificate must lead to. One of O(ca_file) and O(ca) is needed.
seealso:
  - module: inferops.triton.triton_verify
  - module: inferops.triton.triton_endpoint_info
"""

EXAMPLES = r"""
- name: Ask the test model
  inferops.triton.triton_infer:
    address: gpu1.example:8001
    ca_file: /etc/pki/fleet-ca.crt
    model: triton_identity
  delegate_to: localhost
  become: false

- name: Ask a model under mutual TLS, with inputs and outputs
  inferops.triton.triton_infer:
    address: 192.0.2.7:8001
    server_name: gpu1.example
    ca_file: /etc/pki/fleet-ca.crt
    client_cert: verifier.crt
    client_key: verifier.key
    model: adder
    inputs:
      A: {datatype: FP32, shape: [2], data: [1.5, 2.5]}
      B: {data: [1, 1]}
    outputs:
      SUM: {data: [2.5, 3.5], tolerance: 0.001}
    max_latency: 0.5
  delegate_to: localhost
  become: false
"""

RETURN = r"""
outputs:
  description: The outputs by name, each with C(datatype), C(shape) and C(data), a flat list. NaN and infinity are given as text.
  returned: when an answer came
  type: dict
  sample: {"OUTPUT": {"datatype": "FP32", "shape": [3], "data": [1.0, 2.0, 3.0]}}
inputs:
  description: The inputs as they were sent, likewise.
  returned: when an answer came
  type: dict
latency:
  description: Seconds that the inference took on the open connection.
  returned: when an answer came
  type: float
model_version:
  description: Version of the model that answered.
  returned: when an answer came
  type: str
diagnosis:
  description: Code of what is wrong.
  returned: failure
  type: str
  sample: output_mismatch
cause:
  description: What is wrong, in a sentence.
  returned: failure
  type: str
remedy:
  description: What to do about it.
  returned: failure
  type: str
raw:
  description: What gRPC or OpenSSL said.
  returned: failure, where a library said something
  type: str
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.inferops.triton.plugins.module_utils._triton import argspec, inference, single
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure


def main() -> None:
    """Run the module."""
    options = argspec.inference_options()
    options["model"]["required"] = True
    module = AnsibleModule(
        argument_spec={**argspec.endpoint_options(), **argspec.timeout_option(), **options},
        mutually_exclusive=[("ca_file", "ca")],
        supports_check_mode=True,
    )
    argspec.require_libraries(module)
    try:
        answer, fault = single.infer(module.params, module.params["timeout"])
    except Failure as failure:
        argspec.fail(module, failure.diagnosis)
    result: t.Dict[str, t.Any] = inference.as_plain(answer) if answer else {}
    if fault is not None:
        argspec.fail(module, fault, **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
