# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest of an offline archive: what lies in the folder, what for, and the hash of each file. Free of Ansible.

docs/offline-manifest.schema.json describes the file. It holds no time and no name of a machine: what is gathered again and is the same gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

NAME = "manifest.json"
VERSION = 1
_KINDS = ("packages", "image", "wheel", "controller")
_BLOCK = 1 << 20

Entry = dict[str, Any]
Manifest = dict[str, Any]


class ArchiveError(Exception):
    """An archive that cannot be used at all; the message is one sentence, without its full stop."""


def empty() -> Manifest:
    """The manifest of a folder that holds nothing yet."""
    return {"version": VERSION, "files": []}


def read(folder: str, sha256: str = "") -> Manifest:
    """The manifest, sound in form. sha256: what its bytes must hash to, empty for whatever they do. Raises ArchiveError."""
    path = os.path.join(folder, NAME)
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read ({os.strerror(error.errno or 0)})") from error
    found = hashlib.sha256(content).hexdigest()
    if sha256 and found != sha256.lower():
        raise ArchiveError(f"{path} has the SHA-256 {found}, not {sha256.lower()}")
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise ArchiveError(f"{path} is no JSON ({error})") from error
    problem = _malformed(manifest)
    if problem:
        raise ArchiveError(f"{path} is no manifest of an offline archive ({problem})")
    return dict(manifest)


def _malformed(manifest: Any) -> Optional[str]:
    """Why this is no manifest; None where it is one."""
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        return "it has no list «files»"
    if manifest.get("version") != VERSION:
        return f"its version is {manifest.get('version')}, and this collection knows {VERSION}"
    paths = []
    for entry in manifest["files"]:
        if not isinstance(entry, dict):
            return "an entry is no mapping"
        path = entry.get("path")
        if not isinstance(path, str) or os.path.isabs(path) or os.path.normpath(path) != path or path.startswith(".."):
            return f"{path!r} is no path below the folder"
        if entry.get("kind") not in _KINDS or not isinstance(entry.get("size"), int) or not isinstance(entry.get("sha256"), str):
            return f"the entry of {path} has no kind, size or sha256 that is known"
        paths.append(path)
    return "it names a file twice" if len(set(paths)) < len(paths) else None


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


def fault(folder: str, entry: Mapping[str, Any]) -> Optional[str]:
    """What is wrong with one file, naming it; None where it is as the manifest says. The size first: a truncated file of 20 GB is told at once."""
    path = os.path.join(folder, entry["path"])
    try:
        size = os.path.getsize(path)
        if os.path.islink(path) or not os.path.isfile(path):
            return f"{entry['path']} is no plain file"
        if size < entry["size"]:
            return f"{entry['path']} is truncated ({size} of {entry['size']} bytes)"
        if size > entry["size"]:
            return f"{entry['path']} is larger than it was ({size} instead of {entry['size']} bytes)"
        found = _sha256(path)
    except FileNotFoundError:
        return f"{entry['path']} is missing"
    except OSError as error:
        return f"{entry['path']} cannot be read ({os.strerror(error.errno or 0)})"
    if found != entry["sha256"]:
        return f"{entry['path']} was altered (SHA-256 {found}, not {entry['sha256']})"
    return None


def faults(folder: str, manifest: Mapping[str, Any], strict: bool = True) -> dict[str, str]:
    """Path to what is wrong with it. strict: a file that the manifest does not name is a fault, too; a wheel that someone put there would be installed."""
    found = {entry["path"]: problem for entry in manifest["files"] if (problem := fault(folder, entry))}
    if strict:
        named = {entry["path"] for entry in manifest["files"]} | {NAME}
        found.update({path: f"{path} is not in the manifest" for path in sorted(_walk(folder)) if path not in named})
    return found


def _walk(folder: str) -> Iterator[str]:
    for place, _folders, files in os.walk(folder):
        for name in files:
            yield os.path.relpath(os.path.join(place, name), folder)


def compose(folder: str, before: Mapping[str, Any], gathered: Sequence[Mapping[str, Any]]) -> Manifest:
    """The manifest of what was there before and is sound still, and of what was gathered now (entries without size and hash).

    Raises ArchiveError for a file that should have been gathered and is not there.
    """
    entries = {entry["path"]: dict(entry) for entry in before["files"] if not fault(folder, entry)}
    for entry in gathered:
        path = os.path.join(folder, entry["path"])
        old = entries.get(entry["path"])
        try:
            measured = {key: old[key] for key in ("sha256", "size")} if old else {"sha256": _sha256(path), "size": os.path.getsize(path)}
        except OSError as error:
            raise ArchiveError(f"{path} was to be gathered and cannot be read ({os.strerror(error.errno or 0)})") from error
        entries[entry["path"]] = {**entry, **measured}
    return {"version": VERSION, "files": [entries[path] for path in sorted(entries)]}


def text(manifest: Mapping[str, Any]) -> str:
    """As it is written."""
    return json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: str, manifest: Mapping[str, Any]) -> None:
    """Replaces the file by one rename. Raises OSError."""
    path = os.path.join(folder, NAME)
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as stream:
        stream.write(text(manifest))
    os.replace(temporary, path)
