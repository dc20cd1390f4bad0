# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.json: everything the audit found, for programs. docs/report.schema.json describes it."""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.report.failures import Result
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.text import compact, plain

SCHEMA = "inferops.triton/verify"
# Goes up where a field is removed or renamed, or changes its type or meaning; not for a field that is added.
VERSION = 1


def render(results: t.Sequence[Result], summary: t.Mapping[str, t.Any]) -> str:
    """The document, with one line for each endpoint, so that grep and diff are of use."""
    lines = ",\n".join(compact(plain(result)) for result in results)
    return f'{{"schema":{compact(SCHEMA)},"version":{VERSION},"summary":{compact(plain(summary))},"results":[\n{lines}\n]}}\n'
