# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changing single values of a JSON file and leaving every other byte of it as its owner wrote it. Free of Ansible.

A file that is parsed and written anew loses its owner's order, indentation and number formats; a diff of it then
shows everything. Here a value is replaced, or a member added, in the text itself. Source of the grammar: RFC 8259.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

_BLANKS = " \t\n\r"
_DECODER = json.JSONDecoder()


class JsonError(ValueError):
    """A text that is no JSON object, with the line (from 1) and what is wrong there."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True)
class _Member:
    """A member of an object: where its name begins, and the span of its value."""

    name: str
    begins: int
    start: int
    end: int


def parse(text: str) -> dict[str, Any]:
    """The object that a text holds; {} for one of blanks alone, as dockerd reads it. Raises JsonError."""
    if not text.strip():
        return {}
    seen: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _value in items]
        seen.extend(name for index, name in enumerate(names) if name in names[:index])
        return dict(items)

    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        raise JsonError(error.lineno, error.msg) from None
    if not isinstance(value, dict):
        raise JsonError(1, "it is no JSON object")
    if seen:
        first = text.find(json.dumps(seen[0]), text.find(json.dumps(seen[0])) + 1)
        raise JsonError(text.count("\n", 0, first) + 1, f"{json.dumps(seen[0])} is there twice")
    return value


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    """The paths of the values that are new or other in ``new``, with those values; members that ``new`` lacks stay."""
    found: list[tuple[tuple[str, ...], Any]] = []
    for name, value in new.items():
        if name in old and isinstance(value, dict) and isinstance(old[name], dict):
            found += [((name, *path), inner) for path, inner in differences(old[name], value)]
        elif name not in old or old[name] != value or type(old[name]) is not type(value):
            found.append(((name,), value))
    return found


def merged(text: str, wanted: Mapping[str, Any]) -> str:
    """The text with the wanted values in it, objects merged member by member, and nothing else changed. Raises JsonError."""
    for path, value in differences(parse(text), wanted):
        text = _set(text, path, value)
    if differences(parse(text), wanted):
        raise AssertionError("the text does not hold what was put into it")
    return text


def _set(text: str, path: Sequence[str], value: Any) -> str:
    if not text.strip():
        text = "{}\n"
    start, depth = _skip(text, 0), 1
    for name in path[:-1]:
        member = _member(text, start, name)
        if member is None:
            # differences() names a missing object itself, never what is below it.
            raise AssertionError(f"no member {name}")
        start, depth = member.start, depth + 1
    member = _member(text, start, path[-1])
    unit = _unit(text)
    shown = json.dumps(value, indent=unit or None, ensure_ascii=False)
    if member is not None:
        return text[: member.start] + shown.replace("\n", "\n" + _indentation(text, member.begins)) + text[member.end :]
    members = _members(text, start)
    if not members:
        lines = unit * depth
        added = f"\n{lines}{json.dumps(path[-1])}: " + shown.replace("\n", "\n" + lines) + "\n" + unit * (depth - 1)
        return text[: start + 1] + added + text[_skip(text, start + 1) :]
    last = members[-1]
    if "\n" in text[start : last.begins]:
        lines = "\n" + _indentation(text, last.begins)
        return text[: last.end] + f",{lines}{json.dumps(path[-1])}: " + shown.replace("\n", lines) + text[last.end :]
    return text[: last.end] + f", {json.dumps(path[-1])}: {json.dumps(value, ensure_ascii=False)}" + text[last.end :]


def _members(text: str, start: int) -> list[_Member]:
    """The members of the object that begins at ``start``; the text was parsed before."""
    found = []
    position = _skip(text, start + 1)
    while text[position] != "}":
        begins = position
        name, position = _DECODER.raw_decode(text, position)
        position = _skip(text, _skip(text, position) + 1)
        value = position
        _value, position = _DECODER.raw_decode(text, position)
        found.append(_Member(name, begins, value, position))
        position = _skip(text, position)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return found


def _member(text: str, start: int, name: str) -> Optional[_Member]:
    return next((member for member in _members(text, start) if member.name == name), None)


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANKS:
        position += 1
    return position


def _indentation(text: str, position: int) -> str:
    """The blanks at the start of the line that a position is on."""
    begin = text.rfind("\n", 0, position) + 1
    return text[begin : _skip(text, begin)] if begin <= _skip(text, begin) <= position else ""


def _unit(text: str) -> str:
    """What the file indents by: the blanks before its first member; four blanks, as nvidia-ctk writes, where it has none."""
    start = _skip(text, 0)
    members = _members(text, start)
    if not members:
        return "    "
    between = text[start + 1 : members[0].begins]
    return between.rpartition("\n")[2] if "\n" in between else ""
