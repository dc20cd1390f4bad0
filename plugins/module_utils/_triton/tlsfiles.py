# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the TLS files of a generation whose server could not use them."""

from __future__ import annotations

import os
import re
from typing import Optional

from .content import public_key_sha256
from .errors import HostError

_FLAG = re.compile(r"--grpc-(server-cert|server-key)=([^\s'\"\\]+)")
_MINIMUM_RSA = 2048


def examine(folder: str) -> Optional[tuple[str, str, str]]:
    """Code, cause and remedy; None where nothing wrong is found or the files cannot be judged.

    The paths are those of the flags in the generation's start script, relative to the generation.
    """
    try:
        with open(os.path.join(folder, "start"), encoding="utf-8") as stream:
            paths = dict(_FLAG.findall(stream.read()))
    except OSError:
        return None
    certificate, key = (os.path.join(folder, paths.get(name, "")) for name in ("server-cert", "server-key"))
    for path, code in ((certificate, "certificate_missing"), (key, "key_missing")):
        if not os.path.isfile(path):
            return code, f"{path} does not exist.", "Stage a generation that has it."
    try:
        return _judge(certificate, key)
    except HostError as error:
        return error.code, error.cause, error.remedy
    except OSError:
        return None


def _judge(certificate: str, key: str) -> Optional[tuple[str, str, str]]:
    with open(key, "rb") as stream:
        key_digest = public_key_sha256(stream.read(), key)
    # public_key_sha256 has said so where the library is missing
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    with open(certificate, "rb") as stream:
        text = stream.read()
    try:
        leaf = x509.load_pem_x509_certificate(text)
    except ValueError:
        return (
            "certificate_invalid",
            f"{certificate} holds no PEM certificate that can be read.",
            "Install the certificate as PEM, leaf first.",
        )
    public = leaf.public_key()
    if isinstance(public, rsa.RSAPublicKey) and public.key_size < _MINIMUM_RSA:
        return (
            "weak_key",
            f"The certificate {leaf.subject.rfc4514_string()} has an RSA key of {public.key_size} bits, which Triton refuses.",
            "Issue one with a key of P-256, P-384 or RSA 2048 and more.",
        )
    import hashlib

    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if hashlib.sha256(der).hexdigest() != key_digest:
        return (
            "key_mismatch",
            f"The key {key} does not belong to the certificate {leaf.subject.rfc4514_string()}.",
            "Install the key that the certificate was issued for.",
        )
    return (
        "key_unreadable",
        f"The key {key} and its certificate are sound, so the service's user may not read them.",
        "Set owner to the user that runs the service.",
    )
