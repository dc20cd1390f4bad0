# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate requests that lie on the controller while somebody else's CA works on them."""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, der, renewal


class Wanted(t.NamedTuple):
    """What a request must ask for. public_key_sha256: of the key that it must be for, None where any key of the type will do."""

    san: t.FrozenSet[str]
    key_type: str
    purpose: str
    public_key_sha256: t.Optional[str]


def differs(text: t.Optional[str], wanted: Wanted) -> t.Optional[str]:
    """Why a request (PEM) is not the one that is wanted, as a clause for people; None where it is."""
    if text is None:
        return "there is no request yet"
    try:
        request = _dep.x509.load_pem_x509_csr(text.encode())
        spki = request.public_key().public_bytes(
            _dep.serialization.Encoding.DER, _dep.serialization.PublicFormat.SubjectPublicKeyInfo
        )
        names = renewal.san_of(request)
        sound = request.is_signature_valid
    except (ValueError, TypeError, _dep.exceptions.UnsupportedAlgorithm):
        return "the request cannot be read"
    if not sound:
        return "the request is not signed by its key"
    if wanted.public_key_sha256 is not None and der.sha256(spki) != wanted.public_key_sha256:
        return "the request is for another key"
    if der.describe_spki(spki) != renewal.KEY_TYPES[wanted.key_type]:
        return f"the key of the request is not {wanted.key_type}"
    if names != wanted.san:
        return "the request asks for other names"
    return None
