# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that the client-side modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """Where an endpoint is, how it is verified, and what is asked of it."""

    DOCUMENTATION = r"""
requirements:
  - tritonclient[grpc] >= 2.73
  - pyOpenSSL >= 25.1
  - cryptography >= 45
options:
  address:
    description:
      - Host and port of Triton's gRPC service, V(host:port), without a scheme; an IPv6 address in brackets, V([2001:db8::1]:8001).
      - Proxies in the environment are not used.
    type: str
    required: true
  server_name:
    description:
      - Name or address that the certificate must carry. The default is the host in O(address).
    type: str
  ca_file:
    description:
      - PEM file with the CA that the server's certificate must lead to, on the machine that the module runs on.
      - Mutually exclusive with O(ca).
    type: path
  ca:
    description:
      - The same as PEM text.
    type: str
  client_cert:
    description:
      - PEM file with the client's certificate and its intermediates, for mutual TLS. Given together with O(client_key) or not at all.
    type: path
  client_key:
    description:
      - PEM file with the client's private key, not encrypted.
    type: path
"""

    TIMEOUT = r"""
options:
  timeout:
    description:
      - Seconds for one endpoint, all connections to it together.
    type: float
    default: 10.0
"""

    INFERENCE = r"""
options:
  model:
    description:
      - Name of the model to ask.
    type: str
  model_version:
    description:
      - Version of the model; the server chooses where none is given.
    type: str
  inputs:
    description:
      - Inputs by name, each a mapping with C(datatype) (such as V(FP32) or V(BYTES)), C(shape) and C(data), a list, flat or nested.
      - What is missing is taken from the model's metadata; where C(data) is missing it is generated, a dimension of -1 counting as 1 unless C(shape) is given.
      - All inputs that are not given are generated. For the model V(triton_identity), C(INPUT) is [1.0, 2.0, 3.0] where nothing is given.
      - BOOL, all integers, FP16, BF16, FP32, FP64 and BYTES (as text) are supported. Give V("nan") and V("inf") as text.
    type: dict
  outputs:
    description:
      - Outputs that must come back, by name, each a mapping with C(data) and, if wanted, C(tolerance), C(datatype) and C(shape).
      - Elements must be equal after rounding to the output's datatype, or differ by at most C(tolerance). Outputs that are not named need only not be empty.
      - For the model V(triton_identity) without O(inputs), C(OUTPUT) must be [1.0, 2.0, 3.0] where nothing is given.
    type: dict
  max_latency:
    description:
      - Seconds that the inference may take, measured on an open connection.
    type: float
"""
