# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a module's options to the store and the service manager; shared by the modules on the host."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .errors import HostError
from .generation import Store, check_instance
from .manager import Manager
from .supervisor import Supervisor
from .systemd import Systemd

# The options of the doc fragment ``service``.
SERVICE_SPEC: dict[str, Any] = {
    "path": {"type": "path", "default": "/etc/triton"},
    "service_manager": {"type": "str", "choices": ["systemd", "supervisor"], "default": "systemd"},
    "unit_directory": {"type": "path", "default": "/etc/systemd/system"},
    "supervisor_config": {"type": "path"},
    "run_directory": {"type": "path", "default": "/run/triton"},
}


def service_manager(params: Mapping[str, Any], store: Store, instance: str) -> Manager:
    """The service manager of an instance. Raises HostError where an option that it needs is missing."""
    check_instance(instance)
    if params["service_manager"] == "supervisor":
        if not params["supervisor_config"]:
            raise HostError(
                "option_missing",
                "The service manager supervisor needs supervisor_config.",
                "Set it to the file that supervisord runs with.",
            )
        return Supervisor(instance, params["supervisor_config"])
    unit = params.get("unit") or f"triton@{instance}.service"
    container = params.get("container") or f"triton-{instance}"
    drop_in = os.path.join(store.instance_link(instance), "unit.conf")
    return Systemd(instance, unit, params["unit_directory"], drop_in, container)
