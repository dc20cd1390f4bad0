# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys and signatures Triton and gRPC clients work with.

Tried on tritonserver 2.51.0 with grpcio 1.67 and 1.85 (docs/tls-findings.md has the table). Server keys are narrower than CA keys: a leaf's
key signs the handshake, for which gRPC clients offer few schemes; a CA's key only signs certificates.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import der, finding as f
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate

MIN_RSA_BITS = 2048
# OPENSSL_RSA_MAX_MODULUS_BITS, in OpenSSL and BoringSSL
MAX_RSA_BITS = 16384
_LEAF_CURVES = ("P-256", "P-384")
_CA_CURVES = ("P-256", "P-384", "P-521", "P-224")
_CA_TYPES = ("Ed25519",)
_WEAK_HASHES = ("md5", "sha1")
# by name of the algorithm, because current releases of cryptography do not know such hashes in signatures
_WEAK_SIGNATURES = ("md2WithRSAEncryption", "md5WithRSAEncryption", "sha1WithRSAEncryption", "ecdsa-with-SHA1", "dsa-with-sha1")
ADVICE = "Use ECDSA P-256, ECDSA P-384 or RSA 2048 to 4096."


def name_of(key: der.Key) -> str:
    """How messages name a key: "RSA 1024", "ECDSA P-521", "Ed25519"."""
    if key["type"] == "ECDSA":
        return f"ECDSA {key['curve']}"
    if key["type"] in ("RSA", "RSASSA-PSS", "DSA"):
        return f"{key['type']} {key['bits']}"
    return key["type"]


def judge_key(certificate: Certificate, subject: f.Subject, leaf: bool) -> t.List[f.Finding]:
    """Findings about the type and the strength of a certificate's key."""
    key = certificate.key
    whose = f"The certificate '{certificate.label}' has the key {name_of(key)}"
    if key["type"] == "RSA":
        if key["bits"] < MIN_RSA_BITS:
            cause = f"{whose}; Triton's OpenSSL refuses RSA below {MIN_RSA_BITS} bits."
            return [f.make("weak_key", subject, cause, ADVICE)]
        if key["bits"] > MAX_RSA_BITS:
            cause = f"{whose}; gRPC clients refuse RSA above {MAX_RSA_BITS} bits."
            return [f.make("unsupported_key", subject, cause, ADVICE)]
        return []
    if key["type"] == "ECDSA" and key["curve"] in (_LEAF_CURVES if leaf else _CA_CURVES):
        return []
    if not leaf and key["type"] in _CA_TYPES:
        return []
    refused = "cannot verify a server with such a key" if leaf else "cannot verify signatures of such a key"
    return [f.make("unsupported_key", subject, f"{whose}; gRPC clients {refused}.", ADVICE)]


def judge_signature(certificate: Certificate, subject: f.Subject) -> t.List[f.Finding]:
    """Findings about the hash in a certificate's signature. Not for trust anchors: nobody checks the signature of those."""
    if certificate.signature_hash not in _WEAK_HASHES and certificate.signature_algorithm not in _WEAK_SIGNATURES:
        return []
    cause = f"The certificate '{certificate.label}' is signed with {certificate.signature_algorithm}, which Triton's OpenSSL refuses."
    return [f.make("weak_signature", subject, cause, "Have it signed with SHA-256 or better.")]
