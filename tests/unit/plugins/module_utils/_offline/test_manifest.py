# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of an offline archive: what is whole, and what is named where something is not."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.inferops.triton.plugins.module_utils._offline import manifest
from ansible_collections.inferops.triton.tests.unit.support import hostmodule

SCHEMA = json.loads((Path(__file__).resolve().parents[5] / "docs" / "offline-manifest.schema.json").read_text(encoding="utf-8"))
PACKAGES = {
    "path": "packages/debian-12-x86_64.tar",
    "kind": "packages",
    "purpose": "packages",
    "distribution": "Debian",
    "release": "12",
    "architecture": "x86_64",
    "packages": {"docker.io": "20.10"},
}
IMAGE = {
    "path": "images/triton.tar",
    "kind": "image",
    "purpose": "the image",
    "name": "registry.example.com/tritonserver:24.10-py3",
    "engine": "docker",
    "architecture": "x86_64",
    "id": "sha256:" + "a" * 64,
    "digests": [],
    "from": "connected",
}


@pytest.fixture(name="archive")
def made(tmp_path: Path) -> Path:
    """A folder with two files and their manifest."""
    for entry in (PACKAGES, IMAGE):
        path = tmp_path / str(entry["path"])
        path.parent.mkdir()
        path.write_bytes(b"content of " + path.name.encode())
    manifest.write(str(tmp_path), manifest.compose(str(tmp_path), manifest.empty(), [PACKAGES, IMAGE]))
    return tmp_path


def faults(archive: Path, **options: Any) -> list[str]:
    return list(manifest.faults(str(archive), manifest.read(str(archive)), **options).values())


def test_what_was_gathered_is_whole_and_described(archive: Path) -> None:
    document = manifest.read(str(archive))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert [entry["path"] for entry in document["files"]] == [IMAGE["path"], PACKAGES["path"]]
    assert document["files"][0]["sha256"] == hashlib.sha256(b"content of triton.tar").hexdigest()
    assert faults(archive) == []


def replaced(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"content", b"CONTENT"))


def linked(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(replaced, "images/triton.tar was altered (SHA-256 ", id="altered, of the same size"),
        pytest.param(lambda path: os.truncate(path, 5), "images/triton.tar is truncated (5 of 21 bytes)", id="truncated"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes() + b"."), "images/triton.tar is larger than it was (22 instead of 21 bytes)", id="larger"),
        pytest.param(lambda path: path.unlink(), "images/triton.tar is missing", id="missing"),
        pytest.param(linked, "images/triton.tar is no plain file", id="a link to somewhere"),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), "images/triton.tar is no plain file", id="a folder"),
        pytest.param(lambda path: path.with_name("more.whl").touch(), "images/more.whl is not in the manifest", id="a file too many"),
    ],
)
def test_a_fault_names_the_file(archive: Path, harm: Callable[[Path], Any], said: str) -> None:
    harm(archive / str(IMAGE["path"]))
    found = faults(archive)
    assert found[0].startswith(said) and all("packages/" not in fault for fault in found)


def changed(**fields: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document["files"][0].update(fields)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(lambda document: document.pop("files"), "it has no list «files»", id="no files"),
        pytest.param(lambda document: document.update(version=2), "its version is 2, and this collection knows 1", id="of another version"),
        pytest.param(changed(path="/etc/shadow"), "'/etc/shadow' is no path below the folder", id="an absolute path"),
        pytest.param(changed(path="../secret"), "'../secret' is no path below the folder", id="a path that leads out"),
        pytest.param(changed(path="images/../../secret"), "is no path below the folder", id="a path that leads out later"),
        pytest.param(changed(kind="program"), "has no kind, size or sha256 that is known", id="an unknown kind"),
        pytest.param(changed(size="21"), "has no kind, size or sha256 that is known", id="a size that is text"),
        pytest.param(changed(path=PACKAGES["path"]), "it names a file twice", id="a file twice"),
        pytest.param(lambda document: document["files"].append("x"), "an entry is no mapping", id="an entry that is text"),
    ],
)
def test_what_is_no_manifest_is_refused(archive: Path, harm: Callable[[dict[str, Any]], Any], said: str) -> None:
    document = manifest.read(str(archive))
    harm(document)
    (archive / manifest.NAME).write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(manifest.ArchiveError) as refused:
        manifest.read(str(archive))
    assert said in str(refused.value) and str(archive / manifest.NAME) in str(refused.value)


def test_a_manifest_that_is_missing_or_broken_is_refused(archive: Path) -> None:
    path = archive / manifest.NAME
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(manifest.ArchiveError, match="is no JSON"):
        manifest.read(str(archive))
    path.unlink()
    with pytest.raises(manifest.ArchiveError, match="No such file"):
        manifest.read(str(archive))


def test_a_pinned_manifest_cannot_be_made_anew(archive: Path) -> None:
    """Whoever alters a file and the manifest with it is found out by the manifest's own hash."""
    before = hashlib.sha256((archive / manifest.NAME).read_bytes()).hexdigest()
    assert manifest.read(str(archive), before.upper())
    replaced(archive / str(IMAGE["path"]))
    manifest.write(str(archive), manifest.compose(str(archive), manifest.empty(), [PACKAGES, IMAGE]))
    assert faults(archive) == []
    with pytest.raises(manifest.ArchiveError, match=f"not {before}"):
        manifest.read(str(archive), before)


def test_gathering_keeps_what_is_whole_and_drops_what_is_not(archive: Path) -> None:
    (archive / str(IMAGE["path"])).unlink()
    document = manifest.compose(str(archive), manifest.read(str(archive)), [])
    assert [entry["path"] for entry in document["files"]] == [PACKAGES["path"]]
    with pytest.raises(manifest.ArchiveError, match="images/triton.tar was to be gathered"):
        manifest.compose(str(archive), document, [IMAGE])


def module(archive: Path, check: bool = False, **options: Any) -> dict[str, Any]:
    return hostmodule.run("offline_archive", {"path": str(archive), **options}, check=check)


def test_the_module_writes_what_is_new_and_nothing_else(archive: Path) -> None:
    before = (archive / manifest.NAME).read_bytes()
    entries = [PACKAGES, IMAGE]
    assert module(archive, state="written", entries=entries)["changed"] is False
    replaced(archive / str(IMAGE["path"]))
    assert module(archive, check=True, state="written", entries=entries)["changed"] is True
    assert (archive / manifest.NAME).read_bytes() == before
    written = module(archive, state="written", entries=entries)
    assert written["changed"] is True and faults(archive) == []
    assert written["sha256"] == hashlib.sha256((archive / manifest.NAME).read_bytes()).hexdigest()


def test_the_module_tells_a_new_folder_from_a_missing_archive(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "new"):
        assert module(folder, state="found")["manifest"] == manifest.empty()
    assert "manifest.json cannot be read" in module(tmp_path / "new")["faults"][0]


def test_the_module_gathers_anew_what_is_not_whole(archive: Path) -> None:
    os.truncate(archive / str(IMAGE["path"]), 3)
    found = module(archive, state="found")
    assert [entry["path"] for entry in found["manifest"]["files"]] == [PACKAGES["path"]]
