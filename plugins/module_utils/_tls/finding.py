# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings: what is wrong, or doubtful, with certificate material; each with a stable code.

docs/tls-findings.md explains every code; a test holds the two equal.
"""

from __future__ import annotations

import difflib
import typing as t

# "both": an error or a warning, as the margins that the caller gave decide
Level = t.Literal["error", "warning", "both"]
Subject = t.Literal["certificate", "chain", "key", "ca"]


class Finding(t.TypedDict):
    """One fault. cause and remedy are one sentence each; cause names the certificate, name or date at fault."""

    code: str
    subject: str
    cause: str
    remedy: str


class Code(t.NamedTuple):
    """How a code is judged, and whether ``allow`` can override it (what cannot be read cannot be served)."""

    level: Level
    overridable: bool


CODES: t.Dict[str, Code] = {
    # reading
    "missing": Code("error", False),
    "empty": Code("error", False),
    "not_pem": Code("error", False),
    "der": Code("error", False),
    "garbage": Code("error", False),
    "truncated": Code("error", False),
    "wrong_kind": Code("error", False),
    "key_encrypted": Code("error", False),
    "key_passphrase_wrong": Code("error", False),
    "bom": Code("error", True),
    "pem_glued": Code("error", True),
    "pem_indented": Code("error", True),
    "bom_harmless": Code("warning", True),
    "key_in_certificate": Code("warning", True),
    "several_keys": Code("warning", True),
    # key and leaf
    "key_mismatch": Code("error", True),
    "unsupported_key": Code("error", True),
    "weak_key": Code("error", True),
    "weak_signature": Code("error", True),
    "malformed_certificate": Code("error", True),
    "expired": Code("error", True),
    "not_yet_valid": Code("error", True),
    "expires_soon": Code("both", True),
    "hostname_mismatch": Code("error", True),
    "wrong_purpose": Code("error", True),
    "key_usage": Code("error", True),
    "too_large": Code("error", True),
    # chain and CA
    "incomplete_chain": Code("error", True),
    "chain_order": Code("error", True),
    "untrusted_issuer": Code("error", True),
    "aki_mismatch": Code("error", True),
    "ca_not_ca": Code("error", True),
    "ca_missing": Code("error", True),
    "ca_duplicate": Code("error", True),
    "path_length": Code("error", True),
    "name_constraints": Code("error", True),
    # accepted by gRPC clients, doubtful all the same
    "ca_unknown": Code("warning", True),
    "ca_limits": Code("warning", True),
    "ca_twice": Code("warning", True),
    "ca_expired": Code("warning", True),
    "ca_contains_leaf": Code("warning", True),
    "pinned_leaf": Code("warning", True),
    "intermediate_in_ca": Code("warning", True),
    "intermediates_order": Code("warning", True),
    "unrelated_certificate": Code("warning", True),
    "leaf_is_ca": Code("warning", True),
    "cn_without_san": Code("warning", True),
    "name_by_release": Code("warning", True),
    "aki_absent": Code("warning", True),
    "basic_constraints_not_critical": Code("warning", True),
    "ca_key_usage_absent": Code("warning", True),
    "underscore_in_name": Code("warning", True),
}


class MaterialError(Exception):
    """Material that cannot be used at all. ``finding`` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(sentence(finding))
        self.finding = finding


def make(code: str, subject: Subject, cause: str, remedy: str) -> Finding:
    """A finding with a known code."""
    if code not in CODES:
        raise KeyError(code)
    return {"code": code, "subject": subject, "cause": cause, "remedy": remedy}


def fail(code: str, subject: Subject, cause: str, remedy: str) -> MaterialError:
    """The exception for a finding that ends all further judging."""
    return MaterialError(make(code, subject, cause, remedy))


def sentence(finding: Finding) -> str:
    """Cause and remedy as one message."""
    return f"{finding['cause']} {finding['remedy']}"


def check_allow(allow: t.Iterable[str]) -> t.FrozenSet[str]:
    """The codes to override. Raises ValueError on one that does not exist or cannot be overridden."""
    codes = frozenset(str(code) for code in allow)
    for code in sorted(codes):
        if code not in CODES:
            near = difflib.get_close_matches(code, CODES, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ValueError(f"allow: '{code}' is no code of a finding.{hint}")
        if not CODES[code].overridable:
            raise ValueError(f"allow: '{code}' cannot be overridden, because nothing is left that could be served.")
    return codes
