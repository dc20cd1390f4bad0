# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from outside (host names, certificate subjects, what a server said) made harmless for each format."""

from __future__ import annotations

import html
import json
import math
import re
import typing as t

# What a reader would not see, or what changes how the rest is shown: control characters (ANSI escapes begin with one), marks
# that reverse the direction of text, zero-width characters, line separators, lone surrogates and non-characters.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SURROGATE = re.compile("[\ud800-\udfff]")


def _escape(match: t.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def visible(value: object, limit: int = 0) -> str:
    r"""`value` on one line with every invisible character as ``\n``, ``\x1b`` or ``\u202e``; None is empty.

    With a `limit`, longer text keeps its first `limit` - 1 characters and ends in an ellipsis.
    """
    text = "" if value is None else value if isinstance(value, str) else str(value)
    # Nearly every text is plain ASCII, of which a report of 10,000 endpoints has a million.
    shown = text if text.isascii() and text.isprintable() else _INVISIBLE.sub(_escape, text)
    return shown if not limit or len(shown) <= limit else shown[: limit - 1] + "…"


def markup(value: object) -> str:
    """For the text and the attributes, always in quotes, of HTML and of XML 1.0, which forbids most control characters."""
    return html.escape(visible(value), quote=True)


def label(value: object) -> str:
    """For the value of a Prometheus label, without the quotes (text exposition format 0.0.4)."""
    return visible(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _encodable(text: str) -> str:
    return text if text.isascii() else _SURROGATE.sub(_escape, text)


def plain(value: t.Any, string: t.Callable[[str], str] = _encodable) -> t.Any:
    """A copy of plain data that every JSON parser takes: `string` applied to each text, NaN and infinity as null."""
    if isinstance(value, str):
        return string(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, t.Mapping):
        return {string(str(key)): plain(item, string) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, string) for item in value]
    return value


def compact(value: t.Any) -> str:
    """JSON in ASCII without spaces, the same on every run."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def script_data(value: t.Any) -> str:
    """JSON for an HTML script element: nothing in it can end the element or open another (HTML standard, 4.12.1.3)."""
    text = compact(plain(value, visible))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
