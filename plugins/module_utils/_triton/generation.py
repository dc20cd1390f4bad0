# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generations on a host's disk: staged whole or not at all, never changed afterwards, named by their content.

Layout below the root: ``generations/<id>/``, ``instances/<name>`` (a symlink to what the instance runs), ``active``
(a symlink to the instance that clients reach), ``committed`` and ``previous`` (symlinks), ``proofs/<id>.json``. Everything is written beside its place,
synced and renamed into it, so a killed run leaves the old state or the new one, and rubbish that the next run removes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .content import MANIFEST, MANIFEST_MODE, Content, File, manifest_id
from .disk import LINK, disk_errors, lock, read_regular, replace_link, sync_folder, write_text
from .errors import HostError
from .readable import Account, check_readable

_ID = re.compile(r"[0-9a-f]{20}")
_INSTANCE = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_STAGING = ".staging-"
_TRASH = ".trash-"
LOCK_SECONDS = 30.0
_FIRST = "blue"
_ACTIVE = "active"


@dataclass(frozen=True)
class Staged:
    """What staging did: the id, whether the disk changed, and what had to be put right in an existing copy."""

    id: str
    changed: bool
    repaired: tuple[str, ...] = ()


def check_instance(name: str) -> str:
    """An instance's name, which becomes part of unit names and paths. Raises HostError invalid_instance."""
    if not _INSTANCE.fullmatch(name):
        raise HostError(
            "invalid_instance",
            f"{name!r} is not a name for an instance.",
            "Use lower-case letters, digits and dashes, as in 'blue'.",
        )
    return name


