# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running HAProxy, asked and changed over its UNIX sockets. Free of Ansible.

Source: HAProxy's management guide, "Unix Socket commands" and "Master CLI"; tried on 2.6 and 3.0.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

SECONDS = 10.0
_POLL_SECONDS = 0.1
# A command with its payload must fit into one buffer of HAProxy's (tune.bufsize, 16384), with room to spare.
LARGEST_PAYLOAD = 14000
WORKER_SOCKET = os.path.join("control", "haproxy.sock")
MASTER_SOCKET = os.path.join("control", "master.sock")
_WORKER = re.compile(r"^(\d+)\s+worker\s", re.MULTILINE)
_FINGERPRINT = re.compile(r"^SHA1 FingerPrint: ([0-9A-F]{40})$", re.MULTILINE)


class HaproxyError(Exception):
    """HAProxy refused a command; the text is its own."""


class HaproxyDown(Exception):
    """Nothing answers on the socket."""


@dataclass(frozen=True)
class Sessions:
    """Current sessions to one server of a worker."""

    backend: str
    server: str
    current: int


class Runtime:
    """The HAProxy whose sockets lie in a run directory: the worker that accepts, and the workers that only finish."""

    def __init__(self, run_directory: str) -> None:
        self.run_directory = run_directory

    # Reading

    def description(self) -> Optional[str]:
        """What the configuration that the worker runs says in ``description``. Raises HaproxyDown."""
        found = re.search(r"^description: (.*)$", self.ask("show info"), re.MULTILINE | re.IGNORECASE)
        return found.group(1).strip() if found else None

    def workers(self) -> list[str]:
        """Process ids of all workers, that of the newest first, then those that a reload replaced. Raises HaproxyDown."""
        return _WORKER.findall(self._master("show proc"))

    def mapped(self, path: str, key: str, worker: Optional[str] = None) -> Optional[str]:
        """The value of a key of a map. Raises HaproxyDown or HaproxyError."""
        answer = self._of(worker, f"show map {path}")
        if "Unknown map" in answer:
            raise HaproxyError(answer.strip())
        values = (line.split(" ", 2) for line in answer.splitlines())
        return next((fields[2].strip() for fields in values if len(fields) == 3 and fields[1] == key), None)

    def certificate(self, path: str) -> Optional[str]:
        """SHA-1 (hexadecimal, upper case) of the leaf that is served from a file; None where the file is not in use."""
        found = _FINGERPRINT.search(self.ask(f"show ssl cert {path}"))
        return found.group(1) if found else None

    def authorities(self, path: str) -> Optional[list[str]]:
        """SHA-1 of every CA of a file, sorted; None where the file is not in use."""
        answer = self.ask(f"show ssl ca-file {path}")
        return sorted(_FINGERPRINT.findall(answer)) if "Certificate #" in answer else None

    def sessions(self) -> list[Sessions]:
        """Current sessions to every server, of all workers. Raises HaproxyDown."""
        found = []
        for worker in self.workers():
            try:
                found += _servers(self._of(worker, "show stat"))
            except HaproxyDown:
                continue  # it has just ended, and its sessions with it
        return found

    # Changing

    def set_map(self, path: str, key: str, value: str, worker: Optional[str] = None) -> None:
        """Gives a key of a map another value. Raises HaproxyDown or HaproxyError."""
        command = "set" if self.mapped(path, key, worker) is not None else "add"
        answer = self._of(worker, f"{command} map {path} {key} {value}").strip()
        if answer:
            raise HaproxyError(answer)

    def set_certificate(self, path: str, pem: str) -> None:
        """Serves another certificate and key from now on; raises HaproxyError, and the old one is served on."""
        self._commit("cert", path, pem)

    def set_authorities(self, path: str, pem: str) -> None:
        """Trusts other CAs from now on; raises HaproxyError, and the old ones are trusted on."""
        self._commit("ca-file", path, pem)

    def _commit(self, kind: str, path: str, pem: str) -> None:
        # A killed run may have left a transaction open; without one, HAProxy says so and nothing happens.
        self.ask(f"abort ssl {kind} {path}")
        answer = self.ask(f"set ssl {kind} {path}", payload=pem)
        # A warning may come before the word that it was accepted.
        if "ransaction created" not in answer and "ransaction updated" not in answer:
            raise HaproxyError(_words(answer))
        answer = self.ask(f"commit ssl {kind} {path}")
        if "Success" not in answer:
            self.ask(f"abort ssl {kind} {path}")
            raise HaproxyError(_words(answer))

    # Sockets

    def ask(self, command: str, payload: str = "") -> str:
        """What the newest worker answers. Raises HaproxyDown."""
        return _ask(os.path.join(self.run_directory, WORKER_SOCKET), _with(command, payload))

    def _of(self, worker: Optional[str], command: str) -> str:
        if worker is None:
            return self.ask(command)
        return self._master(f"@!{worker} {command}")

    def _master(self, command: str) -> str:
        """During a reload the master executes itself anew, and refuses connections until it has."""
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return _ask(os.path.join(self.run_directory, MASTER_SOCKET), command)
            except HaproxyDown as error:
                if not isinstance(error.__cause__, (ConnectionRefusedError, ConnectionResetError)) or time.monotonic() >= deadline:
                    raise
            time.sleep(_POLL_SECONDS)


def _ask(path: str, command: str) -> str:
    """Sends one command, reads to the end of the answer. Raises HaproxyDown."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(SECONDS)
            connection.connect(path)
            connection.sendall(command.encode() + b"\n")
            connection.shutdown(socket.SHUT_WR)  # else the master waits for another command
            parts = []
            while True:
                part = connection.recv(65536)
                if not part:
                    break
                parts.append(part)
    except OSError as error:
        raise HaproxyDown(f"{path}: {error.strerror or error}") from error
    return b"".join(parts).decode(errors="replace")


def _with(command: str, payload: str) -> str:
    """A payload ends at its first empty line."""
    if not payload:
        return command
    lines = [line.rstrip() for line in payload.splitlines() if line.strip()]
    return "\n".join([f"{command} <<", *lines, ""])


def _words(answer: str) -> str:
    lines: Sequence[str] = [line.strip() for line in answer.splitlines() if line.strip()]
    return " ".join(lines) or "no answer"


def _servers(csv: str) -> list[Sessions]:
    """The servers in the answer to ``show stat``, whose first line names the columns."""
    lines = csv.lstrip("# ").splitlines()
    if not lines:
        return []
    names = lines[0].split(",")
    found = []
    for line in lines[1:]:
        row = dict(zip(names, line.split(",")))
        if row.get("svname") not in (None, "FRONTEND", "BACKEND") and row.get("type") == "2":
            found.append(Sessions(row["pxname"], str(row["svname"]), int(row.get("scur") or 0)))
    return found
