# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generations on a disk: whole or absent, found damaged, repaired, committed, pruned."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import disk, readable, service
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._triton.generations import OTHER_KEY, compose, snapshot, stage


def test_staging_writes_all_and_nothing_writable(store: Store) -> None:
    content = compose()
    assert stage(store, content) == content.id
    folder = store.folder(content.id)
    modes = {path: stat.S_IMODE(os.stat(os.path.join(folder, path)).st_mode) for path in snapshot(folder)}
    assert modes == {
        "generation.json": 0o444,
        "models": 0o755,
        "models/m": 0o755,
        "models/m/config.pbtxt": 0o444,
        "start": 0o555,
        "tls": 0o755,
        "tls/tls.key": 0o400,
    }
    assert store.damage(content.id) == []
    with store.locked():
        assert store.stage(content, readable.Account()).changed is False


def test_a_private_file_loses_the_mode_of_others() -> None:
    files = compose([{"path": "s", "secret": "x", "mode": "0555"}]).files
    assert next(file.mode for file in files if file.path == "s") == 0o500


TAMPERED: dict[str, Callable[[Path], object]] = {
    "altered": lambda folder: _write(folder / "start", b"#!/bin/sh\nrm -rf /\n"),
    "key replaced": lambda folder: _write(folder / "tls" / "tls.key", OTHER_KEY.encode()),
    "missing": lambda folder: (folder / "start").unlink(),
    "added": lambda folder: _write(folder / "models" / "evil" / "1" / "model.py", b"x"),
    "symlink": lambda folder: _replace(folder / "start", "/bin/sh"),
    "folder symlink": lambda folder: (folder / "models" / "more").symlink_to("/tmp"),
    "file became folder": lambda folder: _replace(folder / "start", None),
    "manifest altered": lambda folder: _write(folder / "generation.json", b"{}"),
    "manifest garbage": lambda folder: _write(folder / "generation.json", b"\xff\x00"),
    "manifest missing": lambda folder: (folder / "generation.json").unlink(),
}


def _replace(path: Path, target: str | None) -> None:
    """By a symlink, or by a folder where there is no target."""
    path.unlink()
    if target:
        path.symlink_to(target)
    else:
        path.mkdir()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.chmod(0o600)
    path.write_bytes(data)


@pytest.mark.parametrize("name", TAMPERED)
def test_damage_is_found_and_repaired(store: Store, name: str) -> None:
    content = compose()
    stage(store, content)
    folder = Path(store.folder(content.id))
    whole = snapshot(str(folder))
    TAMPERED[name](folder)
    assert store.damage(content.id)
    with pytest.raises(HostError) as caught:
        store.require_whole(content.id)
    assert caught.value.code == "generation_damaged"
    with store.locked():
        staged = store.stage(content, readable.Account())
    assert staged.changed and staged.repaired
    assert store.damage(content.id) == []
    assert snapshot(str(folder)) == whole


def test_modes_are_repaired(store: Store) -> None:
    content = compose()
    stage(store, content)
    key = os.path.join(store.folder(content.id), "tls/tls.key")
    os.chmod(key, 0o644)
    with store.locked():
        assert store.stage(content, readable.Account()).repaired == ("tls/tls.key permissions",)
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o400


def test_caches_of_python_models_are_no_damage(store: Store) -> None:
    content = compose()
    stage(store, content)
    _write(Path(store.folder(content.id)) / "models" / "m" / "__pycache__" / "model.pyc", b"x")
    assert store.damage(content.id) == []


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EROFS, "read_only")])
@pytest.mark.parametrize("call", ["fsync", "mkdir", "replace"])
def test_a_full_disk_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, code: str, call: str
) -> None:
    old = stage(store, compose())
    before = snapshot(store.root)
    real, calls = getattr(os, call), iter(range(100))

    def full(*arguments: Any, **options: Any) -> Any:
        if next(calls) == 1:
            raise OSError(number, os.strerror(number), store.root)
        return real(*arguments, **options)

    with store.locked():
        monkeypatch.setattr(os, call, full)
        with pytest.raises(HostError) as caught:
            store.stage(compose(release="new"), readable.Account())
        monkeypatch.undo()
    assert caught.value.code == code
    assert "generations" in caught.value.cause
    assert snapshot(store.root) == before and store.ids() == [old]


def test_a_really_full_disk(tmp_path: Path) -> None:
    """RLIMIT_FSIZE is another way to be refused by the kernel while a file is written."""
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
        "from ansible_collections.inferops.triton.plugins.module_utils._triton import content, generation, readable, errors\n"
        "store = generation.Store(sys.argv[1])\n"
        "try:\n"
        "    with store.locked():\n"
        "        store.stage(content.compose([{'path': 'big', 'content': 'x' * 1000}]), readable.Account())\n"
        "except errors.HostError as error:\n"
        "    print(error.code)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", script, tmp_path], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "write_refused"
    assert list((tmp_path / "generations").iterdir()) == []


