# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Doing what was judged, in an order that a killed run can be finished from, and going back where the daemon refuses. Free of Ansible."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Optional

from .._triton.commands import last_line, run, write
from .._triton.errors import HostError
from .._triton.hostinfo import listening
from .._triton.systemd import show
from . import cdi, containers, daemon, look
from .work import RELOAD, RESTART, Work, differences, judge

_RELOAD_SECONDS = 15.0
_LOG_LINES = 100


def perform(params: Mapping[str, Any], check: bool, diff: bool) -> dict[str, Any]:
    """What the module returns for its options; raises HostError. In check mode nothing is written."""
    found = look.host(params)
    work = judge(params, found)
    changes = work.changes(params["service"])
    result = _result(params, found, work)
    if diff:
        result["diff"] = differences(work)
    if check or not changes:
        return {"changed": bool(changes), "changes": changes, **result}
    if not found.present:
        raise HostError(
            "engine_missing",
            f"There is no {params['engine']} on this host.",
            "Install it, or let the role do so with container_runtime_manage_packages: true.",
        )
    _files(work)
    for spec in work.specs:
        cdi.generate(spec.path)
    for name in work.booleans:
        _require(["setsebool", "-P", name, "on"], "selinux_failed", f"The SELinux boolean {name} could not be set")
    if params["engine"] == "docker":
        _daemon(params, work)
    after = look.host(params)
    _check_gpus(found, after)
    return {**result, "changed": True, "changes": changes, **_result(params, after, work)}


def _result(params: Mapping[str, Any], found: look.Host, work: Work) -> dict[str, Any]:
    specs = look.specs(params, found)
    return {
        "engine": {"present": found.present, "version": found.version, "service_state": found.service, "enabled": found.enabled},
        "packages": found.packages,
        "unfinished": found.unfinished,
        "files": look.digests(params["files"]),
        "fingerprints": look.fingerprints(params["key_files"]),
        "gpus": found.gpus,
        "driver_version": found.driver,
        "nvidia_wanted": look.nvidia_wanted(params, found),
        "selinux": found.selinux,
        "containers": [container.plain() for container in found.containers],
        "cdi": [spec.plain() for spec in specs],
        "signal": work.signal,
        "stops": work.stops,
        "overridden": work.overridden,
        "warnings_found": _warnings(params, found, specs),
    }


def _warnings(params: Mapping[str, Any], found: look.Host, specs: list[cdi.Spec]) -> list[dict[str, str]]:
    """What works against the host and is not this module's to change: code, cause and remedy."""
    warnings = [containers.gpu_lost(container) for container in found.containers if container.problem]
    if params["engine"] == "podman" and any(cdi.too_new(spec, found.version or "") for spec in specs):
        warnings.append(
            {
                "code": "cdi_too_new",
                "cause": f"Podman {found.version} cannot read CDI 0.7, which this toolkit writes for this host's GPUs.",
                "remedy": "Use Podman 5 or later, an older container_runtime_toolkit_version, or the engine docker.",
            }
        )
    return warnings


def _files(work: Work) -> None:
    for file in work.files:
        write(file.path, file.text, file.mode, 0o700 if file.private else 0o755)


def _daemon(params: Mapping[str, Any], work: Work) -> None:
    service, plan, mark = params["service"], work.daemon_json, look.mark(params["service"])
    if plan is not None and plan.differs:
        if work.signal == RESTART:
            write(mark, f"{work.reason}\n")
        write(daemon.PATH, plan.new)
    if work.enable:
        # The link for boot needs no reload, and a reload can take GPUs away from running containers.
        _require(["systemctl", "enable", "--no-reload", "--quiet", service], "service_failed", f"{service} could not be enabled")
    if work.start:
        _start(service, plan)
    elif work.signal == RELOAD:
        _reload(service, plan)
    elif work.signal == RESTART:
        _restart(params, work, plan)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(mark)


def _start(service: str, plan: Optional[daemon.Plan]) -> None:
    began = time.time()
    run(["systemctl", "reset-failed", service])
    if run(["systemctl", "start", service], 120.0).returncode != 0 or not _answers():
        said = _log(service, began)
        raise _refused(service, said, plan, _give_back(service, plan, start=False))


