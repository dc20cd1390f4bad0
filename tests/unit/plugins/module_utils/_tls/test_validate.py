# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on every situation, and what makes a finding useful."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.inferops.triton.plugins.module_utils._tls import finding, validate
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory, situations as s
from cryptography import x509


def judge(situation: s.Situation, **terms: object) -> validate.Verdict:
    digest = situation.public_key_sha256
    bundle: validate.Bundle = {
        "certificate": situation.certificate,
        "key": situation.key,
        "ca": situation.ca,
        "public_key_sha256": GOOD_DIGEST if digest == "given" else digest,
    }
    return validate.validate(bundle, validate.terms(**{**situation.terms, **terms}))


GOOD_DIGEST = judge(s.SITUATIONS["whole chain"])["leaf"]["public_key_sha256"]  # type: ignore[index]


def codes(findings: list[finding.Finding]) -> list[str]:
    return sorted(each["code"] for each in findings)


@pytest.mark.parametrize("name", s.SITUATIONS)
def test_codes(name: str) -> None:
    situation = s.SITUATIONS[name]
    verdict = judge(situation)
    assert (codes(verdict["errors"]), codes(verdict["warnings"])) == (sorted(situation.errors), sorted(situation.warnings))
    assert verdict["ok"] is (not situation.errors)


def test_enough_situations() -> None:
    assert len(s.SITUATIONS) >= 60
    judged = {code for situation in s.SITUATIONS.values() for code in (*situation.errors, *situation.warnings)}
    # missing: no text to judge; key_passphrase_wrong: nothing that a client could show, see test_plan; malformed_certificate: tested below
    assert set(finding.CODES) - judged == {"missing", "key_passphrase_wrong", "malformed_certificate"}


@pytest.mark.parametrize("name", s.SITUATIONS)
def test_verdict_agrees_with_real_clients(name: str) -> None:
    """Errors are what Triton or gRPC clients refuse (or what the terms ask for), and nothing else."""
    situation = s.SITUATIONS[name]
    if situation.client is not None:
        assert situation.client == ("refuses" if situation.errors else "accepts")


@pytest.mark.parametrize("name", [name for name, situation in s.SITUATIONS.items() if situation.errors])
def test_allow(name: str) -> None:
    situation = s.SITUATIONS[name]
    overridable = [code for code in situation.errors if finding.CODES[code].overridable]
    verdict = judge(situation, allow=overridable)
    assert codes(verdict["overridden"]) == sorted(overridable)
    assert verdict["ok"] is (len(overridable) == len(situation.errors))


def test_findings_have_one_sentence_each_and_no_key() -> None:
    for name, situation in s.SITUATIONS.items():
        verdict = judge(situation)
        for each in verdict["errors"] + verdict["warnings"]:
            assert each["subject"] in ("certificate", "chain", "key", "ca")
            assert each["cause"].endswith(".") and each["remedy"].endswith("."), name
            assert "PRIVATE KEY--" not in each["cause"] + each["remedy"]


CAUSES = {
    "expired": ["CN=triton.example.com", "expired on 20"],
    "not yet valid": ["CN=triton.example.com", "not valid before 20"],
    "expires within the warning": ["in 10.0 days", "the margin is 30"],
    "another name": ["'other.example.com'", "DNS:triton.example.com"],
    "IPv6 written at length": ["write '2001:db8::1'"],
    "P-521": ["ECDSA P-521"],
    "RSA 1024": ["RSA 1024", "2048"],
    "for clients only": ["clientAuth", "serverAuth"],
    "intermediate missing": ["CN=Test Issuing CA", "Test Root", "intermediate"],
    "foreign CA": ["CN=Somebody", "Test Root"],
    "leaf last": ["CN=Test Issuing CA", "CN=triton.example.com"],
    "CA file holds another leaf": ["CN=triton.example.com"],
    "signed with SHA-1": ["sha1WithRSAEncryption"],
    "outside name constraints": ["DNS:triton.example.com", "Constrained CA"],
}


