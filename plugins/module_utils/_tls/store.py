# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle on a host: certificate, key and CA as one unit, replaced by one rename.

    <path>/tls.crt, tls.key, ca.crt    symlinks to .current/<name>; they never change
    <path>/.current                    symlink to .bundles/<id>; the one thing that a new bundle replaces
    <path>/.bundles/<id>/              the files; the id is a digest over them
    <path>/.adopted/<id>/              what an earlier tool had left at tls.crt, tls.key, ca.crt, where it was something else
    <path>/.pending/tls.key            a key that waits for its certificate; gone once that is installed

A reader that opens tls.crt and then tls.key may still meet a swap in between; whoever needs both as of one moment
resolves .current first (triton_generation does).
"""

from __future__ import annotations

import errno
import os
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import der, finding as f, keys, storage

CERTIFICATE, KEY, CA = "tls.crt", "tls.key", "ca.crt"
NAMES = (CERTIFICATE, KEY, CA)
CURRENT, BUNDLES, ADOPTED, PENDING = ".current", ".bundles", ".adopted", ".pending"
PENDING_KEY = os.path.join(PENDING, KEY)
MODES = {CERTIFICATE: 0o444, KEY: 0o400, CA: 0o444}
_FOLDER_MODE = 0o755
_STAGING, _OLD, _KEEP = ".new-", "old-", "kept-"


class Content(t.NamedTuple):
    """What is to be installed: canonical PEM, and the public key that stands for the private one."""

    certificate: str
    key: str
    ca: t.Optional[str]
    public_key_sha256: str

    @property
    def id(self) -> str:
        """20 hex digits over all of it; the key counts by its public key."""
        parts = (self.certificate, self.public_key_sha256, self.ca or "")
        return der.sha256("\0".join(parts).encode("utf-8"))[:20]

    def files(self) -> t.Dict[str, bytes]:
        """By name."""
        texts = {CERTIFICATE: self.certificate, KEY: self.key, CA: self.ca}
        return {name: text.encode("ascii") for name, text in texts.items() if text is not None}


class Plan(t.NamedTuple):
    """What stands between a host and a bundle; all empty where nothing does."""

    swap: bool
    repaired: t.List[str]
    adopted: t.List[str]
    pruned: t.List[str]

    @property
    def changed(self) -> bool:
        """Whether anything is to be done."""
        return self.swap or bool(self.repaired or self.adopted or self.pruned)


def current_id(path: str) -> t.Optional[str]:
    """The id of the bundle that is installed."""
    target = storage.target_of(os.path.join(path, CURRENT))
    return os.path.basename(target) if target else None


def plan(path: str, content: Content, owner: storage.Ownership) -> Plan:
    """Compare a host with a bundle. Changes nothing."""
    with storage.explained(path):
        swap = current_id(path) != content.id
        repaired = [] if swap else _damage(path, content) + drift(path, owner)
        pruned = [name for name in _entries(path, BUNDLES) if name != content.id]
        pruned += [f"{name}.new" for name in (*NAMES, CURRENT) if os.path.lexists(os.path.join(path, f"{name}.new"))]
        pending = _pending_done(path, content)
        missing_links = [name for name in content.files() if not _is_link(path, name) and not _legacy(path, name)]
        superfluous = [name for name in NAMES if _is_link(path, name) and name not in content.files()]
        repaired += [] if swap else [f"{name}: symlink" for name in (*missing_links, *superfluous)]
        return Plan(swap, repaired, [name for name in NAMES if _legacy(path, name)], pruned + ([PENDING] if pending else []))


def install(path: str, content: Content, owner: storage.Ownership) -> None:
    """Bring a host to a bundle. A kill at any point leaves the old or the new one whole; another call finishes the job.

    Raises StorageError; then the old bundle stands and nothing new is left behind.
    """
    with storage.explained(path), storage.folders(os.path.join(path, BUNDLES), _FOLDER_MODE):
        with storage.locked(path):
            _sweep(path)
            if current_id(path) == content.id and os.path.isdir(_bundle(path, content.id)):
                _mend(path, content, owner)
            _swap(path, content, owner)
            for name in NAMES:
                if name not in content.files() and _is_link(path, name):
                    storage.remove_file(os.path.join(path, name))
            _prune(path, content.id)
            if _pending_done(path, content):
                storage.remove_tree(os.path.join(path, PENDING))


def remove(path: str, check: bool = False) -> t.List[str]:
    """Remove what install made, and the folder where that leaves it empty. Returns the names; check only looks."""
    ours = [name for name in NAMES if _is_link(path, name)]
    ours += [name for name in (CURRENT, BUNDLES, PENDING) if os.path.lexists(os.path.join(path, name))]
    if check or not ours:
        return ours
    with storage.explained(path):
        with storage.locked(path):
            for name in ours:
                storage.remove_tree(os.path.join(path, name))
            storage.sync_folder(path)
        if not os.listdir(path):
            os.rmdir(path)
    return ours


def drift(path: str, owner: t.Optional[storage.Ownership]) -> t.List[str]:
    """How modes and owners of the installed bundle differ from what install leaves. owner None: owners are not judged."""
    folder = os.path.join(path, CURRENT)
    found: t.List[str] = []
    for name in NAMES:
        full = os.path.join(folder, name)
        if not os.path.exists(full):
            continue
        mode, wanted = storage.mode_of(full), MODES[name]
        if mode != wanted:
            found.append(f"{name}: mode {mode:04o} -> {wanted:04o}")
        if owner is not None:
            target, now = _owner(name, owner), storage.owner_of(full)
            if now != target:
                found.append(f"{name}: owner {now.uid}:{now.gid} -> {target.uid}:{target.gid}")
    for label, full in ((BUNDLES, os.path.join(path, BUNDLES)), (CURRENT, folder)):
        if os.path.isdir(full) and storage.mode_of(full) != _FOLDER_MODE:
            found.append(f"{label}: mode {storage.mode_of(full):04o} -> {_FOLDER_MODE:04o}")
    return found


def layout(path: str) -> t.List[str]:
    """How the layout differs from what install leaves: files of an earlier tool, leftovers of a killed run."""
    found = [f"{name}: not managed by tls_bundle" for name in NAMES if _legacy(path, name)]
    now = current_id(path)
    found += [f"{BUNDLES}/{name}: left over" for name in _entries(path, BUNDLES) if name != now]
    return found


def _bundle(path: str, identifier: str) -> str:
    return os.path.join(path, BUNDLES, identifier)


def _entries(path: str, folder: str) -> t.List[str]:
    full = os.path.join(path, folder)
    return sorted(os.listdir(full)) if os.path.isdir(full) else []


def _is_link(path: str, name: str) -> bool:
    return storage.target_of(os.path.join(path, name)) == os.path.join(CURRENT, name)


def _legacy(path: str, name: str) -> bool:
    """Whether an earlier tool's file (or symlink) stands at a name of ours."""
    return os.path.lexists(os.path.join(path, name)) and not _is_link(path, name)