def _reload(service: str, plan: Optional[daemon.Plan]) -> None:
    """SIGHUP is asynchronous: the daemon's own words tell when it is done, and nothing else tells that it refused."""
    began = time.time()
    _require(["systemctl", "reload", service], "service_failed", f"{service} could not be reloaded")
    text = plan.new if plan is not None else "{}"
    if _wait(lambda: _lacks(text) == [], _RELOAD_SECONDS):
        return
    lacks = _lacks(text)
    raise HostError(
        "reload_refused",
        f"{service} was reloaded and does not know {', '.join(lacks or ['its settings'])}: {_log(service, began)}",
        f"Correct {daemon.PATH}; running containers were left alone.",
    )


def _lacks(text: str) -> Optional[list[str]]:
    info = daemon.information(run(["docker", "info", "--format", "{{json .}}"]).stdout)
    return None if info is None else daemon.served(info, text)


def _restart(params: Mapping[str, Any], work: Work, plan: Optional[daemon.Plan]) -> None:
    """The units whose containers the restart would end are stopped in order before it, and started again whatever becomes of it."""
    service = params["service"]
    for unit in work.stops:
        _require(["systemctl", "stop", unit], "unit_failed", f"{unit} could not be stopped", params["stop_timeout"])
    began = time.time()
    try:
        run(["systemctl", "reset-failed", service])
        if run(["systemctl", "restart", service], 180.0).returncode != 0 or not _answers():
            said = _log(service, began)
            raise _refused(service, said, plan, _give_back(service, plan, start=True))
    finally:
        for unit in work.stops:
            run(["systemctl", "start", unit], params["stop_timeout"])
    _await_units(params, work)


def _give_back(service: str, plan: Optional[daemon.Plan], start: bool) -> bool:
    """The old daemon.json again, and the daemon with it; True where it answers."""
    if plan is None or not plan.differs:
        return False
    write(daemon.PATH, plan.old if plan.old.strip() else "{}\n")
    if not start:
        return False
    run(["systemctl", "reset-failed", service])
    run(["systemctl", "restart", service], 180.0)
    return _answers()


def _refused(service: str, said: str, plan: Optional[daemon.Plan], back: bool) -> HostError:
    undone = f" {daemon.PATH} is as it was before{', and so the daemon runs' if back else ''}." if plan is not None and plan.differs else ""
    return HostError(
        "service_failed",
        f"{service} did not start: {said}{undone}",
        "Correct what the log names: container_runtime_daemon_settings, or a flag of the unit that says the same as daemon.json.",
    )


def _await_units(params: Mapping[str, Any], work: Work) -> None:
    """Until the units that were stopped serve again: what was drained must not get its load back before."""
    if not work.stops:
        return

    def serve() -> bool:
        states = show(work.stops)
        return all(states.get(unit, {}).get("ActiveState") == "active" for unit in work.stops) and all(map(listening, params["ports"]))

    if not _wait(serve, params["ready_timeout"]):
        raise HostError(
            "unit_failed",
            f"{', '.join(work.stops)} did not come back within {params['ready_timeout']:g} s after the restart of {params['service']}.",
            "Look at the unit's log; container_runtime_ready_timeout covers the loading of the models.",
        )


def _answers() -> bool:
    return _wait(lambda: run(["docker", "info", "--format", "{{.ServerVersion}}"]).returncode == 0, 60.0)


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.25)
    return True


def _log(service: str, since: float = 0.0) -> str:
    """The line of the service's log that tells most, of those since a time in seconds since the epoch."""
    done = run(["journalctl", "--unit", service, "--no-pager", "--output=cat", f"--lines={_LOG_LINES}", f"--since=@{since:.0f}"])
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    telling = [line for line in lines if "unable to configure" in line or "level=fatal" in line or "failed to start daemon" in line]
    return (telling or lines or ["its log is empty"])[-1]


def _require(command: list[str], code: str, cause: str, seconds: float = 60.0) -> None:
    done = run(command, seconds)
    if done.returncode != 0:
        raise HostError(code, f"{cause}: {last_line(done)}.", "Look at the journal of this host.")


def _check_gpus(before: look.Host, after: look.Host) -> None:
    gone = containers.lost(before.containers, after.containers)
    if gone:
        raise HostError(
            "gpu_lost",
            f"After the change {', '.join(container.name for container in gone)} does not reach the GPUs that it had"
            f"{f': {gone[0].problem}' if gone[0].problem else ''}.",
            f"Restart it{f' (systemctl restart {gone[0].unit})' if gone[0].unit else ''}.",
        )
