# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder of packages as one file: a tar archive whose bytes depend on nothing but its content. Free of Ansible."""

from __future__ import annotations

import os
import re
import tarfile
from dataclasses import dataclass, field
from typing import Any


class GatherError(Exception):
    """Something could not be gathered; the message is one sentence, without its full stop."""


@dataclass(frozen=True)
class Gathered:
    """packages: name to version of all that was resolved; unknown: optional names that no source has; changed: the file was written anew."""

    packages: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    changed: bool = True

    def plain(self) -> dict[str, Any]:
        """As a dictionary of plain data."""
        return {"packages": self.packages, "unknown": self.unknown, "changed": self.changed}


def mirrored(uri: str) -> str:
    """Where a mirror keeps what a URI names: host and path, without scheme, credentials and escapes that mean nothing to a file system.

    >>> mirrored("http://user:secret@deb.example.com/debian/")
    'deb.example.com/debian'
    """
    place = re.sub(r"^[a-z0-9+]+:/*", "", uri)
    place = re.sub(r"^[^/@]*@", "", place)
    return re.sub(r"/+", "/", place).strip("/")


def put(path: str, content: bytes) -> None:
    """Writes one file of the tree. Raises OSError."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(content)


def pack(tree: str, target: str) -> None:
    """The tree as a tar archive, in a fixed order, owned by root, without times; replaces the target by one rename. Raises OSError."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = "root"
        member.mode = 0o755 if member.isdir() else 0o644
        return member

    temporary = f"{target}.{os.getpid()}"
    with tarfile.open(temporary, "w") as archive:
        for place, folders, files in os.walk(tree):
            folders.sort()
            for name in sorted(files):
                path = os.path.join(place, name)
                archive.add(path, os.path.relpath(path, tree), recursive=False, filter=plain)
    os.replace(temporary, target)
