# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server does on the wire, observed without judging it: TCP, the TLS handshake, the first HTTP/2 frame.

gRPC tells neither the served chain nor why a server hung up. OpenSSL, over memory BIOs, does. An observation ends with
the first HTTP/2 frame, or with what another protocol (https.py) has instead: a server under TLS 1.3 judges the client's
certificate only after the client's handshake is complete, and its SETTINGS frame (RFC 9113, 3.4) is the first sign that it
accepted the client. Triton 2.51 closes the connection without a TLS alert when it refuses a client; other servers send one.
"""

from __future__ import annotations

import asyncio
import enum
import socket
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inferops.triton.plugins.module_utils._triton.deps import SSL, serialization, x509
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Identity
from ansible_collections.inferops.triton.plugins.module_utils._triton.resolver import Resolver

# RFC 9113, 3.4: the client's preface, followed by an empty SETTINGS frame.
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_FRAME_HEADER = 9
# OpenSSL takes at most 100 kB of certificates; what a server sends beyond this is no handshake.
MAX_BYTES = 512 * 1024
_CHUNK = 64 * 1024


class Stage(str, enum.Enum):
    """How far a connection came; an observation names the stage that it did not complete, or DONE."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    HANDSHAKE = "handshake"
    HTTP2 = "http2"
    DONE = "done"


class Problem(str, enum.Enum):
    """Why a connection came no further."""

    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    ALERT = "alert"
    NOT_TLS = "not_tls"
    TLS = "tls"
    NOT_HTTP2 = "not_http2"
    NOT_HTTP = "not_http"
    FLOOD = "flood"


