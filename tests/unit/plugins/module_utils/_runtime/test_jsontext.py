# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single values change in a JSON file, every other byte stays."""

from __future__ import annotations

import difflib
import json
from typing import Any

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._runtime import jsontext

# As people write it: their own order, indentation, number formats, blank lines, escapes.
BY_HAND = """{
  "log-driver": "json-file",
  "log-opts": { "max-size": "10m",   "max-file": "3" },

  "shutdown-timeout": 1.5e1,
  "runtimes": {
    "crun": {"path": "/usr/bin/crun"}
  },
  "labels": ["site=\\u00e9<&>"],
  "features": {"containerd-snapshotter": true}
}
"""
NVIDIA = {"runtimes": {"nvidia": {"path": "nvidia-container-runtime", "args": []}}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "{}",
        "{ }\n",
        BY_HAND,
        BY_HAND.replace("  ", "\t"),
        json.dumps(json.loads(BY_HAND)),
        json.dumps(json.loads(BY_HAND), indent=4),
        '{"runtimes": {}}',
        '{\n  "runtimes": {\n  }\n}',
        '{"runtimes": {"nvidia": {"path": "/old", "runtimeArgs": [], "args": ["x"]}}, "debug": true}',
    ],
)
@pytest.mark.parametrize(
    "wanted",
    [
        NVIDIA,
        {**NVIDIA, "features": {"cdi": True}},
        {"registry-mirrors": ["https://mirror.example"], "debug": False, "log-opts": {"max-size": "20m"}},
        {"x": None, "deep": {"a": {"b": [1, {"c": 2}]}}},
    ],
)
def test_what_is_wanted_is_in_and_nothing_is_lost(text: str, wanted: dict[str, Any]) -> None:
    before, after = jsontext.parse(text), jsontext.merged(text, wanted)
    assert json.loads(after) == combined(before, wanted)
    assert jsontext.merged(after, wanted) == after


def combined(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for name, value in new.items():
        both = isinstance(value, dict) and isinstance(old.get(name), dict)
        result[name] = combined(old[name], value) if both else value
    return result


def test_unrelated_bytes_stay() -> None:
    after = jsontext.merged(BY_HAND, {**NVIDIA, "features": {"cdi": True}})
    changed = [line for line in difflib.ndiff(BY_HAND.splitlines(), after.splitlines()) if line[0] in "+-"]
    assert changed == [
        '-     "crun": {"path": "/usr/bin/crun"}',
        '+     "crun": {"path": "/usr/bin/crun"},',
        '+     "nvidia": {',
        '+       "path": "nvidia-container-runtime",',
        '+       "args": []',
        "+     }",
        '-   "features": {"containerd-snapshotter": true}',
        '+   "features": {"containerd-snapshotter": true, "cdi": true}',
    ]


def test_nothing_to_change_changes_nothing() -> None:
    assert jsontext.merged(BY_HAND, {"log-driver": "json-file", "log-opts": {"max-file": "3"}}) == BY_HAND


def test_an_empty_file_becomes_what_people_can_read() -> None:
    assert jsontext.merged("", {"debug": True, "log-opts": {"max-size": "1m"}}) == (
        '{\n    "debug": true,\n    "log-opts": {\n        "max-size": "1m"\n    }\n}\n'
    )


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ('{\n  "debug": true\n  "x": 1\n}\n', 3, "Expecting ',' delimiter"),
        ("// ours\n{}", 1, "Expecting value"),
        ("[]", 1, "no JSON object"),
        ('{\n"debug": true}\n}', 3, "Extra data"),
        ('{\n"debug": true,\n"x": 1,\n"debug": false}', 4, '"debug" is there twice'),
    ],
)
def test_what_is_wrong_is_named_by_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(jsontext.JsonError) as caught:
        jsontext.parse(text)
    assert caught.value.line == line and problem in caught.value.problem


def test_a_trailing_comma() -> None:
    """Python 3.13 names the comma, its predecessors the brace that follows."""
    with pytest.raises(jsontext.JsonError) as caught:
        jsontext.parse('{\n  "debug": true,\n}\n')
    assert caught.value.line in (2, 3) and ("trailing comma" in caught.value.problem or "Expecting property name" in caught.value.problem)


def test_true_is_not_one() -> None:
    assert jsontext.merged('{"debug": 1}', {"debug": True}) == '{"debug": true}'
