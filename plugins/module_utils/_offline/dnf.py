# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages of a RHEL-like release, with all that they depend on, as a partial mirror of the repositories that this host has. Free of Ansible.

As for apt, the mirror keeps the repositories' own metadata and signatures, and a host checks those.

Sources: DNF API reference 4.x (Base.install, resolve, download_packages; Repo), dnf.conf(5) (gpgcheck, repo_gpgcheck, reposdir, cachedir).
"""

from __future__ import annotations

import glob
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional
from urllib.parse import urlsplit

from ansible.module_utils.urls import open_url

from .tree import GatherError, Gathered, pack, put

_SECONDS = 60.0


def gather(
    asked: Sequence[str], optional: Sequence[str], target: str, place: str, known: Optional[Mapping[str, str]], write: bool, enable: Sequence[str] = ()
) -> Gathered:
    """As apt.gather. enable: repositories that are asked although they are off."""
    try:
        dnf = importlib.import_module("dnf")
    except ImportError as error:
        raise GatherError("the Python of this host has no library dnf; set ansible_python_interpreter to the system's own (/usr/bin/python3)") from error
    with tempfile.TemporaryDirectory(dir=os.path.dirname(target), prefix=".gather.") as work, dnf.Base() as base:
        _prepare(dnf, base, work, enable)
        found: dict[str, Any] = {}
        unknown = []
        for name in [*asked, *optional]:
            try:
                base.reset(goal=True)
                base.install(name.replace("=", "-"))
                base.resolve()
            except dnf.exceptions.Error as error:
                if name in asked:
                    raise GatherError(f"{name} cannot be had from the repositories of this host ({error})") from error
                unknown.append(name)
                continue
            found.update({str(package): package for package in base.transaction.install_set})
        packages = {package.name: f"{package.version}-{package.release}" for package in found.values()}
        if packages == known or not write:
            return Gathered(packages, unknown, packages != known)
        tree = os.path.join(work, "tree")
        try:
            base.download_packages(list(found.values()))
        except dnf.exceptions.Error as error:
            raise GatherError(f"the packages cannot be downloaded ({error})") from error
        for package in found.values():
            path = os.path.join(tree, "mirror", package.reponame, package.location)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copyfile(package.localPkg(), path)
        for repository in {package.reponame for package in found.values()}:
            _describe(base.repos[repository], os.path.join(work, "cache"), tree, place)
        pack(tree, target)
    return Gathered(packages, unknown)


def _prepare(dnf: Any, base: Any, work: str, enable: Sequence[str]) -> None:
    """A dnf of our own, with the repositories of this host and nothing installed."""
    base.conf.read()
    base.conf.substitutions["releasever"] = dnf.rpm.detect_releasever("/")
    base.conf.cachedir = os.path.join(work, "cache")
    base.conf.install_weak_deps = False
    base.conf.assumeyes = True
    base.read_all_repos()
    for repository in base.repos.iter_enabled():
        repository.skip_if_unavailable = False
    for repository in base.repos.all():
        if repository.id in enable:
            repository.enable()
    try:
        base.fill_sack(load_system_repo=False)
    except dnf.exceptions.Error as error:
        raise GatherError(f"the repositories cannot be read ({error})") from error


def _describe(repository: Any, cache: str, tree: str, place: str) -> None:
    """A repository's metadata with its signature, its keys, and the file by which a host's dnf knows it."""
    metadata = glob.glob(os.path.join(glob.escape(cache), f"{glob.escape(repository.id)}-*", "repodata"))
    if not metadata:
        raise GatherError(f"dnf kept no metadata of the repository {repository.id}")
    shutil.copytree(metadata[0], os.path.join(tree, "mirror", repository.id, "repodata"))
    lines = [
        f"[{repository.id}]",
        f"name={repository.name}",
        f"baseurl=file://{place}/mirror/{repository.id}",
        "enabled=1",
        f"gpgcheck={int(bool(repository.gpgcheck))}",
        f"repo_gpgcheck={int(bool(repository.repo_gpgcheck))}",
    ]
    names = list(_keys(repository.id, repository.gpgkey, tree))
    lines += [f"gpgkey={' '.join(f'file://{place}/keys/{name}' for name in names)}"] if names else []
    put(os.path.join(tree, "repos", f"{repository.id}.repo"), "".join(f"{line}\n" for line in lines).encode())


def _keys(repository: str, uris: Sequence[str], tree: str) -> Iterable[str]:
    """Fetches the keys; their names below ``keys``."""
    for number, uri in enumerate(uris):
        if urlsplit(uri).scheme not in ("file", "http", "https"):
            raise GatherError(f"the key {uri} of the repository {repository} is neither a file nor a web address")
        try:
            with open_url(uri, timeout=_SECONDS) as answer:
                put(os.path.join(tree, "keys", f"{repository}-{number}"), answer.read())
        except OSError as error:
            raise GatherError(f"the key {uri} of the repository {repository} cannot be fetched ({error})") from error
        yield f"{repository}-{number}"