def _owner(name: str, owner: storage.Ownership) -> storage.Ownership:
    # certificates are public and belong to whoever runs this; the key belongs to the service
    return owner if name == KEY else storage.MINE


class _File(t.NamedTuple):
    content: bytes
    mode: int
    owner: storage.Ownership


def _modes(files: t.Mapping[str, bytes], owner: storage.Ownership) -> t.Dict[str, _File]:
    return {name: _File(content, MODES[name], _owner(name, owner)) for name, content in files.items()}


def _stage(path: str, identifier: str, files: t.Mapping[str, _File]) -> None:
    """Write a bundle's folder, whole or not at all."""
    folder, final = os.path.join(path, BUNDLES, f"{_STAGING}{identifier}"), _bundle(path, identifier)
    storage.remove_tree(folder)
    try:
        os.mkdir(folder, 0o700)
        for name, file in files.items():
            storage.write_new(os.path.join(folder, name), *file)
        os.chmod(folder, _FOLDER_MODE)
        storage.sync_folder(folder)
        storage.remove_tree(final)
        os.rename(folder, final)
        storage.sync_folder(os.path.dirname(final))
    except OSError:
        storage.remove_tree(folder)
        raise


def _swap(path: str, content: Content, owner: storage.Ownership) -> None:
    """Everything that needs space first, then the one rename. Where that fails, what it made is taken away again."""
    made: t.List[str] = []
    fresh = not os.path.isdir(_bundle(path, content.id))
    try:
        if current_id(path) != content.id or fresh:
            _stage(path, content.id, _modes(content.files(), owner))
        _adopt(path, content)
        for name in content.files():
            if not _is_link(path, name):
                # leads nowhere until the swap, where there is no bundle yet
                made.append(os.path.join(path, name))
                storage.point(made[-1], os.path.join(CURRENT, name))
        if current_id(path) != content.id:
            storage.point(os.path.join(path, CURRENT), os.path.join(BUNDLES, content.id))
    except OSError:
        if current_id(path) != content.id:
            for link in made:
                storage.remove_file(link)
            storage.remove_tree(_bundle(path, content.id))
        raise


