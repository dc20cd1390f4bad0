# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages of a Debian or Ubuntu release, with all that they depend on, as a partial mirror of the sources that this host has. Free of Ansible.

The mirror keeps the sources' own lists and signatures: a host without network checks the distribution's signature, as any other host does, and no key
of ours is trusted. Only packages that were asked for, and what they pull in on a host that has nothing yet, lie in it.

Sources: apt-get(8) (--print-uris, indextargets), apt.conf(5) (Dir, Acquire::ForceHash), sources.list(5) (signed-by, by-hash, check-valid-until),
apt's doc/acquire-additional-files.md (fields of indextargets), apt-helper(1).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional
from urllib.parse import unquote

from .._triton.commands import last_line, run
from .._triton.hostinfo import environment
from .tree import GatherError, Gathered, mirrored, pack, put

_SECONDS = 3600.0
_HELPER = "/usr/lib/apt/apt-helper"
_FIELDS = ("CREATED_BY", "METAKEY", "BASE_URI", "REPO_URI", "RELEASE", "COMPONENT", "ARCHITECTURE", "FILENAME", "SIGNED_BY")
# A deb822 source may hold a key of many lines: what separates records and fields is no character of any.
_RECORD, _UNIT = "\x1e", "\x1f"
_URI = re.compile(r"^'(?P<uri>[^']+)' (?P<file>\S+) (?P<size>\d+) (?P<hash>SHA256:[0-9a-f]{64})$")


@dataclass(frozen=True)
class Download:
    """A package that apt would download. file: apt's own name for it, name_version_architecture.deb with escapes."""

    uri: str
    file: str
    hash: str

    @property
    def name(self) -> str:
        return self.file.split("_", 1)[0]

    @property
    def version(self) -> str:
        return unquote(self.file.split("_")[1])

    @property
    def place(self) -> str:
        return unquote(mirrored(self.uri))


@dataclass(frozen=True)
class Index:
    """A list of packages that apt has fetched: METAKEY names it in the Release file below BASE_URI, FILENAME is apt's copy."""

    metakey: str
    base_uri: str
    repo_uri: str
    release: str
    component: str
    architecture: str
    filename: str
    signed_by: str

    @property
    def prefix(self) -> str:
        """What apt's copies of this release begin with."""
        return self.filename[: self.filename.rindex(self.metakey.replace("/", "_"))]


def downloads(output: str) -> list[Download]:
    """The packages that ``apt-get --print-uris install`` names."""
    found = (_URI.match(line) for line in output.splitlines())
    return [Download(match["uri"], match["file"], match["hash"]) for match in found if match]


def indices(output: str) -> list[Index]:
    """The lists of packages that ``apt-get indextargets`` names, in the format that this file asks for."""
    found = []
    for record in output.split(_RECORD)[1:]:
        created_by, *values = record.rstrip("\n").split(_UNIT)
        # A field that the source does not have is printed as its own name.
        values = ["" if value == f"$({name})" else value for name, value in zip(_FIELDS[1:], values)]
        if created_by == "Packages":
            found.append(Index(*values))
    return found


def gather(asked: Sequence[str], optional: Sequence[str], target: str, place: str, known: Optional[Mapping[str, str]], write: bool) -> Gathered:
    """Resolves the packages and writes the mirror to the file ``target``, unless they are the ``known`` ones (name to version) or nothing is to be written.

    place: the folder in which hosts will unpack it. Raises GatherError, naming what no source has, and OSError.
    """
    with tempfile.TemporaryDirectory(dir=os.path.dirname(target), prefix=".gather.") as work:
        configuration = _prepare(work)
        _apt(configuration, "update", "--option=APT::Update::Error-Mode=any", cause="the package lists cannot be fetched")
        found: dict[str, Download] = {}
        unknown = []
        for name in [*asked, *optional]:
            done = run(["apt-get", "-qq", "--yes", "--no-install-recommends", "--print-uris", "install", name], _SECONDS, configuration)
            if done.returncode != 0 and name in asked:
                raise GatherError(f"{name} cannot be had from the sources of this host ({last_line(done)})")
            if done.returncode != 0:
                unknown.append(name)
            found.update({one.place: one for one in downloads(done.stdout)})
        packages = {one.name: one.version for one in found.values()}
        if packages == known or not write:
            return Gathered(packages, unknown, packages != known)
        tree = os.path.join(work, "tree")
        _fetch(configuration, list(found.values()), tree)
        _describe(configuration, list(found.values()), tree, place)
        pack(tree, target)
    return Gathered(packages, unknown)


