# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about the CA of the controller before it signs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.inferops.triton.plugins.filter.tls_authority import FilterModule, tls_authority
from cryptography.hazmat.primitives import serialization
from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity, issue

CA = issue("Test CA", ca=True)
OTHER = issue("Test CA", ca=True)
LEAF = issue("gpu1", issuer=CA)
OLD = issue("Test CA", ca=True, start_days=-20, end_days=-1)
FUTURE = issue("Test CA", ca=True, start_days=1)


def encrypted(identity: Identity, encoding: str = "PKCS8") -> str:
    return identity.private_key.private_bytes(
        serialization.Encoding.PEM, getattr(serialization.PrivateFormat, encoding), serialization.BestAvailableEncryption(b"s3cret")
    ).decode()


# ca.crt, ca.key, passphrase: state, code
CASES: dict[str, tuple[str | None, str | None, str, str, str | None]] = {
    "nothing": (None, None, "", "absent", None),
    "good": (CA.pem, CA.key_pem, "", "present", None),
    "good, encrypted": (CA.pem, encrypted(CA), "s3cret", "present", None),
    "good, encrypted the old way": (CA.pem, encrypted(CA, "TraditionalOpenSSL"), "s3cret", "present", None),
    "key alone": (None, CA.key_pem, "", "keyed", None),
    "encrypted key alone": (None, encrypted(CA), "s3cret", "keyed", None),
    "encrypted key alone, wrong passphrase": (None, encrypted(CA), "t1pped", "keyed", "ca_passphrase_wrong"),
    "no key": (CA.pem, None, "", "present", "ca_key_missing"),
    "key of another CA": (CA.pem, OTHER.key_pem, "", "present", "ca_key_mismatch"),
    "no passphrase": (CA.pem, encrypted(CA), "", "present", "ca_passphrase_missing"),
    "wrong passphrase": (CA.pem, encrypted(CA), "t1pped", "present", "ca_passphrase_wrong"),
    "wrong passphrase, encrypted the old way": (CA.pem, encrypted(CA, "TraditionalOpenSSL"), "t1pped", "present", "ca_passphrase_wrong"),
    "needless passphrase": (CA.pem, CA.key_pem, "s3cret", "present", "ca_key_not_encrypted"),
    "garbage for a key": (CA.pem, "garbage", "", "present", "ca_key_garbage"),
    "empty key": (CA.pem, "", "", "present", "ca_key_garbage"),
    "certificate for a key": (CA.pem, CA.pem, "", "present", "ca_key_garbage"),
    "garbage for a certificate": ("garbage", CA.key_pem, "", "present", "ca_garbage"),
    "empty certificate": ("", CA.key_pem, "", "present", "ca_garbage"),
    "no CA": (LEAF.pem, LEAF.key_pem, "", "present", "ca_is_no_ca"),
    "expired": (OLD.pem, OLD.key_pem, "", "present", "ca_expired"),
    "not yet valid": (FUTURE.pem, FUTURE.key_pem, "", "present", "ca_not_yet_valid"),
}


@pytest.mark.parametrize(("certificate", "key", "passphrase", "state", "code"), CASES.values(), ids=CASES.keys())
def test_judgement(tmp_path: Path, certificate: str | None, key: str | None, passphrase: str, state: str, code: str | None) -> None:
    for name, text in (("ca.crt", certificate), ("ca.key", key)):
        if text is not None:
            (tmp_path / name).write_text(text)
    found = tls_authority(str(tmp_path), passphrase=passphrase)
    assert found["state"] == state
    assert [finding["code"] for finding in found["findings"]] == ([code] if code else [])
    for finding in found["findings"]:
        assert str(tmp_path) in finding["cause"]
        assert finding["cause"].endswith(".")
        assert finding["remedy"].endswith(".")
    assert passphrase == "" or passphrase not in str(found)


def test_a_good_one_is_described(tmp_path: Path) -> None:
    CA.write(tmp_path, "ca")
    found: dict[str, Any] = FilterModule().filters()["tls_authority"](tmp_path)
    assert found["certificate"] == CA.pem
    assert found["subject"] == "CN=Test CA"
    assert found["not_after"] == int(CA.certificate.not_valid_after_utc.timestamp())


def test_no_folder(tmp_path: Path) -> None:
    assert tls_authority(tmp_path / "none")["state"] == "absent"


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert [finding["code"] for finding in tls_authority(tmp_path / "file")["findings"]] == ["ca_unreadable"]