@pytest.mark.parametrize("name", CAUSES)
def test_causes_name_what_is_at_fault(name: str) -> None:
    verdict = judge(s.SITUATIONS[name])
    text = " ".join(each["cause"] for each in verdict["errors"] + verdict["warnings"])
    assert [words for words in CAUSES[name] if words not in text] == []


def test_descriptions() -> None:
    verdict = judge(s.SITUATIONS["whole chain"])
    leaf = verdict["leaf"]
    assert leaf is not None
    assert leaf["subject"] == f"CN={factory.NAME}"
    assert leaf["issuer"] == "O=Example,CN=Test Issuing CA"
    assert leaf["san"] == [f"DNS:{factory.NAME}", f"IP:{factory.ADDRESS}", "IP:2001:db8::1"]
    assert leaf["key"] == {"type": "ECDSA", "bits": 256, "curve": "P-256"}
    assert leaf["fingerprint_sha256"] == factory.fingerprint(s.GOOD)
    assert leaf["signature_algorithm"] == "ecdsa-with-SHA256"
    assert (leaf["is_ca"], leaf["self_signed"], leaf["eku"]) == (False, False, ["serverAuth"])
    assert leaf["not_after"].endswith("Z") and len(leaf["not_after"]) == len("2026-11-23T06:00:00Z")
    assert [each["subject"] for each in verdict["chain"]] == ["O=Example,CN=Test Issuing CA"]
    assert [(each["is_ca"], each["self_signed"]) for each in verdict["ca"]] == [(True, True)]


@pytest.mark.parametrize(
    ("terms", "errors", "warnings"),
    [
        ({"now": "2099-01-01"}, ["expired", "expired", "expired"], []),
        ({"now": "1999-01-01T00:00:00Z"}, ["not_yet_valid", "not_yet_valid", "not_yet_valid"], []),
        ({"warn_days": 400}, [], ["expires_soon", "expires_soon", "expires_soon"]),
        ({"warn_days": 0, "error_days": 400}, ["expires_soon", "expires_soon", "expires_soon"], []),
        ({"warn_days": 364}, [], []),
    ],
)
def test_margins(terms: dict[str, object], errors: list[str], warnings: list[str]) -> None:
    verdict = judge(s.SITUATIONS["whole chain"], **terms)
    assert (codes(verdict["errors"]), codes(verdict["warnings"])) == (errors, warnings)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"now": "tomorrow"}, "now: 'tomorrow'"),
        ({"now": True}, "now: 'True'"),
        ({"warn_days": -1}, "warn_days: '-1'"),
        ({"error_days": "many"}, "error_days: 'many'"),
        ({"names": "host"}, "names: a list is needed"),
        ({"allow": "expired"}, "allow: a list is needed"),
        ({"allow": ["expird"]}, "Did you mean 'expired'?"),
        ({"allow": ["der"]}, "cannot be overridden"),
    ],
)
def test_bad_terms(terms: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        validate.terms(**terms)  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_malformed_extensions() -> None:
    twice = [x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")]
    leaf = factory.issue(issuer=s.INTERMEDIATE, names=[factory.NAME], extra=twice)
    broken = leaf.der.replace(bytes.fromhex("06032a0304"), bytes.fromhex("0603551d0e"))
    pem = factory.armour(broken)
    verdict = judge(s.Situation(pem + s.INTERMEDIATE.pem, leaf.key_pem), names=[factory.NAME])
    assert "malformed_certificate" in codes(verdict["errors"])


def test_documentation_lists_every_code() -> None:
    text = (Path(__file__).parents[5] / "docs" / "tls-findings.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]
    documented = {row[0].strip("`"): (row[1], row[5] == "none") for row in rows}
    assert documented == {code: (rule.level, not rule.overridable) for code, rule in finding.CODES.items()}
    assert all(row[5] in ("none", "not needed", row[0]) for row in rows)
