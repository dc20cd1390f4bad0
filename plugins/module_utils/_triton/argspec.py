# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client-side modules share: the options of an endpoint, and how they end. Kept equal to doc fragment endpoint."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.inferops.triton.plugins.module_utils._triton import deps
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Diagnosis
from ansible_collections.inferops.triton.plugins.module_utils._triton.expectations import CONTROL_APIS

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


def audited_options() -> Spec:
    """One endpoint of triton_verify."""
    return {
        "name": {"type": "str"},
        **endpoint_options(),
        "mutual": {"type": "bool"},
        "expected_client_cas": {"type": "str"},
        "expected_fingerprint": {"type": "str"},
        **inference_options(),
        "latency_factor": {"type": "float"},
        "latency_group": {"type": "str", "default": ""},
        "devices": {
            "type": "dict",
            "options": {
                "kind": {"type": "str", "choices": ["cpu", "gpu"], "required": True},
                "count": {"type": "int", "default": 1},
            },
        },
        "warn_days": {"type": "float", "default": 30.0},
        "error_days": {"type": "float", "default": 0.0},
        "expired_client_cert": {"type": "path"},
        "expired_client_key": {"type": "path", "no_log": False},
        "client_ca_cert": {"type": "path"},
        "client_ca_key": {"type": "path", "no_log": False},
        "client_ca_passphrase": {"type": "str", "no_log": True},
        "exposure": {"type": "bool", "default": True},
        "http_port": {"type": "int", "default": 8000},
        "metrics_port": {"type": "int", "default": 8002},
        "gateway": {
            "type": "dict",
            "options": {
                "http_port": {"type": "int", "default": 8000},
                "metrics_port": {"type": "int", "default": 8002},
                "mutual": {"type": "bool"},
                "metrics_mutual": {"type": "bool", "default": False},
                "closed_ports": {"type": "list", "elements": "int", "default": []},
                "open_apis": {"type": "list", "elements": "str", "choices": list(CONTROL_APIS), "default": []},
            },
        },
        "allow": {"type": "list", "elements": "str", "default": []},
    }


def audit_options(formats: t.Sequence[str]) -> Spec:
    """Doc fragment inferops.triton.audit: times, progress and reports of a whole audit, in such formats."""
    return {
        "ready_timeout": {"type": "float", "default": 0.0},
        "overall_timeout": {"type": "float"},
        "concurrency": {"type": "int", "default": 32},
        "watch": {"type": "float", "default": 0.0},
        "interval": {"type": "float", "default": 10.0},
        "latency_samples": {"type": "int", "default": 20},
        "latency_hosts": {"type": "int", "default": 10},
        "progress_file": {"type": "path"},
        "report_directory": {"type": "path"},
        "report_formats": {"type": "list", "elements": "str", "choices": list(formats), "default": list(formats)},
    }


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
