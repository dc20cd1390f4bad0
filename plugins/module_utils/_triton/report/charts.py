# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two charts of report.html as inline SVG. Colours are classes of page_style; a style attribute would violate the CSP."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.report.failures import Result, count
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.figures import (
    DAY,
    Thresholds,
    chain_end,
    date,
    duration,
    percentile,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.text import markup, visible

_WIDTH = 640
_HEIGHT = 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 36.0, 624.0, 34.0, 212.0
_BINS = 42
_FEW = 8  # up to so many endpoints each have a row of their own in the timeline
_TICK_DAYS = (1, 2, 7, 14, 30, 60, 90, 182, 365, 730, 1825, 3650)
_NAMES = 5  # in a tooltip
_LABEL = 22  # characters of a name beside its row

Named = t.Tuple[float, str]


class _Axis(t.NamedTuple):
    """Values from `low` to `high` along the width; what lies beyond is drawn at its end."""

    low: float
    high: float
    left: float = _LEFT
    logarithmic: bool = False

    def fraction(self, value: float) -> float:
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)

    def x(self, value: float) -> float:
        return self.left + self.fraction(value) * (_RIGHT - self.left)


def expiry(results: t.Sequence[Result], finished: float, thresholds: Thresholds) -> str:
    """When the certificates of the fleet end: a row each for a few endpoints, else how many end when."""
    ends = sorted((chain_end(one["certificate"], finished), str(one["name"])) for one in results if one["certificate"])
    if not ends:
        return '<p class="none">No certificate was seen.</p>'
    few = len(ends) <= _FEW
    axis = _time_axis([end for end, _name in ends], finished, thresholds, few)
    bottom = _TOP + 14 + 24 * len(ends) if few else _BOTTOM
    parts = _time_grid(axis, finished, thresholds, bottom)
    parts += _rows(ends, axis, finished, thresholds) if few else _bars(ends, axis, lambda end: _state(end, finished, thresholds), date)
    if ends[-1][0] > axis.high:
        parts.append(_note(f"the last bar: {date(axis.high)} and later"))
    first = f"The first ends on {date(ends[0][0])}, {_days(ends[0][0] - finished)}"
    return _svg(f"When the certificates of {count(len(ends), 'endpoint')} end. {first}.", parts, bottom + 38)


def latency(results: t.Sequence[Result]) -> str:
    """How long the test inferences took, with the median and the 99th percentile."""
    taken = sorted((float(one["latency"]), str(one["name"])) for one in results if one["latency"] is not None)
    if not taken:
        return '<p class="none">No inference was made.</p>'
    seconds = [one for one, _name in taken]
    middle, high = percentile(seconds, 50), percentile(seconds, 99)
    # One outlier must not squeeze the rest into one bar: the axis ends a little above p99, and what is slower is in its last bar.
    end = min(seconds[-1], high * 1.25)
    logarithmic = seconds[0] > 0 and end > 20 * seconds[0]
    axis = _Axis(seconds[0] if logarithmic else 0.0, max(end, seconds[0] * 1.25, 1e-6), logarithmic=logarithmic)
    parts = [_tick(axis.x(value), duration(value)) for value in _steps(axis)]
    parts += _bars(taken, axis, lambda _value: "bar", duration)
    apart = axis.x(high) - axis.x(middle) > 110
    parts += [_mark(axis.x(middle), f"p50 {duration(middle)}", "mark"), _mark(axis.x(high), f"p99 {duration(high)}", "mark", "end" if apart else "below")]
    scale = " (logarithmic)" if logarithmic else ""
    beyond = f"; the last bar: {duration(axis.high)} and slower" if seconds[-1] > axis.high else ""
    parts.append(_note(f"time of the test inference{scale}{beyond}"))
    known = f"median {duration(middle)}, 99th percentile {duration(high)}, longest {duration(seconds[-1])}"
    text = f"The test inferences of {count(len(taken), 'endpoint')}: {known}."
    return _svg(text, parts, _HEIGHT)


def _svg(description: str, parts: t.Sequence[str], height: float) -> str:
    box = f"0 0 {_WIDTH} {height:.0f}"
    return f'<svg role="img" viewBox="{box}" aria-label="{markup(description)}">{"".join(parts)}</svg><p class="caption">{markup(description)}</p>'


def _state(end: float, now: float, thresholds: Thresholds) -> str:
    """The class of an end of validity."""
    left = (end - now) / DAY
    return "bad" if left <= max(thresholds.error, 0.0) else "soon" if left <= thresholds.warning else "good"


def _days(seconds: float) -> str:
    days = round(abs(seconds) / DAY)
    return f"{count(days, 'day')} ago" if seconds < 0 else f"in {count(days, 'day')}"


def _time_axis(ends: t.Sequence[float], now: float, thresholds: Thresholds, few: bool) -> _Axis:
    """From the audit, or a little before, to the last end; in a fleet, one certificate for ten years must not hide the others' weeks."""
    high = ends[-1] if few else min(ends[-1], now + max(1.5 * (percentile(ends, 90) - now), 2 * thresholds.warning * DAY))
    low = max(ends[0], now - (high - now) / 5) if ends[0] < now else now
    span = max(high - low, 14 * DAY)
    return _Axis(low - span * 0.02, max(high, low + span) + span * 0.02, _LEFT + 120 if few else _LEFT)


