# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""tls_bundle and tls_bundle_info as Ansible runs them: a process, JSON in, JSON out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory as k
from cryptography.hazmat.primitives.serialization import PrivateFormat

ROOT = k.issue("Module Root", ca=True, number=40)
LEAF = k.issue("host", ROOT, number=41, names=["host.example.com", "192.0.2.1"], end=100)
RENEWED = k.issue("host", ROOT, number=42, names=["host.example.com"], end=200)
PACKAGE = "ansible_collections.inferops.triton.plugins.modules"
Result = t.Dict[str, t.Any]


def run(module: str, check: bool = False, without_cryptography: str = "", **options: t.Any) -> Result:
    """One module run; the result, whose "failed" is always there. without_cryptography: a folder that hides the library."""
    arguments = {"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": check, "_ansible_diff": True}}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([without_cryptography, *sys.path])}
    done = subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.{module}"], input=json.dumps(arguments), capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout, done.stderr
    for secret in (LEAF, RENEWED):
        assert secret.key_pem.splitlines()[2] not in done.stdout + done.stderr
    result: Result = {"failed": False, **json.loads(done.stdout)}
    assert result["failed"] is (done.returncode != 0)
    return result


def install(path: Path, issued: k.Issued = LEAF, check: bool = False, **options: t.Any) -> Result:
    given = {"certificate": issued.pem, "key": issued.key_pem, "ca": ROOT.pem, **options}
    return run("tls_bundle", check, path=str(path), **{name: value for name, value in given.items() if value is not None})


def look(path: Path, **options: t.Any) -> Result:
    bundle: Result = run("tls_bundle_info", path=str(path), **options)["bundle"]
    return bundle


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tls"


def test_life_of_a_bundle(path: Path) -> None:
    planned = install(path, check=True)
    assert planned["changed"] and not path.exists()
    first = install(path)
    assert first["changed"] and first["bundle"] == planned["bundle"]
    assert not install(path)["changed"] and not install(path, check=True)["changed"]

    renewed = install(path, RENEWED)
    assert renewed["changed"] and renewed["pruned"] == [first["bundle"]["id"]]
    assert (path / "tls.crt").read_text() == RENEWED.pem

    assert run("tls_bundle", check=True, path=str(path), state="absent")["changed"]
    gone = run("tls_bundle", path=str(path), state="absent")
    assert gone["changed"] and "CN=host" in gone["diff"]["before"] and gone["diff"]["after"] == ""
    assert not path.exists()
    assert not run("tls_bundle", path=str(path), state="absent")["changed"]


def test_result_and_diff(path: Path) -> None:
    install(path)
    result = install(path, RENEWED)
    bundle, diff = result["bundle"], result["diff"]
    assert bundle["leaf"]["san"] == ["DNS:host.example.com"]
    assert bundle["key_file"] == str(path / "tls.key")
    assert bundle["key"] == {"type": "ECDSA", "bits": 256, "curve": "P-256", "public_key_sha256": bundle["leaf"]["public_key_sha256"]}
    assert "  san: DNS:host.example.com, IP:192.0.2.1\n" in diff["before"]
    assert "  san: DNS:host.example.com\n" in diff["after"]
    for text, issued in ((diff["before"], LEAF), (diff["after"], RENEWED)):
        assert k.fingerprint(issued) in text
        assert "PRIVATE" not in text


