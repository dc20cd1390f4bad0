# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The third-party packages of the client side, imported in one guarded place.

Back ends take the names from here, which are None where a package is absent; a module asks :func:`missing` first.
"""

from __future__ import annotations

import os
import traceback
import typing as t

# gRPC writes every failed handshake to stderr, which would garble a module's answer in logs.
# It reads these when it is loaded; a user's own setting wins.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
os.environ.setdefault("GLOG_minloglevel", "3")

_ERRORS: t.Dict[str, str] = {}

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    _ERRORS["cryptography"] = traceback.format_exc()
    ec = hashes = serialization = x509 = None  # type: ignore[assignment]
    ExtendedKeyUsageOID = NameOID = None  # type: ignore[assignment,misc]

try:
    import grpc
    import grpc.aio
except ImportError:
    _ERRORS["grpcio"] = traceback.format_exc()
    grpc = None

try:
    from tritonclient.grpc import service_pb2 as pb
except (ImportError, RuntimeError):  # tritonclient raises RuntimeError where grpcio is absent
    _ERRORS["tritonclient[grpc]"] = traceback.format_exc()
    pb = None

try:
    from OpenSSL import SSL, crypto
except ImportError:
    _ERRORS["pyOpenSSL"] = traceback.format_exc()
    SSL = crypto = None  # type: ignore[assignment]

__all__ = (
    "SSL",
    "ExtendedKeyUsageOID",
    "NameOID",
    "crypto",
    "ec",
    "grpc",
    "hashes",
    "missing",
    "pb",
    "serialization",
    "x509",
)


def missing() -> t.Optional[t.Tuple[str, str]]:
    """The first package that cannot be imported and the traceback of the attempt, else None."""
    return next(iter(_ERRORS.items()), None)
