# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints of the OpenPGP keys in a file, with Python alone: hosts have gpgv at most. Free of Ansible.

Sources: RFC 9580, sections 4.2 (packet headers), 5.5.4 (fingerprints) and 6 (ASCII armor).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

_PUBLIC_KEY = 6
_ARMOR = re.compile(rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\r\n]+: [^\r\n]*\r?\n)*\r?\n(.*?)-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL)


def fingerprints(path: str) -> list[str]:
    """Upper-case hexadecimal fingerprints of the primary keys, without blanks; [] where the file holds none or is not there."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError:
        return []
    try:
        blocks = [_unarmored(block) for block in _ARMOR.findall(data)] or [data]
        return [_fingerprint(body) for block in blocks for tag, body in _packets(block) if tag == _PUBLIC_KEY]
    except (ValueError, IndexError, binascii.Error):
        return []


def _unarmored(text: bytes) -> bytes:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(b"=")]
    return base64.b64decode(b"".join(lines), validate=True)


def _fingerprint(body: bytes) -> str:
    if body[0] == 4:
        return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest().upper()
    if body[0] == 6:
        return hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest().upper()
    raise ValueError(f"a key of version {body[0]}")


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each packet; bodies in parts, which keys never have, are refused."""
    position = 0
    while position < len(data):
        head = data[position]
        if not head & 0x80:
            raise ValueError("no packet")
        if head & 0x40:
            tag, first = head & 0x3F, data[position + 1]
            if first < 192:
                length, start = first, position + 2
            elif first < 224:
                length, start = ((first - 192) << 8) + data[position + 2] + 192, position + 3
            elif first == 255:
                length, start = int.from_bytes(data[position + 2 : position + 6], "big"), position + 6
            else:
                raise ValueError("a body in parts")
        else:
            tag, size = (head & 0x3C) >> 2, 1 << (head & 3)
            if size == 8:
                raise ValueError("a body without a length")
            length, start = int.from_bytes(data[position + 1 : position + 1 + size], "big"), position + 1 + size
        if start + length > len(data):
            raise ValueError("a packet is cut off")
        yield tag, data[start : start + length]
        position = start + length
