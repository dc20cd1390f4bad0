# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle on a host: atomic, durable, repaired; also when the disk is full or the process is killed at any step."""

from __future__ import annotations

import errno
import os
import signal
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inferops.triton.plugins.module_utils._tls import bundle, storage, store
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory as k

ROOT = k.issue("Store Root", ca=True, number=30)
FIRST, SECOND = (k.issue(f"host{number}", ROOT, number=30 + number, names=[f"host{number}"]) for number in (1, 2))
# every call that changes a file system, where the disk can be full or the process can die
STEPS = ("mkdir", "open", "fsync", "rename", "symlink", "chmod")
MOST_STEPS = 60


def content(issued: k.Issued, ca: bool = True) -> store.Content:
    source = bundle.Source
    nothing = source(None, None)
    return bundle.desire(source(issued.pem, None), source(issued.key_pem, None), source(ROOT.pem, None) if ca else nothing, "/nowhere").content


OLD, NEW = content(FIRST), content(SECOND)


def install(path: Path, what: store.Content = OLD) -> None:
    store.install(str(path), what, storage.MINE)


def plan(path: Path, what: store.Content = OLD) -> store.Plan:
    return store.plan(str(path), what, storage.MINE)


def served(path: Path) -> dict[str, bytes]:
    """What a reader finds at the three names."""
    return {name: (path / name).read_bytes() for name in store.NAMES if (path / name).exists()}


def tree(path: Path) -> dict[str, t.Any]:
    """Every file, folder and link below a path."""
    found: dict[str, t.Any] = {}
    for each in sorted(path.rglob("*")) if path.exists() else []:
        found[str(each.relative_to(path))] = os.readlink(each) if each.is_symlink() else each.read_bytes() if each.is_file() else None
    return found


def legacy(path: Path) -> dict[str, bytes]:
    """What an earlier tool has left."""
    path.mkdir()
    files = OLD.files()
    for name, data in files.items():
        (path / name).write_bytes(data)
    (path / store.KEY).chmod(0o440)
    return files


def bundles(path: Path) -> list[str]:
    return sorted(os.listdir(path / store.BUNDLES))


def test_install_and_again(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "tls"
    assert plan(path).swap
    install(path)
    assert served(path) == OLD.files()
    assert not plan(path).changed
    assert {name: (path / name).stat().st_mode & 0o777 for name in store.NAMES} == store.MODES
    assert all((path / name).is_symlink() for name in store.NAMES)


def test_a_new_bundle_replaces_the_old_one_and_its_key_is_gone(tmp_path: Path) -> None:
    install(tmp_path)
    install(tmp_path, NEW)
    assert served(tmp_path) == NEW.files()
    assert bundles(tmp_path) == [NEW.id]
    assert not any(data == OLD.files()[store.KEY] for data in tree(tmp_path).values())


def test_ca_goes_and_comes(tmp_path: Path) -> None:
    install(tmp_path)
    install(tmp_path, content(FIRST, ca=False))
    assert not os.path.lexists(tmp_path / store.CA)
    assert not plan(tmp_path, content(FIRST, ca=False)).changed
    install(tmp_path)
    assert served(tmp_path) == OLD.files()


@pytest.mark.parametrize(
    ("damage", "repaired"),
    [
        (lambda path: (path / "tls.key").chmod(0o644), ["tls.key: mode 0644 -> 0400"]),
        (lambda path: (path / "tls.crt").chmod(0o400), ["tls.crt: mode 0400 -> 0444"]),
        (lambda path: (path / store.CURRENT).chmod(0o777), [".current: mode 0777 -> 0755"]),
        (lambda path: (path / "tls.crt").resolve().unlink(), ["tls.crt: content"]),
        (lambda path: (path / "tls.key").resolve().unlink(), ["tls.key: content"]),
        (lambda path: [(path / "ca.crt").chmod(0o644), (path / "ca.crt").write_text("x")], ["ca.crt: content", "ca.crt: mode 0644 -> 0444"]),
        (lambda path: (path / "tls.crt").unlink(), ["tls.crt: symlink"]),
    ],
)
def test_drift_is_repaired_and_reported(tmp_path: Path, damage: t.Callable[[Path], object], repaired: list[str]) -> None:
    install(tmp_path)
    damage(tmp_path)
    assert plan(tmp_path).repaired == repaired
    install(tmp_path)
    assert served(tmp_path) == OLD.files()
    assert not plan(tmp_path).changed


@pytest.mark.parametrize("new", [OLD, NEW])
def test_files_of_an_earlier_tool_are_taken_over(tmp_path: Path, new: store.Content) -> None:
    path = tmp_path / "tls"
    before = legacy(path)
    assert plan(path, new).adopted == list(store.NAMES)
    install(path, new)
    assert served(path) == new.files()
    assert not plan(path, new).changed
    kept = {each.name: each.read_bytes() for each in (path / store.ADOPTED).glob("*/*")} if (path / store.ADOPTED).exists() else {}
    assert kept == (before if new is NEW else {})


def test_a_symlink_of_an_earlier_tool_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    other, path = tmp_path / "live", tmp_path / "tls"
    before = legacy(other)
    path.mkdir()
    for name in store.NAMES:
        (path / name).symlink_to(other / name)
    install(path, NEW)
    assert served(path) == NEW.files()
    assert served(other) == before
    assert not (path / store.ADOPTED).exists()


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "tls.crt").mkdir(parents=True)
    with pytest.raises(storage.StorageError) as caught:
        install(tmp_path)
    assert caught.value.code == "not_a_file"
    assert str(tmp_path / "tls.crt") in caught.value.cause


