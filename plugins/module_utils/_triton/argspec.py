# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client-side modules share: the options of an endpoint, and how they end. Kept equal to doc fragment endpoint."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.inferops.triton.plugins.module_utils._triton import deps
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Diagnosis

Spec = t.Dict[str, t.Dict[str, t.Any]]


def endpoint_options() -> Spec:
    """Doc fragment inferops.triton.endpoint: where the endpoint is and how it is verified."""
    return {
        "address": {"type": "str", "required": True},
        "server_name": {"type": "str"},
        "ca_file": {"type": "path"},
        "ca": {"type": "str"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
    }


def inference_options() -> Spec:
    """Doc fragment inferops.triton.endpoint.inference: the model, its inputs, and what must come out."""
    return {
        "model": {"type": "str"},
        "model_version": {"type": "str"},
        "inputs": {"type": "dict"},
        "outputs": {"type": "dict"},
        "max_latency": {"type": "float"},
    }


def timeout_option() -> Spec:
    """Doc fragment inferops.triton.endpoint.timeout: seconds for one endpoint."""
    return {"timeout": {"type": "float", "default": 10.0}}


def require_libraries(module: AnsibleModule) -> None:
    """Fail with the name of the package that is missing, if one is."""
    missing = deps.missing()
    if missing is not None:
        package, trace = missing
        module.fail_json(msg=missing_required_lib(package), exception=trace)


def fail(module: AnsibleModule, diagnosis: Diagnosis, **details: t.Any) -> t.NoReturn:
    """End the module with the diagnosis: `diagnosis` is its code, `raw` what a library said."""
    raw = {"raw": diagnosis.raw} if diagnosis.raw else {}
    module.fail_json(
        msg=diagnosis.cause + " " + diagnosis.remedy,
        diagnosis=diagnosis.code,
        cause=diagnosis.cause,
        remedy=diagnosis.remedy,
        **raw,
        **details,
    )
    raise AssertionError("fail_json returned")
