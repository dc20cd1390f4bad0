# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real HAProxy before a real Triton: one that terminates gRPC's TLS, or a gateway with HTTPS for REST and metrics."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity
from ansible_collections.inferops.triton.tests.unit.support.triton import (
    CLOSED,
    HALF,
    IDENTITY,
    Triton,
    free_port,
    tls_flags,
)

if t.TYPE_CHECKING:
    from ansible_collections.inferops.triton.tests.unit.conftest import Pki

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
    """HAProxy as `identity` before the Triton without TLS on `triton_port`; `options` are for its bind line. Yields its port.

    `plaintext` opens the same port to clients without TLS, too.
    """
    port, both = free_port(), free_port()
    sections = _SECURED.format(port=port, pem=_pem(folder, "gateway", identity), options=options, triton=triton_port)
    if plaintext:
        sections += _BOTH.format(port=port, both=both)
    with _running(folder, sections, both if plaintext else port):
        yield both if plaintext else port


def _pem(folder: Path, stem: str, identity: Identity) -> Path:
    path = folder / (stem + ".pem")
    path.touch(mode=0o600)
    path.write_text(identity.chain_pem + identity.key_pem)
    return path


@contextlib.contextmanager
def _running(folder: Path, sections: str, *ports: int) -> t.Iterator[None]:
    configuration, log = folder / "haproxy.cfg", folder / "haproxy.log"
    configuration.write_text(_CONFIGURATION.format(sections=sections))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_executable(), "-db", "-f", str(configuration)], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        for port in ports:
            _wait(port, process, log)
        yield
    finally:
        process.kill()
        process.wait()


HSTS = 'http-after-response set-header strict-transport-security "max-age=31536000"'
# What a gateway closes of Triton's REST.
CLOSED_API = (
    "acl control path_beg /v2/repository/ /v2/systemsharedmemory/ /v2/cudasharedmemory/ /v2/trace/ /v2/logging",
    "acl control path_reg ^/v2/models/[^/]+/(versions/[^/]+/)?trace/",
    "http-request deny deny_status 403 if control",
)
_PASSED_THROUGH = """
frontend grpc
  bind 127.0.0.1:{port}
  {rules}
  default_backend grpc
backend grpc
  server triton 127.0.0.1:{triton}
"""
_FRONT = """
frontend {name}
  bind 127.0.0.1:{port} {secured} {options}
  mode http
  {rules}
  default_backend {name}
backend {name}
  mode http
  server triton 127.0.0.1:{triton}
"""


@dataclass
class Front:
    """One HTTPS port of a gateway: who it is (None: no TLS at all), its bind options, its rules, and the port behind it."""

    identity: t.Optional[Identity]
    triton: int
    options: str = "alpn h2,http/1.1 ssl-min-ver TLSv1.2"
    rules: t.Sequence[str] = (HSTS,)
    port: int = field(default_factory=free_port)

    def section(self, folder: Path, name: str) -> str:
        """Its part of the configuration."""
        secured = "ssl crt {0}".format(_pem(folder, name, self.identity)) if self.identity else ""
        options = self.options if self.identity else ""
        rules, port = "\n  ".join(self.rules), self.port
        return _FRONT.format(name=name, port=port, secured=secured, options=options, rules=rules, triton=self.triton)


@contextlib.contextmanager
def https_gateway(
    folder: Path, grpc_port: int, rest: Front, metrics: Front, rules: t.Sequence[str] = ()
) -> t.Iterator[int]:
    """A gateway that passes gRPC's TLS on to `grpc_port` by `rules`, and terminates that of REST and metrics. Yields its gRPC port."""
    port = free_port()
    sections = _PASSED_THROUGH.format(port=port, triton=grpc_port, rules="\n  ".join(rules))
    sections += rest.section(folder, "rest") + metrics.section(folder, "metrics")
    with _running(folder, sections, port, rest.port, metrics.port):
        yield port


@dataclass
class Behind:
    """A Triton as a gateway has it behind it: gRPC over TLS, REST and metrics in the clear."""

    triton: Triton
    metrics_port: int

    def rest(self, pki: "Pki", **more: t.Any) -> Front:
        """The gateway's port for REST."""
        return Front(**{"identity": pki.server, "triton": self.triton.http_port, "rules": (HSTS, *CLOSED_API), **more})

    def metrics(self, pki: "Pki", **more: t.Any) -> Front:
        """The gateway's port for metrics."""
        return Front(**{"identity": pki.server, "triton": self.metrics_port, **more})


def behind_gateway(pki: "Pki", folder: Path, *flags: str, mutual: bool = False, models: t.Sequence[t.Any] = (IDENTITY, HALF)) -> Behind:
    """One that is not started yet."""
    port = free_port()
    arguments = ["--allow-metrics=true", "--metrics-port={0}".format(port), *CLOSED, *flags]
    arguments += tls_flags(pki.server_cert, pki.server_key, pki.ca_file if mutual else None, mutual)
    return Behind(Triton(folder, models=models, arguments=arguments), port)


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
