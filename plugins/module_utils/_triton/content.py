# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of a generation: its files, its manifest and its id.

The manifest (``generation.json``) names every file with its mode and digest; the id is a digest of the
manifest. So one comparison of ids answers whether anything differs, and a generation whose files no longer
agree with its name is known to be damaged.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

from .errors import HostError

MANIFEST = "generation.json"
MANIFEST_MODE = 0o444
ID_LENGTH = 20
_FORMAT = 1
_PRIVATE_MODE = 0o400
_PUBLIC_MODES = (0o444, 0o555)
_PEM_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
# Secrets that are no keys are short: the id is public, so their digest must be slow to guess at.
_SECRET_ROUNDS = 100_000


@dataclass(frozen=True)
class File:
    """One file of a generation: relative path, content, mode, and whether only the owner may read it."""

    path: str
    data: bytes
    mode: int
    private: bool

    @cached_property
    def digest(self) -> str:
        """``sha256:``, ``spki:`` (a private key, by its public key) or ``secret:``, and hex."""
        if not self.private:
            return "sha256:" + hashlib.sha256(self.data).hexdigest()
        if _PEM_KEY.search(self.data):
            return "spki:" + public_key_sha256(self.data, self.path)
        slow = hashlib.pbkdf2_hmac("sha256", self.data, self.path.encode(), _SECRET_ROUNDS)
        return "secret:" + slow.hex()


@dataclass(frozen=True)
class Elsewhere(File):
    """A file whose content lies on another machine, which has told its digest."""

    told: str = ""

    @cached_property
    def digest(self) -> str:
        """As it was told."""
        return self.told


def public_key_sha256(pem: bytes, name: str) -> str:
    """Hex SHA-256 of the public key (SubjectPublicKeyInfo, DER) of a PEM private key.

    Raises HostError key_encrypted, key_invalid or cryptography_missing.
    """
    try:
        from cryptography.hazmat.primitives import serialization
    except ImportError:
        raise HostError(
            "cryptography_missing",
            f"The Python library cryptography is needed to read {name} and is not installed.",
            "Install the package python3-cryptography.",
        ) from None
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise HostError(
            "key_encrypted",
            f"The private key {name} is encrypted, and Triton cannot ask for its passphrase.",
            "Provide the key unencrypted; it is installed readable by the service's user alone.",
        ) from None
    except Exception as error:  # ValueError, UnsupportedAlgorithm, and OpenSSL's own of old releases
        raise HostError(
            "key_invalid",
            f"The private key {name} cannot be read as PEM ({type(error).__name__}).",
            "Provide an unencrypted PEM key, as PKCS#8 or in the traditional format.",
        ) from None
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


@dataclass(frozen=True)
class Content:
    """All of a generation: its files and the free description that is part of its identity."""

    files: tuple[File, ...]
    describe: Mapping[str, Any]

    def replace(self, other: Content) -> Content:
        """This content with files of another one in place of its own. Raises HostError file_unknown for a file that it does not have."""
        new = {file.path: file for file in other.files}
        unknown = sorted(set(new) - {file.path for file in self.files})
        if unknown:
            raise HostError(
                "file_unknown",
                f"The generation to start from has no {' and no '.join(unknown)} to replace.",
                "Name files that it has, or stage a generation from all of its files (the playbook site does).",
            )
        return Content(tuple(new.get(file.path, file) for file in self.files), self.describe)

    @cached_property
    def manifest(self) -> bytes:
        """The text of ``generation.json``; equal content gives equal bytes."""
        document = {
            "format": _FORMAT,
            "describe": self.describe,
            "files": {
                file.path: {"digest": file.digest, "mode": f"{file.mode:04o}", "private": file.private}
                for file in self.files
            },
        }
        return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()

    @cached_property
    def id(self) -> str:
        """The first 20 hexadecimal digits of the manifest's SHA-256."""
        return manifest_id(self.manifest)

    @cached_property
    def on_disk(self) -> tuple[File, ...]:
        """The files with the manifest among them."""
        return (*self.files, File(MANIFEST, self.manifest, MANIFEST_MODE, False))


