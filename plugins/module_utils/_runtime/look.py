# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that is to be known of a host's container engine, and what is to be done, in one look. Free of Ansible."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from .._nvidia import driver as modules, pci
from .._triton.commands import read, run
from .._triton.systemd import show
from . import cdi, containers, daemon, openpgp, packages, registries

MARKS = "/run/inferops.triton"


@dataclass
class Host:
    """What a host has. service: its state in systemd's words, "missing" without a unit; info: what the daemon says of itself."""

    present: bool
    version: Optional[str]
    service: Optional[str]
    enabled: bool
    info: Optional[dict[str, Any]]
    packages: dict[str, Optional[str]]
    unfinished: list[str]
    gpus: int
    driver: Optional[str]
    toolkit: bool
    selinux: Optional[str]
    booleans: dict[str, bool]
    containers: list[containers.Container] = field(default_factory=list)

    @property
    def live_restore(self) -> bool:
        return bool((self.info or {}).get("LiveRestoreEnabled"))


def host(params: Mapping[str, Any]) -> Host:
    """Looks; changes nothing."""
    engine, docker = params["engine"], params["engine"] == "docker"
    versions, unfinished = packages.installed(params["packages"])
    driver = modules.loaded()[0]
    client = shutil.which(engine) is not None
    info = None
    state: dict[str, str] = {}
    if docker:
        state = show([params["service"]]).get(params["service"], {})
        info = daemon.information(run([engine, "info", "--format", "{{json .}}"]).stdout) if client else None
    service = None if not docker else "missing" if state.get("LoadState") != "loaded" else state.get("ActiveState", "unknown")
    found = Host(
        present=client and service != "missing",
        version=_version(engine, info) if client else None,
        service=service,
        enabled=service not in (None, "missing")
        and run(["systemctl", "is-enabled", params["service"]]).stdout.strip() in ("enabled", "enabled-runtime", "static", "indirect"),
        info=info,
        packages=versions,
        unfinished=unfinished,
        gpus=len(pci.scan()[0]),
        driver=driver,
        toolkit=shutil.which("nvidia-ctk") is not None,
        selinux=_selinux(),
        booleans={},
    )
    if found.selinux:
        found.booleans = _booleans(params["selinux_booleans"])
    if client and (not docker or info is not None):
        found.containers = containers.running(engine, params["managed_units"], driver is not None)
    return found


def nvidia_wanted(params: Mapping[str, Any], found: Host) -> bool:
    """Whether containers of this host are to get GPUs: where it has some, or where it was said."""
    return params["nvidia"] == "present" or (params["nvidia"] == "auto" and found.gpus > 0)


def specs(params: Mapping[str, Any], found: Host) -> list[cdi.Spec]:
    """The CDI specifications, where there is a driver that they could be for."""
    wanted = nvidia_wanted(params, found) and found.toolkit and found.driver is not None
    return cdi.specs(found.driver or "") if wanted else []


def files(params: Mapping[str, Any]) -> list[registries.File]:
    """The files of the registries that differ from what is wanted."""
    return [file for file in registries.files(params["engine"], params) if file.differs()]


def digests(paths: list[str]) -> dict[str, Optional[str]]:
    """SHA-256 of files; None where there is none."""
    found: dict[str, Optional[str]] = {}
    for path in paths:
        text = read(path)
        found[path] = None if text is None else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return found


def fingerprints(paths: list[str]) -> dict[str, list[str]]:
    """The fingerprints of the OpenPGP keys in files; none for what is no key."""
    return {path: openpgp.fingerprints(path) for path in paths}


def mark(service: str) -> str:
    """The file that says that a run has yet to restart (or reload) the daemon; a reboot takes it away, which restarts as well."""
    return os.path.join(MARKS, f"{service}.pending")


def _version(engine: str, info: Optional[Mapping[str, Any]]) -> Optional[str]:
    if info is not None:
        return str(info["ServerVersion"])
    words = run([engine, "--version"]).stdout.replace(",", " ").split()
    return next((word for word in words if word[:1].isdigit()), None)


def _selinux() -> Optional[str]:
    state = read("/sys/fs/selinux/enforce")
    return None if state is None else "enforcing" if state.strip() == "1" else "permissive"


def _booleans(names: list[str]) -> dict[str, bool]:
    """Booleans of SELinux by name; those that the policy does not have are left out. Source: getsebool(8)."""
    found = {}
    for name in names:
        value = read(f"/sys/fs/selinux/booleans/{name}")
        if value is not None:
            found[name] = value.split()[:1] == ["1"]
    return found