def _prepare(work: str) -> dict[str, str]:
    """An apt of our own, with the sources of this host and a list of installed packages that is empty; the host's own lists and cache stay as they are."""
    for folder in ("lists/partial", "cache/archives/partial", "tree"):
        os.makedirs(os.path.join(work, folder))
    put(os.path.join(work, "status"), b"")
    settings = {
        "Dir::State::lists": f"{work}/lists/",
        "Dir::State::status": f"{work}/status",
        "Dir::Cache": f"{work}/cache/",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::ForceHash": "SHA256",
    }
    path = os.path.join(work, "apt.conf")
    put(path, "".join(f'{key} "{value}";\n' for key, value in settings.items()).encode())
    return {"APT_CONFIG": path, "DEBIAN_FRONTEND": "noninteractive"}


def _apt(configuration: Mapping[str, str], *arguments: str, cause: str) -> str:
    done = run(["apt-get", "--quiet", *arguments], _SECONDS, configuration)
    if done.returncode != 0:
        raise GatherError(f"{cause} ({last_line(done)})")
    return done.stdout


def _fetch(configuration: Mapping[str, str], found: Sequence[Download], tree: str) -> None:
    """Downloads the packages, each checked against the hash in the signed list."""
    arguments = []
    for one in found:
        path = os.path.join(tree, "mirror", one.place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        arguments += [one.uri, path, one.hash]
    done = run([_HELPER, "download-file", *arguments], _SECONDS, configuration)
    if done.returncode != 0:
        raise GatherError(f"the packages cannot be downloaded ({last_line(done)})")


def _describe(configuration: Mapping[str, str], found: Sequence[Download], tree: str, place: str) -> None:
    """The lists and signatures of the sources that something came from, their keys, and how a host's apt is told to use them and nothing else."""
    layout = _RECORD + _UNIT.join(f"$({name})" for name in _FIELDS)
    targets = indices(_apt(configuration, "indextargets", f"--format={layout}", cause="the sources cannot be listed"))
    lines = []
    for index in targets:
        if not any(one.uri.startswith(index.repo_uri) for one in found) or not os.path.exists(index.filename):
            continue
        # apt-helper reads lists that apt keeps compressed, too. Their bytes count: they are signed.
        listed = subprocess.run([_HELPER, "cat-file", index.filename], capture_output=True, env=environment(configuration), check=False)
        if listed.returncode != 0:
            raise GatherError(f"{index.filename} cannot be read ({listed.stderr.decode(errors='replace').strip()})")
        base = os.path.join(tree, "mirror", mirrored(index.base_uri))
        put(os.path.join(base, index.metakey), listed.stdout)
        for name in ("InRelease", "Release", "Release.gpg"):
            if os.path.exists(index.prefix + name):
                shutil.copyfile(index.prefix + name, os.path.join(base, name))
        options = {"arch": index.architecture, "signed-by": _key(index.signed_by, tree, place), "by-hash": "no", "check-valid-until": "no"}
        settings = " ".join(f"{key}={value}" for key, value in options.items() if value)
        # Not file:, which offers apt the list as it is where apt asked for a compressed one, and apt then misses the hash of that.
        lines.append(f"deb [{settings}] copy:{place}/mirror/{mirrored(index.repo_uri)} {index.release} {index.component}".rstrip())
    put(os.path.join(tree, "sources.list"), "".join(f"{line}\n" for line in sorted(lines)).encode())
    put(os.path.join(tree, "apt.conf"), configuration_of_host(place).encode())


def configuration_of_host(place: str) -> str:
    """What APT_CONFIG names on a host: the mirror as the only source, and lists of its own, so that those of the host's sources stay as they are."""
    settings = {
        "Dir::Etc::sourcelist": f"{place}/sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": f"{place}/lists/",
        "Dir::Cache::archives": f"{place}/archives/",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Acquire::Languages": "none",
    }
    return "".join(f'{key} "{value}";\n' for key, value in settings.items())


def _key(signed_by: str, tree: str, place: str) -> str:
    """What Signed-By says on a host: a file in the archive, where it names a file or holds a key; fingerprints stay."""
    if signed_by.startswith("/"):
        name = os.path.basename(signed_by)
        with open(signed_by, "rb") as stream:
            put(os.path.join(tree, "keys", name), stream.read())
        return f"{place}/keys/{name}"
    if "BEGIN PGP" in signed_by:
        # deb822 writes an empty line as a dot, and indents them all.
        lines = [line.strip() for line in signed_by.strip().splitlines()]
        key = "".join("\n" if line == "." else f"{line}\n" for line in lines).encode()
        name = f"{hashlib.sha256(key).hexdigest()[:12]}.asc"
        put(os.path.join(tree, "keys", name), key)
        return f"{place}/keys/{name}"
    return signed_by.replace(" ", "")
