# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance runs: activating a generation, stopping, committing, pruning. Free of Ansible.

Activating is one order of steps, each of which a killed run may leave undone for the next to finish: turn the
symlink, bring the manager's configuration up to date, enable, restart once, wait until it listens.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from . import manager as states
from . import startlog, tlsfiles
from .errors import HostError
from .generation import Store
from .hostinfo import Listener, listeners, listening
from .manager import Manager, Status

_POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Port:
    """A TCP port that the instance is to bind, and the address it binds it on."""

    number: int
    address: str = "0.0.0.0"


@dataclass(frozen=True)
class Request:
    """What to activate: a generation's id for an instance, and what to expect of it. Times are in seconds."""

    instance: str
    generation: str
    ports: Sequence[Port] = ()
    ready_timeout: float = 300.0
    stop_timeout: float = 120.0
    restart: bool = False
    allow: frozenset[str] = frozenset()


@dataclass
class Outcome:
    """What an action did. reason says why something was to be done; overridden holds findings that were allowed."""

    changed: bool = False
    id: Optional[str] = None
    previous_id: Optional[str] = None
    restarted: bool = False
    reason: Optional[str] = None
    overridden: list[dict[str, Any]] = field(default_factory=list)


def described_ports(store: Store, generation: Optional[str], instance: str) -> list[Port]:
    """The ports that a generation says it binds as this instance (``listens`` in its description), gRPC first."""
    listens = store.describe(generation).get("listens", {}) if generation else {}
    return [Port(int(item["port"]), item["address"]) for item in listens.get(instance, [])]


def running_id(run_directory: str, instance: str, status: Status) -> Optional[str]:
    """The id that the instance's start script wrote, while the instance is up; None otherwise."""
    if status.state not in (states.RUNNING, states.STOPPING):
        return None
    try:
        with open(os.path.join(run_directory, instance, "generation"), encoding="ascii", errors="replace") as stream:
            return stream.read(64).strip() or None
    except OSError:
        return None


