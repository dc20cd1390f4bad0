# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that an audit makes for clients that must be refused. They live in memory alone, and for one run.

Certificates and keys are PEM (the keys PKCS#8, not encrypted, as gRPC and OpenSSL take them).
"""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.deps import (
    ExtendedKeyUsageOID,
    NameOID,
    ec,
    hashes,
    serialization,
    x509,
)

_DAY = datetime.timedelta(days=1)
_CA_NAME = "Throwaway CA of an audit"


def foreign() -> t.Tuple[bytes, bytes, bytes]:
    """A CA that no server knows, and certificate and key of a client of it, all valid for a day."""
    now = datetime.datetime.now(datetime.timezone.utc)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _CA_NAME)])
    root = _builder(_CA_NAME, issuer, ca_key, ca=True, begin=now - _DAY / 24, end=now + _DAY)
    leaf = _builder("foreign client", issuer, key, ca=False, begin=now - _DAY / 24, end=now + _DAY)
    return _pem(root.sign(ca_key, hashes.SHA256())), _pem(leaf.sign(ca_key, hashes.SHA256())), _key_pem(key)


def expired(ca: t.Any, ca_key: t.Any) -> t.Tuple[bytes, bytes]:
    """Certificate and key of a client of the CA given (objects of cryptography), which was valid for a day and expired yesterday.

    ValueError, TypeError or UnsupportedAlgorithm where the CA's key cannot sign certificates.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder("expired client", ca.subject, key, ca=False, begin=now - 2 * _DAY, end=now - _DAY)
    # The server finds the issuer by the identifier that the CA itself carries, which need not be the hash of its key.
    try:
        ski = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        aki = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski)
    except x509.ExtensionNotFound:
        aki = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    # RFC 8410: Ed25519 and Ed448 hash for themselves.
    own_hash = type(ca_key).__name__.startswith("Ed")
    signed = builder.add_extension(aki, critical=False).sign(ca_key, None if own_hash else hashes.SHA256())
    return _pem(signed), _key_pem(key)


def _builder(
    common_name: str, issuer: t.Any, key: t.Any, ca: bool, begin: datetime.datetime, end: datetime.datetime
) -> t.Any:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if ca:
        return builder
    return builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)


def _pem(certificate: t.Any) -> bytes:
    encoded: bytes = certificate.public_bytes(serialization.Encoding.PEM)
    return encoded


def _key_pem(key: t.Any) -> bytes:
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    encoded: bytes = key.private_bytes(*plain)
    return encoded
