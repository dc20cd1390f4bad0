# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X.509 certificates: one type over cryptography 38 to 50, and the description that results and diffs show."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, der, finding as f, pem

SERVER_AUTH, CLIENT_AUTH = "serverAuth", "clientAuth"
_EKU_NAMES = {
    "1.3.6.1.5.5.7.3.1": SERVER_AUTH,
    "1.3.6.1.5.5.7.3.2": CLIENT_AUTH,
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}
_PSS_SIGNATURE = "1.2.840.113549.1.1.10"

# SHA-256 with RSA and the like; only what operators meet
_SIGNATURE_NAMES = {
    "1.2.840.113549.1.1.2": "md2WithRSAEncryption",
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.3.14.3.2.29": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
    "1.2.840.10040.4.3": "dsa-with-sha1",
    "2.16.840.1.101.3.4.3.2": "dsa-with-sha256",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}


class Description(t.TypedDict):
    """A certificate as results show it. Dates are UTC in ISO 8601, fingerprints lowercase hex without colons."""

    subject: str
    issuer: str
    serial: str
    san: t.List[str]
    not_before: str
    not_after: str
    fingerprint_sha256: str
    public_key_sha256: str
    key: der.Key
    signature_algorithm: str
    is_ca: bool
    self_signed: bool
    eku: t.List[str]


