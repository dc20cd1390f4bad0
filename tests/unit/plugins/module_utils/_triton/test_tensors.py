# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tensors between lists and the protocol's bytes, compared with NumPy where NumPy knows the datatype."""

from __future__ import annotations

import math
import typing as t

import numpy
import pytest
from tritonclient.grpc import service_pb2 as pb

from ansible_collections.inferops.triton.plugins.module_utils._triton import tensors

VALUES: t.List[t.Tuple[str, str, t.List[t.Any]]] = [
    ("BOOL", "?", [True, False, True]),
    ("UINT8", "<u1", [0, 255]),
    ("UINT16", "<u2", [0, 65535]),
    ("UINT32", "<u4", [0, 2**32 - 1]),
    ("UINT64", "<u8", [0, 2**64 - 1]),
    ("INT8", "<i1", [-128, 127]),
    ("INT16", "<i2", [-32768, 32767]),
    ("INT32", "<i4", [-(2**31), 2**31 - 1]),
    ("INT64", "<i8", [-(2**63), 2**63 - 1]),
    ("FP16", "<f2", [0.5, -2.0, 65504.0]),
    ("FP32", "<f4", [0.5, -2.0, 1e30]),
    ("FP64", "<f8", [0.1, -2.0, 1e300]),
]


def tensor(datatype: str, data: t.List[t.Any]) -> tensors.Tensor:
    return tensors.Tensor("X", datatype, (len(data),), data)


@pytest.mark.parametrize(("datatype", "dtype", "data"), VALUES)
def test_numbers(datatype: str, dtype: str, data: t.List[t.Any]) -> None:
    raw = tensors.encode(tensor(datatype, data))
    assert raw == numpy.array(data, dtype=dtype).tobytes()
    assert tensors.decode(datatype, raw) == pytest.approx(data, rel=1e-6)


def test_bytes_as_tritonclient_writes_them() -> None:
    from tritonclient.utils import serialize_byte_tensor

    data = ["", "a", "grüße", "x" * 300]
    raw = tensors.encode(tensor("BYTES", data))
    assert raw == serialize_byte_tensor(numpy.array([d.encode() for d in data], dtype=object)).item()
    assert tensors.decode("BYTES", raw) == data


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.0, 1.0), (-2.5, -2.5), (0.0, 0.0), (1.00390625, 1.0), (1.01171875, 1.015625)],
)
def test_bf16_rounds_to_nearest_even(value: float, expected: float) -> None:
    assert tensors.decode("BF16", tensors.encode(tensor("BF16", [value]))) == pytest.approx([expected], rel=1e-3)


def test_not_a_number_and_infinity() -> None:
    for datatype in ("FP16", "BF16", "FP32", "FP64"):
        decoded = tensors.decode(datatype, tensors.encode(tensor(datatype, ["nan", "inf", "-inf"])))
        assert math.isnan(float(decoded[0]))
        assert decoded[1:] == [math.inf, -math.inf]
    assert tensor("FP32", [math.nan, math.inf, 1.0]).as_dict()["data"] == ["nan", "inf", 1.0]


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("INT32", [2**31]),
        ("INT32", [1.5]),
        ("INT32", [True]),
        ("UINT8", [-1]),
        ("BOOL", [2]),
        ("BOOL", ["yes"]),
        ("FP32", ["text"]),
        ("FP32", [None]),
        ("FP16", [1e6]),
        ("BF16", [1e39]),
        ("BYTES", [1]),
    ],
)
def test_values_that_do_not_fit(datatype: str, data: t.List[t.Any]) -> None:
    with pytest.raises(ValueError):
        tensors.encode(tensor(datatype, data))


@pytest.mark.parametrize(
    ("datatype", "raw"),
    [("FP32", b"123"), ("BF16", b"1"), ("BYTES", b"\1\0"), ("BYTES", b"\5\0\0\0ab"), ("FP8", b"1")],
)
def test_bytes_that_are_cut_off(datatype: str, raw: bytes) -> None:
    with pytest.raises(ValueError):
        tensors.decode(datatype, raw)


@pytest.mark.parametrize(
    ("data", "shape", "flat"),
    [(5, (), [5]), ([], (0,), []), ([1, 2], (2,), [1, 2]), ([[1], [2]], (2, 1), [1, 2]), ([[], []], (2, 0), [])],
)
def test_nested_lists(data: t.Any, shape: t.Tuple[int, ...], flat: t.List[t.Any]) -> None:
    assert tensors.flatten(data) == (shape, flat)


def test_ragged_lists() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        tensors.flatten([[1, 2], [3]])


def test_typed_contents() -> None:
    response = pb.ModelInferResponse()
    response.outputs.add(name="A", datatype="FP32", shape=[2]).contents.fp32_contents.extend([1.0, 2.0])
    response.outputs.add(name="B", datatype="INT8", shape=[1]).contents.int_contents.append(-3)
    response.outputs.add(name="C", datatype="BYTES", shape=[1]).contents.bytes_contents.append(b"x")
    response.outputs.add(name="D", datatype="FP16", shape=[1])
    found = tensors.outputs_of(response)
    assert {name: output.data for name, output in found.items()} == {"A": [1.0, 2.0], "B": [-3], "C": ["x"], "D": []}


def test_raw_contents_with_one_missing() -> None:
    response = pb.ModelInferResponse()
    response.outputs.add(name="A", datatype="INT16", shape=[1])
    response.outputs.add(name="B", datatype="INT16", shape=[1])
    response.raw_output_contents.append(b"\1\0")
    assert {n: o.data for n, o in tensors.outputs_of(response).items()} == {"A": [1], "B": []}
