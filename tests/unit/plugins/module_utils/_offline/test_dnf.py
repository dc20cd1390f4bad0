# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror that is made of what dnf says. dnf itself is a stand-in here, of as much of its API as is used: no RHEL-like system is to be had."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.inferops.triton.plugins.module_utils._offline import dnf as backend
from ansible_collections.inferops.triton.plugins.module_utils._offline.tree import GatherError, Gathered


class Refused(Exception):
    """dnf.exceptions.Error."""


class Repositories(dict[str, Any]):
    """dnf's repositories, by id."""

    def iter_enabled(self) -> list[Any]:
        return [one for one in self.values() if one.enabled]

    def all(self) -> list[Any]:
        return list(self.values())


class Base:
    """One package, podman, which needs conmon, in a repository that is off."""

    def __init__(self) -> None:
        self.conf = SimpleNamespace(read=lambda: None, substitutions={})
        self.repos = Repositories()
        self.wanted: list[str] = []
        self.transaction = SimpleNamespace(install_set=[])

    def __enter__(self) -> Base:
        return self

    def __exit__(self, *_what: Any) -> None:
        return

    def read_all_repos(self) -> None:
        key = Path(self.conf.cachedir).parent.parent / "RPM-GPG-KEY"
        key.write_text("a key", encoding="utf-8")
        repository = SimpleNamespace(id="extras", name="Extras", enabled=False, gpgcheck=True, repo_gpgcheck=False, gpgkey=[key.as_uri()])
        repository.enable = lambda: setattr(repository, "enabled", True)
        self.repos["extras"] = repository

    def fill_sack(self, load_system_repo: bool) -> None:
        assert load_system_repo is False
        metadata = Path(self.conf.cachedir) / "extras-0123456789abcdef" / "repodata"
        metadata.mkdir(parents=True)
        (metadata / "repomd.xml").write_text("signed", encoding="utf-8")

    def reset(self, goal: bool) -> None:
        assert goal
        self.wanted = []

    def install(self, name: str) -> None:
        if not self.repos["extras"].enabled or name not in ("podman", "podman-5.4-1"):
            raise Refused(f"no match for {name}")
        self.wanted = ["podman", "conmon"]

    def resolve(self) -> None:
        self.transaction.install_set = [self.package(name) for name in self.wanted]

    def package(self, name: str) -> Any:
        local = Path(self.conf.cachedir) / f"{name}.rpm"
        return SimpleNamespace(name=name, version="5.4", release="1", reponame="extras", location=f"p/{name}.rpm", localPkg=lambda: str(local))

    def download_packages(self, packages: list[Any]) -> None:
        for package in packages:
            Path(package.localPkg()).write_text(package.name, encoding="utf-8")


@pytest.fixture(autouse=True)
def _dnf(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = SimpleNamespace(Base=Base, rpm=SimpleNamespace(detect_releasever=lambda root: "9"), exceptions=SimpleNamespace(Error=Refused))
    monkeypatch.setitem(sys.modules, "dnf", stand_in)


def gather(folder: Path, asked: list[str], **differs: Any) -> Gathered:
    options: dict[str, Any] = {"known": None, "write": True, "enable": ["extras"], **differs}
    return backend.gather(asked, ["nvidia-open"], str(folder / "packages.tar"), "/place", options["known"], options["write"], options["enable"])


@pytest.mark.parametrize("asked", ["podman", "podman=5.4-1"])
def test_a_mirror_with_metadata_keys_and_dependencies(tmp_path: Path, asked: str) -> None:
    assert gather(tmp_path, [asked]).plain() == {"packages": {"podman": "5.4-1", "conmon": "5.4-1"}, "unknown": ["nvidia-open"], "changed": True}
    with tarfile.open(tmp_path / "packages.tar") as archive:
        content = {member.name: archive.extractfile(member).read().decode() for member in archive}  # type: ignore[union-attr]
    description = content.pop("repos/extras.repo")
    assert content == {
        "keys/extras-0": "a key",
        "mirror/extras/repodata/repomd.xml": "signed",
        "mirror/extras/p/podman.rpm": "podman",
        "mirror/extras/p/conmon.rpm": "conmon",
    }
    assert description.splitlines() == [
        "[extras]",
        "name=Extras",
        "baseurl=file:///place/mirror/extras",
        "enabled=1",
        "gpgcheck=1",
        "repo_gpgcheck=0",
        "gpgkey=file:///place/keys/extras-0",
    ]


@pytest.mark.parametrize("differs", [{"known": {"podman": "5.4-1", "conmon": "5.4-1"}}, {"write": False}], ids=["nothing new", "check mode"])
def test_nothing_is_downloaded_where_nothing_is_to_be_written(tmp_path: Path, differs: dict[str, Any]) -> None:
    assert gather(tmp_path, ["podman"], **differs).changed == ("write" in differs)
    assert not (tmp_path / "packages.tar").exists()


@pytest.mark.parametrize(("asked", "enable"), [("crun", ["extras"]), ("podman", [])], ids=["an unknown name", "a repository that is off"])
def test_what_cannot_be_had_is_named(tmp_path: Path, asked: str, enable: list[str]) -> None:
    with pytest.raises(GatherError, match=f"{asked} cannot be had .*no match for {asked}"):
        gather(tmp_path, [asked], enable=enable)


def test_a_host_without_the_library_is_told_which_python_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dnf", None)
    with pytest.raises(GatherError, match="ansible_python_interpreter"):
        gather(tmp_path, ["podman"])
