# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys: what they are and which public key belongs to them. Nothing here ever returns private parts."""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, der, finding as f, pem


class PrivateKey(t.NamedTuple):
    """A private key, known by its public half; ``block`` is the only place of the secret."""

    block: pem.Block
    spki: bytes
    description: der.Key

    @property
    def public_key_sha256(self) -> str:
        """SHA-256 over the DER of the SubjectPublicKeyInfo, hex."""
        return der.sha256(self.spki)


def load(data: t.Union[str, bytes], passphrase: t.Optional[str] = None) -> t.Tuple[PrivateKey, t.List[f.Finding]]:
    """The first private key in PEM text, as servers take it: in the clear, also where it was encrypted. Raises MaterialError."""
    try:
        reading = pem.read_key(data)
    except f.MaterialError as exc:
        if exc.finding["code"] != "key_encrypted" or not passphrase:
            raise
        reading = _opened(data, passphrase)
    block = reading.blocks[0]
    try:
        key = _dep.serialization.load_pem_private_key(block.pem().encode("ascii"), None)
    except TypeError as exc:
        raise pem.encrypted() from exc
    except _dep.exceptions.UnsupportedAlgorithm as exc:
        raise _unsupported() from exc
    except ValueError as exc:
        raise pem.garbage("key", 1, "it cannot be decoded as a private key, or its curve has no name") from exc
    try:
        spki = key.public_key().public_bytes(_dep.serialization.Encoding.DER, _dep.serialization.PublicFormat.SubjectPublicKeyInfo)
        description = der.describe_spki(spki)
    except (ValueError, _dep.exceptions.UnsupportedAlgorithm) as exc:
        raise _unsupported() from exc
    return PrivateKey(block, spki, description), reading.findings


def _opened(data: t.Union[str, bytes], passphrase: str) -> pem.Reading:
    """The key that a passphrase protects, in PKCS#8. Raises MaterialError."""
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    encoding = _dep.serialization
    try:
        key = encoding.load_pem_private_key(raw, passphrase.encode())
    except _dep.exceptions.UnsupportedAlgorithm as exc:
        raise _unsupported() from exc
    except (ValueError, TypeError) as exc:
        cause = "The passphrase given does not open the private key."
        raise f.fail("key_passphrase_wrong", "key", cause, "Give the passphrase that the key was encrypted with.") from exc
    der_bytes = key.private_bytes(encoding.Encoding.DER, encoding.PrivateFormat.PKCS8, encoding.NoEncryption())
    return pem.Reading([pem.Block("PRIVATE KEY", der_bytes)], [])


def _unsupported() -> f.MaterialError:
    cause = "The private key is of a type or curve that cryptography, and with it gRPC clients, do not support."
    return f.fail("unsupported_key", "key", cause, "Use ECDSA P-256, ECDSA P-384 or RSA 2048 to 4096.")


def matches(spki: bytes, key_spki: bytes) -> bool:
    """Whether two SubjectPublicKeyInfo hold one key; for RSASSA-PSS the label may differ, the key not."""
    return spki == key_spki or der.public_bits(spki) == der.public_bits(key_spki)


def mismatch(leaf: str, leaf_sha256: str, key_sha256: str) -> f.Finding:
    """The finding for a key that is not the leaf's."""
    return f.make(
        "key_mismatch",
        "key",
        f"The private key (public key SHA-256 {key_sha256[:16]}…) does not belong to the certificate '{leaf}' ({leaf_sha256[:16]}…).",
        "Give the key that the certificate was issued for, or issue a certificate for this key.",
    )