def activate(
    store: Store,
    manager: Manager,
    run_directory: str,
    request: Request,
    check: bool = False,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Lets an instance run a generation and waits until it listens; call it under the store's lock, but in check mode.

    Refusals (generation_unknown, generation_damaged, port_in_use) leave everything as it is. After a failed
    start the symlink stays on the new generation: the caller decides to go back.
    """
    generation = store.resolve(request.generation)
    store.require_whole(generation)
    linked = store.running(request.instance)
    status = manager.status()
    running = running_id(run_directory, request.instance, status)
    outcome = Outcome(id=generation, previous_id=running or linked)
    outcome.overridden = _check_ports(manager, request, status)

    restart_for = _restart_reason(request, generation, linked, running, status, manager)
    outcome.restarted = restart_for is not None
    enabled = manager.enabled()
    outcome.reason = restart_for or (None if enabled else f"{manager.service} was not enabled")
    outcome.changed = outcome.reason is not None
    if check:
        return outcome
    if restart_for is None:
        if not enabled:
            manager.enable()
        if status.state != states.RUNNING or not _listening(request.ports):
            _await_ready(store, manager, request, generation, manager.status(), clock, sleep)
        return outcome

    manager.require()
    # A unit's text that the manager has not read, perhaps since a killed run, must not be started from.
    reload = running != linked or _unit_text(store, linked) != _unit_text(store, generation)
    store.point(store.instance_link(request.instance), generation)
    store.serve(request.instance, first=True)
    manager.prepare(reload)
    manager.enable()
    manager.restart(request.stop_timeout)
    _await_ready(store, manager, request, generation, manager.status(), clock, sleep)
    return outcome


def stop(manager: Manager, timeout: float, check: bool = False) -> Outcome:
    """Stops an instance and keeps it from starting at boot; its symlink stays."""
    status = manager.status()
    up = status.state not in (states.STOPPED, states.MISSING, states.UNKNOWN)
    if check:
        return Outcome(changed=up or (status.state == states.STOPPED and manager.enabled()))
    if status.state == states.UNKNOWN:
        return Outcome()
    changed = manager.stop(timeout)
    return Outcome(changed=changed, reason=f"{manager.service} was {status.words}" if changed else None)


def commit(store: Store, instance: str, wanted: Optional[str], undo: bool, check: bool = False) -> Outcome:
    """Marks what an instance runs as verified.

    The one that was committed becomes ``previous``; with undo (the end of a rollback) ``previous`` goes instead.
    Each step can be repeated, in this order, after a kill. Raises HostError nothing_to_commit or not_active.
    """
    linked = store.running(instance)
    if linked is None or not os.path.isdir(store.folder(linked)):
        raise HostError(
            "nothing_to_commit", f"The instance {instance} runs no generation.", "Activate one and verify it first."
        )
    if wanted is not None and store.resolve(wanted) != linked:
        raise HostError(
            "not_active",
            f"The instance {instance} runs the generation {linked}, not {wanted}.",
            "Commit only what was activated and verified.",
        )
    committed, previous = store.target("committed"), store.target("previous")
    changed = committed != linked or (undo and previous is not None)
    outcome = Outcome(changed=changed, id=linked, previous_id=None if undo else previous)
    if committed != linked and not undo and committed is not None:
        outcome.previous_id = committed
    if check or not changed:
        return outcome
    if committed != linked and committed is not None and not undo:
        store.point("previous", committed)
    store.point("committed", linked)
    if undo:
        store.unpoint("previous")
    return outcome


def require_running(store: Store, manager: Manager, run_directory: str, instance: str) -> None:
    """Raises HostError not_running where an instance is known not to run what its symlink names.

    A service manager that does not know the instance, or does not answer, knows nothing.
    """
    status = manager.status()
    linked, running = store.running(instance), running_id(run_directory, instance, status)
    if status.state in (states.MISSING, states.UNKNOWN) or linked is None:
        return
    if status.state != states.RUNNING or (running is not None and running != linked):
        raise HostError(
            "not_running",
            f"The instance {instance} is to run the generation {linked}, and {manager.service} is {status.words}"
            f"{f', running {running}' if running and running != linked else ''}.",
            "Activate it and verify it first.",
        )


def prune(store: Store, keep: int, check: bool = False) -> list[str]:
    """Deletes the generations that nothing refers to but the newest ``keep``; returns their ids."""
    doomed = store.prunable(keep)
    if not check:
        for generation in doomed:
            store.remove(generation)
    return doomed


def _restart_reason(
    request: Request,
    generation: str,
    linked: Optional[str],
    running: Optional[str],
    status: Status,
    manager: Manager,
) -> Optional[str]:
    if linked is None:
        return "the instance ran no generation"
    if linked != generation:
        return f"it ran the generation {linked}"
    if status.state == states.STARTING:  # as a killed run may have left it: only to be waited for
        return None
    if status.state != states.RUNNING:
        return f"{manager.service} was {status.words}"
    if running != generation:
        return f"an earlier run ended before the restart: {running or 'something else'} still ran"
    if not manager.prepared():
        return f"the configuration of {manager.service} was incomplete"
    return "a restart was asked for" if request.restart else None


def _unit_text(store: Store, generation: Optional[str]) -> Optional[str]:
    if generation is None:
        return None
    try:
        with open(os.path.join(store.folder(generation), "unit.conf"), encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return None


def _check_ports(manager: Manager, request: Request, status: Status) -> list[dict[str, Any]]:
    """Raises HostError port_in_use where someone else holds a port; returns the finding where that is allowed."""
    found = []
    for listener in listeners({port.number for port in request.ports}):
        if not any(port.number == listener.port and listener.clashes(port.address) for port in request.ports):
            continue
        if manager.owns(listener):
            continue
        if listener.pid is None and status.state == states.RUNNING:
            continue  # we may not look at the process, and the instance itself is up
        error = _in_use(listener)
        if "port_in_use" not in request.allow:
            raise error
        found.append({"code": error.code, "cause": error.cause, "remedy": error.remedy})
    return found


def _in_use(listener: Listener) -> HostError:
    return HostError(
        "port_in_use",
        f"Port {listener.port} on {listener.address} is held by {listener.named()}.",
        "Stop it, take it over, or choose another port.",
        listener=listener.plain(),
    )


def _listening(ports: Sequence[Port]) -> bool:
    return all(listening(port.number) for port in ports)


def _await_ready(
    store: Store,
    manager: Manager,
    request: Request,
    generation: str,
    first: Status,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Waits until every port listens on two looks in a row; a service that ended or began anew has failed.

    Two looks, since Triton opens the gRPC port and gives up right after it when another port is taken.
    """
    deadline = clock() + request.ready_timeout
    seen = 0
    run, restarts = first.run, first.restarts
    while True:
        status = manager.status()
        run = run or status.run
        if status.state in (states.FAILED, states.STOPPED, states.MISSING) or status.restarts > restarts:
            raise _failure(store, manager, generation, run, status)
        if status.run is not None and status.run != run:
            raise _failure(store, manager, generation, run, status)
        seen = seen + 1 if status.state == states.RUNNING and _listening(request.ports) else 0
        if seen == 2:
            return
        if clock() >= deadline:
            raise _timeout(manager, request, status, manager.log(run))
        sleep(_POLL_SECONDS)


def _failure(store: Store, manager: Manager, generation: str, run: Optional[str], status: Status) -> HostError:
    log = manager.log(run)
    found = startlog.explain(log, status.words)
    if found is None:
        return HostError(
            "start_failed",
            f"{manager.service} did not start: {status.words}.",
            "Look at its log.",
            log=startlog.telling_lines(log),
            service_state=status.state,
        )
    cause, remedy, code = found.cause, found.remedy, found.code
    if code in ("key_invalid", "certificate_invalid", "tls_invalid"):
        # Triton's log does not tell what is wrong with its files; they do.
        code, cause, remedy = tlsfiles.examine(store.folder(generation)) or (code, cause, remedy)
    return HostError(code, cause, remedy, log=found.log, service_state=status.state)


def _timeout(manager: Manager, request: Request, status: Status, log: str) -> HostError:
    waiting = [str(port.number) for port in request.ports if not listening(port.number)]
    for_what = f"port {' and '.join(waiting)} to listen" if waiting else "it to be up"
    lines = startlog.telling_lines(log)
    last = f" Its last line: {lines[-1]}" if lines else ""
    return HostError(
        "start_timeout",
        f"{manager.service} is {status.words}; waited {request.ready_timeout:g} s for {for_what}.{last}",
        "Raise ready_timeout where models take longer to load, or look at its log.",
        log=lines,
        service_state=status.state,
    )
