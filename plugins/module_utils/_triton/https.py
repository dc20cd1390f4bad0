# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 over the connections of probe.py, for what an audit asks of a gateway: few requests, answers of which the beginning suffices.

The connection is watched as for gRPC, and every client certificate can be shown; http.client only reads what has arrived.
"""

from __future__ import annotations

import http.client
import io
import json
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Endpoint, Identity
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import (
    MAX_BYTES,
    Observation,
    Problem,
    Prober,
    Protocol,
    Stage,
    Stop,
    Stream,
)

# Bytes at which an answer is cut off: metrics of many models are longer, and no audit needs them whole.
_ENOUGH = 256 * 1024
_SAID = 200


@dataclass(frozen=True)
class Request:
    """What is asked. `path` is percent-encoded already; `headers` are those beyond Host and the body's length.

    The answer is cut off after `enough` bytes.
    """

    path: str
    method: str = "GET"
    body: bytes = b""
    headers: t.Tuple[t.Tuple[str, str], ...] = ()
    enough: int = _ENOUGH

    def encode(self, host: str) -> bytes:
        """The request on the wire."""
        lines = ["{0} {1} HTTP/1.1".format(self.method, self.path), "Host: " + host, "Accept: */*"]
        lines += ["{0}: {1}".format(*header) for header in self.headers]
        if self.method != "GET":
            lines.append("Content-Length: {0}".format(len(self.body)))
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


@dataclass(frozen=True)
class Response:
    """What came back; `headers` by name in lower case, `body` perhaps cut off, `seconds` from the request to its end."""

    status: int
    reason: str
    headers: t.Mapping[str, str]
    body: bytes
    last: bool
    seconds: float = 0.0

    def __str__(self) -> str:
        """The status, and what the server says of an error: Triton's JSON, or the beginning of another text."""
        line = "HTTP {0} {1}".format(self.status, self.reason).strip()
        said = "" if self.status < 400 else self.body.decode("utf-8", "replace").strip()
        try:
            found = json.loads(said)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and isinstance(found.get("error"), str):
            said = found["error"]
        elif "html" in self.headers.get("content-type", ""):
            said = ""
        return "{0} ({1})".format(line, said[:_SAID]) if said else line


# An answer, or why there is none.
Reply = t.Union[Response, str]
More = t.Callable[[Observation, Response], t.Sequence[Request]]


def _nothing(_seen: Observation, _first: Response) -> t.Sequence[Request]:
    return ()


class Client:
    """One client of one HTTPS port: whom it shows itself as, until when (time.monotonic()), whether it knows TLS 1.1 at most.

    `limit` is the most bytes that it takes of all answers over one connection.
    """

    def __init__(
        self,
        prober: Prober,
        endpoint: Endpoint,
        peer: Address,
        identity: t.Optional[Identity],
        deadline: float,
        old: bool = False,
        limit: int = _ENOUGH,
    ) -> None:
        self._prober, self._endpoint, self._peer, self._limit = prober, endpoint, peer, limit
        self._identity, self._deadline, self._old = identity, deadline, old
        self._host = str(Address(endpoint.server_name, peer.port))

    async def ask(self, first: Request, more: More = _nothing) -> t.Tuple[Observation, t.List[Reply]]:
        """What the first connection showed, and the replies: none where the first request got no answer.

        `more` says what is asked after that answer. All goes over one connection; where the server closes it, over another.
        """
        seen, replies, rest = await self._connect((first,), more)
        while replies and rest:
            asked = len(rest)
            late, found, rest = await self._connect(rest, _nothing)
            replies += found
            if len(rest) == asked:
                replies.append(late.detail or "no answer")
                rest = rest[1:]
        return seen, replies

    async def _connect(
        self, requests: t.Sequence[Request], more: More
    ) -> t.Tuple[Observation, t.List[Reply], t.Sequence[Request]]:
        """One connection: what it showed, the replies, and the requests that are still without one."""
        waiting, replies = list(requests), t.cast("t.List[Reply]", [])

        async def talk(seen: Observation, stream: Stream) -> None:
            while waiting:
                started = time.monotonic()
                await stream.send(waiting[0].encode(self._host))
                try:
                    answer = await _read(stream, waiting[0], started)
                except Stop:
                    if not replies:
                        raise
                    return
                del waiting[0]
                if not replies:
                    seen.stage = Stage.DONE
                    waiting.extend(more(seen, answer))
                replies.append(answer)
                if answer.last:
                    return

        left = max(0.05, self._deadline - time.monotonic())
        name, protocol = self._endpoint.server_name, Protocol(b"http/1.1", talk, MAX_BYTES + self._limit)
        seen = await self._prober.tls(self._peer, name, self._identity, left, self._old, protocol)
        return seen, replies, waiting


async def _read(stream: Stream, request: Request, started: float) -> Response:
    """One answer. Stop where none comes, or what comes is no HTTP."""
    data, wanted = bytearray(), 0
    while True:
        try:
            chunk = await stream.receive()
        except Stop as stop:
            if stop.problem is not Problem.CLOSED or not data:
                raise
            chunk = b""
        data += chunk
        if not data:
            raise Stop(Problem.CLOSED, "the server closed the connection")
        # An answer in chunks ends so; the end of any other is known once its headers are.
        if chunk and len(data) < wanted and not data.endswith(b"\r\n\r\n"):
            continue
        found = _parse(bytes(data), request, ended=not chunk, seconds=time.monotonic() - started)
        if isinstance(found, Response):
            return found
        wanted = min(found, request.enough + 1)


class _Received:
    """What http.client takes for a socket: bytes that have arrived."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_arguments: t.Any) -> io.BytesIO:
        """The bytes to read."""
        return io.BytesIO(self._data)


def _parse(data: bytes, request: Request, ended: bool, seconds: float) -> t.Union[Response, int]:
    """The answer that `data` begins with, or how many bytes to wait for while it is not whole. Stop where it is no HTTP."""
    enough = ended or len(data) > request.enough
    head, blank, begun = data.partition(b"\r\n\r\n")
    if not blank:
        if enough or not data.startswith(b"HTTP/"[: len(data)]):
            raise Stop(Problem.NOT_HTTP, "it answered {0!r}".format(data[:32].decode("latin-1")))
        return len(data) + 1
    answer = http.client.HTTPResponse(t.cast("t.Any", _Received(data)), method=request.method)
    cut_off = False
    try:
        answer.begin()
        if not enough and not answer.chunked:
            # Without a length the end is that of the connection.
            wanted = 2 * len(data) if answer.length is None else len(head) + len(blank) + answer.length
            if answer.length is None or len(begun) < answer.length:
                return wanted
        body = answer.read()
    except http.client.IncompleteRead as partial:
        if not enough:
            return 2 * len(data)
        # Of a chunk that is not whole http.client gives nothing.
        body, cut_off = partial.partial or begun, True
    except (http.client.HTTPException, ValueError) as error:
        raise Stop(Problem.NOT_HTTP, "its answer is no HTTP ({0}: {1})".format(type(error).__name__, error)) from error
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Response(answer.status, answer.reason, headers, body, ended or cut_off or answer.will_close, seconds)
