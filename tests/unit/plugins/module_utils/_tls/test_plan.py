# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role tls_certificates decides from one look at a host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter.tls_plan import FilterModule, tls_plan
from ansible_collections.inferops.triton.plugins.module_utils._tls import bundle
from cryptography.hazmat.primitives import serialization
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import plans
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls.plans import EMPTY, request
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue

CA = issue("Test CA", ca=True, end_days=3000)
CORPORATE = issue("Corporate Root", ca=True, end_days=3000)
ISSUING = issue("Corporate Issuing", issuer=CORPORATE, ca=True, end_days=2000)
GOOD = issue("gpu1", issuer=CA, names=["gpu1"], end_days=364)
GIVEN = issue("gpu1", issuer=ISSUING, names=["gpu1"], end_days=364)
OTHER_NAME = issue("gpu1", issuer=ISSUING, names=["gpu2"], end_days=364)
OLD = issue("gpu1", issuer=ISSUING, names=["gpu1"], start_days=-20, end_days=-1)
DYING = issue("gpu1", issuer=ISSUING, names=["gpu1"], end_days=10)
ENCRYPTED = GIVEN.private_key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"swordfish")
).decode()
SELF = issue("gpu1", names=["gpu1"], end_days=364)
VERIFIER = issue("verifier", issuer=CA, names=["verifier"], eku=[CLIENT], end_days=364)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A CA of the controller, and the verifier's identity."""
    folder = tmp_path / "ca"
    CA.write(folder, "ca")
    VERIFIER.write(folder / "clients", "verifier")
    return folder


def provided(folder: Path, certificate: Any, key: Any, ca: Any = CORPORATE.pem, **options: Any) -> dict[str, Any]:
    """A part is text, None for a file that is missing, or a Path on the host; False leaves it out."""

    def part(value: Any) -> dict[str, Any]:
        on_host = isinstance(value, Path)
        origin = str(value) if on_host else "" if value else "files/given"
        return {"given": value is not False, "origin": origin, "on_host": on_host, "text": None if on_host else value or None}

    parts = {"certificate": part(certificate), "key": part(key), "ca": part(ca)}
    return request(folder, source="provided", provided=parts, **options)


def installed(folder: Path, identity: Identity | None, ca: str | None = CA.pem, key: str | None = None) -> Any:
    """What tls_bundle_info says of a host that has this."""
    return plans.installed(folder, identity, ca, key)


def test_nothing_is_due(tmp_path: Path, authority: Path) -> None:
    assert tls_plan(request(authority), installed(tmp_path / "tls", GOOD), None, "38.0.4") == EMPTY


def test_nothing_is_due_although_the_key_of_the_ca_is_away(tmp_path: Path, authority: Path) -> None:
    (authority / "ca.key").unlink()
    assert tls_plan(request(authority), installed(tmp_path / "tls", GOOD), None, "38.0.4") == EMPTY


def test_a_bare_host_and_no_ca(tmp_path: Path) -> None:
    found = tls_plan(request(tmp_path / "none"), bundle.nothing(), None, None)
    assert found == EMPTY | {
        "create_ca": True,
        "clients": ["verifier"],
        "client_reasons": ["its CA does not exist yet"],
        "client_new_keys": ["verifier"],
        "reasons": ["its CA does not exist yet"],
    }


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"san": ["DNS:gpu1", "IP:192.0.2.7"]}, "it lacks IP:192.0.2.7"),
        ({"key_type": "rsa-4096"}, "its key is ECDSA P-256, asked for is rsa-4096"),
        ({"renewal_share": 0.999}, "364 of its 365 days are left"),
        ({"source": "self_signed"}, "it was issued by CN=Test CA, not by itself"),
    ],
)
def test_policy(tmp_path: Path, authority: Path, options: dict[str, Any], reason: str) -> None:
    found = tls_plan(request(authority, **options), installed(tmp_path / "tls", GOOD), None, "38.0.4")
    assert (found["reasons"], found["differences"], found["refusals"]) == ([reason], [], [])


def test_a_key_that_is_not_the_certificates(tmp_path: Path, authority: Path) -> None:
    found = tls_plan(request(authority), installed(tmp_path / "tls", GOOD, key=SELF.key_pem), None, "38.0.4")
    assert len(found["reasons"]) == 1
    assert "does not belong to the certificate" in found["reasons"][0]


def test_a_key_that_is_missing(tmp_path: Path, authority: Path) -> None:
    installed(tmp_path / "tls", GOOD)
    (tmp_path / "tls" / "tls.key").unlink()
    state = bundle.inspect(*(str(tmp_path / "tls" / name) for name in ("tls.crt", "tls.key", "ca.crt")))
    assert tls_plan(request(authority), state, None, "38.0.4")["reasons"] == ["its key is missing"]


def test_another_ca_file_is_put_right_without_a_new_certificate(tmp_path: Path, authority: Path) -> None:
    found = tls_plan(request(authority), installed(tmp_path / "tls", GOOD, ca=CORPORATE.pem), None, "38.0.4")
    assert found == EMPTY | {"differences": ["the CA is another one"]}


