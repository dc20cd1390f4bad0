# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.xml: JUnit as Jenkins' junit-10.xsd has it, a test suite for each endpoint, a test case for each check."""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.report.failures import Result, remedy
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.text import markup

Case = t.Dict[str, t.Any]

_ELEMENTS = {"failed": "failure", "inconclusive": "error"}
# The test case of an endpoint that is not ok although no check says so: one that was never audited.
_AUDIT = "audit"


def render(results: t.Sequence[Result], summary: t.Mapping[str, t.Any]) -> str:
    """The XML document."""
    suites = [(result, _cases(result)) for result in results]
    counts = _counts([case for _result, cases in suites for case in cases])
    del counts["skipped"]  # not an attribute of testsuites
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{_attributes(name='triton_verify', time=_seconds(summary['seconds']), **counts)}>"]
    for result, cases in suites:
        own = {"name": result["name"], "hostname": result["address"], "timestamp": summary["started"].rstrip("Z")}
        parts.append(f"  <testsuite{_attributes(**own, time=_seconds(result['seconds']), **_counts(cases))}>")
        parts += [_case(result, case) for case in cases]
        parts.append("  </testsuite>")
    return "\n".join([*parts, "</testsuites>", ""])


def _cases(result: Result) -> t.List[Case]:
    """The checks of an endpoint; never all of them green or skipped where the endpoint is not ok."""
    cases = list(result["checks"])
    if not result["ok"] and not any(check["status"] in _ELEMENTS for check in cases):
        diagnosis = result["diagnosis"] or {"code": "not_judged", "cause": "The endpoint is not ok, and no check says why."}
        cases.append({"check": _AUDIT, "status": "inconclusive", "code": diagnosis["code"], "detail": diagnosis["cause"]})
    return cases


def _counts(cases: t.Sequence[Case]) -> t.Dict[str, int]:
    statuses = [case["status"] for case in cases]
    return {
        "tests": len(cases),
        "failures": statuses.count("failed"),
        "errors": statuses.count("inconclusive"),
        "skipped": statuses.count("skipped"),
    }


def _case(result: Result, case: Case) -> str:
    # Only the inference is timed by itself; the time of the whole endpoint is the test suite's.
    seconds = result["latency"] if case["check"] == "inference" else None
    attributes = _attributes(classname=result["name"], name=case["check"], time=_seconds(seconds or 0.0))
    return f"    <testcase{attributes}>{_outcome(result, case)}</testcase>"


def _outcome(result: Result, case: Case) -> str:
    status, code, detail = case["status"], case["code"], case["detail"]
    if status in _ELEMENTS:
        diagnosis = result["diagnosis"] or {}
        cause = diagnosis["cause"] if diagnosis.get("code") == code else detail
        sentences = [cause, remedy(result, code or ""), f"Raw: {diagnosis['raw']}" if diagnosis.get("code") == code and diagnosis.get("raw") else ""]
        message = " ".join(part for part in [f"{code}:" if code else "", *sentences[:2]] if part)
        text = "\n".join(markup(sentence) for sentence in sentences if sentence)
        return f"<{_ELEMENTS[status]}{_attributes(type=code or status, message=message)}>{text}</{_ELEMENTS[status]}>"
    if status == "skipped":
        return f"<skipped{_attributes(message=detail)}/>"
    figure = "" if case["value"] is None else f" ({case['value']})"
    prefix = f"Overridden: {code} is allowed for this endpoint. " if status == "overridden" else ""
    return f"<system-out>{markup(prefix + detail + figure)}</system-out>"


def _attributes(**values: object) -> str:
    return "".join(f' {name}="{markup(value)}"' for name, value in values.items())


def _seconds(value: float) -> str:
    """With three decimals, as the schema demands; no exponent."""
    return f"{value:.3f}"