def _adopt(path: str, content: Content) -> None:
    """Put the files of an earlier tool behind our symlinks, unchanged, so that the swap after it is atomic for them, too."""
    legacy = [name for name in NAMES if _legacy(path, name)]
    if not legacy:
        return
    files: t.Dict[str, _File] = {}
    for name in NAMES:
        full = os.path.join(path, name)
        if os.path.isdir(full):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), full)
        data = storage.read(full)
        if data is not None:
            # only root can give files away
            owner = storage.owner_of(full) if os.geteuid() == 0 else storage.MINE
            files[name] = _File(data, storage.mode_of(full), owner)
    # where a symlink stood, its target stays where it is; a file that differs from what comes now is kept
    wanted = content.files()
    worth = any(files[name].content != wanted.get(name) for name in legacy if not os.path.islink(os.path.join(path, name)))
    digest = der.sha256(b"\0".join(name.encode() + b"\0" + files[name].content for name in sorted(files)))[:16]
    identifier = f"{_KEEP if worth else _OLD}{digest}"
    if not os.path.isdir(_bundle(path, identifier)):
        _stage(path, identifier, files)
    storage.point(os.path.join(path, CURRENT), os.path.join(BUNDLES, identifier))
    for name in legacy:
        storage.point(os.path.join(path, name), os.path.join(CURRENT, name))


def _prune(path: str, keep: str) -> None:
    for name in _entries(path, BUNDLES):
        if name.startswith(_KEEP):
            kept = os.path.join(path, ADOPTED)
            os.makedirs(kept, 0o700, exist_ok=True)
            storage.remove_tree(os.path.join(kept, name))
            os.rename(_bundle(path, name), os.path.join(kept, name))
            storage.sync_folder(kept)
        elif name != keep:
            storage.remove_tree(_bundle(path, name))
    storage.sync_folder(os.path.join(path, BUNDLES))


def _sweep(path: str) -> None:
    """Remove what a killed run was still writing."""
    for name in _entries(path, BUNDLES):
        if name.startswith(_STAGING):
            storage.remove_tree(_bundle(path, name))
    for name in (*NAMES, CURRENT):
        storage.remove_file(os.path.join(path, f"{name}.new"))


def _damage(path: str, content: Content) -> t.List[str]:
    """Files of the installed bundle that no longer hold what its id says."""
    folder = _bundle(path, content.id)
    damaged = [
        name
        for name, wanted in content.files().items()
        if name != KEY and storage.read(os.path.join(folder, name)) != wanted
    ]
    if not _holds_key(os.path.join(folder, KEY), content):
        damaged.append(KEY)
    return [f"{name}: content" for name in damaged]


def _mend(path: str, content: Content, owner: storage.Ownership) -> None:
    damaged = {entry.partition(":")[0] for entry in _damage(path, content)}
    folder = _bundle(path, content.id)
    for folder_path in (os.path.join(path, BUNDLES), folder):
        if storage.mode_of(folder_path) != _FOLDER_MODE:
            os.chmod(folder_path, _FOLDER_MODE)
    for name, file in _modes(content.files(), owner).items():
        full = os.path.join(folder, name)
        if name in damaged:
            storage.replace_file(full, *file)
            continue
        if storage.owner_of(full) != file.owner:
            os.chown(full, *file.owner)
        if storage.mode_of(full) != file.mode:
            os.chmod(full, file.mode)


def _pending_done(path: str, content: Content) -> bool:
    return _holds_key(os.path.join(path, PENDING_KEY), content)


def _holds_key(path: str, content: Content) -> bool:
    data = storage.read(path)
    if data is None:
        return False
    try:
        return keys.load(data)[0].public_key_sha256 == content.public_key_sha256
    except f.MaterialError:
        return False
