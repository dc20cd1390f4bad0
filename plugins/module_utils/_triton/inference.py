# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One inference: inputs as given or made from the model's metadata, outputs compared with what is expected.

An answer OK proves nothing by itself: Triton can answer OK with an empty tensor.
"""

from __future__ import annotations

import math
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._triton import tensors
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import Client, RpcError
from ansible_collections.inferops.triton.plugins.module_utils._triton.deps import pb
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure, diagnose
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Endpoint
from ansible_collections.inferops.triton.plugins.module_utils._triton.tensors import Tensor

# The collection's own test model, which answers with what it was given.
TEST_MODEL = "triton_identity"
TEST_DATA = [1.0, 2.0, 3.0]
# Generated inputs are for small probes; a model with larger fixed dimensions wants inputs of its own.
MAX_GENERATED = 16 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What an inference returned; `latency` in seconds, of the call alone, the connection being open."""

    inputs: t.Dict[str, Tensor]
    outputs: t.Dict[str, Tensor]
    latency: float
    model_version: str


def expected_tensors(endpoint: Endpoint) -> t.Tuple[t.Mapping[str, t.Any], t.Mapping[str, t.Any]]:
    """The inputs and outputs asked for; the test model's are known where none are given."""
    if endpoint.model == TEST_MODEL and not endpoint.inputs:
        inputs = {"INPUT": {"datatype": "FP32", "shape": [len(TEST_DATA)], "data": TEST_DATA}}
        return inputs, endpoint.outputs or {"OUTPUT": {"data": TEST_DATA}}
    return endpoint.inputs, endpoint.outputs


def check_options(endpoint: Endpoint) -> None:
    """Refuse inputs and outputs that cannot be sent or compared, before anything is connected. Failure invalid_option."""
    if endpoint.model is None:
        if endpoint.inputs or endpoint.outputs:
            raise _invalid(endpoint, "inputs and outputs are given, but no model")
        return
    for name, spec in endpoint.inputs.items():
        _keys(endpoint, "inputs." + name, spec, {"datatype", "shape", "data"})
        if spec.get("data") is not None and spec.get("datatype") is not None:
            _input(endpoint, name, spec, str(spec["datatype"]), ())
    for name, spec in endpoint.outputs.items():
        _keys(endpoint, "outputs." + name, spec, {"datatype", "shape", "data", "tolerance"})
        tolerance = spec.get("tolerance") or 0
        if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not tolerance >= 0:
            raise _invalid(endpoint, "outputs.{0}.tolerance is no number from 0 on".format(name))


def _invalid(endpoint: Endpoint, detail: str) -> Failure:
    return Failure(diagnose("invalid_option", address=endpoint.address, detail=detail + "."))


def _keys(endpoint: Endpoint, option: str, spec: t.Any, known: t.Set[str]) -> None:
    if not isinstance(spec, dict):
        raise _invalid(endpoint, "{0} is no mapping with {1}".format(option, ", ".join(sorted(known))))
    unknown = sorted(set(spec) - known)
    if unknown:
        raise _invalid(
            endpoint, "{0} has the unknown key {1}; known are {2}".format(option, unknown[0], ", ".join(sorted(known)))
        )


def _input(
    endpoint: Endpoint, name: str, spec: t.Mapping[str, t.Any], datatype: str, dims: t.Sequence[int]
) -> Tensor:
    """The tensor that `spec` describes; `dims` is the model's shape, with -1 for any, where it was asked."""
    if datatype not in tensors.DATATYPES:
        raise _invalid(
            endpoint,
            "inputs.{0}: the datatype {1} is none of {2}".format(name, datatype, ", ".join(sorted(tensors.DATATYPES))),
        )
    shape: t.Tuple[int, ...]
    if spec.get("data") is None:
        shape = tuple(int(n) for n in spec.get("shape") or [1 if n < 0 else n for n in dims])
        if min(shape, default=1) < 0 or tensors.size(shape) > MAX_GENERATED:
            raise _invalid(endpoint, "inputs.{0}: no data can be made for the shape {1}".format(name, list(shape)))
        return Tensor(name, datatype, shape, _made(datatype, tensors.size(shape)))
    try:
        nested, data = tensors.flatten(spec["data"])
        shape = tuple(int(n) for n in spec["shape"]) if spec.get("shape") is not None else nested
        if tensors.size(shape) != len(data):
            raise ValueError("the shape {0} does not hold {1} elements".format(list(shape), len(data)))
        tensor = Tensor(name, datatype, shape, data)
        tensors.encode(tensor)
    except (ValueError, TypeError) as error:
        raise _invalid(endpoint, "inputs.{0}: {1}".format(name, error)) from error
    return tensor


def _made(datatype: str, count: int) -> t.List[tensors.Value]:
    """Small values that every datatype can hold; not all alike, so that a model that mixes them up shows."""
    if datatype == "BYTES":
        return [str(i % 100) for i in range(count)]
    if datatype == "BOOL":
        return [i % 2 == 0 for i in range(count)]
    return [float(i % 100) if datatype in tensors.FLOATS else i % 100 for i in range(count)]


