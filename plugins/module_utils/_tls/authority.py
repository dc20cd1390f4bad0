# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority that is kept in a folder of the controller.

    ca.crt, ca.key             what clients trust (in a rollover several roots, the one in use first), and the root's key
    issuing.crt, issuing.key   the issuing CA below it, where there is one: then the root's key may lie somewhere else

Runs on the controller. Judging it before anything is signed turns a late traceback into one sentence; keys are read
here and go no further.
"""

from __future__ import annotations

import datetime
import os
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import pem
from ansible_collections.inferops.triton.plugins.module_utils._tls._dep import serialization, x509
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate, iso
from ansible_collections.inferops.triton.plugins.module_utils._tls.finding import Finding, MaterialError

CERTIFICATE_FILE = "ca.crt"
KEY_FILE = "ca.key"
ISSUING_CERTIFICATE_FILE = "issuing.crt"
ISSUING_KEY_FILE = "issuing.key"
_DAY = 86400.0


class Authority(t.TypedDict):
    """What the folder holds.

    state: absent (nothing), keyed (unfinished, left by a run that was killed while creating the CA), present (the rest).
    certificate is the text of ca.crt. issuer is the certificate that signs, chain what is served between a leaf and the root
    (empty where the root itself signs), both PEM; subject and not_after (seconds since the epoch) are the issuer's.
    findings is empty where the state is as good as it can be.
    """

    state: str
    certificate: t.Optional[str]
    issuer: t.Optional[str]
    chain: str
    subject: t.Optional[str]
    not_after: t.Optional[int]
    findings: t.List[Finding]


def has_issuing(directory: str) -> bool:
    """Whether an issuing CA stands between the root and the leaves; its key, which is made first, decides."""
    return any(os.path.exists(os.path.join(directory, name)) for name in (ISSUING_CERTIFICATE_FILE, ISSUING_KEY_FILE))


def signing_files(directory: str) -> t.Tuple[str, str]:
    """Paths of the certificate and the key that sign leaves."""
    names = (ISSUING_CERTIFICATE_FILE, ISSUING_KEY_FILE) if has_issuing(directory) else (CERTIFICATE_FILE, KEY_FILE)
    certificate, key = (os.path.join(directory, name) for name in names)
    return certificate, key


def load(directory: str, passphrase: t.Optional[str] = None, now: t.Optional[datetime.datetime] = None) -> Authority:
    """Judge what signs leaves in directory; never raises for what the files hold. now is aware and defaults to the clock."""
    now = now or datetime.datetime.now(datetime.timezone.utc)
    trust_file = os.path.join(directory, CERTIFICATE_FILE)
    certificate_file, key_file = signing_files(directory)
    result: Authority = {
        "state": "absent", "certificate": None, "issuer": None, "chain": "", "subject": None, "not_after": None, "findings": [],
    }  # fmt: skip
    try:
        trust_pem, certificate_pem, key_pem = _read(trust_file), _read(certificate_file), _read(key_file)
        if trust_pem is None and certificate_pem is None and key_pem is None:
            return result
        result["state"] = "keyed" if trust_pem is None or certificate_pem is None else "present"
        if trust_pem is not None:
            result["certificate"] = trust_pem.decode("utf-8", "replace")
        certificate = None
        if certificate_pem is not None:
            certificate = _certificate(certificate_pem, certificate_file, now)
            result["issuer"] = certificate.public_bytes(serialization.Encoding.PEM).decode()
            result["subject"] = certificate.subject.rfc4514_string()
            result["not_after"] = int(certificate.not_valid_after_utc.timestamp())
            if certificate_file != trust_file:
                result["chain"] = certificate_pem.decode("utf-8", "replace")
                if trust_pem is not None:
                    _anchored(result, certificate_file, trust_file, now)
        _pair(certificate, key_pem, key_file, certificate_file, passphrase)
    except _Unfit as exc:
        result["findings"].append(exc.finding)
    return result


def root_findings(directory: str, passphrase: t.Optional[str] = None, now: t.Optional[datetime.datetime] = None) -> t.List[Finding]:
    """What keeps the root itself from signing an issuing CA; its key may be away, which then is the finding."""
    certificate_file, key_file = (os.path.join(directory, name) for name in (CERTIFICATE_FILE, KEY_FILE))
    try:
        certificate_pem, key_pem = _read(certificate_file), _read(key_file)
        if certificate_pem is None:
            return []
        certificate = _certificate(certificate_pem, certificate_file, now or datetime.datetime.now(datetime.timezone.utc))
        if key_pem is None:
            raise _Unfit(
                "ca_root_away",
                f"{key_file}, the key of the root, is not there, and only it can sign {os.path.join(directory, ISSUING_CERTIFICATE_FILE)}.",
                "Bring it back for one run.",
            )
        _pair(certificate, key_pem, key_file, certificate_file, passphrase)
    except _Unfit as exc:
        return [exc.finding]
    return []


def issuing_reasons(directory: str, share: float, now: t.Optional[datetime.datetime] = None) -> t.List[str]:
    """Why the issuing CA has to be signed (again); empty without one, and where it cannot be read (load says so)."""
    if not has_issuing(directory):
        return []
    try:
        text = _read(os.path.join(directory, ISSUING_CERTIFICATE_FILE))
        if text is None:
            return ["there is none yet"]
        certificate = x509.load_pem_x509_certificate(text)
    except (_Unfit, ValueError):
        return []
    total = (certificate.not_valid_after_utc - certificate.not_valid_before_utc).total_seconds()
    left = (certificate.not_valid_after_utc - (now or datetime.datetime.now(datetime.timezone.utc))).total_seconds()
    return [f"{left / _DAY:.0f} of its {total / _DAY:.0f} days are left"] if left < total * share else []


def certificates(path: str) -> t.List[Certificate]:
    """The certificates of a file, in order; none where it does not exist. Raises MaterialError for one that cannot be read."""
    try:
        with open(path, "rb") as file:
            return [Certificate(block.der, "ca", number) for number, block in enumerate(pem.read_certificates(file.read(), "ca").blocks, 1)]
    except FileNotFoundError:
        return []


def roots(directory: str) -> t.List[Certificate]:
    """The certificates of ca.crt that stand above what signs here; others in it are trusted beside them."""
    trusted = certificates(os.path.join(directory, CERTIFICATE_FILE))
    if not has_issuing(directory):
        return trusted[:1]
    issuing = certificates(os.path.join(directory, ISSUING_CERTIFICATE_FILE))
    return [each for each in trusted if issuing and issuing[-1].issued_by(each) and issuing[-1].signed_by(each) is not False]


def root_end(directory: str) -> t.Optional[int]:
    """The end of the root's validity in seconds since the epoch; None where there is no root that can be read."""
    try:
        above = roots(directory) or certificates(os.path.join(directory, CERTIFICATE_FILE))[:1]
    except (MaterialError, OSError):
        return None
    return max((int(each.not_after.timestamp()) for each in above), default=None)


