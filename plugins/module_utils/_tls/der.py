# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough DER to take a public key out of a certificate.

cryptography refuses to load some public keys (explicit curve parameters, RSASSA-PSS in old releases) and says nothing about them then.
Their algorithm and size are needed all the same, to name the fault. Sources: X.690, RFC 5280 section 4.1, RFC 3279, RFC 5480, RFC 8410.
"""

from __future__ import annotations

import hashlib
import typing as t

INTEGER, BIT_STRING, OBJECT_IDENTIFIER, SEQUENCE = 0x02, 0x03, 0x06, 0x30
_VERSION_TAG = 0xA0

RSA_OID = "1.2.840.113549.1.1.1"
PSS_OID = "1.2.840.113549.1.1.10"
EC_OID = "1.2.840.10045.2.1"

# algorithm: (name, bits where the algorithm fixes them)
_ALGORITHMS: t.Dict[str, t.Tuple[str, int]] = {
    RSA_OID: ("RSA", 0),
    PSS_OID: ("RSASSA-PSS", 0),
    EC_OID: ("ECDSA", 0),
    "1.2.840.10040.4.1": ("DSA", 0),
    "1.3.101.112": ("Ed25519", 256),
    "1.3.101.113": ("Ed448", 456),
    "1.3.101.110": ("X25519", 256),
    "1.3.101.111": ("X448", 448),
}

# curve: (the name operators know, bits)
_CURVES: t.Dict[str, t.Tuple[str, int]] = {
    "1.2.840.10045.3.1.1": ("P-192", 192),
    "1.3.132.0.33": ("P-224", 224),
    "1.2.840.10045.3.1.7": ("P-256", 256),
    "1.3.132.0.34": ("P-384", 384),
    "1.3.132.0.35": ("P-521", 521),
    "1.3.132.0.10": ("secp256k1", 256),
    "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256),
    "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
    "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512),
}

EXPLICIT = "explicit parameters"


class Key(t.TypedDict):
    """What a public key is. bits is 0 where it cannot be told."""

    type: str
    bits: int
    curve: t.Optional[str]


def element(data: bytes, offset: int = 0) -> t.Tuple[int, bytes, int]:
    """Read one DER element at offset: its tag, its content, and the offset after it. Raises ValueError."""
    try:
        tag, length, start = data[offset], data[offset + 1], offset + 2
        if length & 0x80:
            count = length & 0x7F
            if not 0 < count <= 4:
                raise ValueError("unsupported length in DER")
            length, start = int.from_bytes(data[start : start + count], "big"), start + count
    except IndexError as exc:
        raise ValueError("truncated DER") from exc
    if start + length > len(data):
        raise ValueError("truncated DER")
    return tag, data[start : start + length], start + length


def elements(data: bytes) -> t.Iterator[t.Tuple[int, bytes, bytes]]:
    """Every element of a constructed value: tag, content, and the whole encoding. Raises ValueError."""
    offset = 0
    while offset < len(data):
        tag, content, end = element(data, offset)
        yield tag, content, data[offset:end]
        offset = end


def spki_of_certificate(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a DER certificate. Raises ValueError."""
    tbs = next(elements(element(certificate)[1]))[1]
    fields = [encoding for tag, _content, encoding in elements(tbs) if tag != _VERSION_TAG]
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    if len(fields) < 6:
        raise ValueError("no public key in this certificate")
    return fields[5]


def object_identifier(content: bytes) -> str:
    """The dotted form of an OBJECT IDENTIFIER's content."""
    numbers: t.List[int] = []
    value = 0
    for byte in content:
        value = (value << 7) | (byte & 0x7F)
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        raise ValueError("empty object identifier")
    first = min(numbers[0] // 40, 2)
    return ".".join(str(number) for number in [first, numbers[0] - 40 * first, *numbers[1:]])


def public_bits(spki: bytes) -> bytes:
    """The bare public key in a SubjectPublicKeyInfo: equal for one RSA key, whether it is labelled RSA or RSASSA-PSS."""
    return list(elements(element(spki)[1]))[1][1]


def describe_spki(spki: bytes) -> Key:
    """Type, size and curve of a public key, also of one that cryptography does not load. Raises ValueError."""
    algorithm, key = [content for _tag, content, _encoding in elements(element(spki)[1])][:2]
    parts = list(elements(algorithm))
    oid = object_identifier(parts[0][1])
    name, bits = _ALGORITHMS.get(oid, (oid, 0))
    curve: t.Optional[str] = None
    if oid in (RSA_OID, PSS_OID):
        modulus = next(elements(element(key[1:])[1]))[1]
        bits = int.from_bytes(modulus, "big").bit_length()
    elif oid == EC_OID:
        tag, content = parts[1][:2]
        curve, bits = EXPLICIT, 0
        if tag == OBJECT_IDENTIFIER:
            curve = object_identifier(content)
            curve, bits = _CURVES.get(curve, (curve, 0))
    elif name == "DSA" and len(parts) > 1:
        bits = int.from_bytes(next(elements(parts[1][1]))[1], "big").bit_length()
    return {"type": name, "bits": bits, "curve": curve}


def sha256(data: bytes) -> str:
    """Lowercase hex, no colons."""
    return hashlib.sha256(data).hexdigest()