class Certificate:
    """One certificate. Equality and hash go by its DER."""

    def __init__(self, encoded: bytes, subject: f.Subject = "certificate", number: int = 1) -> None:
        """Raises MaterialError ("garbage") where the DER is none of a certificate."""
        self.der = encoded
        try:
            self.x509: t.Any = _dep.x509.load_der_x509_certificate(encoded)
            self.spki = der.spki_of_certificate(encoded)
            self.key = der.describe_spki(self.spki)
            self.not_before, self.not_after = _dates(self.x509)
        except (ValueError, IndexError, StopIteration) as exc:
            raise pem.garbage(subject, number, "it cannot be decoded as a certificate") from exc

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    @functools.cached_property
    def subject(self) -> str:
        """The subject in RFC 4514 form; '' where it is empty or unreadable."""
        return _name(self.x509, "subject")

    @functools.cached_property
    def issuer(self) -> str:
        """The issuer in RFC 4514 form; '' where it is empty or unreadable."""
        return _name(self.x509, "issuer")

    @property
    def label(self) -> str:
        """How messages name the certificate: its subject, else its serial number."""
        return self.subject or f"serial {self.serial}"

    @property
    def serial(self) -> str:
        """The serial number, hex."""
        return f"{self.x509.serial_number:x}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the DER, hex."""
        return der.sha256(self.der)

    @property
    def public_key_sha256(self) -> str:
        """SHA-256 over the SubjectPublicKeyInfo, hex."""
        return der.sha256(self.spki)

    @property
    def pem(self) -> str:
        """The certificate in canonical PEM."""
        return pem.Block("CERTIFICATE", self.der).pem()

    @functools.cached_property
    def malformed(self) -> t.Optional[str]:
        """Why the extensions cannot be read; None where they can."""
        try:
            for extension in self.x509.extensions:
                del extension
        except (ValueError, _dep.exceptions.UnsupportedAlgorithm, _dep.x509.DuplicateExtension) as exc:
            return str(exc) or type(exc).__name__
        return None

    def extension(self, kind: t.Any) -> t.Any:
        """The value of an extension (a class of cryptography.x509), or None."""
        found = self._extension(kind)
        return None if found is None else found.value

    def critical(self, kind: t.Any) -> bool:
        """Whether an extension is there and critical."""
        found = self._extension(kind)
        return found is not None and bool(found.critical)

    def _extension(self, kind: t.Any) -> t.Any:
        if self.malformed:
            return None
        try:
            return self.x509.extensions.get_extension_for_class(kind)
        except _dep.x509.ExtensionNotFound:
            return None

    @functools.cached_property
    def san(self) -> t.List[str]:
        """Subject alternative names as "DNS:…", "IP:…", "URI:…", "email:…"; other kinds as "other"."""
        return [_san(name) for name in self.extension(_dep.x509.SubjectAlternativeName) or ()]

    @property
    def common_names(self) -> t.List[str]:
        """The values of CN in the subject."""
        if not self.subject:
            return []
        return [str(attribute.value) for attribute in self.x509.subject.get_attributes_for_oid(_dep.x509.NameOID.COMMON_NAME)]

    @property
    def eku(self) -> t.List[str]:
        """Extended key usages by name, else by dotted number; [] where the extension is absent."""
        return [_EKU_NAMES.get(oid.dotted_string, oid.dotted_string) for oid in self.extension(_dep.x509.ExtendedKeyUsage) or ()]

    @property
    def is_ca(self) -> bool:
        """basicConstraints says CA:TRUE."""
        constraints = self.extension(_dep.x509.BasicConstraints)
        return constraints is not None and bool(constraints.ca)

    @property
    def version(self) -> int:
        """X.509 version as people count it: 1 or 3."""
        return 1 if self.x509.version.name == "v1" else 3

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are one name."""
        return same_name(self.x509, self.x509)

    @functools.cached_property
    def self_signed(self) -> bool:
        """Signed by its own key (or, where that signature cannot be checked here, self-issued)."""
        return self.self_issued and self.signed_by(self) is not False

    def issued_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's subject is the name that this certificate names. Says nothing about signatures."""
        return same_name(self.x509, issuer.x509)

    def signed_by(self, issuer: Certificate) -> t.Optional[bool]:
        """Whether the issuer's key made this certificate's signature; None where this cryptography cannot tell."""
        try:
            _verify(self.x509, issuer.x509.public_key())
        except _dep.exceptions.InvalidSignature:
            return False
        except (ValueError, TypeError, _dep.exceptions.UnsupportedAlgorithm):
            return None
        return True

    @property
    def signature_algorithm(self) -> str:
        """The signature's algorithm by its usual name, else by dotted number."""
        oid = self.x509.signature_algorithm_oid.dotted_string
        return _SIGNATURE_NAMES.get(oid, oid)

    @property
    def signature_hash(self) -> t.Optional[str]:
        """The signature's hash ("sha256"); None for Ed25519, Ed448 and where it cannot be told."""
        try:
            algorithm = self.x509.signature_hash_algorithm
        except (ValueError, _dep.exceptions.UnsupportedAlgorithm):
            return None
        return None if algorithm is None else str(algorithm.name)

    def describe(self) -> Description:
        """The plain description for results."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "serial": self.serial,
            "san": list(self.san),
            "not_before": iso(self.not_before),
            "not_after": iso(self.not_after),
            "fingerprint_sha256": self.fingerprint,
            "public_key_sha256": self.public_key_sha256,
            "key": self.key,
            "signature_algorithm": self.signature_algorithm,
            "is_ca": self.is_ca,
            "self_signed": self.self_signed,
            "eku": self.eku,
        }


def load(data: t.Union[str, bytes], subject: f.Subject) -> t.Tuple[t.List[Certificate], t.List[f.Finding]]:
    """Every certificate in PEM text, in order, with what is wrong with the text. Raises MaterialError."""
    reading = pem.read_certificates(data, subject)
    return [Certificate(block.der, subject, number) for number, block in enumerate(reading.blocks, start=1)], reading.findings


def iso(moment: datetime.datetime) -> str:
    """2026-11-23T06:00:00Z"""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def same_name(certificate: t.Any, issuer: t.Any) -> bool:
    """RFC 5280 section 7.1: names are equal whatever their case, white space and string type, as OpenSSL compares them."""
    try:
        return _canonical(certificate.issuer) == _canonical(issuer.subject)
    except ValueError:
        return False


def _canonical(name: t.Any) -> t.List[t.List[t.Tuple[str, str]]]:
    return [sorted((part.oid.dotted_string, " ".join(_text(part.value).split()).casefold()) for part in rdn) for rdn in name.rdns]


def _text(value: t.Union[str, bytes]) -> str:
    return value if isinstance(value, str) else value.hex()


def _name(certificate: t.Any, which: str) -> str:
    try:
        return str(getattr(certificate, which).rfc4514_string())
    except ValueError:
        return ""


def _dates(certificate: t.Any) -> t.Tuple[datetime.datetime, datetime.datetime]:
    # not_valid_after is naive and deprecated since 42; 38 has nothing else
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    zone = datetime.timezone.utc
    return certificate.not_valid_before.replace(tzinfo=zone), certificate.not_valid_after.replace(tzinfo=zone)


def _san(name: t.Any) -> str:
    if isinstance(name, _dep.x509.DNSName):
        return f"DNS:{name.value}"
    if isinstance(name, _dep.x509.IPAddress):
        return f"IP:{_address(name.value)}"
    if isinstance(name, _dep.x509.UniformResourceIdentifier):
        return f"URI:{name.value}"
    if isinstance(name, _dep.x509.RFC822Name):
        return f"email:{name.value}"
    return "other"


def _address(value: t.Any) -> str:
    # as inet_ntop writes it, which is what gRPC compares with
    return value.compressed if isinstance(value, (ipaddress.IPv4Address, ipaddress.IPv6Address)) else str(value)


def _verify(certificate: t.Any, key: t.Any) -> None:
    """Check the signature of a certificate with a public key of cryptography.

    Not verify_directly_issued_by: it compares names byte by byte, and refuses what OpenSSL and gRPC accept.
    """
    signed, signature = certificate.tbs_certificate_bytes, certificate.signature
    hash_algorithm = certificate.signature_hash_algorithm
    if isinstance(key, _dep.rsa.RSAPublicKey):
        # cryptography 41 and later tells the padding; before, PSS cannot be checked
        scheme = getattr(certificate, "signature_algorithm_parameters", None)
        if scheme is None:
            if certificate.signature_algorithm_oid.dotted_string == _PSS_SIGNATURE:
                raise ValueError("RSASSA-PSS")
            scheme = _dep.padding.PKCS1v15()
        key.verify(signature, signed, scheme, hash_algorithm)
    elif isinstance(key, _dep.ec.EllipticCurvePublicKey):
        key.verify(signature, signed, _dep.ec.ECDSA(hash_algorithm))
    elif isinstance(key, _dep.dsa.DSAPublicKey):
        key.verify(signature, signed, hash_algorithm)
    elif isinstance(key, (_dep.ed25519.Ed25519PublicKey, _dep.ed448.Ed448PublicKey)):
        key.verify(signature, signed)
    else:
        raise TypeError(type(key).__name__)