REFUSED: dict[str, tuple[dict[str, t.Any], str, str]] = {
    "key of another": ({"key": RENEWED.key_pem}, "key_mismatch", "CN=host"),
    "encrypted key": ({"key": LEAF.key_as(PrivateFormat.PKCS8, b"secret")}, "key_encrypted", "encrypted"),
    "encrypted key, another passphrase": (
        {"key": LEAF.key_as(PrivateFormat.PKCS8, b"secret"), "key_passphrase": "a guess"},
        "key_passphrase_wrong",
        "does not open",
    ),
    "empty": ({"certificate": ""}, "empty", "empty"),
    "garbage": ({"certificate": LEAF.pem.replace("MII", "AII", 1)}, "garbage", "Block 1"),
    "not PEM": ({"certificate": "no certificate here"}, "not_pem", "no PEM block"),
    "request": ({"certificate": LEAF.pem.replace("CERTIFICATE", "CERTIFICATE REQUEST")}, "wrong_kind", "CERTIFICATE REQUEST"),
    "indented": ({"certificate": k.indent(LEAF.pem)}, "pem_indented", "indented"),
    "leaf last": ({"certificate": ROOT.pem + LEAF.pem}, "chain_order", "CN=Module Root"),
    "empty CA": ({"ca": " "}, "empty", "CA certificate file is empty"),
    "no such file": ({"certificate": None, "certificate_path": "/nowhere/tls.crt"}, "missing", "/nowhere/tls.crt"),
    "no such user": ({"owner": "nobody-of-that-name"}, "unknown_user", "nobody-of-that-name"),
    "unknown code": ({"allow": ["key_mismach"]}, "invalid_option", "Did you mean 'key_mismatch'?"),
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("installed") / "tls"
    install(path)
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_refused_before_anything_changes(installed: Path, name: str) -> None:
    path = installed
    options, code, words = REFUSED[name]
    before = (path / "tls.crt").read_text(), os.readlink(path / ".current")
    result = install(path, **options)
    assert result["failed"] and result["diagnosis"] == code
    assert words in result["cause"]
    assert result["msg"] == f"{result['cause']} {result['remedy']}"
    assert ((path / "tls.crt").read_text(), os.readlink(path / ".current")) == before


def test_der_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "leaf.der").write_bytes(LEAF.der)
    result = install(path, certificate=None, certificate_path=str(tmp_path / "leaf.der"))
    assert result["diagnosis"] == "der" and str(tmp_path / "leaf.der") in result["cause"]


def test_allowed_all_the_same(path: Path) -> None:
    result = install(path, certificate=k.indent(LEAF.pem), allow=["pem_indented"])
    assert [each["code"] for each in result["overridden"]] == ["pem_indented"]
    assert (path / "tls.crt").read_text() == LEAF.pem


def test_a_key_among_the_certificates_is_neither_shown_nor_installed(path: Path) -> None:
    result = install(path, certificate=LEAF.pem + LEAF.key_pem)
    assert [each["code"] for each in result["warnings_found"]] == ["key_in_certificate"]
    assert (path / "tls.crt").read_text() == LEAF.pem


def test_key_that_is_already_there(path: Path) -> None:
    install(path)
    again = k.issue("host", ROOT, number=41, names=["host.example.com"], end=300)
    assert install(path, again, key=None)["changed"]
    assert not install(path, again, key=None, key_path=str(path / "tls.key"))["changed"]
    assert look(path)["key_matches"] is True


def test_key_that_waits(path: Path) -> None:
    install(path)
    (path / ".pending").mkdir(mode=0o700)
    (path / ".pending" / "tls.key").write_text(RENEWED.key_pem)
    seen = look(path)
    assert seen["pending_key"] is True
    result = install(path, RENEWED, key=None)
    assert result["bundle"]["key"]["public_key_sha256"] == seen["pending_public_key_sha256"]
    assert look(path)["pending_key"] is False


def test_drift_is_repaired(path: Path) -> None:
    install(path)
    (path / "tls.key").chmod(0o644)
    assert look(path)["drift"] == ["tls.key: mode 0644 -> 0400"]
    predicted = install(path, check=True)
    assert predicted["repaired"] == ["tls.key: mode 0644 -> 0400"]
    result = install(path)
    assert result["changed"] and "tls.key: mode 0644\n" in result["diff"]["before"] and "tls.key: mode 0400\n" in result["diff"]["after"]
    assert look(path)["drift"] == []


def test_check_mode_predicts_what_an_earlier_step_would_make(path: Path) -> None:
    result = install(path, check=True, key=None, key_path="/nowhere/tls.key")
    assert result["changed"] and result["bundle"] is None
    assert install(path, check=True, owner="not-made-yet")["changed"]
    assert install(path, check=True, key=RENEWED.key_pem)["diagnosis"] == "key_mismatch"


def test_check_mode_without_cryptography(path: Path, tmp_path: Path) -> None:
    (tmp_path / "cryptography.py").write_text("raise ImportError('hidden')\n")
    hidden = str(tmp_path)
    options: Result = {"path": str(path), "certificate": LEAF.pem, "key": LEAF.key_pem}
    assert run("tls_bundle", check=True, without_cryptography=hidden, **options)["changed"]
    assert run("tls_bundle", without_cryptography=hidden, **options)["diagnosis"] == "cryptography_missing"
    empty = run("tls_bundle_info", without_cryptography=hidden, path=str(path))
    assert empty["bundle"]["present"] is False and empty["cryptography"] is None
    install(path)
    assert run("tls_bundle_info", without_cryptography=hidden, path=str(path))["diagnosis"] == "cryptography_missing"
    assert run("tls_bundle_info", check=True, without_cryptography=hidden, path=str(path))["warnings"]
    assert run("tls_bundle", check=True, without_cryptography=hidden, path=str(path), state="absent")["changed"]


