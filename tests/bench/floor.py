# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that proving endpoints can cost: a bare asyncio gRPC client that opens as many TLS channels as the audit.

`python floor.py PLAN`, where PLAN is a JSON file with addresses, server_name, ca, certificate, key (paths), handshakes and
concurrency. All handshakes are complete ones under mutual TLS; one channel per endpoint carries metadata and an inference.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import typing as t
from pathlib import Path

import grpc
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc as pb_grpc

Plan = t.Dict[str, t.Any]


def request() -> t.Any:
    """The inference that the audit makes, too: three FP32 for the identity model."""
    tensor = pb.ModelInferRequest.InferInputTensor(name="INPUT", datatype="FP32", shape=[3])
    message = pb.ModelInferRequest(model_name="triton_identity", inputs=[tensor])
    message.raw_input_contents.append(struct.pack("<3f", 1, 2, 3))
    return message


async def channel(plan: Plan, address: str, credentials: t.Any, calls: bool) -> None:
    """One channel, up to the server's HTTP/2 settings; with `calls`, metadata and inference on it."""
    options = [("grpc.ssl_target_name_override", plan["server_name"]), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel("ipv4:" + address, credentials, options=options) as opened:
        await opened.channel_ready()
        if calls:
            stub = pb_grpc.GRPCInferenceServiceStub(opened)
            await stub.ServerMetadata(pb.ServerMetadataRequest())
            answer = await stub.ModelInfer(request())
            if struct.unpack("<3f", answer.raw_output_contents[0]) != (1, 2, 3):
                raise RuntimeError("the model answered wrongly")


async def run(plan: Plan) -> None:
    """All endpoints, so many at once."""
    credentials = grpc.ssl_channel_credentials(*(Path(plan[name]).read_bytes() for name in ("ca", "key", "certificate")))
    gate = asyncio.Semaphore(plan["concurrency"])

    async def endpoint(address: str) -> None:
        async with gate:
            await asyncio.gather(
                *(channel(plan, address, credentials, number == 0) for number in range(plan["handshakes"]))
            )

    await asyncio.gather(*(endpoint(address) for address in plan["addresses"]))


if __name__ == "__main__":
    asyncio.run(run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