@dataclass
class Observation:
    """What one connection showed. `chain` is DER, leaf first, as sent and not verified."""

    stage: Stage = Stage.RESOLVE
    problem: t.Optional[Problem] = None
    detail: str = ""
    alert: t.Optional[str] = None
    peer: t.Optional[Address] = None
    banner: bytes = b""
    tls_version: t.Optional[str] = None
    cipher: t.Optional[str] = None
    alpn: t.Optional[str] = None
    chain: t.List[bytes] = field(default_factory=list)
    client_certificate_asked: bool = False
    client_ca_names: t.List[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def accepted(self) -> bool:
        """Whether the server let this client speak: its first HTTP/2 frame came, or its answer to an HTTP request."""
        return self.stage is Stage.DONE

    @property
    def refused(self) -> bool:
        """Whether the server hung up on this client, having asked it for a certificate."""
        return self.client_certificate_asked and self.problem in (Problem.CLOSED, Problem.ALERT)


class Stop(Exception):
    """The connection came no further."""

    def __init__(self, problem: Problem, detail: str = "", alert: t.Optional[str] = None) -> None:
        super().__init__(detail)
        self.problem, self.detail, self.alert = problem, detail, alert


def tls_context(identity: t.Optional[Identity] = None, old: bool = False) -> t.Any:
    """An OpenSSL context that verifies nothing and offers old versions too: it is there to look, not to trust.

    `old` makes it one that knows TLS 1.1 at most.
    """
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_verify(SSL.VERIFY_NONE, lambda *_arguments: True)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.set_min_proto_version(SSL.TLS1_VERSION)
    if old:
        context.set_max_proto_version(SSL.TLS1_1_VERSION)
    context.set_info_callback(_note_request)
    if identity is not None:
        leaf, *others = x509.load_pem_x509_certificates(identity.certificate)
        context.use_certificate(leaf)
        for certificate in others:
            context.add_extra_chain_cert(certificate)
        key: t.Any = serialization.load_pem_private_key(identity.key, None)
        context.use_privatekey(key)
    return context


def _note_request(connection: t.Any, _where: int, _value: int) -> None:
    """Note a CertificateRequest when it passes: an empty list of CA names alone does not tell it from none."""
    observation = connection.get_app_data()
    if observation is not None and b"read server certificate request" in connection.get_state_string():
        observation.client_certificate_asked = True


class Prober:
    """Opens connections for observation; keeps one OpenSSL context per client identity."""

    def __init__(self) -> None:
        self._contexts: t.Dict[t.Tuple[t.Optional[Identity], bool], t.Any] = {}
        self._resolver = Resolver()

    def _context(self, identity: t.Optional[Identity], old: bool) -> t.Any:
        if (identity, old) not in self._contexts:
            self._contexts[identity, old] = tls_context(identity, old)
        return self._contexts[identity, old]

    async def tls(
        self,
        address: Address,
        server_name: str,
        identity: t.Optional[Identity],
        timeout: float,
        old: bool = False,
        protocol: t.Optional["Protocol"] = None,
    ) -> Observation:
        """Connect with TLS as a gRPC client would, up to the server's first HTTP/2 frame, in at most `timeout` seconds.

        `old` is a client that knows TLS 1.1 at most; another `protocol` than HTTP/2 is spoken where one is given.
        """
        context, spoken = self._context(identity, old), protocol or HTTP2
        return await self._observe(address, timeout, lambda seen, wire: self._tls(seen, wire, server_name, context, spoken))

    async def plaintext(self, address: Address, timeout: float) -> Observation:
        """Connect as a gRPC client without TLS would, up to the server's first HTTP/2 frame."""

        async def talk(seen: Observation, wire: "_Wire") -> None:
            seen.stage = Stage.HTTP2
            await _greet(seen, wire)

        return await self._observe(address, timeout, talk)

    async def _observe(
        self,
        address: Address,
        timeout: float,
        talk: t.Callable[[Observation, "_Wire"], t.Awaitable[None]],
    ) -> Observation:
        seen = Observation()
        started = time.monotonic()

        async def whole() -> None:
            # Nothing is raised out of the task that runs this: task, exception and frames would hold each other, and with them
            # everything of OpenSSL's, until the garbage collector comes.
            try:
                connected = await _connect(address, seen, self._resolver)
                try:
                    await talk(seen, _Wire(connected, seen))
                finally:
                    connected.close()
            except Stop as stop:
                seen.problem, seen.detail, seen.alert = stop.problem, stop.detail, stop.alert
            except OSError as error:
                seen.problem, seen.detail = Problem.CLOSED, error.strerror or str(error)

        try:
            await asyncio.wait_for(whole(), timeout)
        except asyncio.TimeoutError:
            seen.problem = Problem.TIMEOUT
        seen.seconds = time.monotonic() - started
        return seen

    async def _tls(
        self, seen: Observation, wire: "_Wire", server_name: str, context: t.Any, protocol: "Protocol"
    ) -> None:
        connection = SSL.Connection(context, None)
        connection.set_app_data(seen)
        connection.set_alpn_protos([protocol.alpn])
        if not Address(server_name, 0).is_ip:  # RFC 6066, 3: no literal addresses in SNI
            connection.set_tlsext_host_name(server_name.encode("ascii"))
        connection.set_connect_state()
        seen.stage = Stage.HANDSHAKE
        try:
            await wire.pump(connection, connection.do_handshake)
        finally:
            _note_session(connection, seen)
        seen.stage = Stage.HTTP2
        wire.limit = protocol.limit
        await protocol.talk(seen, _Secured(connection, wire))


class Stream(t.Protocol):
    """What a protocol is spoken over, once the connection stands."""

    async def send(self, data: bytes) -> None:
        """Send all of `data`."""

    async def receive(self, size: int = _CHUNK) -> bytes:
        """What has arrived, at most `size` bytes; empty at the end, or Stop where the server ends the session."""


@dataclass(frozen=True)
class Protocol:
    """A protocol by its name in ALPN, and how it is spoken: `talk` sets Stage.DONE where the server answers, else raises Stop.

    More than `limit` bytes from the server end the connection.
    """

    alpn: bytes
    talk: t.Callable[[Observation, Stream], t.Awaitable[None]]
    limit: int = MAX_BYTES


async def _greet(seen: Observation, stream: Stream) -> None:
    await stream.send(HTTP2_PREFACE)
    await _first_frame(seen, stream.receive)


HTTP2 = Protocol(b"h2", _greet)


def _note_session(connection: t.Any, seen: Observation) -> None:
    """Take from OpenSSL what the handshake showed, also where it failed half-way."""
    chain = connection.get_peer_cert_chain(as_cryptography=True) or []
    if not chain:
        return
    seen.chain = [certificate.public_bytes(serialization.Encoding.DER) for certificate in chain]
    seen.tls_version = connection.get_protocol_version_name()
    seen.cipher = connection.get_cipher_name()
    seen.alpn = connection.get_alpn_proto_negotiated().decode("ascii", "replace") or None
    seen.client_ca_names = [
        x509.Name.from_bytes(name.der()).rfc4514_string() for name in connection.get_client_ca_list()
    ]


async def _connect(address: Address, seen: Observation, resolver: Resolver) -> socket.socket:
    """A connected, non-blocking socket to the first of the host's addresses that answers."""
    loop = asyncio.get_running_loop()
    if address.is_ip:
        flags = socket.AI_NUMERICHOST
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=flags)
    else:
        try:
            found = await resolver.resolve(address)
        except OSError as error:
            raise Stop(Problem.DNS, error.strerror or str(error)) from error
    seen.stage = Stage.CONNECT
    failure = Stop(Problem.DNS, "it has no address")
    for family, kind, protocol, _canonical, target in found:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(connection, target)
        except ConnectionRefusedError as error:
            connection.close()
            failure = Stop(Problem.REFUSED, str(error))
        except OSError as error:
            connection.close()
            failure = Stop(Problem.UNREACHABLE, error.strerror or str(error))
        except BaseException:
            connection.close()
            raise
        else:
            seen.peer = Address(str(target[0]), address.port)
            return connection
    raise failure


