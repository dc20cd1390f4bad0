# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html: one file that asks the network for nothing, for people who have to act, or to be shown.

What matters most is plain HTML: the verdict, the failures with their remedies, the charts. The table of all endpoints is
built by the script from JSON; without JavaScript the failures are listed instead.
"""

from __future__ import annotations

import base64
import hashlib
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.report import charts, failures
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.failures import Result, count
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.figures import Thresholds, duration, timestamp
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.page_script import SCRIPT
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.page_style import STYLE
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.text import markup, script_data, visible

# What an endpoint can be, worst first, with the class of its colour: the classes of failures, and two ways to be ok.
STANDINGS = (
    ("open", "open"),
    ("broken", "bad"),
    ("not proved", "soon"),
    ("not tried", "mute"),
    ("warning", "soon"),
    ("proved", "good"),
)
_WARNING, _PROVED = 4, 5
_HINT = (
    "Worst first: open (someone gets in who must not), broken (a proof failed), not proved (asked for, and inconclusive), "
    "not tried. An endpoint with several faults is in each of their groups."
)
_FOOTER = "Made by inferops.triton.triton_verify. Dates are in UTC. Proofs, refusals and exposure count the checks that passed among those made."
_NAMES = 10
_NAME_LENGTH = 80
_SENTENCE_LENGTH = 600
_STATIC_ROWS = 500


def render(results: t.Sequence[Result], summary: t.Mapping[str, t.Any], thresholds: Thresholds = Thresholds()) -> str:
    """The document."""
    title = f"Triton TLS audit: {'PROVED' if _proved(summary) else 'NOT PROVED'}"
    finished = timestamp(summary["finished"])
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            '<link rel="icon" href="data:,">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body><main>",
            _header(results, summary),
            _failures(results),
            '<div class="charts">',
            f'<section class="card"><h2>Expiry of certificates</h2><div class="scroll">{charts.expiry(results, finished, thresholds)}</div></section>',
            f'<section class="card"><h2>Latency of the test inference</h2><div class="scroll">{charts.latency(results)}</div></section>',
            "</div>",
            _tolerated(results),
            _TABLE,
            _without_script(results),
            f"<footer>{_FOOTER}</footer>",
            "</main>",
            f'<script type="application/json" id="data">{script_data(_data(results, thresholds))}</script>',
            f"<script>{SCRIPT}</script>",
            "</body></html>",
            "",
        ]
    )


def _policy() -> str:
    """The Content-Security-Policy: no network at all, and no style or script but these two (CSP 3, section 6.7.3.3)."""
    style, script = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (STYLE, SCRIPT))
    return f"default-src 'none'; img-src data:; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"


def _proved(summary: t.Mapping[str, t.Any]) -> bool:
    return bool(summary["endpoints"] and summary["ok"] == summary["endpoints"] and not summary["interrupted"])


def standing(result: Result) -> int:
    """The index in STANDINGS."""
    severity = failures.severity(result)
    return severity if severity is not None else _WARNING if result["warnings"] else _PROVED


def _header(results: t.Sequence[Result], summary: t.Mapping[str, t.Any]) -> str:
    proved = _proved(summary)
    ranks = [standing(result) for result in results]
    untried = ranks.count(failures.UNTRIED)
    figures = [
        ("Endpoints", f"{summary['endpoints']:,}", ""),
        ("Proved", f"{summary['ok']:,}", "good" if summary["ok"] else ""),
        ("Failed", f"{summary['failed'] - untried:,}", "bad" if summary["failed"] > untried else ""),
        *([("Not tried", f"{untried:,}", "soon")] if untried else []),
        ("With warnings", f"{summary['warnings']:,}", "soon" if summary["warnings"] else ""),
        ("Took", duration(summary["seconds"]), ""),
    ]
    notice = '<p class="notice">The audit was interrupted: what is not finished is listed as not tried, and proves nothing.</p>'
    cells = "".join(f'<div class="{kind}"><dt>{name}</dt><dd>{markup(text)}</dd></div>' for name, text, kind in figures)
    return "\n".join(
        [
            '<header class="verdict">',
            f'<span class="answer {"good" if proved else "bad"}">{"PROVED" if proved else "NOT PROVED"}</span>',
            "<h1>TLS audit of Triton endpoints</h1>",
            "</header>",
            f'<p class="when">{markup(_moment(summary["started"]))} to {markup(_moment(summary["finished"]))} UTC</p>',
            notice if summary["interrupted"] else "",
            f'<dl class="figures">{cells}</dl>',
            _share(ranks),
        ]
    )


def _moment(text: str) -> str:
    return str(text).replace("T", " ").rstrip("Z")


def _share(ranks: t.Sequence[int]) -> str:
    """A bar with the share of each standing, worst first."""
    if not ranks:
        return ""
    parts, x = [], 0.0
    for index, (name, kind) in enumerate(STANDINGS):
        width = 1000 * ranks.count(index) / len(ranks)
        if width:
            colour = "bad" if kind == "open" else kind
            parts.append(f'<rect class="{colour}" x="{x:.1f}" width="{width:.1f}" height="10"><title>{name}: {ranks.count(index):,}</title></rect>')
        x += width
    return f'<svg class="share" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg>'


def _failures(results: t.Sequence[Result]) -> str:
    found = failures.groups(results)
    if not found:
        return ""
    parts = ['<section class="card" id="failures"><h2>Failures by cause</h2>', f'<p class="hint">{_HINT}</p>']
    for group in found:
        name, kind = STANDINGS[group.severity]
        code = markup(visible(group.code, _NAME_LENGTH))
        parts += [
            f'<div class="cause"><div><span class="chip {kind}">{name}</span></div><div>',
            f'<div class="title"><strong class="code">{code}</strong><span>{count(len(group.names), "endpoint")}</span></div>',
            f"<p>{markup(visible(group.cause, _SENTENCE_LENGTH))}</p>",
            f'<p class="remedy">{markup(visible(group.remedy, _SENTENCE_LENGTH))}</p>' if group.remedy else "",
            f'<p class="names">{_names(group.names)}</p></div>',
            f'<div><button type="button" class="button" data-code="{markup(group.code)}" hidden>Show in table</button></div></div>',
        ]
    return "\n".join([*parts, "</section>"])


def _tolerated(results: t.Sequence[Result]) -> str:
    overridden, warnings = failures.tolerated(results)
    rows = [
        f'<li><span class="chip {kind}">{title}</span> <code>{markup(code)}</code> at {count(len(names), "endpoint")}: {_names(names)}</li>'
        for title, kind, codes in (("warning", "soon", warnings), ("overridden", "mute", overridden))
        for code, names in codes.items()
    ]
    return f'<section class="card" id="tolerated"><h2>Tolerated</h2><ul class="tolerated">{"".join(rows)}</ul></section>' if rows else ""


def _names(names: t.Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    return ", ".join(markup(visible(name, _NAME_LENGTH) or "(no name)") for name in names[:_NAMES]) + more


# Filled and shown by the script.
_TABLE = """<section class="card" id="endpoints" hidden><h2>Endpoints</h2>
<form class="filters" id="filters">
<label class="wide">Search <input type="search" id="filter-text" placeholder="name, address, code, subject, SAN" autocomplete="off" spellcheck="false"></label>
<label>Status <select id="filter-status"><option value="">all</option></select></label>
<label>Code <select id="filter-code"><option value="">all</option></select></label>
<button type="reset" class="button">Clear</button>
</form>
<p class="count" id="count" role="status"></p>
<div class="scroll"><table class="sortable" aria-label="Endpoints"><thead><tr id="headings"></tr></thead><tbody id="rows"></tbody></table></div>
<p class="none" id="nothing" hidden>No endpoint matches.</p></section>"""


def _without_script(results: t.Sequence[Result]) -> str:
    bad = [result for result in results if not result["ok"]]
    if not bad:
        return "<noscript><section class=\"card\"><h2>Endpoints</h2><p>Every endpoint is proved; JavaScript shows each one's checks.</p></section></noscript>"
    rows = []
    for result in bad[:_STATIC_ROWS]:
        diagnosis = result["diagnosis"] or {"code": "", "cause": "", "remedy": ""}
        names = [visible(result[key], _NAME_LENGTH) for key in ("name", "address")]
        cells = (*names, diagnosis["code"], visible(diagnosis["cause"], _SENTENCE_LENGTH))
        rows.append(f"<tr>{''.join(f'<td>{markup(cell)}</td>' for cell in cells)}</tr>")
    more = f"<p>{len(bad) - _STATIC_ROWS:,} more are in report.json, or here with JavaScript.</p>" if len(bad) > _STATIC_ROWS else ""
    head = "<thead><tr><th>Endpoint</th><th>Address</th><th>Code</th><th>Cause</th></tr></thead>"
    table = f'<div class="scroll"><table>{head}<tbody>{"".join(rows)}</tbody></table></div>'
    return f'<noscript><section class="card"><h2>Endpoints that failed</h2>{table}{more}</section></noscript>'


def _data(results: t.Sequence[Result], thresholds: Thresholds) -> t.Dict[str, t.Any]:
    """What the script shows; a check is a list, which halves the file."""
    keys = ("name", "address", "diagnosis", "warnings", "certificate", "tls", "latency", "seconds", "rounds")
    return {
        "standings": [{"title": name, "kind": kind} for name, kind in STANDINGS],
        "thresholds": thresholds._asdict(),
        "endpoints": [
            {
                **{key: result[key] for key in keys},
                "rank": standing(result),
                "checks": [_check(result, check) for check in result["checks"]],
            }
            for result in results
        ],
    }


def _check(result: Result, check: t.Mapping[str, t.Any]) -> t.List[t.Any]:
    """check, kind, status, code, detail, value, remedy. What the diagnosis says is not said again."""
    code = check["code"]
    said = result["diagnosis"] is not None and result["diagnosis"]["code"] == code
    advice = failures.remedy(result, code) if check["status"] in ("failed", "inconclusive") and code and not said else ""
    return [*(check[key] for key in ("check", "kind", "status", "code", "detail", "value")), advice]