def test_a_waiting_key_is_gone_once_installed(tmp_path: Path) -> None:
    pending = tmp_path / store.PENDING_KEY
    pending.parent.mkdir()
    pending.write_bytes(NEW.files()[store.KEY])
    install(tmp_path)
    assert pending.exists()
    install(tmp_path, NEW)
    assert not pending.parent.exists()


def test_remove_takes_only_what_install_made(tmp_path: Path) -> None:
    path = tmp_path / "tls"
    install(path)
    (path / "dhparam.pem").write_text("theirs")
    assert store.remove(str(path), check=True)
    assert served(path) == OLD.files()
    assert store.remove(str(path))
    assert list(tree(path)) == ["dhparam.pem"]
    assert store.remove(str(path)) == []
    (path / "dhparam.pem").unlink()
    install(path)
    store.remove(str(path))
    assert not path.exists()


def test_remove_leaves_files_of_another_tool(tmp_path: Path) -> None:
    path = tmp_path / "tls"
    before = legacy(path)
    assert store.remove(str(path)) == []
    assert served(path) == before


class Fault:
    """Let the n-th changing call to the operating system fail, or end the process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, effect: t.Callable[[str], None]) -> None:
        self.left, self.effect, self.fired = number, effect, False
        for name in STEPS:
            monkeypatch.setattr(os, name, self._wrap(name, getattr(os, name)))

    def _wrap(self, name: str, original: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        def call(*arguments: t.Any, **named: t.Any) -> t.Any:
            if name == "open" and not arguments[1] & os.O_CREAT:
                return original(*arguments, **named)
            self.left -= 1
            if self.left == 0:
                self.fired = True
                self.effect(str(arguments[0]))
            # nothing here outlives the test: flushing to the disk would only cost time
            return None if name == "fsync" else original(*arguments, **named)

        return call


def full(path: str) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def killed(path: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_child(work: t.Callable[[], None]) -> int:
    """Run work in a process of its own; its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def nothing(path: Path) -> dict[str, bytes]:
    return {}


def managed(path: Path) -> dict[str, bytes]:
    install(path)
    return OLD.files()


@pytest.mark.parametrize("start", [nothing, managed, legacy])
def test_disk_full_at_any_step(tmp_path: Path, start: t.Callable[[Path], dict[str, bytes]]) -> None:
    for number in range(1, MOST_STEPS):
        path = tmp_path / str(number)
        before = start(path)
        tree_before = tree(path)
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(patch, number, full)
            try:
                install(path, NEW)
            except storage.StorageError as exc:
                assert exc.code == "disk_full"
        if not fault.fired:
            break
        if store.current_id(str(path)) != NEW.id:
            assert served(path) == before
            assert start is legacy or tree(path) == tree_before
            assert start is not nothing or not path.exists()
        install(path, NEW)
        assert served(path) == NEW.files()
        assert not plan(path, NEW).changed
    else:
        pytest.fail("more steps than expected")


@pytest.mark.parametrize("start", [nothing, managed, legacy])
def test_killed_at_any_step(tmp_path: Path, start: t.Callable[[Path], dict[str, bytes]]) -> None:
    for number in range(1, MOST_STEPS):
        path = tmp_path / str(number)
        before = start(path)

        def work(path: Path = path, number: int = number) -> None:
            Fault(pytest.MonkeyPatch(), number, killed)
            install(path, NEW)

        ended = os.WIFSIGNALED(in_child(work))
        assert served(path) in (before, NEW.files())
        install(path, NEW)
        assert served(path) == NEW.files()
        assert not plan(path, NEW).changed
        assert bundles(path) == [NEW.id]
        if start is legacy:
            assert [each.read_bytes() for each in (path / store.ADOPTED).glob("*/tls.key")] == [before[store.KEY]]
        if not ended:
            break
    else:
        pytest.fail("more steps than expected")


def test_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: t.Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(arguments[0]))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(storage.StorageError) as caught:
        install(tmp_path / "tls")
    assert caught.value.code == "not_writable"
    assert str(tmp_path / "tls") in caught.value.cause
