# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client as users write one, with tritonclient alone: the second opinion beside the collection's own modules.

Prints one JSON object: {"output": [...]} or {"error": "what gRPC said"}; exits 0 either way, since refusals are asserted too.
"""

from __future__ import annotations

import argparse
import json

import numpy
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException


def infer(options: argparse.Namespace) -> list[float]:
    """Send [1, 2, 3] through the identity model within options.timeout seconds, or read the log settings; raises what tritonclient raises."""
    arguments: list[tuple[str, str]] = []
    if options.server_name:
        arguments.append(("grpc.ssl_target_name_override", options.server_name))
    client = triton.InferenceServerClient(
        options.address,
        ssl=not options.plaintext,
        root_certificates=options.ca,
        certificate_chain=options.cert,
        private_key=options.key,
        channel_args=arguments,
    )
    try:
        if options.log_settings:
            headers = {"triton-grpc-protocol-admin-key": options.admin_key} if options.admin_key else None
            client.get_log_settings(headers=headers, client_timeout=options.timeout)
            return []
        tensor = triton.InferInput("INPUT", [3], "FP32")
        tensor.set_data_from_numpy(numpy.array([1, 2, 3], dtype=numpy.float32))
        answer = client.infer(options.model, [tensor], client_timeout=options.timeout)
        output = answer.as_numpy("OUTPUT")
        return [] if output is None else [float(value) for value in output]
    finally:
        client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--server-name")
    parser.add_argument("--ca")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--plaintext", action="store_true")
    parser.add_argument("--model", default="triton_identity")
    parser.add_argument("--log-settings", action="store_true")
    parser.add_argument("--admin-key")
    parser.add_argument("--timeout", type=float, default=10.0)
    try:
        print(json.dumps({"output": infer(parser.parse_args())}))
    except InferenceServerException as error:
        print(json.dumps({"error": str(error)}))


if __name__ == "__main__":
    main()
