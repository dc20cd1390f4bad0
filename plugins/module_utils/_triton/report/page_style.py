# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The style of report.html: light, dark and on paper. The contrast of all text is at least 4.5 to 1 (WCAG 2.2 AA)."""

from __future__ import annotations

STYLE = r"""
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #ffffff; --line: #d8dee6; --soft-line: #e9edf2;
  --text: #17202b; --dim: #566273; --accent: #2457c5; --hover: #eef3fb;
  --good: #1a7f4b; --good-back: #dff3e7;
  --soon: #8a5a00; --soon-back: #fdf0d0; --soon-fill: #d99a1c;
  --bad: #b3261e; --bad-back: #fbe3e1;
  --open: #ffffff; --open-back: #9c1c15;
  --mute: #566273; --mute-back: #e9edf2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151c; --card: #19202a; --line: #323d4b; --soft-line: #26303c;
    --text: #e6ebf2; --dim: #9daaba; --accent: #8ab0ff; --hover: #202a37;
    --good: #5fd497; --good-back: #143526;
    --soon: #f0bf5a; --soon-back: #3a2d10; --soon-fill: #e0a93a;
    --bad: #ff8f87; --bad-back: #43201f;
    --open: #ffffff; --open-back: #c0352c;
    --mute: #a9b5c4; --mute-back: #2a3441;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main { max-width: 1440px; margin: 0 auto; padding: 28px 24px 48px; }
h1 { margin: 0; font-size: 26px; line-height: 1.25; letter-spacing: -0.01em; }
h2 { margin: 0 0 14px; font-size: 18px; }
h3 { margin: 0 0 8px; font-size: 15px; }
p { margin: 0; }
code, .code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.92em; }
button, input, select { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin-top: 18px; min-width: 0; }
.verdict { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; }
.verdict .answer { padding: 6px 14px; border-radius: 8px; font-weight: 700; letter-spacing: 0.03em; white-space: nowrap; }
.answer.good { background: var(--good-back); color: var(--good); }
.answer.bad { background: var(--open-back); color: var(--open); }
.when { color: var(--dim); margin-top: 8px; }
.notice { margin-top: 14px; padding: 10px 14px; border-radius: 8px; background: var(--soon-back); color: var(--soon); font-weight: 600; }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 12px; margin: 18px 0 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 12px 16px; }
.figures dt { color: var(--dim); font-size: 13px; }
.figures dd { margin: 0; font-size: 27px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.figures .good dd { color: var(--good); }
.figures .bad dd { color: var(--bad); }
.figures .soon dd { color: var(--soon); }
.share { display: block; width: 100%; height: 10px; margin-top: 14px; border-radius: 5px; }

.chip { display: inline-block; padding: 1px 9px; border-radius: 999px; font-size: 12.5px; font-weight: 600; white-space: nowrap; }
.chip.good { background: var(--good-back); color: var(--good); }
.chip.soon { background: var(--soon-back); color: var(--soon); }
.chip.bad { background: var(--bad-back); color: var(--bad); }
.chip.open { background: var(--open-back); color: var(--open); }
.chip.mute { background: var(--mute-back); color: var(--mute); }

.cause {
  display: grid; grid-template-columns: 116px minmax(0, 1fr) auto; gap: 4px 16px; padding: 14px 0;
  border-top: 1px solid var(--soft-line); break-inside: avoid;
}
.cause:first-of-type { border-top: 0; padding-top: 0; }
.cause .title { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: baseline; }
.cause .title strong { font-size: 16px; }
.cause p { overflow-wrap: anywhere; }
.cause .names { color: var(--dim); font-size: 13.5px; }
.remedy::before { content: "Remedy: "; font-weight: 650; }
.hint { color: var(--dim); font-size: 13.5px; margin: -8px 0 14px; }
.tolerated { margin: 0; padding-left: 20px; }
.tolerated li { overflow-wrap: anywhere; margin-bottom: 4px; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 0 18px; }
.scroll { overflow-x: auto; }
svg[role="img"] { display: block; width: 100%; min-width: 520px; height: auto; font-size: 11.5px; }
svg text { fill: var(--dim); }
svg text.row { fill: var(--text); font-size: 12px; }
svg .axis { stroke: var(--dim); stroke-width: 1; fill: none; }
svg .level { stroke: var(--soft-line); stroke-width: 1; fill: none; }
svg .good { fill: var(--good); }
svg .soon { fill: var(--soon-fill); }
svg .bad { fill: var(--bad); }
svg .mute { fill: var(--line); }
svg .bar { fill: var(--accent); }
svg .band { opacity: 0.13; }
svg .span { opacity: 0.45; }
svg path.now, svg path.mark { stroke: var(--text); stroke-width: 1.3; stroke-dasharray: 4 3; fill: none; }
svg text.now, svg text.mark { fill: var(--text); font-weight: 600; }
.caption { color: var(--dim); font-size: 13.5px; margin-top: 6px; }
.none { color: var(--dim); }

.filters { display: flex; flex-wrap: wrap; gap: 10px; align-items: end; margin-bottom: 12px; }
.filters label { display: grid; gap: 2px; font-size: 13px; color: var(--dim); }
.filters label.wide { flex: 1 1 240px; }
.filters input, .filters select, .button {
  padding: 7px 11px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); color: var(--text); font-size: 14px;
  max-width: 100%; min-height: 38px;
}
.filters select { max-width: 270px; }
.button { cursor: pointer; white-space: nowrap; }
.button:hover { background: var(--hover); }
.count { color: var(--dim); font-size: 14px; margin-bottom: 8px; font-variant-numeric: tabular-nums; }

table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; padding: 7px; border-bottom: 1px solid var(--soft-line); vertical-align: top; }
th { color: var(--dim); font-weight: 600; font-size: 12.5px; border-bottom-color: var(--line); background: var(--card); }
.sortable th { padding: 0; white-space: nowrap; }
.sortable th button { width: 100%; padding: 7px; border: 0; background: none; cursor: pointer; text-align: inherit; font-weight: inherit; color: inherit; }
.sortable th button:hover { color: var(--text); }
.sortable th button::after { content: "\2195"; display: inline-block; width: 0.9em; margin-left: 2px; opacity: 0.35; text-align: center; }
.sortable th[aria-sort="ascending"] button::after { content: "\2191"; opacity: 1; }
.sortable th[aria-sort="descending"] button::after { content: "\2193"; opacity: 1; }
.sortable th[aria-sort] button { color: var(--text); }
.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.endpoint { cursor: pointer; }
.endpoint:hover, .endpoint.opened { background: var(--hover); }
.endpoint.opened td { border-bottom-color: transparent; }
.endpoint .toggle { display: flex; gap: 6px; padding: 0; border: 0; background: none; cursor: pointer; }
.endpoint .toggle { text-align: left; font-weight: 600; color: var(--accent); }
.toggle::before { content: "\25B8"; color: var(--dim); }
.toggle[aria-expanded="true"]::before { content: "\25BE"; }
.clamp { display: inline-block; max-width: min(15vw, 250px); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: bottom; }
.endpoint td { white-space: nowrap; }
.short { color: var(--bad); font-weight: 600; }
.near { color: var(--soon); font-weight: 600; }

.detail > td { background: var(--hover); padding: 4px 14px 18px; }
.panes { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(470px, 100%), 1fr)); gap: 16px; }
.pane { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; min-width: 0; break-inside: avoid; }
.pane.whole { grid-column: 1 / -1; }
.pane p, .pane dd, .pane td { overflow-wrap: anywhere; }
.long { max-height: 9.5em; overflow-y: auto; }
.pane table { font-size: 13.5px; }
.pane table td:first-child { width: 1%; padding-left: 0; }
.pane table td:nth-child(2) { width: 1%; white-space: nowrap; }
.pane tr:last-child td { border-bottom: 0; }
.pane dl { display: grid; grid-template-columns: 118px minmax(0, 1fr); gap: 3px 12px; margin: 0; }
.pane dt { color: var(--dim); }
.pane dd { margin: 0; }
.said { color: var(--dim); font-size: 13px; }
footer { color: var(--dim); font-size: 13px; margin-top: 22px; }

@media (max-width: 640px) {
  main { padding: 18px 12px 32px; }
  .card { padding: 16px 14px; }
  .cause { grid-template-columns: minmax(0, 1fr); }
  .cause .button { justify-self: start; }
  .figures { grid-template-columns: repeat(auto-fit, minmax(104px, 1fr)); gap: 8px; }
  .figures dd { font-size: 22px; }
  .detail > td { padding: 4px 6px 12px; }
  .panes { max-width: calc(100vw - 52px); position: sticky; left: 6px; }
  .clamp { max-width: 46vw; }
  .pane table td:nth-child(2) { white-space: normal; width: 34%; }
  .pane dl { grid-template-columns: minmax(0, 1fr); }
  .pane dd { margin-bottom: 4px; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --line: #b9c1cb; --soft-line: #dde2e8; --text: #000; --dim: #444; --accent: #1b3f8f; --hover: #fff;
    --good: #14633a; --good-back: #e4f4ea; --soon: #744b00; --soon-back: #fdf3dc; --soon-fill: #c98a10;
    --bad: #9c1c15; --bad-back: #fbe9e7; --mute: #444; --mute-back: #eee;
  }
  body { font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  .card { border-radius: 6px; padding: 10px 12px; margin-top: 10px; }
  .charts { break-inside: avoid; grid-template-columns: 1fr 1fr; }
  svg[role="img"] { min-width: 0; }
  .scroll { overflow: visible; }
  .filters, .button, .sortable th button::after, .toggle::before { display: none !important; }
  table { font-size: 8.5pt; }
  th, td { padding: 3px 5px; }
  .sortable th button { padding: 3px 5px; }
  tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .long { max-height: none; }
  .clamp { max-width: none; white-space: normal; overflow-wrap: anywhere; }
  .endpoint td { white-space: normal; }
}
"""
