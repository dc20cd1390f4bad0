# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Triton's gRPC service through the messages of tritonclient, over asyncio and TLS only.

tritonclient's own client hides the connection's details and needs a NumPy dtype for BF16; its generated messages do not.
The calls are those of inference.GRPCInferenceService (grpc_service.proto of triton-inference-server/common).
"""

from __future__ import annotations

import functools
import time
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.deps import grpc, pb
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Identity

# Bytes of one answer. A hostile server must not fill the memory; 16 Mi elements of FP32 and their frame fit in.
MAX_ANSWER = 72 * 1024 * 1024


class RpcError(Exception):
    """A call failed: gRPC's status by name, such as UNAVAILABLE, and its text."""

    def __init__(self, status: str, details: str) -> None:
        super().__init__("{0}: {1}".format(status, details))
        self.status = status
        self.details = details


def channel_options(server_name: str) -> t.List[t.Tuple[str, t.Union[str, int]]]:
    """The channel's arguments. They replace gRPC's defaults for the sizes of messages: no bound on what is sent, and MAX_ANSWER."""
    return [
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", MAX_ANSWER),
        # The peer is dialled by address, so that all connections of a check meet the same one.
        ("grpc.ssl_target_name_override", server_name),
        # A proxy in the environment would answer in the endpoint's place.
        ("grpc.enable_http_proxy", 0),
        # Channels that differ only in what they trust must not share a connection.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_retries", 0),
    ]


@functools.lru_cache(maxsize=64)
def _credentials(ca: t.Optional[bytes], identity: t.Optional[Identity]) -> t.Any:
    """gRPC's credentials, which keep what was parsed of the PEMs: the channels of an audit share a few of them.

    gRPC aborts the whole process when it is given one of key and certificate (grpc #40732); Identity holds both.
    """
    return grpc.ssl_channel_credentials(
        ca, identity.key if identity else None, identity.certificate if identity else None
    )


@functools.lru_cache(maxsize=None)
def _method(name: str) -> t.Tuple[str, t.Any, t.Any]:
    """Path, serializer and deserializer of a call. The generated stub makes all 20 of them for every channel."""
    service = pb.DESCRIPTOR.services_by_name["GRPCInferenceService"]
    method = service.methods_by_name[name]
    request, response = getattr(pb, method.input_type.name), getattr(pb, method.output_type.name)
    return "/{0}/{1}".format(service.full_name, name), request.SerializeToString, response.FromString


class Client:
    """One TLS channel to `peer`, used as an asynchronous context manager. `timeout` bounds all of its calls together, in seconds."""

    def __init__(
        self,
        peer: Address,
        server_name: str,
        ca: t.Optional[bytes],
        identity: t.Optional[Identity],
        timeout: float,
    ) -> None:
        family = "ipv6" if ":" in peer.host else "ipv4"
        self._channel = grpc.aio.secure_channel(
            "{0}:{1}".format(family, peer), _credentials(ca, identity), options=channel_options(server_name)
        )
        self._deadline = time.monotonic() + timeout

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._channel.close()

    async def _call(self, method: str, request: t.Any, timeout: t.Optional[float] = None) -> t.Any:
        path, serialize, deserialize = _method(method)
        call = self._channel.unary_unary(path, request_serializer=serialize)
        left = self._deadline - time.monotonic()
        try:
            answer = await call(request, timeout=max(0.05, left if timeout is None else min(timeout, left)))
        except grpc.aio.AioRpcError as error:
            raise RpcError(error.code().name, error.details() or "") from error
        try:
            return deserialize(answer)  # gRPC would write a traceback to stderr, and return None
        except Exception as error:  # protobuf's DecodeError, which has moved between its releases
            raise RpcError("INTERNAL", "the answer is no message of Triton's ({0})".format(error)) from error

    async def server_ready(self) -> bool:
        """Whether the server says that it is ready; asked over the secured port."""
        return bool((await self._call("ServerReady", pb.ServerReadyRequest())).ready)

    async def model_ready(self, model: str, version: str = "") -> bool:
        """Whether the model is ready; an unknown model is not."""
        request = pb.ModelReadyRequest(name=model, version=version)
        return bool((await self._call("ModelReady", request)).ready)

    async def server_metadata(self) -> t.Any:
        """ServerMetadataResponse: name, version, extensions."""
        return await self._call("ServerMetadata", pb.ServerMetadataRequest())

    async def model_metadata(self, model: str, version: str = "") -> t.Any:
        """ModelMetadataResponse: inputs and outputs with name, datatype and shape."""
        return await self._call("ModelMetadata", pb.ModelMetadataRequest(name=model, version=version))

    async def model_config(self, model: str, version: str = "") -> t.Any:
        """ModelConfig: what the server made of the model's config.pbtxt."""
        return (await self._call("ModelConfig", pb.ModelConfigRequest(name=model, version=version))).config

    async def models(self) -> t.Any:
        """The repository index: name, version, state and reason of each model."""
        return (await self._call("RepositoryIndex", pb.RepositoryIndexRequest())).models

    async def infer(self, request: t.Any) -> t.Any:
        """ModelInferResponse to a ModelInferRequest."""
        return await self._call("ModelInfer", request)

    async def call(self, method: str, request: t.Any, timeout: float) -> t.Any:
        """Any call of the service by its name in grpc_service.proto, in at most `timeout` seconds."""
        return await self._call(method, request, timeout)
