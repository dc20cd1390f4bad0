# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The states of triton_gateway: HAProxy before the instances of a host, and which of them serves. Free of Ansible.

The files say what is to be, and the running HAProxy is brought to it: the symlink ``active`` names the instance, its generation
has the certificate. So a killed run leaves nothing that the next one, a restart or a reboot would not put right.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Mapping
from typing import Any, Optional, Union

from . import candidate, drain, gatewayfiles, startlog
from . import manager as states
from .commands import read
from .disk import write_text
from .errors import HostError
from .gatewayfiles import Bundle, Files
from .generation import Store, check_instance
from .haproxy import LARGEST_PAYLOAD, HaproxyDown, HaproxyError, Runtime
from .hostinfo import listeners, listening
from .manager import Status
from .supervisor import Supervisor
from .systemd import Systemd

PROGRAM = "triton-gateway"
_POLL_SECONDS = 0.1
_CONTAINERS = ("triton-blue", "triton-green")

Service = Union[Systemd, Supervisor]


class Gateway:
    """The gateway of one host: its files, its service, its runtime."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.store = Store(params["path"])
        self.files = Files(self.store.root, params["run_directory"])
        self.runtime = Runtime(params["run_directory"])
        self.unit_file = os.path.join(params["unit_directory"], params["unit_name"])
        self.supervised = params["service_manager"] == "supervisor"
        self.service = _service(params)
        self.params = params

    def up(self) -> bool:
        """Whether HAProxy answers."""
        try:
            self.runtime.description()
        except HaproxyDown:
            return False
        return True

    def due(self, bundle: Bundle) -> list[str]:
        """What of the running HAProxy differs from the files, in words; nothing where HAProxy is down."""
        found, files = [], self.files
        if not self.up():
            return []
        if bundle.pem != files.loaded(files.pem) or self.runtime.certificate(files.pem) not in (None, bundle.leaf):
            found.append("the certificate")
        if self.runtime.authorities(files.ca) not in (None, bundle.authorities):
            found.append("the CA of clients")
        if self._elsewhere(bundle.instance):
            found.append("the instance")
        return found

    def bring(self, bundle: Bundle, timeout: float) -> list[str]:
        """Brings the running HAProxy to the files, without a reload where it can be; returns what differed.

        Raises HaproxyError where HAProxy refuses the certificate, before any client is led elsewhere.
        """
        found, files = self.due(bundle), self.files
        if "the certificate" in found or "the CA of clients" in found:
            if len(bundle.pem) > LARGEST_PAYLOAD or len(bundle.ca) > LARGEST_PAYLOAD:
                self._reload(timeout)
                self._await_brought(bundle, timeout)
                return found
            if "the CA of clients" in found:
                self.runtime.set_authorities(files.ca, bundle.ca)
            if "the certificate" in found:
                self.runtime.set_certificate(files.pem, bundle.pem)
        if "the instance" in found:
            for worker in self._elsewhere(bundle.instance):
                with contextlib.suppress(*([HaproxyDown] if worker else [])):  # an old one may have just ended
                    self.runtime.set_map(files.map, "colour", bundle.instance, worker)
        if found:
            files.prepare()
            left = self.due(bundle)
            if left:
                raise HaproxyError(f"{' and '.join(left)} did not change")
        return found

    def _await_brought(self, bundle: Bundle, timeout: float) -> None:
        """Waits until the worker that a reload starts serves what it should. Raises HaproxyError."""
        deadline = time.monotonic() + timeout
        while True:
            with contextlib.suppress(HaproxyDown):  # for a moment, between two workers
                if self.up() and not self.due(bundle):
                    return
            if time.monotonic() >= deadline:
                raise HaproxyError("a reload did not bring it")
            time.sleep(_POLL_SECONDS)

    def _elsewhere(self, instance: str) -> list[Optional[str]]:
        """The workers that lead to another instance. Those that a reload replaced still answer on connections that they have."""
        newest: Optional[str] = None  # by its own socket
        found = [] if self.runtime.mapped(self.files.map, "colour") == instance else [newest]
        for worker in self.runtime.workers()[1:]:
            with contextlib.suppress(HaproxyDown, HaproxyError):  # it has just ended
                if self.runtime.mapped(self.files.map, "colour", worker) != instance:
                    found.append(worker)
        return found

    def _reload(self, timeout: float) -> None:
        if self.supervised:  # under systemd the unit does it
            self.files.prepare()
        self.service.reload(timeout)


def perform(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """What the module returns for its options; raises HostError. In check mode nothing is written, not even the lock."""
    gateway = Gateway(params)
    actions: dict[str, Callable[[Gateway, bool], dict[str, Any]]] = {
        "present": _present,
        "committed": _committed,
        "undone": _undone,
        "serving": _serving,
        "drained": drain.wait,
        "candidate_open": candidate.open_port,
        "candidate_closed": candidate.close_port,
        "absent": _absent,
    }
    act = actions[params["state"]]
    if check or params["state"] == "drained":
        return act(gateway, check)
    with gateway.store.locked(params["lock_timeout"]):
        return act(gateway, check)


# State present


def _present(gateway: Gateway, check: bool) -> dict[str, Any]:
    params, files, service = gateway.params, gateway.files, gateway.service
    wanted = {files.prepare_script: gatewayfiles.PREPARE, files.config: gatewayfiles.with_description(params["config"])}
    if not gateway.supervised:
        wanted[gateway.unit_file] = params["unit"]
    before = {path: read(path) for path in wanted}
    differs = [path for path in wanted if before[path] != wanted[path]]
    diff = [
        {"before_header": path, "after_header": path, "before": before[path] or "", "after": wanted[path]}
        for path in differs
    ]
    digest = gatewayfiles.description(params["config"])
    status = service.status()
    result = {
        "changed": True, "diff": diff, "started": False, "reloaded": False, "reason": None,
        "instance": gateway.store.serving(), "committed": files.is_committed(wanted),
    }

    haproxy = gatewayfiles.executable(params["executable"], required=not check)
    bundle = _bundle(gateway, required=not check)
    if haproxy is None or bundle is None:
        return {**result, "started": True, "reason": "HAProxy is not installed yet" if haproxy is None else "there is no generation yet"}
    if files.config in differs or gateway.due(bundle):
        _judge(gateway, haproxy, wanted[files.config], bundle, "It serves what it served before.")
    ports = gatewayfiles.ports(wanted[files.config])
    _check_ports(gateway, ports, check)

    runs = status.state in (states.RUNNING, states.STARTING)
    running = _running(gateway) if runs else None
    enabled = status.state not in (states.MISSING, states.UNKNOWN) and service.enabled()
    due = gateway.due(bundle) if runs else []
    result["started"] = not runs
    result["reloaded"] = runs and running != digest
    result["reason"] = _reason(gateway, status, differs, running, digest, enabled, due)
    result["changed"] = result["reason"] is not None
    if check or not result["changed"]:
        return result

    for path in differs:
        write_text(path, wanted[path], 0o755 if path == files.prepare_script else 0o644)
    try:
        if gateway.unit_file in differs or status.reload or (gateway.supervised and not runs):
            service.reread()
        service.require()
        service.enable()
        if result["started"]:
            service.restart(params["ready_timeout"])
        elif result["reloaded"]:
            gateway._reload(params["ready_timeout"])
        _await(gateway, digest, ports, service.status(), bool(result["reloaded"]))
    except HostError:
        _put_back(gateway, {path: before[path] for path in differs})
        raise
    try:
        gateway.bring(bundle, params["ready_timeout"])
    except HaproxyError as error:
        raise _refused(bundle, error, "It serves what it served before.") from None
    return result


def _reason(
    gateway: Gateway, status: Status, differs: list[str], running: Optional[str], digest: str, enabled: bool, due: list[str]
) -> Optional[str]:
    if status.state not in (states.RUNNING, states.STARTING):
        return f"{gateway.service.service} was {status.words or status.state}"
    if running != digest:
        return "the configuration changed" if gateway.files.config in differs else "it ran another configuration"
    if differs:
        return f"{' and '.join(differs)} changed"
    if not enabled:
        return f"{gateway.service.service} was not enabled"
    return f"it did not serve {' and '.join(due)} that it should" if due else None


def _running(gateway: Gateway) -> Optional[str]:
    try:
        return gateway.runtime.description()
    except HaproxyDown:
        return None


def _await(gateway: Gateway, digest: str, ports: list[int], first: Status, reloaded: bool) -> None:
    """Waits until the configuration runs and every port listens. Raises HostError reload_failed, start_failed or start_timeout."""
    deadline = time.monotonic() + gateway.params["ready_timeout"]
    name = gateway.service.service
    while True:
        status = gateway.service.status()
        ended = status.state in (states.FAILED, states.STOPPED, states.MISSING) or status.restarts > first.restarts
        if not ended and status.state == states.RUNNING and _running(gateway) == digest and all(map(listening, ports)):
            return
        if ended or time.monotonic() >= deadline:
            text = gateway.service.log(status.run or first.run)
            log = [words for _level, words in gatewayfiles.said(text, ("ALERT", "EMERG"))][-10:] or startlog.telling_lines(text)
            last = f" Its log says: {log[-1].rstrip('.')}." if log else ""
            if reloaded and not ended:
                raise HostError(
                    "reload_failed",
                    f"{name} did not take the new configuration over within {gateway.params['ready_timeout']:g} s.{last}",
                    "It serves on with the old one, which was put back. Correct what the log names.",
                    log=log,
                )
            raise HostError(
                "start_failed" if ended else "start_timeout",
                f"{name} is {status.words}.{last}" if ended else f"{name} did not listen on {ports} within {gateway.params['ready_timeout']:g} s.{last}",
                "Correct what the log names, or look at the journal of the unit.",
                log=log,
            )
        time.sleep(_POLL_SECONDS)


def _put_back(gateway: Gateway, before: Mapping[str, Optional[str]]) -> None:
    """After a failure: the files that were there, so that a restart does not begin what a reload could not."""
    for path, text in before.items():
        if text is not None:
            write_text(path, text, 0o755 if path == gateway.files.prepare_script else 0o644)
    if before.get(gateway.unit_file) is not None:
        gateway.service.reread()


def _check_ports(gateway: Gateway, ports: list[int], check: bool) -> None:
    """Raises HostError port_in_use where someone else holds a port that the gateway is to bind.

    What a Triton of ours holds does not count in check mode: it moves behind the gateway before that one starts.
    """
    status = gateway.service.status()
    for listener in listeners(ports):
        if check and ((listener.unit or "").startswith("triton@") or (listener.container or "").startswith("triton-")):
            continue
        if gateway.service.owns(listener) or (listener.pid is None and status.state == states.RUNNING):
            continue
        if check and ((listener.unit or "").startswith("triton@") or listener.container in _CONTAINERS):
            continue
        raise HostError(
            "port_in_use",
            f"Port {listener.port} on {listener.address} is held by {listener.named()}.",
            "Stop it, or choose another port for the gateway (triton_gateway_grpc_port and its like).",
            listener=listener.plain(),
        )


# States committed, undone: the configuration that a failed change goes back to


def _committed(gateway: Gateway, check: bool) -> dict[str, Any]:
    files = gateway.files
    present = {path: read(path) for path in (files.config, gateway.unit_file)}
    there = {path: text for path, text in present.items() if text is not None}
    changed = bool(there) and not files.is_committed(there)
    if changed and not check:
        files.commit(there)
    return {"changed": changed}


def _undone(gateway: Gateway, check: bool) -> dict[str, Any]:
    texts = gateway.files.committed(gateway.unit_file)
    if texts is None:
        return {"changed": False, "reason": "no configuration was ever verified"}
    config, unit = texts
    gateway.params = {**gateway.params, "config": gatewayfiles.without_description(config), "unit": unit}
    return _present(gateway, check)


# States serving, absent


def _serving(gateway: Gateway, check: bool) -> dict[str, Any]:
    store, instance = gateway.store, check_instance(gateway.params["instance"])
    before = store.serving()
    bundle = gatewayfiles.bundle(store, instance)
    due = gateway.due(bundle)
    changed = before != instance or bool(due)
    result = {"changed": changed, "instance": instance, "previous_instance": before, "running": gateway.up(), "replaced": due}
    if before != instance or due:
        text, haproxy = read(gateway.files.config), gatewayfiles.executable(gateway.params["executable"], required=False)
        if text is not None and haproxy is not None:
            _judge(gateway, haproxy, text, bundle, f"{before} serves on.")
    if check or not changed:
        return result
    store.serve(instance)
    try:
        result["replaced"] = gateway.bring(bundle, gateway.params["ready_timeout"])
    except (HaproxyError, HaproxyDown) as error:
        if before == instance or store.running(before) is None:
            raise _refused(bundle, error, "It serves what it served before.") from None
        store.serve(before)
        gateway.bring(gatewayfiles.bundle(store, before), gateway.params["ready_timeout"])
        raise _refused(bundle, error, f"{before} serves on.") from None
    return result


def _judge(gateway: Gateway, haproxy: str, text: str, bundle: Bundle, then: str) -> None:
    """Raises HostError certificate_refused or config_refused.

    Not left to the HAProxy that runs: one that refused a key over its socket (2.6) broke another client's connection, for OpenSSL's error
    stayed in the thread's queue.
    """
    alerts = gatewayfiles.alerts(gateway.files, haproxy, text, bundle)
    if not alerts:
        return
    if any(path in line for line in alerts for path in (gateway.files.pem, gateway.files.ca)):
        raise _refused(bundle, HaproxyError(alerts[0]), then)
    raise HostError(
        "config_refused",
        f"HAProxy refuses the configuration: {alerts[0].rstrip('.')}.",
        "Correct the variable of triton_gateway that this part of the configuration comes from.",
        log=alerts,
    )


def _refused(bundle: Bundle, error: Exception, then: str) -> HostError:
    return HostError(
        "certificate_refused",
        f"HAProxy does not take over what {bundle.instance} ({bundle.folder}) serves: {str(error).rstrip('.')}. {then}",
        "Judge the certificate, key and CA with tls_validate, and stage a generation with sound ones.",
    )


def _absent(gateway: Gateway, check: bool) -> dict[str, Any]:
    closed = candidate.close_port(gateway, check)["changed"]
    status = gateway.service.status()
    runs = status.state not in (states.MISSING, states.STOPPED, states.UNKNOWN)
    there = [path for path in (gateway.unit_file, gateway.files.folder, gateway.files.run_directory) if os.path.lexists(path)]
    if gateway.supervised and gateway.unit_file in there:
        there.remove(gateway.unit_file)
    changed = bool(closed or runs or there)
    if check or not changed:
        return {"changed": changed, "removed": there}
    if status.state not in (states.MISSING, states.UNKNOWN):
        gateway.service.stop(gateway.params["stop_timeout"])
    for path in there:
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    if gateway.unit_file in there:
        gateway.service.reread()
    return {"changed": True, "removed": there}


def _bundle(gateway: Gateway, required: bool) -> Optional[Bundle]:
    try:
        return gatewayfiles.bundle(gateway.store, gateway.store.serving())
    except HostError:
        if required:
            raise
        return None


def _service(params: Mapping[str, Any]) -> Service:
    if params["service_manager"] == "supervisor":
        return Supervisor("gateway", params["supervisor_config"], PROGRAM)
    return Systemd("gateway", params["unit_name"], params["unit_directory"], "", PROGRAM)
