# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real HAProxy that terminates TLS before a Triton without it, with one laxness that Triton itself does not have."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
import typing as t
from pathlib import Path

from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity
from ansible_collections.inferops.triton.tests.unit.support.triton import free_port

_CONFIGURATION = """
global
  maxconn 100
  ssl-default-bind-ciphers ALL:@SECLEVEL=0
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
{sections}
"""
_SECURED = """
frontend secured
  bind 127.0.0.1:{port} ssl crt {pem} alpn h2 {options}
  default_backend triton
backend triton
  server triton 127.0.0.1:{triton}
"""
# One port for both: a TLS record goes to the listener above, anything else to Triton as it is.
_BOTH = """
frontend both
  bind 127.0.0.1:{both}
  tcp-request inspect-delay 5s
  tcp-request content accept if {{ req.len gt 0 }}
  use_backend secured if {{ req.ssl_hello_type 1 }}
  default_backend triton
backend secured
  server secured 127.0.0.1:{port}
"""


def _executable() -> str:
    found = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise RuntimeError("haproxy is missing, before which Triton is tested: apt-get install haproxy")
    return found


@contextlib.contextmanager
def haproxy(
    folder: Path, identity: Identity, triton_port: int, options: str = "", plaintext: bool = False
) -> t.Iterator[int]:
    """HAProxy as `identity` before the Triton on `triton_port`; `options` are for its bind line. Yields its port.

    `plaintext` opens the same port to clients without TLS, too.
    """
    port, both = free_port(), free_port()
    pem = folder / "gateway.pem"
    pem.touch(mode=0o600)
    pem.write_text(identity.chain_pem + identity.key_pem)
    sections = _SECURED.format(port=port, pem=pem, options=options, triton=triton_port)
    if plaintext:
        sections += _BOTH.format(port=port, both=both)
    configuration, log = folder / "haproxy.cfg", folder / "haproxy.log"
    configuration.write_text(_CONFIGURATION.format(sections=sections))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_executable(), "-db", "-f", str(configuration)], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait(both if plaintext else port, process, log)
        yield both if plaintext else port
    finally:
        process.kill()
        process.wait()


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until something listens on `port` of 127.0.0.1, as /proc/net/tcp tells."""
    wanted = "0100007F:{0:04X}".format(port)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
        if any(fields[1] == wanted and fields[3] == "0A" for fields in lines):
            return
        time.sleep(0.02)
    raise RuntimeError("haproxy does not listen: " + log.read_text(errors="replace"))