async def _first_frame(seen: Observation, read: t.Callable[[int], t.Awaitable[bytes]]) -> None:
    """Read one frame header and insist that it is the server's SETTINGS."""
    header = b""
    while len(header) < _FRAME_HEADER:
        data = await read(_FRAME_HEADER - len(header))
        if not data:
            raise Stop(Problem.CLOSED, "the server closed the connection")
        header += data
    if not is_settings(header):
        seen.banner = seen.banner or header
        raise Stop(Problem.NOT_HTTP2, "it began with {0!r}".format(header.decode("latin-1")))
    seen.stage = Stage.DONE


def is_settings(data: bytes) -> bool:
    """Whether `data` starts with the header of an HTTP/2 SETTINGS frame on stream 0 (RFC 9113, 6.5)."""
    return (
        len(data) >= _FRAME_HEADER
        and int.from_bytes(data[:3], "big") <= 16384
        and data[3] == 4
        and data[5:9] == b"\0\0\0\0"
    )


class _Wire:
    """A socket under asyncio, with a bound on what a hostile server can make us read."""

    def __init__(self, connection: socket.socket, seen: Observation) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connection
        self._seen = seen
        self._received = 0
        self.limit = MAX_BYTES

    async def send(self, data: bytes) -> None:
        """Send all of `data`."""
        await self._loop.sock_sendall(self._socket, data)

    async def receive(self, size: int = _CHUNK) -> bytes:
        """What has arrived, at most `size` bytes; empty at the end of the stream."""
        data = await self._loop.sock_recv(self._socket, size)
        if not self._received:
            self._seen.banner = data[:64]
        self._received += len(data)
        if self._received > self.limit:
            raise Stop(Problem.FLOOD, "it sent more than {0} bytes without an answer".format(self.limit))
        return data

    async def pump(self, connection: t.Any, step: t.Callable[[], t.Any]) -> t.Any:
        """Repeat an OpenSSL call, carrying bytes between it and the socket, until it has a result."""
        while True:
            result, done = None, True
            try:
                result = step()
            except SSL.WantReadError:
                done = False
            except SSL.ZeroReturnError:
                raise Stop(Problem.CLOSED, "the server ended the TLS session") from None
            except SSL.Error as error:
                await self._flush(connection)
                raise self._tls_error(error) from error
            if done:
                # What is left to send travels with what the next step has: a segment less for each handshake.
                return result
            await self._flush(connection)
            data = await self.receive()
            if not data:
                raise Stop(Problem.CLOSED, "the server closed the connection")
            connection.bio_write(data)

    async def _flush(self, connection: t.Any) -> None:
        while True:
            try:
                data = connection.bio_read(_CHUNK)
            except SSL.WantReadError:
                return
            await self.send(data)

    def _tls_error(self, error: Exception) -> Stop:
        """Tell an alert from an answer that is no TLS and from a handshake that went wrong."""
        queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
        reasons = [str(entry[2]) for entry in queue] or [str(error) or type(error).__name__]
        for reason in reasons:
            if " alert " in reason:
                return Stop(Problem.ALERT, reason, reason.partition(" alert ")[2])
        # Every TLS record starts with its content type, 20 to 23 (RFC 8446, 5.1), and major version 3.
        banner = self._seen.banner
        if banner and not (20 <= banner[0] <= 23 and banner[1:2] in (b"", b"\x03")):
            return Stop(Problem.NOT_TLS, "it answered {0!r}".format(banner[:32].decode("latin-1")))
        return Stop(Problem.TLS, ", ".join(reasons))


class _Secured:
    """A TLS session over a wire."""

    def __init__(self, connection: t.Any, wire: _Wire) -> None:
        self._connection, self._wire = connection, wire

    async def send(self, data: bytes) -> None:
        """Encrypt all of `data`; it leaves with the next receive()."""
        self._connection.sendall(data)  # pyOpenSSL lets send() write a part

    async def receive(self, size: int = _CHUNK) -> bytes:
        """What has arrived and was decrypted. Stop where the server ends the session or the connection."""
        data: bytes = await self._wire.pump(self._connection, lambda: self._connection.recv(size))
        return data