class Store:
    """The generations below one root folder (default of the collection: ``/etc/triton``)."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self.generations = os.path.join(self.root, "generations")
        self.instances = os.path.join(self.root, "instances")

    # Reading

    def folder(self, generation: str) -> str:
        """Absolute path of a generation's folder."""
        return os.path.join(self.generations, generation)

    def instance_link(self, instance: str) -> str:
        """Absolute path of the symlink that says what an instance runs."""
        return os.path.join(self.instances, check_instance(instance))

    def ids(self) -> list[str]:
        """Ids of all staged generations, oldest first."""
        try:
            names = [name for name in os.listdir(self.generations) if _ID.fullmatch(name)]
        except FileNotFoundError:
            return []
        return sorted(names, key=lambda name: (self.created(name), name))

    def created(self, generation: str) -> float:
        """When a generation was staged, in seconds since the epoch; 0 where it is incomplete."""
        try:
            return os.stat(os.path.join(self.folder(generation), MANIFEST)).st_mtime
        except OSError:
            return 0.0

    def manifest(self, generation: str) -> dict[str, Any]:
        """The parsed manifest of a generation. Raises OSError or ValueError where it is damaged."""
        with open(os.path.join(self.folder(generation), MANIFEST), encoding="utf-8") as stream:
            document = json.load(stream)
        if not isinstance(document, dict):
            raise ValueError("not a mapping")
        return document

    def describe(self, generation: str) -> dict[str, Any]:
        """The description that was staged with a generation; empty where its manifest is damaged."""
        return self._told(generation, "describe")

    def files(self, generation: str) -> dict[str, Any]:
        """Digest, mode and privacy of a generation's files, by path; empty where its manifest is damaged."""
        return self._told(generation, "files")

    def _told(self, generation: str, part: str) -> dict[str, Any]:
        try:
            return dict(self.manifest(generation)[part])
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def proof(self, generation: str) -> dict[str, Any]:
        """What was expected of a generation when it was verified; empty where that is not known."""
        try:
            with open(self._proof(generation), encoding="utf-8") as stream:
                return dict(json.load(stream))
        except (OSError, ValueError, TypeError):
            return {}

    def target(self, link: str) -> Optional[str]:
        """The id that ``committed``, ``previous`` or an absolute link points to; None where there is none."""
        try:
            name = os.path.basename(os.readlink(os.path.join(self.root, link)))
        except OSError:
            return None
        return name if _ID.fullmatch(name) else None

    def running(self, instance: str) -> Optional[str]:
        """The id that an instance's symlink points to."""
        return self.target(self.instance_link(instance))

    def active(self) -> dict[str, str]:
        """Instance to id, for every instance that has a symlink."""
        try:
            names = sorted(os.listdir(self.instances))
        except FileNotFoundError:
            return {}
        found = ((name, self.target(os.path.join(self.instances, name))) for name in names if _INSTANCE.fullmatch(name))
        return {name: generation for name, generation in found if generation}

    def serving(self) -> str:
        """The instance that clients reach: blue, until a gateway sends them to another one."""
        try:
            name = os.path.basename(os.readlink(os.path.join(self.root, _ACTIVE)))
        except OSError:
            return _FIRST
        return name if _INSTANCE.fullmatch(name) else _FIRST

    def resolve(self, wanted: str) -> str:
        """The id that an id, ``committed`` or ``previous`` names. Raises HostError generation_unknown."""
        generation = self.target(wanted) if wanted in ("committed", "previous") else wanted
        if generation is None:
            raise HostError(
                "generation_unknown",
                f"There is no {wanted} generation in {self.root}.",
                "Name a generation by its id, or bring the host up with the playbook site first.",
            )
        if not _ID.fullmatch(generation) or not os.path.isdir(self.folder(generation)):
            known = ", ".join(self.ids()) or "none"
            raise HostError(
                "generation_unknown",
                f"The generation {generation} is not staged in {self.generations}.",
                f"Stage it, or use one of those that are: {known}.",
            )
        return generation

    def damage(self, generation: str) -> list[str]:
        """What no longer agrees with a generation's id, one entry a file; empty for a whole one."""
        folder = self.folder(generation)
        try:
            with open(os.path.join(folder, MANIFEST), "rb") as stream:
                text = stream.read()
            files: Mapping[str, Mapping[str, Any]] = json.loads(text)["files"]
        except (OSError, ValueError, KeyError, TypeError):
            return [f"{MANIFEST} missing or unreadable"]
        if manifest_id(text) != generation:
            return [f"{MANIFEST} altered"]
        found = [f"{path} added" for path in _alien(folder, {*files, MANIFEST})]
        for path, entry in sorted(files.items()):
            try:
                data = read_regular(os.path.join(folder, path))
                digest = File(path, data, 0, bool(entry["private"])).digest
            except FileNotFoundError:
                found.append(f"{path} missing")
            except (OSError, HostError):
                found.append(f"{path} unreadable")
            else:
                if digest != entry["digest"]:
                    found.append(f"{path} altered")
        return found

    def require_whole(self, generation: str) -> None:
        """Raises HostError generation_damaged where a generation does not agree with its id."""
        damage = self.damage(generation)
        if damage:
            raise HostError(
                "generation_damaged",
                f"The generation {generation} was changed after it had been staged: {', '.join(damage)}.",
                "Stage it again from its variables, or activate another generation.",
                damage=damage,
            )

    def content(self, generation: str) -> Content:
        """All of a staged generation, to make another one of it. Raises HostError generation_damaged."""
        self.require_whole(generation)
        manifest, folder = self.manifest(generation), self.folder(generation)
        files = (
            File(path, read_regular(os.path.join(folder, path)), int(entry["mode"], 8), bool(entry["private"]))
            for path, entry in sorted(manifest["files"].items())
        )
        return Content(tuple(files), manifest["describe"])

    def altered(self, generation: str, account: Account) -> list[str]:
        """What staging would put right in a generation: damage or, in a whole one, modes and owners; one entry a file."""
        damage = self.damage(generation)
        if damage:
            return damage
        folder = self.folder(generation)
        entries = self.manifest(generation)["files"]
        files = [File(path, b"", int(entry["mode"], 8), entry["private"]) for path, entry in sorted(entries.items())]
        files.append(File(MANIFEST, b"", MANIFEST_MODE, False))
        return [f"{file.path} permissions" for file in files if account.repair(os.path.join(folder, file.path), file, check=True)]

    # Writing

    @contextlib.contextmanager
    def locked(self, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Holds the store against other runs, and clears what a killed one left. Raises HostError locked."""
        with disk_errors(self.root):
            os.makedirs(self.root, mode=0o755, exist_ok=True)
            descriptor = os.open(os.path.join(self.root, ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            lock(descriptor, seconds, self.root)
            self._clear_leftovers()
            yield
        finally:
            os.close(descriptor)

    def stage(self, content: Content, account: Account, check_owner: bool = True) -> Staged:
        """Puts a generation on the disk, complete or not at all; call it under the lock.

        account owns the private files and must be able to read all (check_owner). An existing copy is held
        against the content and repaired file by file. Raises HostError (disk_full, key_unreadable ...).
        """
        folder = self.folder(content.id)
        if os.path.isdir(folder):
            repaired = self._repair(folder, content, account)
            if check_owner:
                check_readable(folder, content.on_disk, account)
            return Staged(content.id, bool(repaired), tuple(repaired))
        staging = os.path.join(self.generations, _STAGING + content.id)
        with disk_errors(self.generations, sum(len(file.data) for file in content.on_disk)):
            try:
                os.makedirs(self.generations, mode=0o755, exist_ok=True)
                os.mkdir(staging, 0o755)
                for file in content.on_disk:
                    _write(staging, file, account)
                for parent, _folders, _files in os.walk(staging):
                    os.chmod(parent, 0o755)
                    sync_folder(parent)
                if check_owner:
                    check_readable(staging, content.on_disk, account)
                os.rename(staging, folder)
                sync_folder(self.generations)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
        return Staged(content.id, True)

    def point(self, link: str, generation: str) -> bool:
        """Lets ``committed``, ``previous`` or an instance's link name a generation, by one rename; True if it changed."""
        path = os.path.join(self.root, link)
        target = os.path.relpath(self.folder(generation), os.path.dirname(path))
        return replace_link(path, target)

    def serve(self, instance: str, first: bool = False) -> bool:
        """Notes which instance clients reach, by one rename (first: only where none is noted yet); True if it changed."""
        if first and os.path.islink(os.path.join(self.root, _ACTIVE)):
            return False
        link = self.instance_link(instance)
        return replace_link(os.path.join(self.root, _ACTIVE), os.path.relpath(link, self.root))

    def unpoint(self, link: str) -> bool:
        """Removes a link; True if it was there."""
        try:
            os.unlink(os.path.join(self.root, link))
        except FileNotFoundError:
            return False
        sync_folder(self.root)
        return True

    def prunable(self, keep: int, running: frozenset[str] = frozenset()) -> list[str]:
        """Ids that are not active, running, committed, previous or among the newest ``keep``, oldest first."""
        ids = self.ids()
        held = {*self.active().values(), self.target("committed"), self.target("previous"), *running}
        held.update(ids[len(ids) - keep :] if keep else [])
        return [generation for generation in ids if generation not in held]

    def remove(self, generation: str) -> None:
        """Deletes a generation with its key: gone from its place by one rename, then from the disk."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._proof(generation))
        trash = os.path.join(self.generations, _TRASH + generation)
        os.rename(self.folder(generation), trash)
        shutil.rmtree(trash)
        sync_folder(self.generations)

    def record_proof(self, generation: str, proof: Mapping[str, Any]) -> None:
        """Keeps what was expected of a generation, beside it: another expectation makes no other generation. Raises HostError."""
        write_text(self._proof(generation), json.dumps(proof, indent=2, sort_keys=True) + "\n", mode=0o600, folder_mode=0o700)

    def _proof(self, generation: str) -> str:
        return os.path.join(self.root, "proofs", f"{generation}.json")

    def _repair(self, folder: str, content: Content, account: Account) -> list[str]:
        """Brings each file of an existing copy back; every file is whole at any moment. Returns what it did."""
        done = []
        wanted = {file.path: file for file in content.on_disk}
        with disk_errors(self.generations):
            for path in _alien(folder, wanted):
                _remove(os.path.join(folder, path))
                done.append(f"{path} removed")
            for file in content.on_disk:
                path = os.path.join(folder, file.path)
                if not _holds(path, file):
                    if os.path.isdir(path):
                        _remove(path)
                    _write(folder, file, account)
                    done.append(f"{file.path} restored")
                    continue
                if account.repair(path, file):
                    done.append(f"{file.path} permissions")
        return done

    def _clear_leftovers(self) -> None:
        for folder, prefixes in ((self.generations, (_STAGING, _TRASH)), (self.instances, (LINK,)), (self.root, (LINK,))):
            with contextlib.suppress(FileNotFoundError):
                for name in os.listdir(folder):
                    if name.startswith(prefixes):
                        _remove(os.path.join(folder, name))


def _write(folder: str, file: File, account: Account) -> None:
    """Writes one file whole: beside its place, synced, renamed into it."""
    path = os.path.join(folder, file.path)
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.part")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(file.data)
        stream.flush()
        account.own(descriptor, file)
        os.fchmod(descriptor, file.mode)
        os.fsync(descriptor)
    os.replace(temporary, path)


def _holds(path: str, file: File) -> bool:
    try:
        return File(file.path, read_regular(path), file.mode, file.private).digest == file.digest
    except (OSError, HostError):
        return False


def _alien(folder: str, wanted: Iterable[str]) -> list[str]:
    """Relative paths of what a folder holds beside the wanted files, the outermost of each, sorted.

    Python's own caches beside the models do not count. Empty folders do: Triton takes them for models.
    """
    known = set(wanted)
    parents = {path[:end] for path in known for end in range(len(path)) if path[end] == "/"}
    found = []
    for parent, folders, files in os.walk(folder):
        inside = os.path.relpath(parent, folder)
        for name in [*folders, *files]:
            path = os.path.normpath(os.path.join(inside, name))
            is_folder = name in folders and not os.path.islink(os.path.join(parent, name))
            if name != "__pycache__" and path not in (parents if is_folder else known):
                found.append(path)
        folders[:] = [name for name in folders if os.path.normpath(os.path.join(inside, name)) in parents]
    return sorted(found)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)
