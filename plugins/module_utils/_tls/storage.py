# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps on a file system that survive a kill and a power failure: write, fsync, rename, fsync the folder.

Every OSError on the way becomes a StorageError with a code, a cause that names the path, and a remedy.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import typing as t

_CODES = {
    errno.ENOSPC: ("disk_full", "no space is left on its file system", "Free some space and run again."),
    errno.EDQUOT: ("disk_full", "the disk quota is used up", "Free some space and run again."),
    errno.EROFS: ("not_writable", "its file system is mounted read-only", "Remount it writable, or choose another folder."),
    errno.EACCES: ("not_writable", "permission is denied", "Run with become: true, or choose another folder."),
    errno.EPERM: ("not_writable", "the operation is not permitted", "Run with become: true, or choose another folder."),
    errno.ENOTDIR: ("not_a_folder", "a part of its path is no folder", "Move that file away, or choose another folder."),
    errno.EISDIR: ("not_a_file", "a folder stands where a file belongs", "Move that folder away."),
}


class StorageError(Exception):
    """The file system refused. Attributes: code, cause, remedy (one sentence each)."""

    def __init__(self, code: str, cause: str, remedy: str) -> None:
        super().__init__(f"{cause} {remedy}")
        self.code, self.cause, self.remedy = code, cause, remedy


class Ownership(t.NamedTuple):
    """Numeric owner and group of a file."""

    uid: int
    gid: int


# whoever runs this
MINE = Ownership(os.geteuid(), os.getegid())


@contextlib.contextmanager
def folders(path: str, mode: int) -> t.Iterator[None]:
    """Make a folder and what is missing above it; take them away again where the work in them fails."""
    made: t.List[str] = []
    missing = path
    while not os.path.isdir(missing):
        made.append(missing)
        missing = os.path.dirname(missing) or "."
    try:
        for folder in reversed(made):
            os.mkdir(folder)
            os.chmod(folder, mode)
        yield
    except OSError:
        for folder in made:
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        raise


@contextlib.contextmanager
def explained(path: str) -> t.Iterator[None]:
    """Turn an OSError into a StorageError that names its path, else this one."""
    try:
        yield
    except OSError as exc:
        number = exc.errno if exc.errno is not None else 0
        code, reason, remedy = _CODES.get(number, ("storage_failed", os.strerror(number), "Look into the host's file system."))
        raise StorageError(code, f"'{exc.filename or path}' cannot be written, because {reason}.", remedy) from exc


@contextlib.contextmanager
def locked(folder: str) -> t.Iterator[None]:
    """Hold a folder against other runs, without leaving a file in it; the lock ends with the process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sync_folder(folder: str) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: str, content: bytes, mode: int, owner: Ownership) -> None:
    """Write a file that does not exist yet, never readable by others than its mode says, and flush it to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        if owner != MINE:
            os.fchown(descriptor, owner.uid, owner.gid)
        os.fchmod(descriptor, mode)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def replace_file(path: str, content: bytes, mode: int, owner: Ownership) -> None:
    """Write a file beside its place and rename it there."""
    temporary = f"{path}.new"
    remove_file(temporary)
    try:
        write_new(temporary, content, mode, owner)
        os.rename(temporary, path)
    except OSError:
        remove_file(temporary)
        raise
    sync_folder(os.path.dirname(path))


def point(link: str, target: str) -> None:
    """Make link a symlink to target, in one rename, whatever file stood there."""
    temporary = f"{link}.new"
    remove_file(temporary)
    try:
        os.symlink(target, temporary)
        os.rename(temporary, link)
    except OSError:
        remove_file(temporary)
        raise
    sync_folder(os.path.dirname(link))


def target_of(link: str) -> t.Optional[str]:
    """The text of a symlink; None where there is no symlink."""
    try:
        return os.readlink(link)
    except OSError:
        return None


def remove_file(path: str) -> bool:
    """Remove a file or symlink; True where there was one."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def remove_tree(path: str) -> None:
    """Remove a folder with all in it, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        remove_file(path)


def read(path: str) -> t.Optional[bytes]:
    """The content of a file; None where it does not exist, or is a symlink to nothing."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def mode_of(path: str) -> int:
    """Permission bits."""
    return stat.S_IMODE(os.stat(path).st_mode)


def owner_of(path: str) -> Ownership:
    """Owner and group."""
    status = os.stat(path)
    return Ownership(status.st_uid, status.st_gid)
