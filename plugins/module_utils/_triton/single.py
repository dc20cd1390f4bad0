# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One endpoint: an inference, or everything that it presents and serves."""

from __future__ import annotations

import asyncio
import time
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton import classification, inference
from ansible_collections.inferops.triton.plugins.module_utils._triton.attempts import Evidence, Session, look
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import Client, RpcError
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import (
    Diagnosis,
    Failure,
    diagnose,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import (
    Endpoint,
    Files,
    load_endpoint,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Observation, Prober

Options = t.Mapping[str, t.Any]


def _check_timeout(options: Options, timeout: float) -> None:
    if not timeout > 0:
        detail = "timeout must be above 0, not {0}.".format(timeout)
        raise Failure(diagnose("invalid_option", address=options.get("address"), detail=detail))


def infer(options: Options, timeout: float) -> t.Tuple[t.Optional[inference.Answer], t.Optional[Diagnosis]]:
    """One inference within `timeout` seconds: the answer, if one came, and what is wrong, if anything is.

    Failure for options that are wrong in themselves.
    """
    _check_timeout(options, timeout)
    endpoint = load_endpoint({**options, "exposure": False}, Files())
    inference.check_options(endpoint)
    return asyncio.run(_infer(endpoint, timeout))


async def _infer(endpoint: Endpoint, timeout: float) -> t.Tuple[t.Optional[inference.Answer], t.Optional[Diagnosis]]:
    prober = Prober()
    started = time.monotonic()
    evidence = await look(prober, endpoint, timeout)
    fault = classification.explain_observation(endpoint, evidence.seen, timeout, evidence.plaintext)
    if fault is not None:
        return None, fault
    control = await Session(evidence, prober, started + timeout).control()
    fault = control.fault or control.model_fault or control.inference_fault
    if fault is None and control.answer is not None:
        try:
            inference.check_latency(endpoint, control.answer)
        except Failure as failure:
            fault = failure.diagnosis
    return control.answer, fault


def describe(options: Options, timeout: float) -> t.Dict[str, t.Any]:
    """What an endpoint presents and serves, as plain data: tls, server, models, diagnosis.

    Without a CA, or where gRPC is refused, `server` and `models` stay None. Failure where there is no TLS to describe.
    """
    _check_timeout(options, timeout)
    endpoint = load_endpoint(options, Files(), ca_required=False)
    return asyncio.run(_describe(endpoint, timeout))


async def _describe(endpoint: Endpoint, timeout: float) -> t.Dict[str, t.Any]:
    started = time.monotonic()
    evidence = await look(Prober(), endpoint, timeout)
    fault = classification.explain_observation(endpoint, evidence.seen, timeout, evidence.plaintext)
    if fault is not None and not evidence.seen.chain:
        raise Failure(fault)
    result: t.Dict[str, t.Any] = {"tls": _tls(evidence.seen), "server": None, "models": None, "diagnosis": None}
    if fault is None and endpoint.ca is not None:
        fault = await _ask(evidence, started + timeout, result)
    result["diagnosis"] = fault.as_dict() if fault else None
    return result


def _tls(seen: Observation) -> t.Dict[str, t.Any]:
    return {
        "version": seen.tls_version,
        "cipher": seen.cipher,
        "alpn": seen.alpn,
        "chain": [certificate.describe() for certificate in classification.served(seen)],
        "client_certificate_asked": seen.client_certificate_asked,
        "client_ca_names": seen.client_ca_names,
    }


async def _ask(evidence: Evidence, deadline: float, result: t.Dict[str, t.Any]) -> t.Optional[Diagnosis]:
    """Put what the server says of itself and of its models into `result`, as far as it answers."""
    endpoint = evidence.endpoint
    left = max(0.05, deadline - time.monotonic())
    async with Client(evidence.peer, endpoint.server_name, endpoint.ca, endpoint.identity, left) as client:
        try:
            metadata = await client.server_metadata()
            result["server"] = {
                "name": metadata.name,
                "version": metadata.version,
                "extensions": list(metadata.extensions),
                "ready": await client.server_ready(),
            }
            models = []
            for model in await client.models():
                ready = model.state == "READY"
                config = plain(await client.model_config(model.name, model.version)) if ready else None
                models.append({**plain(model), "config": config})
            result["models"] = models
        except RpcError as error:
            return classification.explain_rpc(endpoint, error, evidence.seen, evidence.timeout)
    return None


def plain(message: t.Any) -> t.Dict[str, t.Any]:
    """A protobuf message as plain data: enums by name, and numbers as numbers where protobuf's JSON has text for 64 bits."""
    return {field.name: _value(field, value) for field, value in message.ListFields()}


def _value(field: t.Any, value: t.Any) -> t.Any:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        return {str(key): _scalar(inner, value[key]) for key in value}
    # Scalars are neither; bytes and text have a length, but no extend.
    if hasattr(value, "extend"):
        return [_scalar(field, element) for element in value]
    return _scalar(field, value)


def _scalar(field: t.Any, value: t.Any) -> t.Any:
    if field.message_type is not None:
        return plain(value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
