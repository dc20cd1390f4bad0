# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enable components of the distribution in the APT sources that a host already has, one-line and deb822; no mirror is ever written in.

A source counts as the distribution's where its suite is the release's (``bookworm``, ``bookworm-updates``, ``bookworm-security``) or a name for it
(``stable``), it offers ``main``, and its Release file says so by Origin; where no Release file has been fetched yet, where its path ends like the
archive of the distribution (``/debian``, ``/debian-security``, ``/ubuntu``). Others are left alone.

Sources: sources.list(5), both formats; deb822(5) for continuation lines and comments; apt-secure(8) and the Debian wiki's RepositoryFormat (Origin).
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .driver import text

_LINE = re.compile(
    r"^(?P<kind>deb(?:-src)?)(?P<options>\s+\[[^\]]*\])?\s+(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>(?:\s+[^\s#]+)*)(?P<rest>\s*(?:#.*)?)$"
)
_FIELD = re.compile(r"^([A-Za-z0-9-]+):[ \t]*(.*)$")
_PATHS = frozenset(("debian", "debian-security", "ubuntu", "ubuntu-ports", "ubuntu-security"))
_SUITES = ("", "-updates", "-security", "/updates")


@dataclass(frozen=True)
class Release:
    """Whose sources count: the codename, other names of the suite, and the Origin of its Release files."""

    codename: str
    origin: str
    aliases: tuple[str, ...] = ()
    lists: str = "/var/lib/apt/lists"

    def owns(self, uri: str, suite: str) -> bool:
        """Whether a source is one of the distribution's own archives or a mirror of them."""
        if not any(suite == name + ending for name in (self.codename, *self.aliases) for ending in _SUITES):
            return False
        origin = self._origin(uri, suite)
        if origin is not None:
            return origin == self.origin
        return uri.rstrip("/").rsplit("/", 1)[-1] in _PATHS

    def _origin(self, uri: str, suite: str) -> Optional[str]:
        """The Origin in the Release file that was fetched from there last; None where none was."""
        bare = re.sub(r"^[a-z0-9+]+:(?://)?(?:[^/@]*@)?", "", uri).rstrip("/")
        stem = f"{bare}/dists/{suite.rstrip('/')}".replace("_", "%5f").replace("/", "_")
        for name in ("InRelease", "Release"):
            found = re.search(r"^Origin: *(.*)$", text(os.path.join(self.lists, f"{stem}_{name}"))[:4000], re.MULTILINE)
            if found:
                return found.group(1).strip()
        return None


def one_line(content: str, release: Release, components: Sequence[str]) -> tuple[str, int]:
    """A sources.list with the components added to the lines that count, and how many count."""
    lines, count = [], 0
    for line in content.splitlines(keepends=True):
        body = line.rstrip("\n")
        match = _LINE.match(body)
        given = match.group("components").split() if match else []
        if match and "main" in given and release.owns(match.group("uri"), match.group("suite")):
            count += match.group("kind") == "deb"
            added = "".join(f" {name}" for name in components if name not in given)
            body = body[: match.end("components")] + added + body[match.end("components") :]
        lines.append(body + line[len(line.rstrip("\n")) :])
    return "".join(lines), count


def deb822(content: str, release: Release, components: Sequence[str]) -> tuple[str, int]:
    """A .sources file with the components added to the stanzas that count, and how many count."""
    parts = re.split(r"(\n[ \t]*\n+)", content)
    count = 0
    for index in range(0, len(parts), 2):
        fields = _fields(parts[index])
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        given, kinds = fields.get("components", "").split(), fields.get("types", "").split()
        owned = any(
            release.owns(uri, suite)
            for uri in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
        )
        if "main" not in given or not owned:
            continue
        count += "deb" in kinds
        missing = [name for name in components if name not in given]
        if missing:
            parts[index] = re.sub(
                r"(?im)^(Components:)([^\n]*)",
                lambda match, added=missing: f"{match.group(1)}{match.group(2).rstrip()} {' '.join(added)}",
                parts[index],
                count=1,
            )
    return "".join(parts), count


def _fields(stanza: str) -> dict[str, str]:
    """Names in lower case to values; continuation lines joined, comments left out."""
    found: dict[str, str] = {}
    last = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        match = _FIELD.match(line)
        if match:
            last = match.group(1).lower()
            found[last] = match.group(2)
        elif last and line[:1] in (" ", "\t"):
            found[last] += " " + line.strip()
    return found


def plan(release: Release, components: Sequence[str], root: str = "/") -> tuple[list[dict[str, Any]], int]:
    """The files that would change, each with path, before and after, and how many sources count in all."""
    folder = os.path.join(root, "etc/apt")
    files = [os.path.join(folder, "sources.list"), *sorted(glob.glob(os.path.join(folder, "sources.list.d", "*")))]
    changes, count = [], 0
    for path in files:
        before = text(path)
        if path.endswith(".list"):
            after, found = one_line(before, release, components)
        elif path.endswith(".sources"):
            after, found = deb822(before, release, components)
        else:
            continue
        count += found
        if after != before:
            changes.append({"path": path, "before": before, "after": after})
    return changes, count


def write(change: dict[str, Any]) -> None:
    """Replace a file by one rename; mode and owner stay. Raises OSError."""
    path = os.path.realpath(change["path"])
    status = os.stat(path)
    # apt reads neither names that begin with a dot nor unknown endings.
    new = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.inferops")
    try:
        with open(new, "w", encoding="utf-8") as stream:
            stream.write(change["after"])
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(new, status.st_mode & 0o7777)
        os.chown(new, status.st_uid, status.st_gid)
        os.replace(new, path)
    except OSError:
        if os.path.exists(new):
            os.unlink(new)
        raise
