# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every situation that `openssl verify` or cryptography's path validation judges otherwise than this collection, and why.

docs/tls-findings.md explains the reasons; test_disagreements.py holds all three equal to what the two really say.
"""

from __future__ import annotations

import typing as t

Answer = t.Optional[t.Literal["accepts", "refuses"]]


class Disagreement(t.NamedTuple):
    """What each of them says, None where it agrees with the collection, and the reason, a row of the table in the documentation."""

    openssl: Answer
    cryptography: Answer
    reason: str


DISAGREEMENTS: dict[str, Disagreement] = {
    # trust_itself
    "self-signed, trusted itself": Disagreement(None, "refuses", "trust_itself"),
    # no_ca
    "self-signed, no CA file": Disagreement("refuses", "refuses", "no_ca"),
    "no CA given": Disagreement("refuses", "refuses", "no_ca"),
    # reader
    "glued blocks": Disagreement(None, "accepts", "reader"),
    "all on one line": Disagreement(None, "accepts", "reader"),
    "indented blocks": Disagreement(None, "accepts", "reader"),
    "byte-order mark in the CA": Disagreement("accepts", "accepts", "reader"),
    "indented CA": Disagreement(None, "accepts", "reader"),
    "text before a marker": Disagreement(None, "accepts", "reader"),
    "OpenSSL's trusted certificate": Disagreement("accepts", None, "reader"),
    # key_file
    "empty key": Disagreement("accepts", "accepts", "key_file"),
    "DER key": Disagreement("accepts", "accepts", "key_file"),
    "garbage key": Disagreement("accepts", "accepts", "key_file"),
    "encrypted key": Disagreement("accepts", "accepts", "key_file"),
    "encrypted key, old form": Disagreement("accepts", "accepts", "key_file"),
    "OpenSSH key": Disagreement("accepts", "accepts", "key_file"),
    "certificate as key": Disagreement("accepts", "accepts", "key_file"),
    "two keys, the wrong first": Disagreement("accepts", "accepts", "key_file"),
    "indented key": Disagreement("accepts", "accepts", "key_file"),
    "key of another certificate": Disagreement("accepts", "accepts", "key_file"),
    "digest of another key": Disagreement("accepts", "accepts", "key_file"),
    # leaf_key
    "Ed25519": Disagreement("accepts", "accepts", "leaf_key"),
    "Ed448": Disagreement("accepts", "accepts", "leaf_key"),
    "P-224": Disagreement("accepts", "accepts", "leaf_key"),
    "P-521": Disagreement("accepts", "accepts", "leaf_key"),
    "secp256k1": Disagreement("accepts", "accepts", "leaf_key"),
    "brainpool": Disagreement("accepts", "accepts", "leaf_key"),
    "DSA": Disagreement("accepts", "accepts", "leaf_key"),
    "RSASSA-PSS key": Disagreement("accepts", "accepts", "leaf_key"),
    "explicit curve parameters": Disagreement(None, "accepts", "leaf_key"),
    # strength
    "RSA 1024": Disagreement("accepts", "accepts", "strength"),
    "intermediate of RSA 1024": Disagreement("accepts", None, "strength"),
    "intermediate signed with SHA-1": Disagreement("accepts", None, "strength"),
    "signed with SHA-1": Disagreement("accepts", None, "strength"),
    "signed with MD5": Disagreement("accepts", None, "strength"),
    "CA of RSA 1024": Disagreement("accepts", None, "strength"),
    # margin
    "expires within the error": Disagreement("accepts", "accepts", "margin"),
    # key_usage
    "no digitalSignature": Disagreement("accepts", "accepts", "key_usage"),
    "RSA for encipherment only": Disagreement("accepts", "accepts", "key_usage"),
    # size
    "200 kB": Disagreement("accepts", "accepts", "size"),
    "103 kB": Disagreement("accepts", "accepts", "size"),
    # profile
    "leaf is a CA": Disagreement(None, "refuses", "profile"),
    "no AKI": Disagreement(None, "refuses", "profile"),
    "subdomain of a constraint with a dot": Disagreement(None, "refuses", "profile"),
    "signed with SHA-224": Disagreement(None, "refuses", "profile"),
    "CA without keyUsage": Disagreement(None, "refuses", "profile"),
    "CA with uncritical basicConstraints": Disagreement(None, "refuses", "profile"),
    "CA of Ed25519": Disagreement(None, "refuses", "profile"),
    "CA of P-224": Disagreement(None, "refuses", "profile"),
    # names
    "trailing dot": Disagreement("refuses", "refuses", "names"),
    "wildcard for a top-level domain": Disagreement("refuses", None, "names"),
    "partial wildcard": Disagreement("accepts", None, "names"),
    "address as DNS name": Disagreement("refuses", "refuses", "names"),
    "IPv6 written at length": Disagreement("accepts", "accepts", "names"),
    "CN alone": Disagreement(None, "refuses", "names"),
    "CN and an address": Disagreement(None, "refuses", "names"),
    "address in CN": Disagreement("refuses", "refuses", "names"),
    "underscore": Disagreement(None, "refuses", "names"),
    # aki
    "AKI of another key": Disagreement(None, "accepts", "aki"),
    # address_constraints
    "address under a CA that excludes others": Disagreement("accepts", "accepts", "address_constraints"),
    # anchor
    "CA with a pathlen too short": Disagreement("refuses", "refuses", "anchor"),
    "CA file holds the leaf": Disagreement("refuses", None, "anchor"),
    "CA file holds the intermediate alone": Disagreement("refuses", None, "anchor"),
    "CA without basicConstraints": Disagreement("refuses", "refuses", "anchor"),
    "CA marked as none": Disagreement("refuses", "refuses", "anchor"),
    "CA marked as none, without keyUsage": Disagreement("refuses", "refuses", "anchor"),
    "issuer in the CA file is no CA, without keyUsage": Disagreement("refuses", "refuses", "anchor"),
    "CA for clients": Disagreement("refuses", "refuses", "anchor"),
    # mutual
    "CA of servers only under mutual": Disagreement("accepts", "accepts", "mutual"),
    "CA file holds the leaf under mutual": Disagreement(None, "accepts", "mutual"),
    # any_purpose
    "intermediate for any purpose": Disagreement(None, "accepts", "any_purpose"),
    # twins
    "root renewed, both given, other order": Disagreement("accepts", "accepts", "twins"),
    "root renewed, both given": Disagreement("accepts", "accepts", "twins"),
    # ca_key
    "CA of Ed448": Disagreement("accepts", None, "ca_key"),
    "CA of secp256k1": Disagreement("accepts", None, "ca_key"),
    "CA of brainpool": Disagreement("accepts", None, "ca_key"),
    "CA of DSA": Disagreement("accepts", None, "ca_key"),
}