def _time_grid(axis: _Axis, now: float, thresholds: Thresholds, bottom: float) -> t.List[str]:
    """The stretches where an end is an error or a warning, the dates, and the moment of the audit."""
    parts = []
    edges = ((axis.low, now + max(thresholds.error, 0.0) * DAY, "bad"), (now + max(thresholds.error, 0.0) * DAY, now + thresholds.warning * DAY, "soon"))
    for start, end, kind in edges:
        left, right = axis.x(start), axis.x(end)
        if right > left:
            parts.append(f'<rect class="band {kind}" x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" height="{bottom - _TOP:.1f}"/>')
    step = next((days for days in _TICK_DAYS if (axis.high - axis.low) / DAY / days <= 6), _TICK_DAYS[-1]) * DAY
    first = math.ceil((axis.low - now) / step)
    for index in range(first, first + 8):
        moment = now + index * step
        if moment <= axis.high:
            parts.append(_tick(axis.x(moment), date(moment), bottom))
    parts.append(_mark(axis.x(now), "audit", "now", bottom=bottom))
    return parts


def _rows(ends: t.Sequence[Named], axis: _Axis, now: float, thresholds: Thresholds) -> t.List[str]:
    parts = []
    for index, (end, name) in enumerate(ends):
        y, x, start = _TOP + 19 + 24 * index, axis.x(end), axis.x(now)
        kind = _state(end, now, thresholds)
        text = f"{date(end)}, {_days(end - now)}"
        inside = x > (_RIGHT + axis.left) / 2
        parts.append(f"<g><title>{markup(visible(name, 200))}: {text}</title>")
        parts.append(f'<text class="row" x="{axis.left - 10}" y="{y + 4}" text-anchor="end">{markup(visible(name, _LABEL))}</text>')
        parts.append(f'<rect class="{kind} span" x="{min(x, start):.1f}" y="{y - 3}" width="{max(abs(x - start), 1):.1f}" height="6" rx="3"/>')
        parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y}" r="6"/>')
        anchor = "end" if inside else "start"
        parts.append(f'<text class="row" x="{x - 12 if inside else x + 12:.1f}" y="{y - 6 if inside else y + 4}" text-anchor="{anchor}">{text}</text></g>')
    return parts


def _bars(values: t.Sequence[Named], axis: _Axis, kind: t.Callable[[float], str], text: t.Callable[[float], str]) -> t.List[str]:
    """A bar for each stretch of the axis, its colours the worst at the bottom; how many, and the first names, as its tooltip."""
    bins: t.Dict[int, t.List[Named]] = {}
    for value, name in values:
        bins.setdefault(min(int(axis.fraction(value) * _BINS), _BINS - 1), []).append((value, name))
    top = max(len(members) for members in bins.values())
    width = (_RIGHT - axis.left) / _BINS
    parts = []
    for level in sorted({top, (top + 1) // 2}):
        y = _BOTTOM - level / top * (_BOTTOM - _TOP - 6)
        parts.append(f'<path class="level" d="M{axis.left} {y:.1f}H{_RIGHT}"/>')
        parts.append(f'<text class="tick" x="{axis.left - 6}" y="{y + 4:.1f}" text-anchor="end">{level}</text>')
    for index, members in sorted(bins.items()):
        names = ", ".join(visible(name, 60) for _value, name in members[:_NAMES]) + (" …" if len(members) > _NAMES else "")
        low, high = text(members[0][0]), text(members[-1][0])
        parts.append(f"<g><title>{markup(low if low == high else f'{low} to {high}')}: {count(len(members), 'endpoint')}: {markup(names)}</title>")
        y = _BOTTOM
        kinds = [kind(value) for value, _name in members]
        for own in dict.fromkeys(kinds):
            height = max(kinds.count(own) / top * (_BOTTOM - _TOP - 6), 2.0)
            y -= height
            parts.append(f'<rect class="{own}" x="{axis.left + index * width + 1:.1f}" y="{y:.1f}" width="{width - 2:.1f}" height="{height:.1f}" rx="1.5"/>')
        parts.append("</g>")
    return [*parts, f'<path class="axis" d="M{axis.left} {_BOTTOM}H{_RIGHT}"/>']


def _steps(axis: _Axis) -> t.List[float]:
    """Round values along an axis of seconds."""
    if axis.logarithmic:
        powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
        steps = [digit * 10.0**power for power in powers for digit in ((1, 3) if len(powers) < 5 else (1,))]
        return [step for step in steps if axis.low <= step <= axis.high]
    power = 10.0 ** math.floor(math.log10(axis.high))
    step = next(size * power for size in (0.2, 0.5, 1, 2) if axis.high / (size * power) <= 6)
    return [step * index for index in range(1, 7) if step * index <= axis.high]


def _note(text: str) -> str:
    return f'<text class="note" x="{_RIGHT}" y="{_HEIGHT - 6}" text-anchor="end">{markup(text)}</text>'


def _tick(x: float, text: str, bottom: float = _BOTTOM) -> str:
    return f'<path class="axis" d="M{x:.1f} {bottom}v5"/><text class="tick" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{markup(text)}</text>'


def _mark(x: float, text: str, kind: str, where: str = "start", bottom: float = _BOTTOM) -> str:
    """A vertical line with its label on top: after it, before it (end), or one line higher than usual (below the other's)."""
    anchor = "end" if where == "end" or x > _RIGHT - 90 else "start"
    y = _TOP - 20 if where == "below" else _TOP - 6
    line = f'<path class="{kind}" d="M{x:.1f} {y - 4}V{bottom}"/>'
    return f'{line}<text class="{kind}" x="{x + (-5 if anchor == "end" else 5):.1f}" y="{y}" text-anchor="{anchor}">{markup(text)}</text>'
