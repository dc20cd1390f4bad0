# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be done on a host, judged before anything is changed. Free of Ansible."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from .._triton.commands import read
from .._triton.errors import HostError
from . import cdi, containers, daemon, look, registries

RELOAD = "reload"
RESTART = "restart"


@dataclass
class Work:
    """signal: RELOAD or RESTART of the daemon, or None; reason: why; stops: units that a restart stops and starts again."""

    files: list[registries.File] = field(default_factory=list)
    daemon_json: Optional[daemon.Plan] = None
    specs: list[cdi.Spec] = field(default_factory=list)
    booleans: list[str] = field(default_factory=list)
    enable: bool = False
    start: bool = False
    signal: Optional[str] = None
    reason: Optional[str] = None
    stops: list[str] = field(default_factory=list)
    overridden: list[dict[str, Any]] = field(default_factory=list)

    def changes(self, service: str) -> list[str]:
        """Each thing that is to be done, for people."""
        found = [f"{file.what} ({file.path})" for file in self.files]
        if self.daemon_json and self.daemon_json.differs:
            found.append(f"{daemon.PATH}: {', '.join(self.daemon_json.paths)}")
        found += [f"CDI specification {spec.path}: {spec.stale}" for spec in self.specs]
        found += [f"SELinux boolean {name}: on" for name in self.booleans]
        found += [f"enable {service}"] if self.enable else []
        found += [f"start {service}"] if self.start else []
        if self.signal:
            found.append(f"{self.signal} {service}: {self.reason}")
        return found


def judge(params: Mapping[str, Any], found: look.Host) -> Work:
    """What is to be done. Raises HostError where it must not or cannot be, before anything is changed."""
    work = Work(files=look.files(params))
    nvidia = look.nvidia_wanted(params, found)
    work.specs = [spec for spec in look.specs(params, found) if spec.stale]
    if found.selinux and nvidia:
        work.booleans = [name for name, on in found.booleans.items() if not on]
    if params["engine"] == "docker":
        _judge_daemon(params, found, nvidia, work)
    return work


def _judge_daemon(params: Mapping[str, Any], found: look.Host, nvidia: bool, work: Work) -> None:
    wanted = dict(params["daemon_settings"])
    mirrors = registries.hub_mirrors(params["registry_mirrors"])
    if mirrors:
        wanted["registry-mirrors"] = mirrors
    plan = daemon.plan(wanted, nvidia, nvidia and params["nvidia_default_runtime"], nvidia and params["docker_cdi"])
    work.daemon_json = plan
    if not found.present:
        # What is installed a moment later starts with the file that is there by then.
        return
    work.enable = not found.enabled
    work.start = found.service not in ("active", "activating", "reloading")
    if work.start:
        return
    pending = os.path.exists(look.mark(params["service"]))
    lacks = daemon.served(found.info, plan.old) if found.info is not None else []
    if plan.differs:
        work.signal, work.reason = (RESTART if plan.restart else RELOAD), ", ".join(plan.paths)
    elif lacks:
        work.signal, work.reason = RELOAD, f"the daemon does not know {', '.join(lacks)}"
    if pending:
        work.signal, work.reason = RESTART, work.reason or "an earlier run ended before the daemon had its settings"
    if work.signal == RESTART:
        _judge_restart(params, found, work)


def _judge_restart(params: Mapping[str, Any], found: look.Host, work: Work) -> None:
    """A restart ends the containers; with live-restore it leaves them, but not the units that run them attached."""
    work.stops = sorted({container.unit for container in found.containers if container.unit})
    strangers = [container for container in found.containers if container.unit is None and not found.live_restore]
    if not strangers:
        return
    error = HostError(
        "foreign_containers",
        f"{params['service']} must be restarted ({work.reason}), which would stop {_named(strangers)}.",
        "Stop them, move them, or put foreign_containers into container_runtime_allow; with live-restore they would go on running. "
        "A container that a systemd unit of yours starts can be named in container_runtime_managed_units.",
    )
    if error.code not in params["allow"]:
        raise error
    work.overridden.append({"code": error.code, "cause": error.cause, "remedy": error.remedy})


def _named(strangers: list[containers.Container]) -> str:
    names = [f"{container.name} ({container.image})" for container in strangers[:5]]
    more = f" and {len(strangers) - 5} more" if len(strangers) > 5 else ""
    return f"the container{'s' if len(strangers) > 1 else ''} {', '.join(names)}{more}"


def differences(work: Work) -> list[dict[str, str]]:
    """Ansible's before and after of what would be written; credentials are never shown."""
    found = []
    plan = work.daemon_json
    if plan and plan.differs:
        found.append({"before_header": daemon.PATH, "after_header": daemon.PATH, "before": daemon.shown(plan.old), "after": daemon.shown(plan.new)})
    for file in work.files:
        before = "" if file.private else read(file.path) or ""
        after = f"({file.what})\n" if file.private else file.text
        found.append({"before_header": file.path, "after_header": file.path, "before": before, "after": after})
    return found
