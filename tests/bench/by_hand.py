# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people delegate to the controller today, once per host: a small script over tritonclient.

`python by_hand.py ADDRESS SERVER_NAME CA KEY CERTIFICATE`
"""

from __future__ import annotations

import sys

import numpy
import tritonclient.grpc as triton


def main(address: str, server_name: str, ca: str, key: str, certificate: str) -> None:
    """Ready, metadata, one inference; an exception where it fails."""
    client = triton.InferenceServerClient(
        address,
        ssl=True,
        root_certificates=ca,
        private_key=key,
        certificate_chain=certificate,
        channel_args=[("grpc.ssl_target_name_override", server_name)],
    )
    if not (client.is_server_ready() and client.is_model_ready("triton_identity")):
        raise SystemExit("not ready")
    client.get_server_metadata()
    data = numpy.array([1, 2, 3], dtype=numpy.float32)
    tensor = triton.InferInput("INPUT", [3], "FP32")
    tensor.set_data_from_numpy(data)
    if client.infer("triton_identity", [tensor]).as_numpy("OUTPUT").tolist() != data.tolist():
        raise SystemExit("wrong answer")


if __name__ == "__main__":
    main(*sys.argv[1:])
