# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that imports cryptography, which hosts may lack.

Everything in ``_tls`` takes its parts of cryptography from here. They are None where the library is absent:
a caller asks ``require()`` first. Hosts have their distribution's version (38.0.4 on Debian 12), the controller a current one.
"""

from __future__ import annotations

import traceback
import typing as t

ERROR: t.Optional[str] = None
VERSION: t.Optional[str] = None

try:
    import cryptography
    from cryptography import exceptions, x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

    VERSION = cryptography.__version__
except ImportError:
    ERROR = traceback.format_exc()
    cryptography = exceptions = x509 = hashes = serialization = None  # type: ignore[assignment]
    dsa = ec = ed448 = ed25519 = padding = rsa = None  # type: ignore[assignment]

__all__ = (
    "ERROR",
    "VERSION",
    "MissingCryptography",
    "dsa",
    "ec",
    "ed25519",
    "ed448",
    "exceptions",
    "hashes",
    "padding",
    "require",
    "rsa",
    "serialization",
    "x509",
)


class MissingCryptography(Exception):
    """cryptography is absent, or older than what is asked for."""


def require(major: int = 38) -> None:
    """Raise MissingCryptography unless cryptography of at least this major version is there."""
    if VERSION is None:
        raise MissingCryptography(f"The Python library cryptography (version {major} or later) is not installed.")
    if int(VERSION.split(".", maxsplit=1)[0]) < major:
        raise MissingCryptography(f"The Python library cryptography is {VERSION}; version {major} or later is needed.")
