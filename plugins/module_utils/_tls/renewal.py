# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a certificate that we issue ourselves still what is asked for, and still young enough?

Runs on the controller, over what a host reported: nothing has to be read or run again to find that nothing is due.
"""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import der
from ansible_collections.inferops.triton.plugins.module_utils._tls._dep import exceptions, serialization, x509

# What operators ask for; as `der` describes it. Ed25519 and P-521 are left out: gRPC clients cannot verify them.
KEY_TYPES: t.Dict[str, der.Key] = {
    "ecdsa-p256": {"type": "ECDSA", "bits": 256, "curve": "P-256"},
    "ecdsa-p384": {"type": "ECDSA", "bits": 384, "curve": "P-384"},
    "rsa-2048": {"type": "RSA", "bits": 2048, "curve": None},
    "rsa-3072": {"type": "RSA", "bits": 3072, "curve": None},
    "rsa-4096": {"type": "RSA", "bits": 4096, "curve": None},
}

# RFC 5280 section 4.2.1.12
_PURPOSES = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2"}
_DAY = 86400.0


class Policy(t.NamedTuple):
    """What a certificate must be.

    san: ``DNS:…`` and ``IP:…`` in canonical form. ca: PEM of the issuer, None for a self-signed certificate.
    purpose: server or client. share: of the lifetime; with less than it left, the certificate is renewed (0.33: the last third).
    foreign: another organisation's CA issued it: it may carry more names and purposes than were asked for, and its issuer is judged with
    the chain. chain: PEM of what must follow it in its file; None where that is judged elsewhere.
    """

    san: t.FrozenSet[str]
    ca: t.Optional[str]
    key_type: str
    purpose: str
    share: float
    foreign: bool = False
    chain: t.Optional[str] = None


class Reason(t.TypedDict):
    """Why a certificate has to be issued. code is stable; text is a clause that follows a colon."""

    code: str
    text: str


def reasons(certificate: t.Optional[str], policy: Policy, now: t.Optional[datetime.datetime] = None) -> t.List[Reason]:
    """Every reason to issue anew; empty when the certificate (PEM, leaf first) may stay. now is aware, default the clock."""
    if not certificate:
        return [_reason("absent", "there is none yet")]
    try:
        leaf, *above = x509.load_pem_x509_certificates(certificate.encode())
        key = der.describe_spki(der.spki_of_certificate(leaf.public_bytes(serialization.Encoding.DER)))
    except ValueError:
        return [_reason("unreadable", "what is installed is no certificate")]
    checks = (
        None if policy.foreign else _issuer(leaf, policy),
        _chain(above, policy),
        _names(leaf, policy),
        _purpose(leaf, policy),
        _key(key, policy),
        _lifetime(leaf, policy, now or datetime.datetime.now(datetime.timezone.utc)),
    )
    return [reason for reason in checks if reason]


def _reason(code: str, text: str) -> Reason:
    return {"code": code, "text": text}


def _issuer(leaf: t.Any, policy: Policy) -> t.Optional[Reason]:
    try:
        issuer = leaf if policy.ca is None else x509.load_pem_x509_certificate(policy.ca.encode())
    except ValueError:
        return _reason("issuer", "the file of its CA cannot be read")
    try:
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, exceptions.InvalidSignature):
        wanted = "itself" if policy.ca is None else f"the CA {issuer.subject.rfc4514_string()} of the controller"
        return _reason("issuer", f"it was issued by {leaf.issuer.rfc4514_string()}, not by {wanted}")
    if policy.ca is not None and leaf.not_valid_after_utc > issuer.not_valid_after_utc:
        return _reason("outlives_ca", "it is valid longer than its CA")
    return None


def _chain(above: t.List[t.Any], policy: Policy) -> t.Optional[Reason]:
    if policy.chain is None:
        return None
    try:
        wanted = x509.load_pem_x509_certificates(policy.chain.encode()) if policy.chain else []
    except ValueError:
        return _reason("chain", "the file of its CA cannot be read")
    return None if above == wanted else _reason("chain", "the certificates that follow it are not those of its CA")


def _names(leaf: t.Any, policy: Policy) -> t.Optional[Reason]:
    present = san_of(leaf)
    missing, surplus = sorted(policy.san - present), sorted(present - policy.san) if not policy.foreign else []
    parts = [f"{verb} {', '.join(names)}" for verb, names in (("lacks", missing), ("no longer needs", surplus)) if names]
    return _reason("names", f"it {' and '.join(parts)}") if parts else None


def san_of(certificate: t.Any) -> t.FrozenSet[str]:
    """The DNS names and addresses of a certificate (cryptography's object) in canonical form."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    dns = (f"DNS:{name.lower()}" for name in names.get_values_for_type(x509.DNSName))
    addresses = (f"IP:{address}" for address in names.get_values_for_type(x509.IPAddress))
    return frozenset((*dns, *addresses))


def _purpose(leaf: t.Any, policy: Policy) -> t.Optional[Reason]:
    try:
        usages = {usage.dotted_string for usage in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value}
    except x509.ExtensionNotFound:
        usages = set()
    wanted = _PURPOSES[policy.purpose]
    if usages == {wanted} or (policy.foreign and (wanted in usages or not usages)):
        return None
    return _reason("purpose", f"its extended key usage is not {policy.purpose}Auth")


def _key(key: der.Key, policy: Policy) -> t.Optional[Reason]:
    wanted = KEY_TYPES[policy.key_type]
    if key == wanted:
        return None
    return _reason("key_type", f"its key is {key['type']} {key['curve'] or key['bits']}, asked for is {policy.key_type}")


def _lifetime(leaf: t.Any, policy: Policy, now: datetime.datetime) -> t.Optional[Reason]:
    end = leaf.not_valid_after_utc
    if now >= end:
        return _reason("expired", f"it expired on {end:%Y-%m-%d}")
    total = (end - leaf.not_valid_before_utc).total_seconds()
    left = (end - now).total_seconds()
    if left < total * policy.share:
        return _reason("renewal", f"{left / _DAY:.0f} of its {total / _DAY:.0f} days are left")
    return None
