# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP over TLS, byte by byte: requests that no library would send."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import typing as t
from dataclasses import dataclass, field

ADDRESS = "127.0.0.1"
INFERENCE = b'{"inputs":[{"name":"INPUT","shape":[2],"datatype":"FP32","data":[1,2]}]}'


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where the connection ended without an answer, with what there was of it, or the error, as the body."""

    status: int
    headers: t.Dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def error(self) -> str:
        """The text of an error as Triton writes it."""
        return str(json.loads(self.body)["error"])


def context(
    ca: str, certificate: t.Optional[str] = None, key: t.Optional[str] = None, alpn: t.Sequence[str] = ("http/1.1",), version: t.Optional[ssl.TLSVersion] = None
) -> ssl.SSLContext:
    """A client's; `version` is the only one that it speaks."""
    made = ssl.create_default_context(cafile=ca)
    made.set_alpn_protocols(list(alpn))
    if certificate:
        made.load_cert_chain(certificate, key)
    if version is not None:
        if version < ssl.TLSVersion.TLSv1_2:
            made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = made.maximum_version = version
    return made


def connect(port: int, tls: ssl.SSLContext, name: str = "localhost", timeout: float = 10) -> ssl.SSLSocket:
    """A connection after its handshake."""
    plain = socket.create_connection((ADDRESS, port), timeout=timeout)
    try:
        return tls.wrap_socket(plain, server_hostname=name)
    except OSError:
        plain.close()
        raise


def request(path: str, method: str = "GET", headers: t.Sequence[str] = (), body: bytes = b"") -> bytes:
    """The bytes of a request; with a body its length is told, unless `headers` tell how it comes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body and not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def ask(
    port: int,
    tls: ssl.SSLContext,
    path: str,
    method: str = "GET",
    headers: t.Sequence[str] = (),
    body: bytes = b"",
    timeout: float = 10,
) -> Answer:
    """One request over a connection of its own."""
    with connect(port, tls, timeout=timeout) as connection:
        connection.sendall(request(path, method, headers, body))
        return answer(connection, bodiless=method == "HEAD")


def answer(connection: t.Union[socket.socket, ssl.SSLSocket], bodiless: bool = False) -> Answer:
    """Reads one answer, whose body has a length; the connection stays open."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return Answer(0, body=data)
            data += part
        head, _blank, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
        while not bodiless and len(body) < int(headers.get("content-length", 0)):
            part = connection.recv(65536)
            if not part:
                return Answer(0, body=body)
            body += part
    except OSError as error:
        return Answer(0, body=repr(error).encode())
    return Answer(int(first.split()[1]), headers, body)


def infer(connection: ssl.SSLSocket, model: str = "triton_identity") -> Answer:
    """An inference over a connection that is kept."""
    connection.sendall(request(f"/v2/models/{model}/infer", "POST", body=INFERENCE))
    return answer(connection)


def ask_http2(port: int, tls: ssl.SSLContext, path: str, method: str, body: bytes) -> t.Tuple[bytes, bytes]:
    """A request over HTTP/2 that does not tell its length: the header block and the body that came back (RFC 9113, RFC 7541)."""
    fields = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
    block = b"".join(b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode() for name, value in fields)
    with connect(port, tls) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0))
        connection.sendall(_frame(1, 4 if body else 5, 1, block) + (_frame(0, 1, 1, body) if body else b""))
        headers, received, data = b"", b"", b""
        while True:
            part = connection.recv(65536)
            if not part:
                return headers, received
            data += part
            while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
                length = int.from_bytes(data[:3], "big")
                kind, flags, payload = data[3], data[4], data[9 : 9 + length]
                data = data[9 + length :]
                headers += payload if kind == 1 else b""
                received += payload if kind == 0 else b""
                if kind in (0, 1) and flags & 1 or kind in (3, 7):
                    return headers, received


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + struct.pack(">BBI", kind, flags, stream) + payload