def test_drift_is_put_right(tmp_path: Path, authority: Path) -> None:
    state = installed(tmp_path / "tls", GOOD) | {"drift": ["tls.key: mode 0644 -> 0400"]}
    assert tls_plan(request(authority), state, None, "38.0.4") == EMPTY | {"differences": ["tls.key: mode 0644 -> 0400"]}


def test_a_client_alone(tmp_path: Path, authority: Path) -> None:
    found = tls_plan(request(authority, clients=["verifier", "robot"]), installed(tmp_path / "tls", GOOD), None, "38.0.4")
    assert found == EMPTY | {"clients": ["robot"], "client_reasons": ["there is none yet"], "client_new_keys": ["robot"]}


def test_files_that_cannot_be_looked_at(authority: Path) -> None:
    found = tls_plan(request(authority), None, None, None)
    assert found == EMPTY | {"reasons": ["it cannot be looked at before cryptography is installed"]}


def encrypted_key(folder: Path) -> None:
    protection = serialization.BestAvailableEncryption(b"s3cret")
    key = CA.private_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    (folder / "ca.key").write_bytes(key)


def no_key(folder: Path) -> None:
    (folder / "ca.key").unlink()


def garbage(folder: Path) -> None:
    (folder / "ca.crt").write_text("garbage")


def empty(folder: Path) -> None:
    (folder / "ca.crt").write_text("")


@pytest.mark.parametrize(
    ("spoil", "code"), [(encrypted_key, "ca_passphrase_missing"), (no_key, "ca_key_missing"), (garbage, "ca_garbage"), (empty, "ca_garbage")]
)
def test_a_ca_that_cannot_sign(authority: Path, spoil: Any, code: str) -> None:
    spoil(authority)
    refusals = tls_plan(request(authority), bundle.nothing(), None, "38.0.4")["refusals"]
    assert len(refusals) == 1
    assert refusals[0].startswith(f"tls_certificates_ca_directory: {authority}")
    assert refusals[0].endswith(f"[{code}]")


def test_a_ca_that_ends_soon(tmp_path: Path) -> None:
    issue("Test CA", ca=True, end_days=100).write(tmp_path, "ca")
    remarks = tls_plan(request(tmp_path), bundle.nothing(), None, "38.0.4")["remarks"]
    assert [remark[-14:] for remark in remarks] == ["[ca_ends_soon]"]


def test_self_signed(tmp_path: Path) -> None:
    asked = request(tmp_path, source="self_signed")
    assert tls_plan(asked, installed(tmp_path / "tls", SELF, ca=None), None, "38.0.4") == EMPTY
    assert tls_plan(asked, bundle.nothing(), None, None) == EMPTY | {"reasons": ["there is none yet"]}


def test_provided(tmp_path: Path) -> None:
    asked = provided(tmp_path, GIVEN.chain_pem, GIVEN.key_pem)
    assert tls_plan(asked, bundle.nothing(), None, None) == EMPTY | {"differences": ["there is none yet"]}
    assert tls_plan(asked, installed(tmp_path / "tls", GIVEN, ca=CORPORATE.pem), None, "38.0.4") == EMPTY
    differences = tls_plan(asked, installed(tmp_path / "other", GOOD), None, "38.0.4")["differences"]
    assert differences == ["the certificate is another one", "the CA is another one"]


def test_provided_encrypted(tmp_path: Path) -> None:
    asked = provided(tmp_path, GIVEN.chain_pem, ENCRYPTED, provided_passphrase="swordfish")
    assert tls_plan(asked, bundle.nothing(), None, None) == EMPTY | {"differences": ["there is none yet"]}
    assert tls_plan(asked, installed(tmp_path / "tls", GIVEN, ca=CORPORATE.pem), None, "38.0.4") == EMPTY


def test_provided_without_a_ca(tmp_path: Path) -> None:
    found = tls_plan(provided(tmp_path, GIVEN.chain_pem, GIVEN.key_pem, False), bundle.nothing(), None, "38.0.4")
    assert found["refusals"] == []
    assert [remark[-12:] for remark in found["remarks"]] == ["[ca_unknown]"]


