# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a whole audit: its times, its progress, its reports."""

from __future__ import annotations


class ModuleDocFragment:
    """How many endpoints are audited how often and for how long, and what is told of it."""

    DOCUMENTATION = r"""
options:
  ready_timeout:
    description:
      - Seconds within which an endpoint that fails as a starting server does is tried again. With V(0) it is tried once.
    type: float
    default: 0.0
  overall_timeout:
    description:
      - Seconds for all endpoints together. Those not finished then fail with the code C(timeout); the others keep their results.
      - Comparing latencies may take as long again.
    type: float
  concurrency:
    description:
      - How many endpoints are audited at once. Those that do not answer give up their place after a second.
    type: int
    default: 32
  watch:
    description:
      - Seconds over which each endpoint is audited again every O(interval), from the end of its first audit on. One round that fails makes the
        endpoint fail, with the result of that round; RV(results[].latency) is the worst of all. With V(0) it is audited once.
      - O(overall_timeout), if given, must be longer.
    type: float
    default: 0.0
  interval:
    description:
      - Seconds from one round of O(watch) to the next, not more than O(watch).
    type: float
    default: 10.0
  latency_samples:
    description:
      - How many inferences are timed at each endpoint where latencies are compared, after three that are not counted.
    type: int
    default: 20
  latency_hosts:
    description:
      - With how many others of its kind an endpoint's latency is compared, at most.
    type: int
    default: 10
  progress_file:
    description:
      - File on the host that runs the module, to which it writes a line of JSON with C(done), C(total) and C(failed), at most twice a second.
        Where it cannot be written, the audit goes on without it.
      - Where the task runs on the controller, this is set for you, and the progress is shown on the terminal.
    type: path
  report_directory:
    description:
      - Folder for reports, on the machine that the module runs on, made if it is missing. C(docs/reports.md) describes them.
      - An audit that is interrupted writes what it has. A report that cannot be written is a warning, and the results are returned all the same.
    type: path
  report_formats:
    description:
      - Which reports - V(json) (C(report.json)), V(junit) (C(report.xml)), V(html) (C(report.html)) and V(prom) (C(triton_tls.prom)).
    type: list
    elements: str
    choices: [json, junit, html, prom]
    default: [json, junit, html, prom]
"""
