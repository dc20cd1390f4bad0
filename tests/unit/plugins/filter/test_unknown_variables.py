# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filter calls unknown, and what it suggests instead."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter.unknown_variables import FilterModule, unknown_variables

KNOWN = ["tls_certificates_names", "tls_certificates_source", "tls_certificates_ca_directory"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (KNOWN, []),
        (["tls_certificates_name"], [("tls_certificates_name", "tls_certificates_names")]),
        (["tls_certificates_sourec"], [("tls_certificates_sourec", "tls_certificates_source")]),
        (["tls_certificates_ca_dir"], [("tls_certificates_ca_dir", "tls_certificates_ca_directory")]),
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
    assert unknown_variables(names, KNOWN) == [{"name": name, "suggestion": near} for name, near in expected]


def test_known_may_be_the_keys_of_a_mapping() -> None:
    assert unknown_variables(["a"], {"a": 1}.keys()) == []


@pytest.mark.parametrize(("names", "known"), [("abc", []), ([], "abc"), (None, []), ([], 3)])
def test_anything_but_lists_is_refused(names: Any, known: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="not a list of names"):
        unknown_variables(names, known)


def test_registered() -> None:
    assert FilterModule().filters()["unknown_variables"] is unknown_variables
