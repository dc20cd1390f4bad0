# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/host-failures.md names every code that the host's modules give, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[5]
BACK_ENDS = ROOT / "plugins" / "module_utils" / "_triton"
NAMED = ("HostError", "_rule", "Explanation")


def given() -> Iterator[str]:
    """The first argument of every call that makes a host's diagnosis."""
    for path in sorted(BACK_ENDS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in NAMED and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def test_every_code_is_documented() -> None:
    text = (ROOT / "docs" / "host-failures.md").read_text(encoding="utf-8")
    documented = {code for row in re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE) for code in re.findall(r"`([a-z_]+)`", row)}
    # What tlsfiles.py tells of key and certificate, it tells by the code of the finding.
    assert set(given()) | {"certificate_invalid", "certificate_missing", "key_mismatch", "key_missing", "weak_key"} == documented
