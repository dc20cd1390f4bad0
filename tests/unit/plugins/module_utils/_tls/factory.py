# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for tests, with every field that can be wrong as an argument. Nothing is stored: all is made at test time."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import functools
import ipaddress
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import der
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
NAME = "triton.example.com"
ADDRESS = "192.0.2.7"

_CURVES: dict[str, ec.EllipticCurve] = {
    "P-224": ec.SECP224R1(),
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
    "brainpool": ec.BrainpoolP256R1(),
}
# sha256WithRSAEncryption, and what stands in its place in a certificate that is signed weakly
_SHA256_RSA = bytes.fromhex("2a864886f70d01010b")
_WEAK: dict[str, tuple[bytes, hashes.HashAlgorithm]] = {
    "md5": (bytes.fromhex("2a864886f70d010104"), hashes.MD5()),
    "sha1": (bytes.fromhex("2a864886f70d010105"), hashes.SHA1()),
}
_PSS_ALGORITHM = bytes.fromhex("06092a864886f70d01010a")
_EC_KEY = bytes.fromhex("06072a8648ce3d0201")
_ECDSA = bytes.fromhex("2a8648ce3d040302")
# openssl ecparam -name prime256v1 -param_enc explicit -outform DER
_EXPLICIT_P256 = bytes.fromhex(
    "3081f7020101302c06072a8648ce3d0101022100ffffffff00000001000000000000000000000000ffffffffffffffffffffffff305b0420"
    "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc04205ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53"
    "b0f63bce3c3e27d2604b031500c49d360886e704936a6678e1139d26b7819f7e900441046b17d1f2e12c4247f8bce6e563a440f277037d81"
    "2deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5022100ffffffff00000000ff"
    "ffffffffffffffbce6faada7179e84f3b9cac2fc632551020101"
)


@functools.lru_cache(maxsize=None)
def key(kind: str = "P-256", number: int = 0) -> t.Any:
    """A private key; the same one for the same arguments. RSA, DSA: "RSA-2048"."""
    del number
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    algorithm, _dash, bits = kind.partition("-")
    return dsa.generate_private_key(int(bits)) if algorithm == "DSA" else rsa.generate_private_key(65537, int(bits))


@dataclasses.dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: t.Any

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> str:
        """The key, PKCS#8."""
        return self.key_as(serialization.PrivateFormat.PKCS8)

    def key_as(self, form: serialization.PrivateFormat, passphrase: bytes | None = None) -> str:
        """The key in another form, or encrypted."""
        lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        return str(self.key.private_bytes(serialization.Encoding.PEM, form, lock).decode())


def name(common_name: str | None, organisation: str | None = None) -> x509.Name:
    """A distinguished name."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def general_name(text: str) -> x509.GeneralName:
    """A SAN of an address, a URI or a name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    return x509.UniformResourceIdentifier(text) if "://" in text else x509.DNSName(text)


def usage(*set_bits: str) -> x509.KeyUsage:
    """keyUsage with these bits."""
    bits = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{bit: bit in set_bits for bit in bits})


def issue(
    common_name: str | None = NAME,
    issuer: Issued | None = None,
    *,
    kind: str = "P-256",
    number: int = 0,
    organisation: str | None = None,
    issuer_name: x509.Name | None = None,
    names: t.Sequence[str] = (),
    start: float = -1,
    end: float = 365,
    ca: bool | None = False,
    path_length: int | None = None,
    critical: bool = True,
    eku: t.Sequence[x509.ObjectIdentifier] = (),
    key_usage: x509.KeyUsage | None | t.Literal["fit"] = "fit",
    ski: bool = True,
    aki: t.Literal["fit", "absent", "foreign", "serial"] = "fit",
    constraints: x509.NameConstraints | None = None,
    aia: bool = False,
    signature: t.Literal["sha256", "sha224", "sha1", "md5", "pss"] = "sha256",
    extra: t.Sequence[x509.ExtensionType] = (),
) -> Issued:
    """Issue a certificate; self-signed without issuer. start and end in days from now; ca None leaves basicConstraints out."""
    own = key(kind, number)
    signer = issuer.key if issuer else own
    subject = name(common_name, organisation)
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name or (issuer.certificate.subject if issuer else subject))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=start))
        .not_valid_after(now + datetime.timedelta(days=end))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=critical)
    if key_usage == "fit":
        key_usage = usage("key_cert_sign", "crl_sign") if ca else usage("digital_signature")
    if key_usage is not None:
        builder = builder.add_extension(key_usage, critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([general_name(each) for each in names]), critical=False)
    if eku:
        builder = builder.add_extension(x509.ExtendedKeyUsage(eku), critical=False)
    if ski:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    if aki != "absent" and issuer:
        builder = builder.add_extension(_aki(issuer, aki), critical=False)
    if constraints:
        builder = builder.add_extension(constraints, critical=True)
    if aia:
        place = x509.UniformResourceIdentifier("http://ca.example/ca.crt")
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    for extension in extra:
        builder = builder.add_extension(extension, critical=False)
    return Issued(_sign(builder, signer, signature), own)


