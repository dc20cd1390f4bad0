# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs as given or generated, outputs compared; against a real Triton."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import inference, single
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Endpoint
from ansible_collections.inferops.triton.plugins.module_utils._triton.tensors import Tensor
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton

Options = t.Dict[str, t.Any]


@pytest.fixture(name="options")
def fixture_options(pki: Pki, triton: Triton) -> Options:
    return {
        "address": "127.0.0.1:{0}".format(triton.port),
        "ca_file": pki.ca_file,
        "client_cert": pki.client_cert,
        "client_key": pki.client_key,
        "model": "triton_identity",
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, [1.0, 2.0, 3.0]),
        ({"inputs": {"INPUT": {}}}, [0.0]),
        ({"inputs": {"INPUT": {"shape": [3]}}}, [0.0, 1.0, 2.0]),
        ({"inputs": {"INPUT": {"data": [5]}}}, [5]),
        ({"inputs": {"INPUT": {"datatype": "FP32", "data": [0.25, -1]}}}, [0.25, -1]),
        ({"model": "whole"}, [0, 1, 2, 3, 4, 5]),
        ({"model": "whole", "inputs": {"INPUT": {"data": [[1, 2, 3], [4, 5, 6]]}}}, [1, 2, 3, 4, 5, 6]),
        ({"model": "half"}, [0.0, 1.0]),
        ({"model": "half", "inputs": {"INPUT": {"data": [0.5, -2]}}}, [0.5, -2]),
    ],
)
def test_identity(options: Options, given: Options, sent: t.List[float]) -> None:
    answer, fault = single.infer({**options, **given}, 5)
    assert fault is None
    assert answer is not None
    assert answer.inputs["INPUT"].data == sent
    assert answer.outputs["OUTPUT"].data == sent
    assert answer.outputs["OUTPUT"].shape == answer.inputs["INPUT"].shape
    assert 0 < answer.latency < 5
    assert inference.as_plain(answer)["model_version"] == "1"


@pytest.mark.parametrize(
    ("given", "code", "named"),
    [
        ({"outputs": {"OUTPUT": {"data": [1, 2, 4]}}}, "output_mismatch", "3.0 at position 2, expected 4"),
        ({"outputs": {"OUTPUT": {"data": [1, 2]}}}, "output_mismatch", "3 elements, expected 2"),
        ({"outputs": {"OUTPUT": {"shape": [1, 3]}}}, "output_mismatch", "the shape [3], expected [1, 3]"),
        ({"outputs": {"OUTPUT": {"datatype": "INT32"}}}, "output_mismatch", "FP32, expected INT32"),
        ({"outputs": {"OTHER": {"data": [1]}}}, "output_mismatch", "OTHER is missing, there is OUTPUT"),
        ({"model": "broken"}, "output_empty", "no output"),
        ({"model": "slow", "max_latency": 0.05}, "latency", "more than the 0.05 s"),
        ({"model": "nobody"}, "model_unknown", "nobody"),
        ({"model_version": "7"}, "model_unknown", "triton_identity"),
        ({"inputs": {"WRONG": {"data": [1]}}}, "invalid_option", "has only INPUT"),
        ({"inputs": {"INPUT": {"datatype": "INT32", "data": [1]}}}, "inference_failed", "data-type"),
        ({"inputs": {"INPUT": {"datatype": "FP32", "shape": [1, 1], "data": [1]}}}, "inference_failed", "shape"),
        ({"model": "slow", "timeout": 0.15}, "timeout", "0.15 s"),
    ],
)
def test_failures(options: Options, given: Options, code: str, named: str) -> None:
    answer, fault = single.infer({**options, **given}, given.get("timeout", 5))
    assert fault is not None
    assert (fault.code, named in fault.cause) == (code, True), fault
    if code in ("output_mismatch", "latency"):
        assert answer is not None, "the answer is needed to see what is wrong with it"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"inputs": {"INPUT": [1]}}, "inputs.INPUT is no mapping"),
        ({"inputs": {"INPUT": {"values": [1]}}}, "unknown key values"),
        ({"inputs": {"INPUT": {"datatype": "FP8", "data": [1]}}}, "the datatype FP8"),
        ({"inputs": {"INPUT": {"datatype": "FP32", "data": [[1], [1, 2]]}}}, "differ in length"),
        ({"inputs": {"INPUT": {"datatype": "FP32", "shape": [2], "data": [1]}}}, "does not hold 1 elements"),
        ({"inputs": {"INPUT": {"datatype": "INT8", "data": [300]}}}, "does not fit INT8"),
        ({"inputs": {"INPUT": {"shape": [100000000]}}}, "no data can be made"),
        ({"outputs": {"OUTPUT": {"tolerance": -1}}}, "outputs.OUTPUT.tolerance"),
        ({"outputs": {"OUTPUT": {"tolerance": "a"}}}, "outputs.OUTPUT.tolerance"),
        ({"outputs": {"OUTPUT": {"date": [1]}}}, "unknown key date"),
    ],
)
def test_options_that_make_no_sense(options: Options, given: Options, named: str) -> None:
    try:
        _answer, fault = single.infer({**options, **given}, 5)
    except Failure as failure:
        fault = failure.diagnosis
    assert fault is not None
    assert fault.code == "invalid_option"
    assert named in fault.cause


def answer_of(datatype: str, data: t.List[t.Any], shape: t.Tuple[int, ...] = ()) -> inference.Answer:
    return inference.Answer({}, {"Y": Tensor("Y", datatype, shape or (len(data),), data)}, 0.1, "1")


def endpoint_with(outputs: t.Dict[str, t.Any]) -> Endpoint:
    return Endpoint("e", Address("h", 1), "h", None, model="m", outputs=outputs)


@pytest.mark.parametrize(
    ("datatype", "data", "expected", "code"),
    [
        ("FP32", [0.10000000149011612], {"data": [0.1]}, None),
        ("FP16", [0.0999755859375], {"data": [0.1]}, None),
        ("FP32", [0.1], {"data": [0.1001]}, "output_mismatch"),
        ("FP32", [0.1], {"data": [0.1001], "tolerance": 0.001}, None),
        ("FP32", [float("nan")], {"data": ["nan"]}, None),
        ("FP32", [float("nan")], {"data": [1.0], "tolerance": 9}, "output_mismatch"),
        ("FP32", [float("inf")], {"data": ["inf"], "tolerance": 1}, None),
        ("INT64", [2**62 + 1], {"data": [2**62]}, "output_mismatch"),
        ("INT32", [3], {"data": [4], "tolerance": 1}, None),
        ("INT32", [3], {"data": [3.5]}, "output_mismatch"),
        ("BOOL", [True], {"data": [1]}, None),
        ("BYTES", ["ja"], {"data": ["ja"]}, None),
        ("BYTES", ["ja"], {"data": ["nein"]}, "output_mismatch"),
        ("FP32", [1.0, 2.0], {"data": [[1.0], [2.0]]}, None),
        ("FP32", [], {"data": [1.0]}, "output_empty"),
        ("FP32", [], {"data": []}, None),
        ("FP32", [], {}, "output_empty"),
    ],
)
def test_comparison(datatype: str, data: t.List[t.Any], expected: Options, code: t.Optional[str]) -> None:
    found = None
    try:
        inference.check_outputs(endpoint_with({"Y": expected}), answer_of(datatype, data))
    except Failure as failure:
        found = failure.diagnosis.code
    assert found == code


def test_shape_that_belies_the_data() -> None:
    with pytest.raises(Failure, match="has 2 elements"):
        inference.check_outputs(endpoint_with({}), answer_of("FP32", [1.0, 2.0], (3,)))
