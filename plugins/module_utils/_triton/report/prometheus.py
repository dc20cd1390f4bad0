# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""triton_tls.prom: gauges for node_exporter's textfile collector (text exposition format 0.0.4, without timestamps).

About 30 series for each endpoint, which come and go only with the endpoint, a failure or a warning: a check's result is the
value of its series, not a label of it. The label is `name`, since Prometheus Operator claims `endpoint` for itself.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.report.failures import Result, faults
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.figures import chain_end, timestamp
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.text import label

# In the order in which they are written.
HELP = {
    "triton_tls_audit_timestamp_seconds": "When the audit ended, in seconds since 1970.",
    "triton_tls_audit_duration_seconds": "How long the audit of all endpoints took.",
    "triton_tls_audit_interrupted": "Whether the audit was stopped before its end.",
    "triton_tls_audit_endpoints": "Endpoints of the audit by result.",
    "triton_tls_endpoint_ok": "Whether everything asked for was proved.",
    "triton_tls_endpoint_up": "Whether the server said over secured gRPC that it is ready.",
    "triton_tls_endpoint_failure": "What is wrong with an endpoint that is not ok, one series for each code.",
    "triton_tls_endpoint_warning": "What is tolerated at an endpoint, one series for each code.",
    "triton_tls_endpoint_audit_duration_seconds": "How long the audit of the endpoint took.",
    "triton_tls_check_ok": "Whether a check passed or is overridden (1), or failed or is inconclusive (0); skipped checks have no series.",
    "triton_tls_endpoint_checks": "Checks of an endpoint by status.",
    "triton_tls_certificate_not_before_timestamp_seconds": "From when on the served certificate is valid, in seconds since 1970.",
    "triton_tls_certificate_not_after_timestamp_seconds": "Until when the served certificate is valid, in seconds since 1970.",
    "triton_tls_chain_not_after_timestamp_seconds": "The first end of validity in the served chain, in seconds since 1970, from the days left at the audit.",
    "triton_tls_inference_duration_seconds": "How long the test inference took.",
}
STATUSES = ("ok", "failed", "inconclusive", "overridden", "skipped")

Samples = t.Dict[str, t.Dict[str, float]]


def render(results: t.Sequence[Result], summary: t.Mapping[str, t.Any]) -> str:
    """The file; a metric without samples is left out."""
    samples: Samples = {metric: {} for metric in HELP}
    _audit(samples, summary)
    # One series twice makes node_exporter refuse everything it exports: of two results under one name and address, the worse counts.
    chosen: t.Dict[t.Tuple[str, str], Result] = {}
    for result in results:
        key = (label(result["name"]), label(result["address"]))
        if key not in chosen or chosen[key]["ok"]:
            chosen[key] = result
    for (name, address), result in chosen.items():
        _endpoint(samples, f'name="{name}",address="{address}"', result, timestamp(summary["finished"]))
    lines: t.List[str] = []
    for metric, series in samples.items():
        if series:
            lines += [f"# HELP {metric} {HELP[metric]}", f"# TYPE {metric} gauge"]
            lines += [f"{metric}{{{labels}}} {_number(value)}" if labels else f"{metric} {_number(value)}" for labels, value in series.items()]
    return "\n".join([*lines, ""])


def _audit(samples: Samples, summary: t.Mapping[str, t.Any]) -> None:
    samples["triton_tls_audit_timestamp_seconds"][""] = timestamp(summary["finished"])
    samples["triton_tls_audit_duration_seconds"][""] = summary["seconds"]
    samples["triton_tls_audit_interrupted"][""] = float(summary["interrupted"])
    for status in ("ok", "failed"):
        samples["triton_tls_audit_endpoints"][f'result="{status}"'] = summary[status]


def _endpoint(samples: Samples, labels: str, result: Result, audited: float) -> None:
    checks = {check["check"]: check for check in result["checks"]}
    samples["triton_tls_endpoint_ok"][labels] = float(result["ok"])
    samples["triton_tls_endpoint_up"][labels] = float(checks.get("server_ready", {}).get("status") == "ok")
    samples["triton_tls_endpoint_audit_duration_seconds"][labels] = result["seconds"]
    for code in faults(result):
        samples["triton_tls_endpoint_failure"][f'{labels},code="{label(code)}"'] = 1.0
    for warning in result["warnings"]:
        samples["triton_tls_endpoint_warning"][f'{labels},code="{label(warning["code"])}"'] = 1.0
    for check in checks.values():
        if check["status"] != "skipped":
            own = f'{labels},check="{label(check["check"])}",kind="{label(check["kind"])}"'
            samples["triton_tls_check_ok"][own] = float(check["status"] in ("ok", "overridden"))
    for status in STATUSES:
        samples["triton_tls_endpoint_checks"][f'{labels},status="{status}"'] = sum(one["status"] == status for one in checks.values())
    if result["latency"] is not None:
        samples["triton_tls_inference_duration_seconds"][labels] = result["latency"]
    certificate = result["certificate"]
    if certificate is not None:
        samples["triton_tls_certificate_not_before_timestamp_seconds"][labels] = timestamp(certificate["not_before"])
        samples["triton_tls_certificate_not_after_timestamp_seconds"][labels] = timestamp(certificate["not_after"])
        samples["triton_tls_chain_not_after_timestamp_seconds"][labels] = chain_end(certificate, audited)


def _number(value: float) -> str:
    """The shortest text that is the same number."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))
