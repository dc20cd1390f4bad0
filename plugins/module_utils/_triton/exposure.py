# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an endpoint leaves open beside inference: ports without TLS, and calls that control the server.

Nothing here changes the server: settings are asked for and not given, and the model to unload does not exist.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.client import Client, RpcError
from ansible_collections.inferops.triton.plugins.module_utils._triton.deps import pb
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address
from ansible_collections.inferops.triton.plugins.module_utils._triton.outcome import Attempt, Outcome

_STATUS_LINE = 256
# What Triton 2.51 answers (tried): "This protocol is restricted, expecting header …",
# "explicit model load / unload is not allowed if polling is enabled", the latter without polling, too.
CLOSED_TEXTS = ("restricted", "not allowed", "disabled", "not enabled")
_CLOSED_STATUS = frozenset({"UNIMPLEMENTED", "PERMISSION_DENIED", "UNAUTHENTICATED"})
# The server tried, and found no such model: had there been one, it would be unloaded.
_TRIED = frozenset({"NOT_FOUND", "INVALID_ARGUMENT", "INTERNAL"})
CONTROLS = {
    "model control": "RepositoryModelUnload",
    "shared memory": "SystemSharedMemoryStatus",
    "trace settings": "TraceSetting",
    "log settings": "LogSettings",
}


def is_local(host: str) -> bool:
    """Whether a literal address never leaves its machine: loopback, mapped into IPv6 or not, and what stands for it (0.0.0.0)."""
    address = ipaddress.ip_address(host.partition("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or address
    return bool(inner.is_loopback or inner.is_unspecified)


async def controls(client: Client, timeout: float) -> t.Dict[str, Attempt]:
    """Try every call of CONTROLS on an open channel, all at once, in at most `timeout` seconds."""

    async def attempt(method: str) -> Attempt:
        request = getattr(pb, method + "Request")()
        if method == "RepositoryModelUnload":
            request.model_name = "audit-" + secrets.token_hex(12)
        try:
            await client.call(method, request, timeout)
        except RpcError as error:
            return judge_control(method, error)
        return Attempt(Outcome.ACCEPTED, "{0} is served".format(method))

    made = await asyncio.gather(*(attempt(method) for method in CONTROLS.values()))
    return dict(zip(CONTROLS, made))


def judge_control(method: str, error: RpcError) -> Attempt:
    """What the failure of such a call says."""
    lower = error.details.lower()
    if error.status in _CLOSED_STATUS or any(text in lower for text in CLOSED_TEXTS):
        return Attempt(Outcome.REFUSED, error.details or error.status)
    if method == "RepositoryModelUnload" and error.status in _TRIED:
        return Attempt(Outcome.ACCEPTED, "{0} is served ({1})".format(method, error.details))
    return Attempt(Outcome.UNCLEAR, "{0}: {1}".format(method, error))


async def clear_http(peer: Address, port: int, path: str, timeout: float) -> Attempt:
    """Whether HTTP is answered without TLS at the peer's address. No connection within `timeout` seconds is a closed port."""
    address = Address(peer.host, port)
    try:
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection(peer.host, port, limit=_STATUS_LINE), timeout
        )
    except (OSError, asyncio.TimeoutError) as error:
        return _closed(address, error, timeout)
    try:
        writer.write("GET {0} HTTP/1.0\r\nHost: {1}\r\n\r\n".format(path, address).encode("ascii"))
        answer = await asyncio.wait_for(reader.read(_STATUS_LINE), timeout)
    except asyncio.TimeoutError:
        return Attempt(Outcome.UNCLEAR, "{0} takes connections, and did not answer in {1:.1f} s".format(address, timeout))
    except OSError as error:
        return Attempt(Outcome.REFUSED, "{0} hung up on HTTP without TLS ({1})".format(address, error.strerror or error))
    finally:
        writer.transport.abort()
    if answer.startswith(b"HTTP/"):
        status = answer.split(b"\r\n", 1)[0].decode("ascii", "replace")
        # A TLS listener that is spoken to in the clear tells so in the clear (nginx, HAProxy), which exposes nothing.
        if b" 400 " in answer[:16]:
            return Attempt(Outcome.REFUSED, "{0} refuses HTTP without TLS ({1})".format(address, status))
        return Attempt(Outcome.ACCEPTED, "{0} answers '{1}'".format(address, status))
    return Attempt(Outcome.REFUSED, "{0} does not answer HTTP without TLS".format(address))


async def open_port(peer: Address, port: int, timeout: float) -> Attempt:
    """Whether a port of the peer's address takes connections, whatever is spoken there. None within `timeout` seconds is a closed one."""
    address = Address(peer.host, port)
    try:
        _reader, writer = await asyncio.wait_for(asyncio.open_connection(peer.host, port), timeout)
    except (OSError, asyncio.TimeoutError) as error:
        return _closed(address, error, timeout)
    writer.transport.abort()
    return Attempt(Outcome.ACCEPTED, "{0} takes connections".format(address))


def _closed(address: Address, error: Exception, timeout: float) -> Attempt:
    reason = getattr(error, "strerror", None) or "no answer in {0:.1f} s".format(timeout)
    return Attempt(Outcome.REFUSED, "{0} is closed ({1})".format(address, reason))
