# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would change: the generation that an instance runs against the one that it is to run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Optional

from .content import MANIFEST, Content, File
from .generation import Store


def differences(store: Store, old: Optional[str], new: Content) -> list[dict[str, str]]:
    """One entry for each file that differs, and for the description: Ansible's before and after.

    A private key is shown by the fingerprint of its public key, another secret as "(secret)"; a changed mode is
    a line of its own. An ``old`` of None stands for nothing.
    """
    before = _stored(store, old)
    after = {file.path: _shown(file) for file in new.files}
    after[MANIFEST] = _described(dict(new.describe))
    found = []
    for path in sorted({*before, *after}):
        left, right = before.get(path, ("", "")), after.get(path, ("", ""))
        if left == right:
            continue
        name = "description" if path == MANIFEST else path
        found.append(
            {
                "before_header": f"{old}/{name}" if path in before else "(absent)",
                "after_header": f"{new.id}/{name}" if path in after else "(absent)",
                "before": _text(left, right),
                "after": _text(right, left),
            }
        )
    return found


def changed_files(store: Store, old: Optional[str], new: Content) -> list[str]:
    """Paths of the files that differ in content or mode, sorted; the description counts as generation.json."""
    try:
        entries = store.manifest(old) if old else {}
    except (OSError, ValueError):
        entries = {}
    return changed_entries(entries, json.loads(new.manifest))


def changed_entries(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The same of two manifests; an empty one stands for nothing."""
    before, after = old.get("files", {}), new["files"]
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    if old.get("describe") != new["describe"]:
        changed.add(MANIFEST)
    return sorted(changed)


def _stored(store: Store, generation: Optional[str]) -> dict[str, tuple[str, str]]:
    if generation is None:
        return {}
    try:
        entries: dict[str, Any] = store.manifest(generation)["files"]
    except (OSError, ValueError, KeyError):
        return {}
    shown = {MANIFEST: _described(store.describe(generation))}
    for path, entry in entries.items():
        mode = int(entry["mode"], 8)
        if entry["private"]:
            shown[path] = (_private(entry["digest"]), f"{mode:04o}")
            continue
        try:
            with open(os.path.join(store.folder(generation), path), "rb") as stream:
                shown[path] = _shown(File(path, stream.read(), mode, False))
        except OSError:
            shown[path] = ("(missing)\n", f"{mode:04o}")
    return shown


def _shown(file: File) -> tuple[str, str]:
    mode = f"{file.mode:04o}"
    if file.private:
        return _private(file.digest), mode
    try:
        return file.data.decode(), mode
    except UnicodeDecodeError:
        return f"(binary, {len(file.data)} bytes, {file.digest})\n", mode


def _private(digest: str) -> str:
    kind, _colon, value = digest.partition(":")
    return f"(private key, SHA-256 of its public key {value})\n" if kind == "spki" else f"(secret, {value[:12]})\n"


def _described(describe: dict[str, Any]) -> tuple[str, str]:
    return json.dumps(describe, indent=2, sort_keys=True, ensure_ascii=False) + "\n", ""


def _text(this: tuple[str, str], other: tuple[str, str]) -> str:
    text, mode = this
    return f"(mode {mode})\n{text}" if mode and other[1] and mode != other[1] else text
