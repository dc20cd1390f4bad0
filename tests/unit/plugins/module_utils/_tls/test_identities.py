# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which client identities of the controller have to be issued."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter.tls_identities_due import FilterModule, tls_identities_due
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, issue

CA = issue("Test CA", ca=True, end_days=3000)
GOOD = issue("verifier", issuer=CA, names=["verifier"], eku=[CLIENT])
OTHER = issue("verifier", issuer=CA, names=["verifier"], eku=[CLIENT])
SERVER = issue("verifier", issuer=CA, names=["verifier"])


def good(folder: Path) -> None:
    GOOD.write(folder, "verifier")


def for_servers(folder: Path) -> None:
    SERVER.write(folder, "verifier")


def another_key(folder: Path) -> None:
    GOOD.write(folder, "verifier")
    (folder / "verifier.key").write_text(OTHER.key_pem)


def garbage_key(folder: Path) -> None:
    GOOD.write(folder, "verifier")
    (folder / "verifier.key").write_text("garbage")


def no_key(folder: Path) -> None:
    GOOD.write(folder, "verifier")
    (folder / "verifier.key").unlink()


def key_alone(folder: Path) -> None:
    GOOD.write(folder, "verifier")
    (folder / "verifier.crt").unlink()


def binary(folder: Path) -> None:
    GOOD.write(folder, "verifier")
    (folder / "verifier.crt").write_bytes(b"\x30\x82\xff\x00")


def nothing(folder: Path) -> None:
    """Leaves the folder empty."""


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (good, []),
        (nothing, ["absent"]),
        (no_key, ["absent"]),
        (key_alone, ["absent"]),
        (for_servers, ["purpose"]),
        (another_key, ["key"]),
        (garbage_key, ["key"]),
        (binary, ["unreadable"]),
    ],
)
def test_due(tmp_path: Path, prepare: Callable[[Path], None], expected: list[str]) -> None:
    prepare(tmp_path)
    found = tls_identities_due(["verifier"], str(tmp_path), CA.pem)
    assert [reason["code"] for identity in found for reason in identity["reasons"]] == expected


def test_order_and_names(tmp_path: Path) -> None:
    good(tmp_path)
    assert [identity["name"] for identity in tls_identities_due(["b", "verifier", "a"], tmp_path, CA.pem)] == ["b", "a"]


def test_without_a_ca_all_are_due(tmp_path: Path) -> None:
    good(tmp_path)
    assert [identity["name"] for identity in tls_identities_due(["verifier"], tmp_path, "")] == ["verifier"]


@pytest.mark.parametrize("name", ["../verifier", "a b", ""])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnsibleFilterError, match="neither a DNS name nor"):
        FilterModule().filters()["tls_identities_due"]([name], tmp_path, CA.pem)