def test_resolving(store: Store) -> None:
    generation = stage(store, compose())
    assert store.resolve(generation) == generation
    for name in ("committed", "0" * 20, "../../etc", "nonsense"):
        with pytest.raises(HostError) as caught:
            store.resolve(name)
        assert caught.value.code == "generation_unknown"


def test_commit_previous_undo_prune(store: Store) -> None:
    ids = []
    for number in range(5):
        ids.append(stage(store, compose(number=number)))
        os.utime(os.path.join(store.folder(ids[-1]), "generation.json"), (number, number))
    assert store.ids() == ids
    blue = store.instance_link("blue")
    with store.locked():
        store.point(blue, ids[0])
        assert service.commit(store, "blue", None, False).changed
        assert not service.commit(store, "blue", None, False).changed
        store.point(blue, ids[1])
        assert service.commit(store, "blue", ids[1], False, check=True).previous_id == ids[0]
        assert store.target("committed") == ids[0]
        outcome = service.commit(store, "blue", ids[1], False)
    assert (outcome.id, outcome.previous_id, store.target("committed"), store.target("previous")) == (ids[1], ids[0], ids[1], ids[0])
    with pytest.raises(HostError) as caught:
        service.commit(store, "blue", ids[4], False)
    assert caught.value.code == "not_active"
    with store.locked():
        assert service.prune(store, 1, check=True) == [ids[2], ids[3]]
        assert service.prune(store, 1) == [ids[2], ids[3]]
        assert service.prune(store, 1) == []
        assert store.ids() == [ids[0], ids[1], ids[4]]
        store.point(blue, store.resolve("previous"))
        assert service.commit(store, "blue", None, True).changed
        assert not service.commit(store, "blue", None, True).changed
    assert (store.target("committed"), store.target("previous")) == (ids[0], None)
    with store.locked():
        assert service.prune(store, 0) == [ids[1], ids[4]]
    assert not any(OTHER_KEY in text.decode(errors="replace") for text in snapshot(store.root).values())
    with pytest.raises(HostError) as caught:
        service.commit(store, "green", None, False)
    assert caught.value.code == "nothing_to_commit"


def test_links_are_relative(store: Store, tmp_path: Path) -> None:
    generation = stage(store, compose())
    with store.locked():
        store.point(store.instance_link("blue"), generation)
        store.point("committed", generation)
    assert os.readlink(os.path.join(store.root, "instances", "blue")) == f"../generations/{generation}"
    assert os.readlink(os.path.join(store.root, "committed")) == f"generations/{generation}"


@pytest.mark.parametrize("name", ["", "Blue", "../x", "-a", "a b", "blue/green"])
def test_bad_instance_names(store: Store, name: str) -> None:
    with pytest.raises(HostError) as caught:
        store.instance_link(name)
    assert caught.value.code == "invalid_instance"


def test_a_second_run_waits_and_then_says_who_works(store: Store) -> None:
    with store.locked(), pytest.raises(HostError) as caught, store.locked(0.2):
        raise AssertionError("two runs held the lock")
    assert caught.value.code == "locked"
    assert f"process {os.getpid()}" in caught.value.cause
    with store.locked(0.2):
        pass


def test_leftovers_are_cleared(store: Store) -> None:
    generation = stage(store, compose())
    for name in ("generations/.staging-x/tls", "generations/.trash-y", "instances"):
        os.makedirs(os.path.join(store.root, name))
    os.symlink("nowhere", os.path.join(store.instances, ".link-blue"))
    os.symlink("nowhere", os.path.join(store.root, ".link-committed"))
    with store.locked():
        pass
    assert os.listdir(store.generations) == [generation]
    assert os.listdir(store.instances) == []
    assert sorted(os.listdir(store.root)) == [".lock", "generations", "instances"]


def test_replacing_a_link_is_one_rename(tmp_path: Path) -> None:
    link = tmp_path / "a" / "link"
    assert disk.replace_link(str(link), "one")
    assert not disk.replace_link(str(link), "one")
    assert disk.replace_link(str(link), "two")
    assert os.readlink(link) == "two" and os.listdir(link.parent) == ["link"]


def test_staging_is_quick(store: Store) -> None:
    """Nothing to change costs reading the files once: far below the cost of a module run."""
    content = compose()
    stage(store, content)
    began = time.monotonic()
    for _turn in range(20):
        stage(store, content)
    assert (time.monotonic() - began) / 20 < 0.1


def test_who_serves(store: Store) -> None:
    assert store.serving() == "blue"
    assert store.serve("green", first=True) and store.serving() == "green"
    assert not store.serve("blue", first=True) and store.serving() == "green"
    assert store.serve("blue") and not store.serve("blue")
    assert os.readlink(os.path.join(store.root, "active")) == "instances/blue"
    with pytest.raises(HostError, match="not a name"):
        store.serve("../generations")
