# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The states of triton_generation: from a module's options to its result, under the store's lock. Free of Ansible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import service
from .backend import service_manager
from .generation import Store
from .staging import stage


def perform(params: Mapping[str, Any], check: bool, diff: bool) -> dict[str, Any]:
    """What the module returns for its options; raises HostError. In check mode nothing is written, not even the lock."""
    store = Store(params["path"])
    actions = {"active": _active, "stopped": _stopped, "committed": _committed, "pruned": _pruned}

    def act() -> dict[str, Any]:
        if params["state"] == "staged":
            return stage(store, params, check, diff)
        return actions[params["state"]](store, params, check)

    if check:
        return {"overridden": [], **act()}
    with store.locked(params["lock_timeout"]):
        return {"overridden": [], **act()}


def _active(store: Store, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    manager = service_manager(params, store, params["instance"])
    if check and (params["id"] is None or params["id"] not in ("committed", "previous", *store.ids())):
        return {
            "changed": True,
            "id": params["id"],
            "previous_id": store.running(params["instance"]),
            "restarted": True,
            "reason": "the generation is not staged yet",
        }
    ports = [service.Port(item["port"], item["address"]) for item in params["other_ports"]]
    if params["port"] is not None:
        ports.insert(0, service.Port(params["port"], params["address"]))
    if not ports:
        ports = service.described_ports(store, store.resolve(params["id"]), params["instance"])
    request = service.Request(
        instance=params["instance"],
        generation=params["id"],
        ports=ports,
        ready_timeout=params["ready_timeout"],
        stop_timeout=params["stop_timeout"],
        restart=params["restart"],
        allow=frozenset(params["allow"]),
    )
    return vars(service.activate(store, manager, params["run_directory"], request, check))


def _stopped(store: Store, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    outcome = service.stop(service_manager(params, store, params["instance"]), params["stop_timeout"], check)
    return {"changed": outcome.changed, "id": store.running(params["instance"]), "reason": outcome.reason}


def _committed(store: Store, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    manager = service_manager(params, store, params["instance"])
    service.require_running(store, manager, params["run_directory"], params["instance"])
    outcome = service.commit(store, params["instance"], params["id"], params["undo"], check)
    proof, generation, changed = params["proof"], outcome.id, outcome.changed
    if proof is not None and generation is not None and store.proof(generation) != proof:
        changed = True
        if not check:
            store.record_proof(generation, proof)
    return {"changed": changed, "id": generation, "previous_id": outcome.previous_id}


def _pruned(store: Store, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    removed = service.prune(store, params["keep"], check)
    return {"changed": bool(removed), "pruned": removed}