async def infer(client: Client, endpoint: Endpoint) -> Answer:
    """Run the inference that the endpoint asks for. RpcError from a call, Failure for inputs that do not fit the model."""
    model = endpoint.model or ""
    given, _outputs = expected_tensors(endpoint)
    known: t.Dict[str, t.Any] = {}
    if not given or any(spec.get("datatype") is None or spec.get("data") is None for spec in given.values()):
        metadata = await client.model_metadata(model, endpoint.model_version)
        known = {tensor.name: tensor for tensor in metadata.inputs}
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise _invalid(
                endpoint,
                "inputs.{0}: the model {1} has only {2}".format(unknown[0], endpoint.model, ", ".join(sorted(known))),
            )
    inputs: t.Dict[str, Tensor] = {}
    for name in list(given) + [name for name in known if name not in given]:
        spec = given.get(name, {})
        datatype = str(spec.get("datatype") or (known[name].datatype if name in known else ""))
        inputs[name] = _input(endpoint, name, spec, datatype, known[name].shape if name in known else ())
    request = pb.ModelInferRequest(model_name=model, model_version=endpoint.model_version)
    for tensor in inputs.values():
        request.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        request.raw_input_contents.append(tensors.encode(tensor))
    started = time.monotonic()
    response = await client.infer(request)
    latency = time.monotonic() - started
    try:
        outputs = tensors.outputs_of(response)
    except ValueError as error:
        raise RpcError("INTERNAL", "the answer cannot be decoded: {0}".format(error)) from error
    return Answer(inputs, outputs, latency, response.model_version)


def check_outputs(endpoint: Endpoint, answer: Answer) -> None:
    """Compare the outputs with what is expected. Failure output_empty or output_mismatch."""

    def wrong(code: str, detail: str) -> Failure:
        return Failure(diagnose(code, model=endpoint.model, address=endpoint.address, detail=detail))

    if not answer.outputs:
        raise wrong("output_empty", "no output came back")
    _inputs, expected = expected_tensors(endpoint)
    for name, output in answer.outputs.items():
        if not output.data and (name in expected or not expected) and (expected.get(name) or {}).get("data") != []:
            raise wrong("output_empty", "output {0} has no elements".format(name))
        if len(output.data) != tensors.size(output.shape):
            raise wrong(
                "output_mismatch",
                "output {0} of shape {1} has {2} elements".format(name, list(output.shape), len(output.data)),
            )
    for name, spec in expected.items():
        if name not in answer.outputs:
            raise wrong(
                "output_mismatch", "output {0} is missing, there is {1}".format(name, ", ".join(sorted(answer.outputs)))
            )
        difference = _difference(answer.outputs[name], spec)
        if difference:
            raise wrong("output_mismatch", "output {0} {1}".format(name, difference))


def check_latency(endpoint: Endpoint, answer: Answer) -> None:
    """Failure latency where the inference took longer than is allowed."""
    if endpoint.max_latency is not None and answer.latency > endpoint.max_latency:
        seconds, limit = "{0:.3f}".format(answer.latency), "{0:g}".format(endpoint.max_latency)
        raise Failure(
            diagnose("latency", model=endpoint.model, address=endpoint.address, seconds=seconds, limit=limit)
        )


def _difference(output: Tensor, spec: t.Mapping[str, t.Any]) -> t.Optional[str]:
    """How an output differs from what is expected of it, None where it does not."""
    if spec.get("datatype") and spec["datatype"] != output.datatype:
        return "is {0}, expected {1}".format(output.datatype, spec["datatype"])
    if spec.get("shape") is not None and list(spec["shape"]) != list(output.shape):
        return "has the shape {0}, expected {1}".format(list(output.shape), list(spec["shape"]))
    if spec.get("data") is None:
        return None
    _nested, expected = tensors.flatten(spec["data"])
    if len(expected) != len(output.data):
        return "has {0} elements, expected {1}".format(len(output.data), len(expected))
    tolerance = float(spec.get("tolerance") or 0)
    for index, (actual, wanted) in enumerate(zip(output.data, expected)):
        if not _equal(output.datatype, actual, wanted, tolerance):
            return "has {0!r} at position {1}, expected {2!r} (tolerance {3:g})".format(
                actual, index, wanted, tolerance
            )
    return None


def _equal(datatype: str, actual: tensors.Value, wanted: tensors.Value, tolerance: float) -> bool:
    """Equality as the output's datatype can show it: 0.1 is what FP32 makes of 0.1. NaN equals NaN."""
    try:
        rounded = tensors.decode(datatype, tensors.encode(Tensor("", datatype, (1,), [wanted])))[0]
    except ValueError:
        return False
    if isinstance(actual, str) or isinstance(rounded, str):
        return actual == rounded
    if math.isnan(actual) or math.isnan(rounded):
        return math.isnan(actual) and math.isnan(rounded)
    # Integers are compared as integers: a float would not tell 2**62 from 2**62 + 1.
    return actual == rounded or abs(actual - rounded) <= tolerance


def as_plain(answer: Answer) -> t.Dict[str, t.Any]:
    """An answer as plain data for a result."""
    return {
        "inputs": {name: tensor.as_dict() for name, tensor in answer.inputs.items()},
        "outputs": {name: tensor.as_dict() for name, tensor in answer.outputs.items()},
        "latency": round(answer.latency, 6),
        "model_version": answer.model_version,
    }
