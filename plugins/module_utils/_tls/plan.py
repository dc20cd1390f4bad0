# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is due for a host's certificates, decided on the controller from one look at the host.

Everything that the role tls_certificates does, refuses and says follows from the plan; an empty one means that nothing runs.
"""

from __future__ import annotations

from ansible_collections.inferops.triton.plugins.module_utils._tls import plan_issued, plan_obtained, plan_provided
from ansible_collections.inferops.triton.plugins.module_utils._tls.planned import Host, Part, Plan, Request

__all__ = ("Host", "Part", "Plan", "Request", "plan")

_SOURCES = {
    "own_ca": plan_issued.own_ca,
    "self_signed": plan_issued.self_signed,
    "provided": plan_provided.provided,
    "external": plan_obtained.external,
    "acme": plan_obtained.acme,
}


def plan(request: Request, host: Host) -> Plan:
    """Decide. Raises ValueError for options that are wrong in themselves, OSError for files of the controller that cannot be read."""
    if request.source not in _SOURCES:
        raise ValueError(f"source: '{request.source}' is none of {', '.join(_SOURCES)}.")
    return _SOURCES[request.source](request, host)