def test_info_of_nothing(path: Path) -> None:
    bundle = look(path)
    assert bundle["present"] is False and bundle["key"]["present"] is False and bundle["findings"] == []


def test_info_of_a_bundle(path: Path) -> None:
    install(path)
    bundle = look(path)
    assert bundle["certificate"] == LEAF.pem and bundle["ca"] == ROOT.pem
    assert bundle["key"]["mode"] == "0400" and bundle["key"]["encrypted"] is False
    assert bundle["leaf"]["key"] == {"type": "ECDSA", "bits": 256, "curve": "P-256"}
    assert bundle["ca_certificates"][0]["is_ca"] is True


def test_info_of_files(tmp_path: Path) -> None:
    certificate, key = tmp_path / "a.crt", tmp_path / "a.key"
    certificate.write_text(LEAF.pem)
    key.write_text(RENEWED.key_pem)
    bundle = run("tls_bundle_info", certificate_path=str(certificate), key_path=str(key))["bundle"]
    assert bundle["key_matches"] is False
    assert [each["code"] for each in bundle["findings"]] == ["key_mismatch"]
    assert run("tls_bundle_info", certificate_path=str(certificate))["bundle"]["leaf"]["subject"] == "CN=host"


def test_info_of_bad_files(path: Path) -> None:
    path.mkdir()
    (path / "tls.crt").write_bytes(LEAF.der)
    (path / "tls.key").write_text(LEAF.key_as(PrivateFormat.PKCS8, b"secret"))
    (path / "ca.crt").write_text("")
    bundle = look(path)
    assert [each["code"] for each in bundle["findings"]] == ["der", "empty", "key_encrypted"]
    assert bundle["key"]["encrypted"] is True and bundle["certificate"] is None
    assert bundle["drift"] == [f"{name}: not managed by tls_bundle" for name in ("tls.crt", "tls.key", "ca.crt")]


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_is_installed_in_the_clear(path: Path, tmp_path: Path, form: PrivateFormat) -> None:
    """Triton cannot ask for a passphrase; the passphrase itself shows nowhere."""
    encrypted = tmp_path / "agent.key"
    opened: dict[str, Any] = {"key_passphrase": "swordfish"}
    encrypted.write_text(LEAF.key_as(form, b"swordfish"))
    (tmp_path / "agent.crt").write_text(LEAF.pem)
    result = install(path, key=encrypted.read_text(), **opened)
    assert result["changed"] and "swordfish" not in json.dumps(result)
    assert (path / "tls.key").read_text() == LEAF.key_as(PrivateFormat.PKCS8)
    assert (path / "tls.key").stat().st_mode & 0o777 == 0o400
    assert not install(path, key=encrypted.read_text(), **opened)["changed"]
    assert not install(path, key=None, key_path=str(encrypted), **opened)["changed"]
    assert not install(path, **opened)["changed"], "a passphrase that is not needed"

    files: dict[str, Any] = {"certificate_path": str(tmp_path / "agent.crt"), "key_path": str(encrypted)}
    state = run("tls_bundle_info", **files, **opened)
    assert "swordfish" not in json.dumps(state)
    assert state["bundle"]["key_matches"] is True and state["bundle"]["findings"] == []
    wrong = run("tls_bundle_info", **files, key_passphrase="a guess")["bundle"]
    assert [each["code"] for each in wrong["findings"]] == ["key_passphrase_wrong"]


def test_owner(path: Path) -> None:
    """Root gives the key to the service; anyone else keeps it."""
    owner = "12345" if os.geteuid() == 0 else str(os.geteuid())
    install(path, owner=owner, group=str(os.getegid()))
    assert (path / "tls.key").stat().st_uid == int(owner)
    assert not install(path, owner=owner, group=str(os.getegid()))["changed"]
    assert look(path, owner=owner, group=str(os.getegid()))["drift"] == []
