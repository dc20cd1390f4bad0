# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Misspelt variables of a role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter.unknown_variables import FilterModule, unknown_variables

ROLE = Path(__file__).parents[4] / "roles" / "tls_certificates"
KNOWN = ["tls_certificates_names", "tls_certificates_source", "tls_certificates_ca_directory"]
ADVICE = (
    "Correct it in the inventory (roles/tls_certificates/README.md lists them all), or, if it is yours,"
    " put unknown_variable into tls_certificates_allow."
)


def sentence(name: str, near: str | None) -> str:
    return f"{name} is no variable of the role tls_certificates{f'; did you mean {near}?' if near else '.'} {ADVICE}"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (KNOWN, []),
        (["tls_certificates_name"], [("tls_certificates_name", "tls_certificates_names")]),
        (["tls_certificates_sourec"], [("tls_certificates_sourec", "tls_certificates_source")]),
        (["x"], [("x", None)]),
        (
            ["tls_certificates_sources", "tls_certificates_names", "tls_certificates_name"],
            [
                ("tls_certificates_name", "tls_certificates_names"),
                ("tls_certificates_sources", "tls_certificates_source"),
            ],
        ),
        (["x", "x"], [("x", None)]),
    ],
)
def test_unknown(names: list[str], expected: list[tuple[str, str | None]]) -> None:
    assert unknown_variables(names, str(ROLE)) == [sentence(name, near) for name, near in expected]


def test_what_the_role_sets_itself_is_known() -> None:
    assert unknown_variables({"tls_certificates_facts": 1}.keys(), str(ROLE), facts=["tls_certificates_facts"]) == []


@pytest.mark.parametrize(("names", "facts"), [("abc", []), ([], "abc"), (None, []), ([], 3)])
def test_anything_but_lists_is_refused(names: Any, facts: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="not a list of names"):
        unknown_variables(names, str(ROLE), facts)


def test_no_role(tmp_path: Path) -> None:
    with pytest.raises(AnsibleFilterError, match=r"argument_specs.yml cannot be read: No such file or directory"):
        unknown_variables([], str(tmp_path))


def test_registered() -> None:
    assert FilterModule().filters()["unknown_variables"] is unknown_variables
