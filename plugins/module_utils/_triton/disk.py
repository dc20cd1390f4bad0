# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing so that a kill or a power cut leaves the old state or the new one: sync, then rename; and named errors."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator

from .errors import HostError

# Names of what a killed run may leave; the next run removes it.
LINK = ".link-"


def replace_link(path: str, target: str) -> bool:
    """Makes a symlink, or turns one, by a single rename that is synced; True if anything changed."""
    try:
        if os.readlink(path) == target:
            return False
    except OSError:
        pass
    folder = os.path.dirname(path)
    with disk_errors(folder):
        os.makedirs(folder, mode=0o755, exist_ok=True)
        temporary = os.path.join(folder, LINK + os.path.basename(path))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        os.symlink(target, temporary)
        os.replace(temporary, path)
        sync_folder(folder)
    return True


@contextlib.contextmanager
def disk_errors(folder: str, needed: int = 0) -> Iterator[None]:
    """Turns what a disk refuses into a HostError: disk_full, read_only or write_refused."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            size = f" ({needed} bytes are needed)" if needed else ""
            raise HostError(
                "disk_full", f"The file system of {folder} is full{size}: {reason}.", "Free space there and run again."
            ) from error
        if error.errno == errno.EROFS:
            raise HostError("read_only", f"The file system of {folder} is read-only.", "Mount it writable.") from error
        raise HostError(
            "write_refused",
            f"Writing {error.filename or folder} failed: {reason}.",
            "Run as a user who may write there (become: true).",
        ) from error


def write_text(path: str, text: str, mode: int = 0o644, folder_mode: int = 0o755, keep: bool = False) -> None:
    """Writes a file whole: beside its place, synced, renamed into it; its folder is made where it is missing. Raises HostError.

    keep: the owner stays and, but for a stricter ``mode``, the mode that the file has.
    """
    folder = os.path.dirname(path)
    with disk_errors(folder, len(text)):
        os.makedirs(folder, mode=folder_mode, exist_ok=True)
        temporary = os.path.join(folder, f".{os.path.basename(path)}.new")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            if keep:
                mode = _like(path, stream.fileno(), mode)
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        sync_folder(folder)


def _like(path: str, descriptor: int, mode: int) -> int:
    """Gives an open file the owner of the one at the path; returns the mode that both allow."""
    with contextlib.suppress(FileNotFoundError):
        status = os.stat(path)
        os.fchown(descriptor, status.st_uid, status.st_gid)
        mode &= status.st_mode
    return mode


def lock(descriptor: int, seconds: float, root: str) -> None:
    """Takes an exclusive flock(2) and notes this process in the file. Raises HostError locked after the seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
                raise HostError(
                    "locked",
                    f"Another run works on {root}{f' (process {holder})' if holder else ''}, for {seconds:g} s now.",
                    "Wait until it has ended and run again.",
                ) from None
            time.sleep(0.1)
        else:
            break
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def sync_folder(folder: str) -> None:
    """Makes renames and new names in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_regular(path: str) -> bytes:
    """A file's bytes; OSError where it is a symlink or no file, which a generation never holds."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return stream.read()
