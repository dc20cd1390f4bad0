# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""module.py FILE VERSION: an ELF file that modinfo takes for the kernel module nvidia, and that no kernel would load."""

from __future__ import annotations

import struct
import sys

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")


def module(version: str) -> bytes:
    """A relocatable ELF64 file with one section of text, .modinfo."""
    info = f"name=nvidia\0version={version}\0license=NVIDIA\0".encode()
    names = b"\0.modinfo\0.shstrtab\0"
    offset = _HEADER.size
    table = offset + len(info) + len(names)
    header = _HEADER.pack(b"\x7fELF\x02\x01\x01", 1, 62, 1, 0, 0, table, 0, _HEADER.size, 0, 0, _SECTION.size, 3, 2)
    sections = (
        _SECTION.pack(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        + _SECTION.pack(1, 1, 2, 0, offset, len(info), 0, 0, 1, 0)
        + _SECTION.pack(10, 3, 0, 0, offset + len(info), len(names), 0, 0, 1, 0)
    )
    return header + info + names + sections


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as stream:
        stream.write(module(sys.argv[2]))
