# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority that is kept as two files in a folder: ca.crt and ca.key.

Runs on the controller. Judging it before anything is signed turns a late traceback into one sentence; the key is read
here and goes no further.
"""

from __future__ import annotations

import datetime
import os
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls._dep import serialization, x509
from ansible_collections.inferops.triton.plugins.module_utils._tls.finding import Finding

CERTIFICATE_FILE = "ca.crt"
KEY_FILE = "ca.key"


class Authority(t.TypedDict):
    """What the folder holds.

    state: absent (nothing), keyed (a key alone, left by a run that was killed while creating the CA), present (the rest).
    certificate is the PEM text; not_after is seconds since the epoch. findings is empty where the state is as good as it can be.
    """

    state: str
    certificate: t.Optional[str]
    subject: t.Optional[str]
    not_after: t.Optional[int]
    findings: t.List[Finding]


def load(directory: str, passphrase: t.Optional[str] = None, now: t.Optional[datetime.datetime] = None) -> Authority:
    """Judge the authority in directory; never raises for what the files hold. now is aware and defaults to the clock."""
    certificate_file, key_file = (os.path.join(directory, name) for name in (CERTIFICATE_FILE, KEY_FILE))
    result: Authority = {"state": "absent", "certificate": None, "subject": None, "not_after": None, "findings": []}
    certificate = key = None
    try:
        certificate_pem, key_pem = _read(certificate_file), _read(key_file)
        if certificate_pem is None and key_pem is None:
            return result
        result["state"] = "present" if certificate_pem is not None else "keyed"
        if certificate_pem is not None:
            certificate = _certificate(certificate_pem, certificate_file, now or datetime.datetime.now(datetime.timezone.utc))
            result["certificate"] = certificate_pem.decode()
            result["subject"] = certificate.subject.rfc4514_string()
            result["not_after"] = int(certificate.not_valid_after_utc.timestamp())
        key = _key(key_pem, key_file, certificate_file, passphrase)
        if certificate is not None and _spki(certificate.public_key()) != _spki(key.public_key()):
            raise _Unfit(
                "ca_key_mismatch",
                f"{key_file} is not the key of {certificate_file}.",
                "Put the matching pair there, or name another folder.",
            )
    except _Unfit as exc:
        result["findings"].append(exc.finding)
    return result


class _Unfit(Exception):
    def __init__(self, code: str, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.finding: Finding = {"code": code, "subject": "ca", "cause": cause, "remedy": remedy}


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


def _certificate(pem: bytes, path: str, now: datetime.datetime) -> t.Any:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
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


def _key(pem: t.Optional[bytes], path: str, certificate_file: str, passphrase: t.Optional[str]) -> t.Any:
    if pem is None:
        raise _Unfit(
            "ca_key_missing",
            f"{path} is missing beside {certificate_file}.",
            "Restore it, or name a new, empty folder to create a new CA.",
        )
    encrypted = b"ENCRYPTED" in pem
    if encrypted and not passphrase:
        raise _Unfit("ca_passphrase_missing", f"{path} is encrypted and no passphrase is given.", "Give its passphrase.")
    if passphrase and not encrypted and b"PRIVATE KEY-----" in pem:
        raise _Unfit(
            "ca_key_not_encrypted",
            f"{path} is not encrypted although a passphrase is given.",
            "Encrypt the key with it (openssl pkey -aes256), or give no passphrase.",
        )
    try:
        return serialization.load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    except Exception as exc:  # cryptography raises ValueError, TypeError and UnsupportedAlgorithm, depending on its release
        if encrypted:
            raise _Unfit(
                "ca_passphrase_wrong", f"The passphrase given does not open {path}.", "Give the passphrase it was made with."
            ) from exc
        raise _Unfit("ca_key_garbage", f"{path} holds no PEM private key.", f"Restore the key of {certificate_file}.") from exc


def _spki(key: t.Any) -> bytes:
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded
