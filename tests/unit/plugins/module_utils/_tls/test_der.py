# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public keys out of DER, those included that cryptography does not load, and broken input."""

from __future__ import annotations

import pytest
from ansible_collections.inferops.triton.plugins.module_utils._tls import der
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory as k

ISSUER = k.issue("DER Root", ca=True, number=80)
PLAIN = k.issue(issuer=ISSUER, number=81)
KEYS: dict[str, tuple[k.Issued, der.Key]] = {
    "P-256": (PLAIN, {"type": "ECDSA", "bits": 256, "curve": "P-256"}),
    "P-521": (k.issue(kind="P-521"), {"type": "ECDSA", "bits": 521, "curve": "P-521"}),
    "secp256k1": (k.issue(kind="secp256k1"), {"type": "ECDSA", "bits": 256, "curve": "secp256k1"}),
    "brainpool": (k.issue(kind="brainpool"), {"type": "ECDSA", "bits": 256, "curve": "brainpoolP256r1"}),
    "explicit": (k.with_explicit_curve(PLAIN, ISSUER), {"type": "ECDSA", "bits": 0, "curve": "explicit parameters"}),
    "RSA": (k.issue(kind="RSA-2048"), {"type": "RSA", "bits": 2048, "curve": None}),
    "RSASSA-PSS": (k.with_pss_key(k.issue(kind="RSA-2048"), ISSUER), {"type": "RSASSA-PSS", "bits": 2048, "curve": None}),
    "DSA": (k.issue(kind="DSA-2048"), {"type": "DSA", "bits": 2048, "curve": None}),
    "Ed25519": (k.issue(kind="Ed25519"), {"type": "Ed25519", "bits": 256, "curve": None}),
    "Ed448": (k.issue(kind="Ed448"), {"type": "Ed448", "bits": 456, "curve": None}),
}


@pytest.mark.parametrize("name", KEYS)
def test_keys(name: str) -> None:
    issued, expected = KEYS[name]
    assert der.describe_spki(der.spki_of_certificate(issued.der)) == expected


def test_a_relabelled_key_is_the_same_key() -> None:
    named, explicit = (der.spki_of_certificate(issued.der) for issued in (PLAIN, KEYS["explicit"][0]))
    assert named != explicit
    assert der.public_bits(named) == der.public_bits(explicit)


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x05\x02", b"\x30\x80\x00\x00", b"\x30\x85\1\1\1\1\1", b"\x30\x03\x02\x01", PLAIN.der[:100]])
def test_broken_input_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="DER"):
        der.element(data)


@pytest.mark.parametrize(("content", "dotted"), [("2a864886f70d010101", "1.2.840.113549.1.1.1"), ("2b6570", "1.3.101.112"), ("883703", "2.999.3")])
def test_object_identifiers(content: str, dotted: str) -> None:
    assert der.object_identifier(bytes.fromhex(content)) == dotted