REFUSED: dict[str, tuple[Any, Any, Any, dict[str, Any], list[str]]] = {
    "a name that is not covered": (OTHER_NAME.chain_pem, OTHER_NAME.key_pem, CORPORATE.pem, {}, ["hostname_mismatch"]),
    "expired": (OLD.chain_pem, OLD.key_pem, CORPORATE.pem, {}, ["expired"]),
    "too old": (DYING.chain_pem, DYING.key_pem, CORPORATE.pem, {"error_days": 14}, ["expires_soon"]),
    "another key": (GIVEN.chain_pem, SELF.key_pem, CORPORATE.pem, {}, ["key_mismatch"]),
    "another CA": (GIVEN.chain_pem, GIVEN.key_pem, CA.pem, {}, ["untrusted_issuer"]),
    "no intermediate": (GIVEN.pem, GIVEN.key_pem, CORPORATE.pem, {}, ["incomplete_chain"]),
    "no CA under mutual TLS": (GIVEN.chain_pem, GIVEN.key_pem, False, {"mutual_tls": True}, ["ca_missing"]),
    "files that are missing": (None, None, None, {}, ["missing", "missing", "missing"]),
    "a key file that is missing": (GIVEN.chain_pem, None, CORPORATE.pem, {}, ["missing"]),
    "garbage": ("garbage", GIVEN.key_pem, CORPORATE.pem, {}, ["not_pem"]),
    "an encrypted key": (GIVEN.chain_pem, ENCRYPTED, CORPORATE.pem, {}, ["key_encrypted"]),
    "another passphrase": (GIVEN.chain_pem, ENCRYPTED, CORPORATE.pem, {"provided_passphrase": "a guess"}, ["key_passphrase_wrong"]),
}


@pytest.mark.parametrize(("certificate", "key", "ca", "options", "codes"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(tmp_path: Path, certificate: Any, key: Any, ca: Any, options: dict[str, Any], codes: list[str]) -> None:
    found = tls_plan(provided(tmp_path, certificate, key, ca, **options), bundle.nothing(), None, "38.0.4")
    assert [refusal.rpartition("[")[2].rstrip("]") for refusal in found["refusals"]] == codes
    assert all(refusal.startswith("tls_certificates_provided.") for refusal in found["refusals"])
    assert found["differences"] == []


def test_overridden(tmp_path: Path) -> None:
    asked = provided(tmp_path, OTHER_NAME.chain_pem, OTHER_NAME.key_pem, allow=["hostname_mismatch"])
    found = tls_plan(asked, bundle.nothing(), None, "38.0.4")
    assert (found["refusals"], found["differences"]) == ([], ["there is none yet"])
    assert found["remarks"][0].startswith("overridden by tls_certificates_allow: ")
    assert found["remarks"][0].endswith("[hostname_mismatch]")


def test_an_unknown_code_is_refused(tmp_path: Path) -> None:
    found = tls_plan(provided(tmp_path, GIVEN.chain_pem, GIVEN.key_pem, allow=["expird"]), bundle.nothing(), None, "38.0.4")
    assert found["refusals"] == ["tls_certificates_allow: 'expird' is no code of a finding. Did you mean 'expired'?"]


def test_on_the_host(tmp_path: Path) -> None:
    found = installed(tmp_path / "agent", GIVEN, ca=CORPORATE.pem)
    paths = [tmp_path / "agent" / name for name in ("tls.crt", "tls.key", "ca.crt")]
    assert tls_plan(provided(tmp_path, *paths), installed(tmp_path / "tls", GIVEN, ca=CORPORATE.pem), found, "38.0.4") == EMPTY
    assert tls_plan(provided(tmp_path, *paths), bundle.nothing(), found, "38.0.4") == EMPTY | {"differences": ["there is none yet"]}
    later = tls_plan(provided(tmp_path, *paths), None, None, None)
    assert later == EMPTY | {"differences": ["it cannot be looked at before cryptography is installed"]}


def test_on_the_host_but_missing(tmp_path: Path) -> None:
    found = tls_plan(provided(tmp_path, *(Path("/etc/agent") / name for name in ("a", "b", "c"))), bundle.nothing(), bundle.nothing(), "38.0.4")
    assert found["refusals"] == [
        f"tls_certificates_provided.{name} (/etc/agent/{file} on the host): The file does not exist on the host. Put it there, or correct the path. [missing]"
        for name, file in (("certificate", "a"), ("key", "b"), ("ca", "c"))
    ]


def test_key_on_the_host_and_certificate_of_the_controller(tmp_path: Path) -> None:
    key = tmp_path / "agent" / "tls.key"
    asked = provided(tmp_path, GIVEN.chain_pem, key)
    assert tls_plan(asked, bundle.nothing(), installed(tmp_path / "agent", GIVEN), "38.0.4")["refusals"] == []
    wrong = tls_plan(asked, bundle.nothing(), installed(tmp_path / "wrong", GIVEN, key=SELF.key_pem), "38.0.4")["refusals"]
    assert [refusal.rpartition("[")[2] for refusal in wrong] == ["key_mismatch]"]
    broken = tls_plan(asked, bundle.nothing(), installed(tmp_path / "broken", GIVEN, key="garbage"), "38.0.4")["refusals"]
    assert [refusal.rpartition("[")[2] for refusal in broken] == ["not_pem]"]


def test_wrong_use(tmp_path: Path) -> None:
    found = FilterModule().filters()["tls_plan"]
    with pytest.raises(AnsibleFilterError, match="'source' is missing"):
        found({"san": []}, bundle.nothing())
    with pytest.raises(AnsibleFilterError, match="neither a DNS name"):
        found(request(tmp_path, clients=["a b"]), bundle.nothing())
