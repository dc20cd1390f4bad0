# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/container-runtime.md names every code that the module gives, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[5]


def given() -> Iterator[str]:
    """Codes of failures, and of warnings."""
    for path in sorted((ROOT / "plugins" / "module_utils" / "_runtime").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("HostError", "_require"):
                position = 0 if getattr(node.func, "id", "") == "HostError" else 1
                first = node.args[position] if len(node.args) > position else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values):
                    if isinstance(key, ast.Constant) and key.value == "code" and isinstance(value, ast.Constant):
                        yield str(value.value)


def test_every_code_is_documented() -> None:
    text = (ROOT / "docs" / "container-runtime.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*) \|", text[text.index("## What can fail") :], re.MULTILINE)
    warnings = re.findall(r"`([a-z_]+)`", text[text.index("Warnings, which") :])
    documented = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)} | set(warnings)
    assert set(given()) == documented
