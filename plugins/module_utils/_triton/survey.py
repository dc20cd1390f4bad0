# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that is to be known of a host before it is changed, in one look. Free of Ansible."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Optional

from . import engine, packages
from .backend import SERVICE_SPEC, service_manager
from .content import digest
from .errors import HostError
from .generation import Store
from .hostinfo import listeners
from .manager import MISSING, UNKNOWN
from .readable import Account, account, lookup_user
from .room import room
from .service import described_ports, running_id

# The options of triton_generation_info, and what they require of each other.
SPEC: dict[str, Any] = {
    **SERVICE_SPEC,
    "engine": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "choices": ["native", "docker", "podman"], "required": True},
            "binary": {"type": "path"},
            "environment": {"type": "dict", "default": {}},
            "image": {"type": "str"},
        },
        "required_if": [
            ("type", "native", ["binary"]),
            ("type", "docker", ["image"]),
            ("type", "podman", ["image"]),
        ],
    },
    "user": {"type": "str"},
    "group": {"type": "str"},
    "files": {
        "type": "list",
        "elements": "dict",
        "options": {
            "path": {"type": "str", "required": True},
            "source": {"type": "path", "required": True},
            "private": {"type": "bool", "default": False},
        },
        "default": [],
    },
    "ports": {"type": "list", "elements": "int", "default": []},
    "packages": {"type": "list", "elements": "str", "default": []},
    "paths": {"type": "list", "elements": "path", "default": []},
    "instances": {"type": "list", "elements": "str", "default": []},
    "room": {"type": "bool", "default": False},
}
REQUIRED_IF = [("service_manager", "supervisor", ["supervisor_config"])]


def survey(params: Mapping[str, Any], write_cache: bool) -> dict[str, Any]:
    """The result of triton_generation_info for its options."""
    store = Store(params["path"])
    active = store.active()
    committed, previous = store.target("committed"), store.target("previous")
    in_use = {committed, *active.values()}
    owner = _account(params["user"], params["group"])
    return {
        "generations": [
            {
                "id": generation,
                "created": datetime.fromtimestamp(store.created(generation), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "describe": store.describe(generation),
                "proof": store.proof(generation),
                "committed": generation == committed,
                "previous": generation == previous,
                "files": store.files(generation),
                "altered": store.altered(generation, owner) if generation in in_use else None,
                "active_in": sorted(name for name, named in active.items() if named == generation),
            }
            for generation in store.ids()
        ],
        "instances": {name: _instance(params, store, name) for name in dict.fromkeys((*params["instances"], *active))},
        "serving": store.serving(),
        "committed": committed,
        "previous": previous,
        "engine": _engine(params, store, write_cache),
        "user": _user(params["user"]),
        "listeners": [listener.plain() for listener in listeners(params["ports"])] if params["ports"] else [],
        "missing_packages": packages.missing(params["packages"]),
        "paths": {path: _path(path) for path in params["paths"]},
        "files": {file["path"]: _source(file) for file in params["files"]},
        "room": _room(store) if params["room"] else None,
        # The file exists only where the kernel has SELinux enabled and its file system mounted (selinux_kernel_status_open(3)).
        "selinux": os.path.exists("/sys/fs/selinux/enforce"),
    }


def _instance(params: Mapping[str, Any], store: Store, name: str) -> dict[str, Any]:
    manager = service_manager(params, store, name)
    status = manager.status()
    return {
        "id": store.running(name),
        "running_id": running_id(params["run_directory"], name, status),
        "service_state": status.state,
        "enabled": status.state not in (MISSING, UNKNOWN) and manager.enabled(),
    }


def _room(store: Store) -> dict[str, Any]:
    serving = store.serving()
    return room(port.number for port in described_ports(store, store.running(serving), serving))


def _engine(params: Mapping[str, Any], store: Store, write_cache: bool) -> Optional[dict[str, Any]]:
    if params["engine"] is None:
        return None
    return engine.inspect(params["engine"], os.path.join(store.root, "cache"), write_cache).plain()


def _user(name: Optional[str]) -> Optional[dict[str, Any]]:
    entry = lookup_user(name) if name else None
    return {"name": entry.pw_name, "uid": entry.pw_uid, "gid": entry.pw_gid} if entry else None


def _account(user: Optional[str], group: Optional[str]) -> Account:
    """Who should own private files; nobody where the user or the group does not exist yet."""
    try:
        return account(user, group)
    except HostError:
        return Account()


def _source(file: Mapping[str, Any]) -> dict[str, Any]:
    """The digest that a file would have in a generation, or why it has none."""
    try:
        return {"digest": digest(file), "problem": None, "diagnosis": None}
    except HostError as error:
        return {"digest": None, "problem": str(error), "diagnosis": error.code}


def _path(path: str) -> dict[str, Any]:
    digest = None
    try:
        if os.path.isfile(path):
            with open(path, "rb") as stream:
                digest = hashlib.sha256(stream.read()).hexdigest()
    except OSError:
        pass
    return {"exists": os.path.exists(path), "directory": os.path.isdir(path), "sha256": digest}
