# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is expected at a host:port, checked as far as it can be without touching the network."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate
from ansible_collections.inferops.triton.plugins.module_utils._triton import expectations, throwaway
from ansible_collections.inferops.triton.plugins.module_utils._triton.deps import serialization, x509
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import (
    TABLE,
    Diagnosis,
    Failure,
    diagnose,
)

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
_CERTIFICATE = re.compile(
    r"^-----BEGIN CERTIFICATE-----\s.*?^-----END CERTIFICATE-----\s*?$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Address:
    """A host, as an IP address without brackets or a DNS name in its ASCII form, and a TCP port."""

    host: str
    port: int

    @property
    def is_ip(self) -> bool:
        """Whether the host is a literal address."""
        return _ip(self.host) is not None

    def __str__(self) -> str:
        return ("[{0}]:{1}" if ":" in self.host else "{0}:{1}").format(self.host, self.port)


def _ip(text: str) -> t.Optional[str]:
    """`text` in the canonical form of an IP address, None if it is none. gRPC compares IPv6 SANs as text."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def ascii_name(name: str) -> str:
    """A DNS name or IP address as certificates hold it: IDNA, lower case, no trailing dot. ValueError if it is neither."""
    address = _ip(name)
    if address is not None:
        return address
    try:
        encoded = name.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError("'{0}' is no valid name ({1})".format(name, error)) from error
    encoded = encoded[:-1] if encoded.endswith(".") else encoded
    if not encoded or len(encoded) > 253:
        raise ValueError("the host name is empty or longer than 253 characters")
    if re.match(r"^[0-9.]+$", encoded):
        raise ValueError("'{0}' is no valid IPv4 address".format(name))
    if not all(_LABEL.match(label) for label in encoded.split(".")):
        raise ValueError("'{0}' is no valid host name".format(name))
    return encoded


def parse_address(text: str) -> Address:
    """Split host:port or [IPv6]:port. Failure invalid_address for anything else, a scheme by its name."""

    def wrong(detail: str) -> Failure:
        return Failure(diagnose("invalid_address", address=text, detail=detail))

    stripped = text.strip()
    scheme = _SCHEME.match(stripped)
    if scheme:
        raise wrong("it has the scheme {0}://, and gRPC addresses have none".format(scheme.group(1)))
    if stripped.startswith("["):
        host, bracket, port = stripped[1:].partition("]")
        if not bracket:
            raise wrong("the bracket of the IPv6 address is not closed")
        if ":" not in (_ip(host) or ""):
            raise wrong("'{0}' in brackets is no IPv6 address".format(host))
        if port and not port.startswith(":"):
            raise wrong("'{0}' follows the bracket where :port is expected".format(port))
        port = port[1:]
    else:
        host, _colon, port = stripped.rpartition(":")
        if not _colon:
            host, port = stripped, ""
        if ":" in host or _ip(stripped) not in (None, stripped) or stripped.count(":") > 1:
            raise wrong("an IPv6 address belongs in brackets")
    if not host:
        raise wrong("the host is missing")
    try:
        host = ascii_name(host)
    except ValueError as error:
        raise wrong(str(error)) from error
    if not port:
        raise wrong("the port is missing")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise wrong("the port '{0}' is not a number from 1 to 65535".format(port))
    return Address(host, int(port))


@dataclass(frozen=True)
class Identity:
    """A client certificate chain and its private key, PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Endpoint:
    """One host:port and everything that is expected of it. Times in seconds, margins in days, a port of 0 for none.

    `expired` is a client certificate of the right CA whose time is over, where there is one.
    """

    name: str
    address: Address
    server_name: str
    ca: t.Optional[bytes]
    identity: t.Optional[Identity] = None
    mutual: bool = False
    expected_fingerprint: t.Optional[str] = None
    client_cas: t.FrozenSet[str] = frozenset()
    model: t.Optional[str] = None
    model_version: str = ""
    inputs: t.Mapping[str, t.Any] = field(default_factory=dict)
    outputs: t.Mapping[str, t.Any] = field(default_factory=dict)
    max_latency: t.Optional[float] = None
    latency_factor: t.Optional[float] = None
    latency_group: str = ""
    allow: t.FrozenSet[str] = frozenset()
    warn_days: float = 30.0
    error_days: float = 0.0
    expired: t.Optional[Identity] = None
    devices: t.Optional[expectations.Devices] = None
    exposure: bool = True
    http_port: int = 8000
    metrics_port: int = 8002
    gateway: t.Optional[expectations.Gateway] = None


class Files:
    """PEM files, each read and judged once: an audit of thousands of endpoints shares a few of them."""

    def __init__(self) -> None:
        self._known: t.Dict[t.Tuple[str, str], t.Union[bytes, Diagnosis]] = {}
        self._pairs: t.Dict[t.Tuple[str, str], t.Union[Identity, Diagnosis]] = {}
        self._signed: t.Dict[t.Tuple[str, str, t.Optional[str]], t.Tuple[bytes, Identity]] = {}

    def certificates(self, option: str, path: str) -> bytes:
        """The PEM of a file that holds at least one certificate."""
        return self._cached(option, path, lambda: check_certificates(option, path, self._read(option, path)))

    def identity(self, certificate: str, key: str) -> Identity:
        """A client certificate and its key, which belong together."""
        known = self._pairs.get((certificate, key))
        if known is None:
            try:
                known = self._load_identity(certificate, key)
            except Failure as failure:
                known = failure.diagnosis
            self._pairs[certificate, key] = known
        if isinstance(known, Diagnosis):
            raise Failure(known)
        return known

    def _load_identity(self, certificate: str, key: str) -> Identity:
        chain = self.certificates("client_cert", certificate)
        pem = self._read("client_key", key)
        if b"ENCRYPTED" in pem:
            raise Failure(diagnose("key_encrypted", path=key))
        if b"-----BEGIN" not in pem or b"PRIVATE KEY-----" not in pem:
            raise Failure(diagnose("not_pem", option="client_key", path=key, detail="it holds no private key"))
        try:
            private: t.Any = serialization.load_pem_private_key(pem, None)
        except Exception as error:  # cryptography raises its own, OpenSSL's and Rust's errors here
            raise Failure(diagnose("not_pem", option="client_key", path=key, detail=str(error))) from error
        if not _same_key(private, chain):
            raise Failure(diagnose("client_pair_mismatch", certificate=certificate, key=key))
        return Identity(chain, pem)

    def expired(self, ca: str, key: str, passphrase: t.Optional[str]) -> t.Tuple[bytes, Identity]:
        """The CA's certificate and a throwaway client certificate of it that expired yesterday, signed once for all endpoints."""
        known = self._signed.get((ca, key, passphrase))
        if known is None:
            pem = self.certificates("client_ca_cert", ca)
            try:
                private: t.Any = serialization.load_pem_private_key(
                    self._read("client_ca_key", key), passphrase.encode() if passphrase else None
                )
                known = pem, Identity(*throwaway.expired(x509.load_pem_x509_certificate(pem), private))
            except Failure:
                raise
            except Exception as error:  # as in _load_identity; a wrong or a missing passphrase is among them
                detail = "{0} (client_ca_passphrase opens an encrypted key)".format(str(error).rstrip("."))
                raise Failure(diagnose("not_pem", option="client_ca_key", path=key, detail=detail)) from error
            if not _same_key(private, pem):
                raise Failure(diagnose("client_pair_mismatch", certificate=ca, key=key))
            self._signed[ca, key, passphrase] = known
        return known

    def _read(self, option: str, path: str) -> bytes:
        try:
            with open(path, "rb") as file:
                return file.read()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Failure(diagnose("file_unreadable", option=option, path=path, detail=reason)) from error

    def _cached(self, option: str, path: str, load: t.Callable[[], bytes]) -> bytes:
        known = self._known.get((option, path))
        if known is None:
            try:
                known = load()
            except Failure as failure:
                known = failure.diagnosis
            self._known[option, path] = known
        if isinstance(known, Diagnosis):
            raise Failure(known)
        return known


def _same_key(private: t.Any, certificate: bytes) -> bool:
    """Whether the first certificate is for this private key."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public: t.Any = x509.load_pem_x509_certificate(certificate).public_key()
    return bool(private.public_key().public_bytes(*form) == public.public_bytes(*form))


def check_certificates(option: str, path: str, content: bytes) -> bytes:
    """`content` if it is PEM with certificates only, else Failure not_pem; gRPC would take an empty file for the public CAs."""

    def wrong(detail: str) -> Failure:
        return Failure(diagnose("not_pem", option=option, path=path, detail=detail))

    if not content.strip():
        raise wrong("it is empty")
    if content.startswith(b"\x30"):
        raise wrong("it looks like DER")
    if content.startswith(b"\xef\xbb\xbf"):
        raise wrong("it starts with a byte-order mark, after which gRPC reads no certificate")
    blocks = _CERTIFICATE.findall(content.decode("ascii", "replace").replace("\r\n", "\n"))
    if not blocks:
        raise wrong("it has no certificate")
    for number, block in enumerate(blocks, 1):
        try:
            x509.load_pem_x509_certificate(block.encode())
        except ValueError as error:
            raise wrong("certificate {0} in it is broken ({1})".format(number, error)) from error
    return content


def load_endpoint(spec: t.Mapping[str, t.Any], files: Files, ca_required: bool = True) -> Endpoint:
    """Turn the options of one endpoint into an Endpoint.

    Keys are those of doc fragment `endpoint` and the suboptions of triton_verify; keys that are missing or None take
    their defaults. Failure names what is wrong.
    """
    text = str(spec.get("address") or "")
    address = parse_address(text)

    def wrong(detail: str) -> Failure:
        return Failure(diagnose("invalid_option", address=text, detail=detail))

    try:
        server_name = ascii_name(str(spec.get("server_name") or address.host))
    except ValueError as error:
        raise wrong("server_name: {0}.".format(error)) from error
    certificate, key = spec.get("client_cert"), spec.get("client_key")
    if bool(certificate) != bool(key):
        given, absent = ("client_cert", "client_key") if certificate else ("client_key", "client_cert")
        raise Failure(
            diagnose("client_pair_incomplete", detail="{0} is given for {1}, but not {2}".format(given, text, absent))
        )
    mutual = bool(certificate) if spec.get("mutual") is None else bool(spec["mutual"])
    if mutual and not certificate:
        raise Failure(
            diagnose("client_pair_incomplete", detail="Mutual TLS is expected of {0}, but no client_cert is given".format(text))
        )
    ca: t.Optional[bytes] = None
    if spec.get("ca_file") and spec.get("ca"):
        raise wrong("Both ca_file and ca are given for {0}.".format(text))
    if spec.get("ca_file"):
        ca = files.certificates("ca_file", str(spec["ca_file"]))
    elif spec.get("ca") is not None:
        ca = check_certificates("ca", "(text)", str(spec["ca"]).encode())
    elif ca_required:
        raise Failure(diagnose("ca_missing", address=text))
    allow = frozenset(spec.get("allow") or ())
    if allow - set(TABLE):
        raise wrong("allow names {0}, which is no diagnosis code.".format(", ".join(sorted(allow - set(TABLE)))))
    max_latency = spec.get("max_latency")
    if max_latency is not None and float(max_latency) <= 0:
        raise wrong("max_latency must be above 0 s, not {0}.".format(max_latency))
    factor = spec.get("latency_factor")
    if factor is not None and not 1 <= float(factor) < float("inf"):
        raise wrong("latency_factor must be a number from 1, not {0}.".format(factor))
    if factor is not None and not spec.get("model"):
        raise wrong("latency_factor is given for {0}, but no model whose inference could be timed.".format(text))
    fingerprint = spec.get("expected_fingerprint")
    if fingerprint:
        fingerprint = str(fingerprint).replace(":", "").strip().lower()
        if not re.match(r"^[0-9a-f]{64}$", fingerprint):
            raise wrong("expected_fingerprint is not the 64 hex digits of a SHA-256.")
    identity = files.identity(str(certificate), str(key)) if certificate else None
    gateway = expectations.gateway(spec.get("gateway"), mutual, bool(certificate), wrong)
    asked = mutual or (gateway is not None and gateway.asks)
    return Endpoint(
        name=str(spec.get("name") or text),
        address=address,
        server_name=server_name,
        ca=ca,
        identity=identity,
        mutual=mutual,
        expected_fingerprint=fingerprint or None,
        client_cas=_subjects(spec.get("expected_client_cas")),
        model=spec.get("model") or None,
        model_version=str(spec.get("model_version") or ""),
        inputs=spec.get("inputs") or {},
        outputs=spec.get("outputs") or {},
        max_latency=None if max_latency is None else float(max_latency),
        latency_factor=None if factor is None else float(factor),
        latency_group=str(spec.get("latency_group") or ""),
        allow=allow,
        expired=_expired(spec, files, identity, wrong) if identity is not None and asked else None,
        devices=expectations.devices(spec.get("devices"), spec.get("model"), wrong),
        exposure=spec.get("exposure") is not False,
        http_port=expectations.port(spec, "http_port", 8000, wrong),
        metrics_port=expectations.port(spec, "metrics_port", 8002, wrong),
        gateway=gateway,
        **expectations.margins(spec, wrong),
    )


def _subjects(pem: t.Optional[str]) -> t.FrozenSet[str]:
    """RFC 4514 names of the certificates in PEM text; none for none."""
    if not pem:
        return frozenset()
    found = x509.load_pem_x509_certificates(check_certificates("expected_client_cas", "(text)", pem.encode()))
    return frozenset(each.subject.rfc4514_string() for each in found)


def _expired(spec: t.Mapping[str, t.Any], files: Files, own: Identity, wrong: expectations.Wrong) -> t.Optional[Identity]:
    """An expired client certificate of the CA that issued the client's own: the one supplied, else one signed for the purpose.

    It must differ from the client's in its dates alone, or its refusal would prove nothing about them.
    """
    pairs = [("expired_client_cert", "expired_client_key"), ("client_ca_cert", "client_ca_key")]
    for first, second in pairs:
        if bool(spec.get(first)) != bool(spec.get(second)):
            raise wrong("Both {0} and {1} are needed, or neither.".format(first, second))
    mine = _first(own.certificate)
    if spec.get("expired_client_cert"):
        identity = files.identity(str(spec["expired_client_cert"]), str(spec["expired_client_key"]))
        other = _first(identity.certificate)
        if other.not_after >= datetime.datetime.now(datetime.timezone.utc):
            raise wrong("expired_client_cert has not expired: '{0}' is valid until {1}.".format(other.label, other.not_after.date()))
        if other.issuer != mine.issuer or (other.eku and mine.eku != other.eku):
            detail = "expired_client_cert ({0}, of {1}) and client_cert ({2}, of {3}) differ in more than their dates: issuer or usage."
            raise wrong(detail.format(other.label, other.issuer, mine.label, mine.issuer))
        return identity
    if not spec.get("client_ca_cert"):
        return None
    passphrase = spec.get("client_ca_passphrase")
    ca, identity = files.expired(
        str(spec["client_ca_cert"]), str(spec["client_ca_key"]), str(passphrase) if passphrase else None
    )
    if mine.signed_by(_first(ca)) is False:
        raise wrong("client_ca_cert did not issue client_cert ({0}, of {1}).".format(mine.label, mine.issuer))
    # Shown with the same intermediates, else the server would refuse it for the lack of those.
    return _below(identity, own.certificate)


@functools.lru_cache(maxsize=64)
def _below(identity: Identity, pem: bytes) -> Identity:
    """The identity with what follows the first certificate of a chain; one object for all endpoints that share the files."""
    above = x509.load_pem_x509_certificates(pem)[1:]
    return Identity(identity.certificate + b"".join(each.public_bytes(serialization.Encoding.PEM) for each in above), identity.key)


@functools.lru_cache(maxsize=64)
def _first(pem: bytes) -> Certificate:
    """The first certificate, parsed once for all endpoints that share the file."""
    return Certificate(x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER))
