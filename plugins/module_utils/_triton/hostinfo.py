# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who listens on which TCP port of this host, read from /proc (no psutil on hosts).

Sources: proc(5), Documentation/networking/proc_net_tcp.rst; cgroup paths as systemd, Docker and Podman write them.
"""

from __future__ import annotations

import glob
import ipaddress
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Optional

_LISTEN = "0A"
_LITTLE = sys.byteorder == "little"
_CONTAINER = re.compile(r"(?:(?:docker|libpod)-)?([0-9a-f]{64})(?:\.scope)?")
_WILDCARDS = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Listener:
    """A listening TCP socket and what is known of its process; pid is None where /proc does not show it to us."""

    port: int
    address: str
    pid: Optional[int] = None
    process: Optional[str] = None
    unit: Optional[str] = None
    container: Optional[str] = None

    def plain(self) -> dict[str, Any]:
        """As a dictionary of plain data."""
        return asdict(self)

    def named(self) -> str:
        """For messages: "python3 (process 12, unit foo.service)"."""
        parts = [f"process {self.pid}"] if self.pid else []
        parts += [f"unit {self.unit}"] if self.unit else []
        parts += [f"container {self.container}"] if self.container else []
        details = f" ({', '.join(parts)})" if parts else ""
        return (self.process or "another process") + details

    def clashes(self, address: str) -> bool:
        """Whether binding the same port on an address would meet this socket; a wildcard meets every one."""
        wanted = address.strip("[]")
        return wanted in _WILDCARDS or self.address in _WILDCARDS or wanted == self.address


def listeners(ports: Iterable[int], proc: str = "/proc") -> list[Listener]:
    """The sockets that listen on the given ports, in the order of port and address."""
    wanted = frozenset(ports)
    sockets = _sockets(wanted, proc)
    if not sockets:
        return []
    owners = _owners(frozenset(sockets), proc)
    found = {_listener(port, address, owners.get(inode), proc) for inode, (port, address) in sockets.items()}
    return sorted(found, key=lambda item: (item.port, item.address, item.pid or 0))


def listening(port: int, proc: str = "/proc") -> bool:
    """Whether anything listens on a TCP port; cheap enough to poll."""
    return bool(_sockets(frozenset((port,)), proc))


def ancestors(pid: int, proc: str = "/proc") -> list[int]:
    """A process and its parents, up to init."""
    chain: list[int] = []
    while pid > 0 and pid not in chain:
        chain.append(pid)
        text = _text(f"{proc}/{pid}/stat")
        # The name in parentheses may itself contain blanks and parentheses.
        fields = text.rpartition(")")[2].split()
        pid = int(fields[1]) if len(fields) > 1 else 0
    return chain


def _sockets(ports: frozenset[int], proc: str) -> dict[str, tuple[int, str]]:
    """Inode to port and address of the listening sockets on the ports."""
    found = {}
    for name in ("tcp", "tcp6"):
        for line in _text(f"{proc}/net/{name}").splitlines()[1:]:
            fields = line.split()
            if len(fields) < 10 or fields[3] != _LISTEN:
                continue
            host, _colon, port = fields[1].rpartition(":")
            if int(port, 16) in ports:
                found[fields[9]] = (int(port, 16), _address(host))
    return found


def _address(text: str) -> str:
    """The kernel prints each 32-bit word in the host's byte order."""
    words = [bytes.fromhex(text[start : start + 8]) for start in range(0, len(text), 8)]
    packed = b"".join(word[::-1] if _LITTLE else word for word in words)
    address = ipaddress.ip_address(packed)
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _owners(inodes: frozenset[str], proc: str) -> dict[str, int]:
    """Inode to the lowest pid that has it open; processes of others are skipped where we may not look."""
    found: dict[str, int] = {}
    for folder in sorted(glob.glob(f"{proc}/[0-9]*/fd"), key=lambda path: int(path.split(os.sep)[-2])):
        try:
            descriptors = os.listdir(folder)
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                target = os.readlink(os.path.join(folder, descriptor))
            except OSError:
                continue
            if target.startswith("socket:[") and target[8:-1] in inodes:
                found.setdefault(target[8:-1], int(folder.split(os.sep)[-2]))
        if len(found) == len(inodes):
            break
    return found


def _listener(port: int, address: str, pid: Optional[int], proc: str) -> Listener:
    if pid is None:
        return Listener(port, address)
    process = _text(f"{proc}/{pid}/comm").strip() or None
    unit, container = place(_text(f"{proc}/{pid}/cgroup"))
    if process == "docker-proxy":
        container = _ask("docker", "ps", "--no-trunc", "--filter", f"publish={port}", "--format", "{{.Names}}") or None
    elif container:
        inspect = ("inspect", "--format", "{{.Name}}", container)
        container = (_ask("docker", *inspect) or _ask("podman", *inspect)).lstrip("/") or container[:12]
    return Listener(port, address, pid, process, unit, container)


def place(cgroups: str) -> tuple[Optional[str], Optional[str]]:
    """The systemd unit, or the id of the container, that a /proc/PID/cgroup text puts a process in.

    The innermost counts: a service on a host that is a container itself is a service.
    """
    for line in sorted(cgroups.splitlines(), key=lambda line: not line.startswith(("0::", "1:name=systemd"))):
        for part in reversed(line.partition(":")[2].partition(":")[2].split("/")):
            match = _CONTAINER.fullmatch(part)
            if match:
                return None, match.group(1)
            if part.endswith((".service", ".scope")):
                return part, None
    return None, None


def _ask(client: str, *arguments: str) -> str:
    """One line from the client of an engine; empty where it cannot be asked or does not know."""
    try:
        done = subprocess.run(
            [client, *arguments], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else ""


def environment(extra: Optional[Mapping[str, str]] = None) -> dict[str, str]:
    """This process's environment with the C locale, for programs whose output is parsed."""
    return {**os.environ, "LC_ALL": "C", "LANGUAGE": "", **(extra or {})}


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""
