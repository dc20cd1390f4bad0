# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The candidate port: for the time of a change named addresses reach the gRPC port of an instance that does not serve. Free of Ansible.

A second, small HAProxy in a transient unit of systemd, with a time that it may live: after a killed run it closes by itself, and after
a reboot it is gone. Source: systemd-run(1), RuntimeMaxSec= in systemd.service(5).
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import gatewayfiles
from . import manager as states
from .commands import read
from .disk import write_text
from .errors import HostError
from .generation import check_instance
from .hostinfo import listeners, listening
from .systemd import Systemd, transient

if TYPE_CHECKING:
    from .gateway import Gateway

UNIT = "triton-candidate.service"
_POLL_SECONDS = 0.1
_READY_SECONDS = 10.0
_STOP_SECONDS = 10.0
_TEMPLATE = """# Written by inferops.triton, module triton_gateway: {instance}, which does not serve, for the audit of a change.
global
  log stdout format raw local0 info
  maxconn 200

frontend candidate
  mode tcp
  bind {address}:{port}
  log global
  timeout client 60s
  tcp-request connection reject unless {{ src {sources} }}
  default_backend candidate

backend candidate
  mode tcp
  timeout connect 5s
  timeout server 60s
  server {instance} {server}
"""
# As in the gateway's own unit.
_PROPERTIES = (
    "Type=notify",
    "NotifyAccess=main",
    "NoNewPrivileges=true",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=true",
    "PrivateTmp=true",
    "PrivateDevices=true",
    "ProtectProc=invisible",
    "ProtectKernelTunables=true",
    "ProtectControlGroups=true",
    "RestrictNamespaces=true",
    "RestrictSUIDSGID=true",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "SystemCallArchitectures=native",
    "SuccessExitStatus=143",
    "SyslogIdentifier=triton-candidate",
)


def config(instance: str, server: str, address: str, port: int, sources: Sequence[str]) -> str:
    """The configuration: one port, to one server, for these addresses and networks alone. Raises HostError invalid_source."""
    if not sources:
        raise HostError("invalid_source", "There is no address that may reach the candidate port.", "Name at least one in sources.")
    for source in sources:
        try:
            ipaddress.ip_network(source, strict=False)
        except ValueError:
            raise HostError(
                "invalid_source",
                f"{source!r} in sources is no address and no network.",
                "Write it as in 192.0.2.10, 192.0.2.0/24 or 2001:db8::/64.",
            ) from None
    bound = f"[{address.strip('[]')}]" if ":" in address else address
    return _TEMPLATE.format(instance=instance, server=server, address=bound, port=port, sources=" ".join(sources))


def open_port(gateway: Gateway, check: bool) -> dict[str, Any]:
    """State candidate_open: opens it, or opens it anew, so that it stays for the whole time."""
    params, files = gateway.params, gateway.files
    instance, port = check_instance(params["instance"]), params["port"]
    server = gatewayfiles.server(read(files.config) or "", f"grpc_{instance}")
    if server is None and not check:
        raise HostError(
            "instance_unknown", f"{files.config} has no gRPC server of the instance {instance}.", "Set the gateway up first (state present)."
        )
    text = config(instance, server or "", params["address"], port, params["sources"])
    result = {"changed": True, "instance": instance, "port": port}
    if check:
        return result
    unit = _unit(gateway)
    haproxy = gatewayfiles.executable(params["executable"], required=True)
    _close(unit)
    for listener in listeners({port}):
        raise HostError(
            "port_in_use",
            f"Port {port} on {listener.address} is held by {listener.named()}.",
            "Stop it, or choose another candidate port (triton_gateway_candidate_port).",
            listener=listener.plain(),
        )
    write_text(files.candidate, text)
    lives = [f"RuntimeMaxSec={params['seconds']:g}", f"User={params['user']}", f"Group={params['group']}"]
    transient(UNIT, "Candidate port of NVIDIA Triton", [*_PROPERTIES, *lives], [str(haproxy), "-Ws", "-f", files.candidate])
    deadline = time.monotonic() + _READY_SECONDS
    while not listening(port):
        status = unit.status()
        if status.state in (states.FAILED, states.STOPPED, states.MISSING) or time.monotonic() >= deadline:
            log = unit.log(status.run).splitlines()[-10:]
            raise HostError(
                "candidate_failed",
                f"The candidate port {port} did not open: {UNIT} is {status.words}.{f' Its log says: {log[-1]}' if log else ''}",
                "Correct what the log names.",
                log=log,
            )
        time.sleep(_POLL_SECONDS)
    return result


def close_port(gateway: Gateway, check: bool) -> dict[str, Any]:
    """State candidate_closed: stops it, where it is open."""
    there = os.path.lexists(gateway.files.candidate)
    unit = _unit(gateway)
    runs = unit.status().state not in (states.MISSING, states.STOPPED, states.UNKNOWN)
    if not check:
        _close(unit)
        if there:
            os.unlink(gateway.files.candidate)
    return {"changed": runs or there}


def _unit(gateway: Gateway) -> Systemd:
    return Systemd("candidate", UNIT, gateway.params["unit_directory"], "", "triton-candidate")


def _close(unit: Systemd) -> None:
    if unit.status().state not in (states.MISSING, states.UNKNOWN):
        unit.stop(_STOP_SECONDS)
