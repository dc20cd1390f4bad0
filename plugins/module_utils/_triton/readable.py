# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who owns the private files of a generation, and whether that user can really read everything.

Permission bits alone do not tell (ACLs, root-squashed NFS), so the question is put to the kernel by a child
process that has become the user.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .content import File
from .errors import HostError


@dataclass(frozen=True)
class Account:
    """The user that runs the service. uid and gid are None where ownership is left as it falls."""

    name: Optional[str] = None
    uid: Optional[int] = None
    gid: Optional[int] = None

    def own(self, descriptor: int, file: File) -> None:
        """Gives a freshly written private file to the user; public files stay with who wrote them."""
        if file.private and (self.uid is not None or self.gid is not None):
            os.fchown(descriptor, -1 if self.uid is None else self.uid, -1 if self.gid is None else self.gid)

    def repair(self, path: str, file: File, check: bool = False) -> bool:
        """Puts mode and, for a private file, ownership right, but for `check`; True if something was wrong."""
        status = os.stat(path)
        uid = self.uid if file.private and self.uid is not None else status.st_uid
        gid = self.gid if file.private and self.gid is not None else status.st_gid
        wrong_owner = (status.st_uid, status.st_gid) != (uid, gid)
        wrong_mode = stat.S_IMODE(status.st_mode) != file.mode
        if wrong_owner and not check:
            os.chown(path, uid, gid)
        if (wrong_mode or wrong_owner) and not check:
            os.chmod(path, file.mode)
        return wrong_owner or wrong_mode


def account(owner: Optional[str], group: Optional[str]) -> Account:
    """The account of a user (name or uid) and a group (name or gid; default: the user's own).

    Raises HostError user_unknown or group_unknown.
    """
    uid: Optional[int] = None
    gid: Optional[int] = None
    if owner is not None:
        entry = lookup_user(owner)
        if entry is None and not owner.isdigit():
            raise HostError("user_unknown", f"There is no user {owner} on this host.", "Create the user first.")
        uid, gid = (entry.pw_uid, entry.pw_gid) if entry else (int(owner), None)
    if group is not None:
        try:
            gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
        except KeyError:
            raise HostError(
                "group_unknown", f"There is no group {group} on this host.", "Create the group first."
            ) from None
    return Account(owner, uid, gid)


def lookup_user(name: str) -> Optional[pwd.struct_passwd]:
    """The entry of a user's name or uid; None where there is none."""
    try:
        return pwd.getpwuid(int(name)) if name.isdigit() else pwd.getpwnam(name)
    except KeyError:
        return None


def check_readable(folder: str, files: Sequence[File], user: Account) -> None:
    """Raises HostError key_unreadable where the user cannot read a file in the folder or reach it.

    The first folder on the way that bars the user, else the file, is named (details: ``path``).
    """
    paths = [os.path.join(folder, file.path) for file in files]
    denied = _denied_as(user, _with_parents(paths))
    if denied is None:
        return
    status = os.stat(denied)
    who = user.name or f"uid {os.geteuid()}"
    mode = f"mode {stat.S_IMODE(status.st_mode):04o}, owner {_owner(status.st_uid)}"
    if stat.S_ISDIR(status.st_mode):
        cause = f"The user {who} may not enter {denied} ({mode}), where the service's key and configuration lie."
        remedy = f"Allow it: chmod o+x {denied}."
    else:
        cause = f"The user {who} may not read {denied} ({mode})."
        remedy = "Set owner to the user that runs the service."
    raise HostError("key_unreadable", cause, remedy, path=denied)


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _with_parents(paths: Sequence[str]) -> list[str]:
    """Every folder on the way, outermost first, then the files."""
    folders: dict[str, None] = {}
    for path in paths:
        parts = os.path.dirname(path).split(os.sep)
        folders.update((os.sep.join(parts[:length]) or os.sep, None) for length in range(1, len(parts) + 1))
    return [*folders, *paths]


def _denied(paths: Sequence[str]) -> Optional[str]:
    for path in paths:
        if not os.access(path, os.X_OK if os.path.isdir(path) else os.R_OK):
            return path
    return None


def _denied_as(user: Account, paths: Sequence[str]) -> Optional[str]:
    """The first path that the user may not use; asked as the user where this process may become it."""
    if user.uid is None or os.geteuid() != 0:
        return _denied(paths)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            gid = user.gid if user.gid is not None else user.uid
            entry = lookup_user(str(user.uid))
            os.setgroups(os.getgrouplist(entry.pw_name, gid) if entry else [gid])
            os.setgid(gid)
            os.setuid(user.uid)
            os.write(writer, json.dumps(_denied(paths)).encode())
            os._exit(0)
        except BaseException:  # the child must never return into the module
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        answer = stream.read()
    _pid, status = os.waitpid(child, 0)
    if status != 0:
        raise HostError(
            "check_failed",
            f"Could not become uid {user.uid} to see whether it can read its files.",
            "Run as root (become: true), or allow 'key_unreadable'.",
        )
    denied: Optional[str] = json.loads(answer)
    return denied
