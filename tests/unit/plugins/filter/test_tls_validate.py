# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""tls_validate as playbooks call it: plain data in and out, wrong use named."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter.tls_validate import FilterModule
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory as k

tls_validate = FilterModule().filters()["tls_validate"]
ROOT = k.issue("Filter Root", ca=True, number=70)
LEAF = k.issue(issuer=ROOT, names=[k.NAME], number=71)
MATERIAL = {"certificate": LEAF.pem, "ca": ROOT.pem, "key": LEAF.key_pem}


def test_good_material() -> None:
    verdict = tls_validate(MATERIAL, names=[k.NAME], mutual=True)
    assert verdict["ok"] is True and verdict["errors"] == verdict["warnings"] == verdict["overridden"] == []


def test_result_is_plain_data() -> None:
    verdict = tls_validate(MATERIAL, names=["other"], warn_days=1000)
    assert json.loads(json.dumps(verdict)) == verdict
    assert [each["code"] for each in verdict["errors"]] == ["hostname_mismatch"]


def test_digest_in_any_spelling_stands_for_the_key() -> None:
    digest = tls_validate(MATERIAL)["leaf"]["public_key_sha256"]
    colons = ":".join(digest[place : place + 2] for place in range(0, 64, 2)).upper()
    for written in (digest, colons):
        assert tls_validate({**MATERIAL, "key": None, "public_key_sha256": written})["ok"]
    assert not tls_validate({**MATERIAL, "key": None, "public_key_sha256": "0" * 64})["ok"]


def test_nothing_given() -> None:
    assert [each["code"] for each in tls_validate({})["errors"]] == ["missing"]


def test_override_is_shown() -> None:
    verdict = tls_validate(MATERIAL, names=["other"], allow=["hostname_mismatch"])
    assert verdict["ok"] is True and verdict["overridden"][0]["code"] == "hostname_mismatch"


@pytest.mark.parametrize(
    ("bundle", "options", "words"),
    [
        ("text", {}, "a dictionary is needed, not str"),
        ({"certificate": LEAF.pem, "cert": ""}, {}, "unknown key 'cert'"),
        (MATERIAL, {"allow": ["hostname_mismach"]}, "Did you mean 'hostname_mismatch'?"),
        (MATERIAL, {"warn_days": -3}, "warn_days"),
        (MATERIAL, {"names": k.NAME}, "names: a list is needed"),
        ({"certificate": 3}, {}, "certificate: text is needed, not int"),
    ],
)
def test_wrong_use(bundle: t.Any, options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError, match="tls_validate: ") as caught:
        tls_validate(bundle, **options)
    assert words in str(caught.value)


@pytest.mark.parametrize("version", [None, "38.0.4"])
def test_too_old_a_library(monkeypatch: pytest.MonkeyPatch, version: str | None) -> None:
    monkeypatch.setattr(_dep, "VERSION", version)
    with pytest.raises(AnsibleFilterError, match="version 42 or later"):
        tls_validate(MATERIAL)
