# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stranger on the network finds at a gateway's host: from_outside.py ADDRESS. Prints what is wrong, nothing where all is well.

Three ports are open, each speaks TLS and nothing in the clear; the instances, the candidate port and the statistics cannot be reached.
"""

from __future__ import annotations

import socket
import ssl
import sys

OPEN = (8000, 8001, 8002)
CLOSED = (8003, 8404, 18000, 18001, 18002, 28000, 28001, 28002)
_SECONDS = 5.0
# HTTP/1.1, and HTTP/2's preface with empty settings, which gRPC in the clear would begin with.
PLAIN = (b"GET /v2/health/ready HTTP/1.1\r\nHost: triton\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")


def takes_connections(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), _SECONDS).close()
    except OSError:
        return False
    return True


def answers(address: str, port: int, text: bytes) -> bytes:
    """What comes back for a text in the clear, within five seconds."""
    with socket.create_connection((address, port), _SECONDS) as client:
        try:
            client.sendall(text)
            return client.recv(200)
        except OSError:
            return b""


def speaks_tls(address: str, port: int) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        with socket.create_connection((address, port), _SECONDS) as raw, context.wrap_socket(raw) as secured:
            return secured.version() in ("TLSv1.2", "TLSv1.3")
    except (OSError, ssl.SSLError):
        return False


def main() -> None:
    address = sys.argv[1]
    for port in CLOSED:
        if takes_connections(address, port):
            print(f"{port} takes connections")
    for port in OPEN:
        if not speaks_tls(address, port):
            print(f"{port} does not speak TLS")
        for text in PLAIN:
            said = answers(address, port, text)
            # A TLS alert, or an error of HTTP that tells nothing.
            if said and not said.startswith(b"\x15\x03") and b" 400 " not in said[:16]:
                print(f"{port} answers {text[:3]!r} in the clear: {said[:60]!r}")


if __name__ == "__main__":
    main()