def _aki(issuer: Issued, which: str) -> x509.AuthorityKeyIdentifier:
    if which == "foreign":
        return x509.AuthorityKeyIdentifier(b"\1" * 20, None, None)
    if which == "serial":
        above = [x509.DirectoryName(issuer.certificate.issuer)]
        fit = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        return x509.AuthorityKeyIdentifier(fit.key_identifier, above, issuer.certificate.serial_number)
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _sign(builder: x509.CertificateBuilder, signer: t.Any, signature: str) -> x509.Certificate:
    if signature == "pss":
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        return builder.sign(signer, hashes.SHA256(), rsa_padding=scheme)
    edwards = isinstance(signer, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey))
    certificate = builder.sign(signer, None if edwards else hashes.SHA256())
    if signature == "sha256":
        return certificate
    if signature == "sha224":
        return builder.sign(signer, hashes.SHA224())
    # cryptography no longer signs so: put the other algorithm in and sign again
    number, algorithm = _WEAK[signature]
    signed = certificate.tbs_certificate_bytes.replace(_SHA256_RSA, number)
    return x509.load_der_x509_certificate(_assemble(signed, number, signer.sign(signed, padding.PKCS1v15(), algorithm)))


def _assemble(signed: bytes, number: bytes, signature: bytes) -> bytes:
    # RFC 5758: no parameters with ECDSA; RFC 3279: NULL with RSA
    algorithm = _element(0x30, _element(0x06, number) + (b"" if number == _ECDSA else b"\x05\x00"))
    return _element(0x30, signed + algorithm + _element(0x03, b"\0" + signature))


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def with_algorithm(issued: Issued, issuer: Issued, algorithm: bytes) -> Issued:
    """The same certificate, another AlgorithmIdentifier (DER) on its public key, signed again by an issuer of P-256."""
    fields = [encoding for _tag, _content, encoding in der.elements(der.element(issued.certificate.tbs_certificate_bytes)[1])]
    place = fields.index(der.spki_of_certificate(issued.der))
    _old, bits = [encoding for _tag, _content, encoding in der.elements(der.element(fields[place])[1])]
    fields[place] = _element(0x30, algorithm + bits)
    signed = _element(0x30, b"".join(fields))
    return Issued(x509.load_der_x509_certificate(_assemble(signed, _ECDSA, issuer.key.sign(signed, ec.ECDSA(hashes.SHA256())))), issued.key)


def with_pss_key(issued: Issued, issuer: Issued) -> Issued:
    """The RSA key labelled id-RSASSA-PSS."""
    return with_algorithm(issued, issuer, _element(0x30, _PSS_ALGORITHM))


def with_explicit_curve(issued: Issued, issuer: Issued) -> Issued:
    """The P-256 key with the numbers of its curve instead of its name."""
    return with_algorithm(issued, issuer, _element(0x30, _EC_KEY + _EXPLICIT_P256))


def armour(encoded: bytes) -> str:
    """DER as a PEM certificate, whatever it holds."""
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(encoded).decode()}-----END CERTIFICATE-----\n"


def indent(pem: str) -> str:
    """As a careless YAML block leaves it."""
    return "".join(f"  {line}" for line in pem.splitlines(keepends=True))


def fingerprint(issued: Issued) -> str:
    """SHA-256 of the certificate, hex."""
    return issued.certificate.fingerprint(hashes.SHA256()).hex()
