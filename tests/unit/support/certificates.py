# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for tests: good ones, and ones with exactly one thing wrong."""

from __future__ import annotations

import datetime
import ipaddress
import typing as t
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH


def _name(common_name: str, organization: t.Optional[str]) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass(frozen=True)
class Identity:
    """A certificate with its private key and what it must be served with."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey
    intermediates: t.Tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> str:
        """The certificate alone, PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def chain_pem(self) -> str:
        """The certificate followed by its intermediates, PEM."""
        return self.pem + "".join(
            i.public_bytes(serialization.Encoding.PEM).decode() for i in self.intermediates
        )

    @property
    def key_pem(self) -> str:
        """The private key, PKCS#8 PEM, not encrypted."""
        return self.private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate's DER, lowercase hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def write(self, folder: Path, stem: str) -> t.Tuple[str, str]:
        """Write chain and key; return their paths as strings."""
        folder.mkdir(parents=True, exist_ok=True)
        certificate, key = folder / (stem + ".crt"), folder / (stem + ".key")
        certificate.write_text(self.chain_pem)
        key.touch(mode=0o600)
        key.write_text(self.key_pem)
        return str(certificate), str(key)


def issue(
    common_name: str,
    issuer: t.Optional[Identity] = None,
    names: t.Sequence[str] = (),
    ca: bool = False,
    eku: t.Optional[t.Sequence[x509.ObjectIdentifier]] = None,
    organization: t.Optional[str] = None,
    start_days: float = -1,
    end_days: float = 90,
    curve: t.Optional[ec.EllipticCurve] = None,
    key: t.Optional[ec.EllipticCurvePrivateKey] = None,
) -> Identity:
    """Issue a certificate, P-256 if not told otherwise; self-signed without `issuer`. Days count from now."""
    key = key or ec.generate_private_key(curve or ec.SECP256R1())
    subject = _name(common_name, organization)
    now = datetime.datetime.now(datetime.timezone.utc)
    signer = issuer.private_key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=start_days))
        .not_valid_after(now + datetime.timedelta(days=end_days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_san(name) for name in names]), critical=False
        )
    if eku is None and not ca:
        eku = [SERVER]
    if eku:
        builder = builder.add_extension(x509.ExtendedKeyUsage(eku), critical=False)
    intermediates: t.Tuple[x509.Certificate, ...] = ()
    if issuer and issuer.certificate.issuer != issuer.certificate.subject:
        intermediates = (issuer.certificate, *issuer.intermediates)
    return Identity(builder.sign(signer, hashes.SHA256()), key, intermediates)
