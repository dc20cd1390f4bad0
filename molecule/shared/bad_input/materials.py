# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate material with exactly one thing wrong, as operators hand it in.

`make(folder, name)` writes, for every kind of mistake, `<kind>/{tls.crt,tls.key,ca.crt}` for a host called name, and the kind `good` beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(timezone.utc)
PEM = serialization.Encoding.PEM


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Authority:
    """A CA: its certificate and key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, common_name: str, issuer: Authority | None = None) -> Authority:
        key = p256()
        certificate = _builder(common_name, issuer.certificate.subject if issuer else _name(common_name), key.public_key())
        certificate = certificate.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        certificate = certificate.add_extension(_usage(ca=True), critical=True)
        return cls(certificate.sign(issuer.key if issuer else key, hashes.SHA256()), key)

    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)


def _builder(common_name: str, issuer: x509.Name, public_key: Any, start: datetime | None = None, end: datetime | None = None) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start or NOW - timedelta(days=1))
        .not_valid_after(end or NOW + timedelta(days=90))
    )


@dataclass
class Leaf:
    """What is asked of a certificate; `sign` makes it."""

    names: list[str]
    issuer: Authority
    key: Any = field(default_factory=p256)
    start: datetime | None = None
    end: datetime | None = None
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH

    def sign(self) -> x509.Certificate:
        builder = _builder(self.names[0], self.issuer.certificate.subject, self.key.public_key(), self.start, self.end)
        return (
            builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in self.names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([self.purpose]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.issuer.key.public_key()), critical=False)
            .sign(self.issuer.key, hashes.SHA256())
        )

    def pem(self) -> bytes:
        return self.sign().public_bytes(PEM)

    def key_pem(self, passphrase: bytes | None = None) -> bytes:
        encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        return self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, encryption)


Files = tuple[bytes, bytes, bytes]


def make(folder: Path, name: str) -> None:
    """Write every kind of material for the host called name under folder."""
    root = Authority.make("Bed root")
    issuing = Authority.make("Bed issuing CA", root)
    good = Leaf([name], issuing)

    def whole(leaf: Leaf) -> Files:
        return leaf.pem() + issuing.pem(), leaf.key_pem(), root.pem()

    certificate, key, ca = whole(good)
    day = timedelta(days=1)
    kinds: dict[str, Callable[[], Files]] = {
        "good": lambda: (certificate, key, ca),
        "other_key": lambda: (certificate, Leaf([name], issuing).key_pem(), ca),
        "encrypted_key": lambda: (certificate, good.key_pem(b"secret"), ca),
        "der": lambda: (good.sign().public_bytes(serialization.Encoding.DER), key, ca),
        "garbage": lambda: (b"This is no certificate.\n", key, ca),
        "empty": lambda: (b"", key, ca),
        "expired": lambda: whole(replace(good, start=NOW - 60 * day, end=NOW - 2 * day)),
        "not_yet_valid": lambda: whole(replace(good, start=NOW + 2 * day)),
        "other_name": lambda: whole(replace(good, names=["other.example"])),
        "client_purpose": lambda: whole(replace(good, purpose=ExtendedKeyUsageOID.CLIENT_AUTH)),
        "no_intermediate": lambda: (good.pem(), key, ca),
        "wrong_order": lambda: (issuing.pem() + good.pem(), key, ca),
        "ca_is_leaf": lambda: (certificate, key, Leaf(["ca.example"], root).pem()),
        "ed25519": lambda: whole(replace(good, key=ed25519.Ed25519PrivateKey.generate())),
        "p521": lambda: whole(replace(good, key=ec.generate_private_key(ec.SECP521R1()))),
        "rsa1024": lambda: whole(replace(good, key=rsa.generate_private_key(65537, 1024))),
    }
    for kind, build in kinds.items():
        target = folder / kind
        target.mkdir(parents=True)
        for file, content in zip(("tls.crt", "tls.key", "ca.crt"), build()):
            (target / file).write_bytes(content)