class _Unfit(Exception):
    def __init__(self, code: str, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.finding: Finding = {"code": code, "subject": "ca", "cause": cause, "remedy": remedy}


def _anchored(result: Authority, certificate_file: str, trust_file: str, now: datetime.datetime) -> None:
    """The issuing CA must be the root's, which must outlive what is issued now."""
    try:
        above = roots(os.path.dirname(trust_file))
    except MaterialError as exc:
        raise _Unfit("ca_garbage", f"{trust_file}: {exc.finding['cause']}", exc.finding["remedy"]) from exc
    if not above:
        raise _Unfit(
            "ca_not_of_root",
            f"{certificate_file} ({result['subject']}) was issued by none of the certificates in {trust_file}.",
            f"Put the root of the issuing CA into {CERTIFICATE_FILE}, and its intermediates after it into {ISSUING_CERTIFICATE_FILE}.",
        )
    end = max(each.not_after for each in above)
    if now > end:
        cause = f"{trust_file}: the root '{above[0].label}' of the issuing CA expired on {iso(end)}."
        raise _Unfit("ca_expired", cause, "Name a new, empty folder to create a new CA, and give its ca.crt to the clients.")
    result["not_after"] = min(result["not_after"] or 0, int(end.timestamp()))


def _read(path: str) -> t.Optional[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise _Unfit(
            "ca_unreadable",
            f"{path} cannot be read: {exc.strerror}.",
            "Correct the file's permissions, or run Ansible as its owner.",
        ) from exc


def _certificate(text: bytes, path: str, now: datetime.datetime) -> t.Any:
    try:
        certificate = x509.load_pem_x509_certificate(text)
        is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_ca = False
    except ValueError as exc:
        raise _Unfit("ca_garbage", f"{path} holds no PEM certificate.", "Put the CA's certificate there.") from exc
    if not is_ca:
        raise _Unfit(
            "ca_is_no_ca",
            f"{path} ({certificate.subject.rfc4514_string()}) is not a CA certificate.",
            "Put a certificate with basicConstraints CA:TRUE there.",
        )
    if now > certificate.not_valid_after_utc:
        raise _Unfit(
            "ca_expired",
            f"{path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}.",
            "Name a new, empty folder to create a new CA, and give its ca.crt to the clients.",
        )
    if now < certificate.not_valid_before_utc:
        raise _Unfit(
            "ca_not_yet_valid",
            f"{path} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC.",
            "Correct the controller's clock.",
        )
    return certificate


def _pair(certificate: t.Any, key_pem: t.Optional[bytes], key_file: str, certificate_file: str, passphrase: t.Optional[str]) -> None:
    """Raises _Unfit unless the key opens and is the certificate's (None: there is no certificate yet)."""
    key = _key(key_pem, key_file, certificate_file, passphrase)
    if certificate is not None and _spki(certificate.public_key()) != _spki(key.public_key()):
        raise _Unfit(
            "ca_key_mismatch",
            f"{key_file} is not the key of {certificate_file}.",
            "Put the matching pair there, or name another folder.",
        )


def _key(text: t.Optional[bytes], path: str, certificate_file: str, passphrase: t.Optional[str]) -> t.Any:
    if text is None:
        raise _Unfit(
            "ca_key_missing",
            f"{path} is missing beside {certificate_file}.",
            "Restore it, or name a new, empty folder to create a new CA.",
        )
    encrypted = b"ENCRYPTED" in text
    if encrypted and not passphrase:
        raise _Unfit("ca_passphrase_missing", f"{path} is encrypted and no passphrase is given.", "Give its passphrase.")
    if passphrase and not encrypted and b"PRIVATE KEY-----" in text:
        raise _Unfit(
            "ca_key_not_encrypted",
            f"{path} is not encrypted although a passphrase is given.",
            "Encrypt the key with it (openssl pkey -aes256), or give no passphrase.",
        )
    try:
        return serialization.load_pem_private_key(text, passphrase.encode() if passphrase else None)
    except Exception as exc:  # cryptography raises ValueError, TypeError and UnsupportedAlgorithm, depending on its release
        if encrypted:
            raise _Unfit(
                "ca_passphrase_wrong", f"The passphrase given does not open {path}.", "Give the passphrase it was made with."
            ) from exc
        raise _Unfit("ca_key_garbage", f"{path} holds no PEM private key.", f"Restore the key of {certificate_file}.") from exc


def _spki(key: t.Any) -> bytes:
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded
