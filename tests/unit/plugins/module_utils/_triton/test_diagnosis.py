# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of diagnoses is whole, and the documentation says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import diagnosis

DOCUMENT = Path(__file__).resolve().parents[5] / "docs" / "diagnosis.md"


@pytest.mark.parametrize("code", sorted(diagnosis.TABLE))
def test_entries(code: str) -> None:
    entry = diagnosis.TABLE[code]
    found = diagnosis.diagnose(code, **{fact: "<{0}>".format(fact) for fact in entry.facts})
    assert re.match(r"^[a-z0-9_]+$", code)
    for sentence in (found.cause, found.remedy):
        assert sentence[0].isupper() or sentence[0] == "<"
        assert sentence.endswith((".", "<detail>"))
        assert "{" not in sentence
    assert found.as_dict() == {"code": code, "cause": found.cause, "remedy": found.remedy}


def test_unknown_code_and_missing_fact() -> None:
    with pytest.raises(KeyError):
        diagnosis.diagnose("no_such_code")
    with pytest.raises(KeyError):
        diagnosis.diagnose("dns", address="a:1")


def test_documentation_has_every_code() -> None:
    rows = re.findall(r"^\| `([a-z0-9_]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(set(rows)), "a code is documented twice"
    assert set(rows) == set(diagnosis.TABLE)
