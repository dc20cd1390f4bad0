# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Triton's REST protocol, as far as an audit speaks it: the inference that gRPC just made, and calls that control the server.

docs/protocol of triton-inference-server/server; what Triton answers was tried with 2.51. Nothing here changes the server: settings are
asked for and not given, and the model to unload does not exist.
"""

from __future__ import annotations

import json
import math
import secrets
import typing as t
import urllib.parse

from ansible_collections.inferops.triton.plugins.module_utils._triton import tensors
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import MAX_ANSWER
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Endpoint
from ansible_collections.inferops.triton.plugins.module_utils._triton.expectations import CONTROL_APIS
from ansible_collections.inferops.triton.plugins.module_utils._triton.exposure import CLOSED_TEXTS, CONTROLS
from ansible_collections.inferops.triton.plugins.module_utils._triton.https import Reply, Request, Response
from ansible_collections.inferops.triton.plugins.module_utils._triton.inference import Answer
from ansible_collections.inferops.triton.plugins.module_utils._triton.outcome import Attempt, Outcome
from ansible_collections.inferops.triton.plugins.module_utils._triton.tensors import Tensor

READY = Request("/v2/health/ready")
METRICS = Request("/metrics")
# What HAProxy, nginx and Envoy say where nothing behind them answers.
NO_BACKEND = frozenset({502, 503, 504})
# The client is slowed down, which refuses no call.
_LATER = frozenset({408, 429})
_BINARY_LENGTH = "Inference-Header-Content-Length"
# Triton takes and gives these as bytes only ("receiving FP16 data via JSON is not supported").
_BINARY_ONLY = frozenset({"FP16", "BF16"})
# Elements beyond which JSON would be megabytes.
_MANY = 64 * 1024


def infer(endpoint: Endpoint, known: Answer) -> Request:
    """The inference of `known`, which gRPC made: in plain JSON, or with JSON's binary extension where JSON cannot say it."""
    path = "/v2/models/" + _quoted(endpoint.model or "")
    if endpoint.model_version:
        path += "/versions/" + _quoted(endpoint.model_version)
    both = (*known.inputs.values(), *known.outputs.values())
    binary = any(map(_unsayable, both)) or sum(len(tensor.data) for tensor in both) > _MANY
    described, raw = [], b""
    for tensor in known.inputs.values():
        one: t.Dict[str, t.Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
        if binary:
            encoded = tensors.encode(tensor)
            one["parameters"] = {"binary_data_size": len(encoded)}
            raw += encoded
        else:
            one["data"] = tensor.data
        described.append(one)
    question: t.Dict[str, t.Any] = {"inputs": described}
    if binary:
        question["parameters"] = {"binary_data_output": True}
    head = json.dumps(question).encode("utf-8")
    kind = ("Content-Type", "application/octet-stream" if binary else "application/json")
    headers = (kind, (_BINARY_LENGTH, str(len(head)))) if binary else (kind,)
    return Request(path + "/infer", "POST", head + raw, headers, MAX_ANSWER)


def _quoted(text: str) -> str:
    """A segment of a path. Triton decodes none (tried with 2.51), so nothing is encoded that need not be (RFC 3986, 3.3)."""
    return urllib.parse.quote(text, safe="!$&'()*+,;=:@~")


def _unsayable(tensor: Tensor) -> bool:
    if tensor.datatype in _BINARY_ONLY:
        return True
    return any(isinstance(value, float) and not math.isfinite(value) for value in tensor.data)


def answer(known: Answer, reply: Response) -> Answer:
    """An answer to infer(). ValueError where it is none."""
    length = reply.headers.get(_BINARY_LENGTH.lower())
    head = reply.body[: int(length)] if length else reply.body
    raw = reply.body[len(head) :]
    try:
        found = json.loads(head)
        outputs = {}
        for output in found["outputs"]:
            name, datatype = str(output["name"]), str(output["datatype"])
            size = (output.get("parameters") or {}).get("binary_data_size")
            if size is None:
                data = tensors.flatten(output["data"])[1]
            else:
                data, raw = tensors.decode(datatype, raw[: int(size)]), raw[int(size) :]
            outputs[name] = Tensor(name, datatype, tuple(int(n) for n in output["shape"]), data)
        return Answer(known.inputs, outputs, reply.seconds, str(found.get("model_version", "")))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it is no inference response ({0}: {1})".format(type(error).__name__, error)) from error


def controls(endpoint: Endpoint) -> t.List[t.Tuple[str, Request]]:
    """The calls that control a server and are not meant to be open, each with what it controls: also as a gateway's rules may overlook them."""
    nobody = "audit-" + secrets.token_hex(12)
    found = [
        ("model control", Request("/v2/repository/models/{0}/unload".format(nobody), "POST")),
        ("shared memory", Request("/v2/systemsharedmemory/status")),
        ("shared memory", Request("/v2/cudasharedmemory/status")),
        ("trace settings", Request("/v2/trace/setting")),
        ("log settings", Request("/v2/logging")),
        # Triton takes a whole URL for its path (RFC 9112, 3.2.2); a rule that compares the line's beginning does not.
        ("log settings", Request("https://{0}/v2/logging".format(Address(endpoint.server_name, endpoint.address.port)))),
    ]
    if endpoint.model:
        found.append(("trace settings", Request("/v2/models/{0}/trace/setting".format(_quoted(endpoint.model)))))
    agreed = endpoint.gateway.open_apis if endpoint.gateway else frozenset()
    return [(name, request) for name, request in found if _APIS[name] not in agreed]


_APIS = dict(zip(CONTROLS, CONTROL_APIS))


def judge_control(request: Request, reply: Reply) -> Attempt:
    """What the reply to such a call says. A connection that is closed refuses it: the same one was answered about readiness."""
    call = "{0} {1}".format(request.method, request.path)
    if isinstance(reply, str):
        return Attempt(Outcome.REFUSED, "{0}: {1}".format(call, reply))
    said = "{0}: {1}".format(call, reply)
    if any(text in reply.body[:1024].decode("utf-8", "replace").lower() for text in CLOSED_TEXTS):
        return Attempt(Outcome.REFUSED, said)
    if 200 <= reply.status < 300:
        return Attempt(Outcome.ACCEPTED, said)
    if 300 <= reply.status < 500 and reply.status not in _LATER:
        return Attempt(Outcome.REFUSED, said)
    return Attempt(Outcome.UNCLEAR, said)