def manifest_id(manifest: bytes) -> str:
    """The id that a manifest stands for."""
    return hashlib.sha256(manifest).hexdigest()[:ID_LENGTH]


def compose(
    specs: Iterable[Mapping[str, Any]], describe: Optional[Mapping[str, Any]] = None, told: Optional[Mapping[str, str]] = None
) -> Content:
    """The content that file specifications ask for.

    A specification has ``path`` (relative, within the generation), one of ``content`` (text), ``secret`` (text,
    implies private) and ``source`` (path on the host), and optionally ``mode`` and ``private``. ``told``: on another machine
    than the host, the digests there of the files that have a source, by ``path``.
    Raises HostError; code ``source_missing`` where a source does not exist (details: ``source``).
    """
    files = sorted((_file(spec, told) for spec in specs), key=lambda file: file.path)
    paths = [file.path for file in files]
    for path in paths:
        if paths.count(path) > 1:
            raise _invalid(f"The file {path} is listed twice.", "List each path once.")
        folder = next((other for other in paths if path.startswith(other + "/")), None)
        if folder:
            raise _invalid(f"{folder} is listed as a file and is the folder of {path}.", "Rename one of them.")
    return Content(tuple(files), dict(describe or {}))


def digest(spec: Mapping[str, Any]) -> str:
    """The digest of one file with a source, as the host tells it to another machine. Raises HostError."""
    return _file(spec, None).digest


def _invalid(cause: str, remedy: str) -> HostError:
    return HostError("invalid_file", cause, remedy)


def _file(spec: Mapping[str, Any], told: Optional[Mapping[str, str]]) -> File:
    path = spec["path"]
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or any(ord(char) < 32 for char in path):
        raise _invalid(f"{path!r} is not a relative path within a generation.", "Write it like 'tls/tls.crt'.")
    if path == MANIFEST:
        raise _invalid(f"{path} is written by the module itself.", "Put your values into 'describe'.")
    given = [name for name in ("content", "secret", "source") if spec.get(name) is not None]
    if len(given) != 1:
        raise _invalid(
            f"The file {path} has {' and '.join(given) or 'no content'}.",
            "Give exactly one of content, secret and source.",
        )
    private = bool(spec.get("private")) or given == ["secret"]
    if private and given == ["content"]:
        raise _invalid(f"The private file {path} has its text in 'content', which is logged.", "Use 'secret' or 'source'.")
    if given == ["source"] and told is not None:
        return Elsewhere(path, b"", _mode(spec.get("mode"), path, private), private, told[path])
    data = _read(spec["source"], path) if given == ["source"] else spec[given[0]].encode()
    if not private and _PEM_KEY.search(data):
        raise _invalid(f"The file {path} holds a private key and is not private.", "Set 'private: true'.")
    return File(path, data, _mode(spec.get("mode"), path, private), private)


def _mode(mode: Any, path: str, private: bool) -> int:
    """The mode on disk: what is asked, without anything for others where the file is private."""
    if mode is None:
        return _PRIVATE_MODE if private else _PUBLIC_MODES[0]
    try:
        number = int(str(mode), 8)
    except ValueError:
        number = -1
    if number not in (*_PUBLIC_MODES, _PRIVATE_MODE, 0o500):
        raise _invalid(
            f"The mode {mode!r} of {path} does not suit a generation, whose files never change.",
            "Use '0444', or '0555' for a program; a private file loses what group and others would get.",
        )
    return number & 0o700 if private else number | 0o044 | (0o011 if number & 0o100 else 0)


def _read(source: str, path: str) -> bytes:
    try:
        with open(source, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        raise HostError(
            "source_missing", f"{source}, the source of {path}, does not exist.", "Create it first.", source=source
        ) from None
    except OSError as error:
        raise _invalid(
            f"{source}, the source of {path}, cannot be read: {os.strerror(error.errno or 0)}.", "Make it readable."
        ) from None
