# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tensors between plain lists and the bytes of Triton's protocol, without NumPy.

Raw contents are little-endian and row-major; a BYTES element has its length before it, in four bytes; BF16 is the
upper half of a float32 (docs/protocol/extension_binary_data.md of triton-inference-server/server).
"""

from __future__ import annotations

import math
import struct
import typing as t
from dataclasses import dataclass

# Triton's datatype -> struct's code; BF16 and BYTES have none.
_CODES = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
DATATYPES = frozenset(_CODES) | {"BF16", "BYTES"}
FLOATS = frozenset({"FP16", "BF16", "FP32", "FP64"})
# InferTensorContents: which field holds which datatypes when the contents are typed. FP16 and BF16 have none.
_TYPED = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}

Value = t.Union[bool, int, float, str]


@dataclass(frozen=True)
class Tensor:
    """A named tensor; `data` is flat, row-major, of `size(shape)` elements."""

    name: str
    datatype: str
    shape: t.Tuple[int, ...]
    data: t.List[Value]

    def as_dict(self) -> t.Dict[str, t.Any]:
        """Plain data without the name: datatype, shape, data; NaN and infinity as text, which JSON lacks."""
        data = [str(v) if isinstance(v, float) and not math.isfinite(v) else v for v in self.data]
        return {"datatype": self.datatype, "shape": list(self.shape), "data": data}


def size(shape: t.Sequence[int]) -> int:
    """The number of elements; 1 for a scalar."""
    return math.prod(shape)


def flatten(data: t.Any) -> t.Tuple[t.Tuple[int, ...], t.List[Value]]:
    """Shape and flat elements of nested lists. ValueError where they are ragged."""
    if not isinstance(data, (list, tuple)):
        return (), [data]
    parts = [flatten(element) for element in data]
    if any(part[0] != parts[0][0] for part in parts):
        raise ValueError("its nested lists differ in length")
    inner = parts[0][0] if parts else ()
    return (len(parts), *inner), [value for part in parts for value in part[1]]


def encode(tensor: Tensor) -> bytes:
    """The raw contents of a tensor. ValueError names the element that the datatype cannot hold."""
    if tensor.datatype == "BYTES":
        elements = [_to_bytes(value) for value in tensor.data]
        return b"".join(struct.pack("<I", len(element)) + element for element in elements)
    values = [_number(tensor.datatype, value) for value in tensor.data]
    if tensor.datatype == "BF16":
        return b"".join(_to_bf16(value) for value in values)
    try:
        return struct.pack("<{0}{1}".format(len(values), _CODES[tensor.datatype]), *values)
    except (struct.error, OverflowError) as error:
        raise ValueError("{0} does not fit {1}".format(tensor.data, tensor.datatype)) from error


def decode(datatype: str, raw: bytes) -> t.List[Value]:
    """The elements in raw contents. ValueError where bytes are left over or missing."""
    if datatype == "BYTES":
        return list(_split_bytes(raw))
    if datatype == "BF16":
        if len(raw) % 2:
            raise ValueError("an odd number of bytes for BF16")
        return [struct.unpack("<f", b"\0\0" + raw[i : i + 2])[0] for i in range(0, len(raw), 2)]
    if datatype not in _CODES:
        raise ValueError("unknown datatype {0}".format(datatype))
    code = _CODES[datatype]
    if len(raw) % struct.calcsize(code):
        raise ValueError("{0} bytes are no whole number of {1} elements".format(len(raw), datatype))
    return list(struct.unpack("<{0}{1}".format(len(raw) // struct.calcsize(code), code), raw))


def outputs_of(response: t.Any) -> t.Dict[str, Tensor]:
    """The outputs of a ModelInferResponse by name, from raw or typed contents."""
    found: t.Dict[str, Tensor] = {}
    raw = response.raw_output_contents
    for index, output in enumerate(response.outputs):
        if raw:
            data = decode(output.datatype, raw[index]) if index < len(raw) else []
        elif output.datatype in _TYPED:
            data = [
                value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
                for value in getattr(output.contents, _TYPED[output.datatype])
            ]
        else:
            data = []
        found[output.name] = Tensor(output.name, output.datatype, tuple(output.shape), data)
    return found


def _to_bytes(value: Value) -> bytes:
    if not isinstance(value, str):
        raise ValueError("{0!r} is no text, which BYTES needs".format(value))
    return value.encode("utf-8")


def _number(datatype: str, value: Value) -> t.Union[bool, int, float]:
    if isinstance(value, str) and value.lower() in ("nan", "inf", "-inf", "infinity", "-infinity"):
        value = float(value)
    if datatype == "BOOL":
        valid = isinstance(value, bool) or value in (0, 1)
    elif datatype in FLOATS:
        valid = isinstance(value, (int, float)) and not isinstance(value, bool)
    else:
        valid = isinstance(value, int) and not isinstance(value, bool)
    if not valid:
        raise ValueError("{0!r} is no {1}".format(value, datatype))
    return t.cast("t.Union[bool, int, float]", value)


def _to_bf16(value: float) -> bytes:
    """Round to nearest, ties to even, as hardware does."""
    try:
        bits = struct.unpack("<I", struct.pack("<f", value))[0]
    except OverflowError as error:
        raise ValueError("{0} does not fit BF16".format(value)) from error
    if not math.isnan(value):
        bits += 0x7FFF + ((bits >> 16) & 1)
    return struct.pack("<H", bits >> 16)


def _split_bytes(raw: bytes) -> t.Iterator[str]:
    position = 0
    while position < len(raw):
        end = position + 4 + int.from_bytes(raw[position : position + 4], "little")
        if end > len(raw) or len(raw) - position < 4:
            raise ValueError("an element of BYTES is cut off")
        yield raw[position + 4 : end].decode("utf-8", "backslashreplace")
        position = end
