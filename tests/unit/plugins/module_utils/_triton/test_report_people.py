# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports for people: the terminal's lines, the page as text (a browser reads it in tests/browser), and the files."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import typing as t
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton.report import files, page, terminal
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.figures import duration, percentile
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.text import visible
from ansible_collections.inferops.triton.tests.unit.support import fleet
from ansible_collections.inferops.triton.tests.unit.support.fleet import Data


def lines(results: t.Sequence[Data], **options: t.Any) -> t.List[str]:
    """What the terminal shows."""
    return terminal.lines(results, fleet.summary(results, **options))


def named(count: int, prefix: str = "gpu") -> t.List[Data]:
    """So many endpoints that are proved."""
    return [fleet.endpoint(f"{prefix}{index}") for index in range(count)]


# Of the checks of a fleet's endpoint one is skipped.
@pytest.mark.parametrize(
    ("results", "options", "last"),
    [
        (named(2), {}, rf"PROVED: 2 of 2 endpoints, {len(fleet.NAMES) - 1} checks each, 12\.3 s"),
        ([], {}, r"NOT PROVED: there were no endpoints, 12\.3 s"),
        ([fleet.dead(fleet.endpoint("a")), *named(2)], {}, r"NOT PROVED: 1 of 3 endpoints failed, 2 proved, 12\.3 s"),
        (
            [fleet.untried(fleet.endpoint("a")), fleet.dead(fleet.endpoint("b")), *named(1)],
            {"interrupted": True},
            r"NOT PROVED: interrupted; 1 of 3 endpoints proved, 1 failed, 1 not finished, 12\.3 s",
        ),
        (named(1), {"interrupted": True}, r"NOT PROVED: interrupted; 1 of 1 endpoints proved, 0 failed, 0 not finished, 12\.3 s"),
        (
            [fleet.overridden(fleet.warned(fleet.endpoint("a")), "expired", "dates")],
            {},
            rf"PROVED: 1 of 1 endpoint, {len(fleet.NAMES) - 1} checks each, 12\.3 s; 1 check overridden; 1 endpoint with warnings",
        ),
    ],
)
def test_the_last_line_says_whether_all_is_proved(results: t.List[Data], options: t.Dict[str, t.Any], last: str) -> None:
    assert re.fullmatch(last, lines(results, **options)[-1])


def test_failures_are_grouped_by_cause_worst_first() -> None:
    results = [
        *(fleet.broken(one, "latency", "latency") for one in named(12, "slow")),
        *(fleet.broken(one, "control_failed", "foreign_client_refused", "inconclusive") for one in named(20, "unsure")),
        *(fleet.dead(one) for one in named(3, "dead")),
        fleet.broken(fleet.endpoint("door"), "plaintext_accepted", "plaintext_refused"),
        *(fleet.untried(one) for one in named(30, "untried")),
    ]
    shown = lines(results, interrupted=True)
    heads = [line for line in shown if line.startswith("FAILED")]
    assert [head.split()[1] for head in heads] == ["plaintext_accepted", "latency", "timeout", "control_failed", "interrupted"]
    assert heads[1].endswith("slow0, slow1, slow2, slow3, slow4, slow5, slow6, slow7, slow8, slow9 and 2 more")
    assert "12 endpoints" in heads[1]
    first = results[0]["diagnosis"]
    at = shown.index(heads[1])
    assert shown[at + 1 : at + 3] == [f"  {first['cause']}", f"  Remedy: {first['remedy']}"]


def test_an_open_door_is_not_hidden_behind_another_fault() -> None:
    result = fleet.broken(fleet.endpoint("gpu1"), "expired", "dates")
    fleet.broken(result, "plaintext_accepted", "plaintext_refused")
    assert result["diagnosis"]["code"] == "expired"
    heads = [line for line in lines([result]) if line.startswith("FAILED")]
    assert [head.split()[1] for head in heads] == ["plaintext_accepted", "expired"]
    assert any("Close the unencrypted way in" in line for line in lines([result]))


def test_what_is_tolerated_takes_a_line() -> None:
    shown = lines([fleet.warned(fleet.overridden(fleet.endpoint("gpu1"), "expired", "dates"))])
    assert shown[:-1] == ["overridden expired at 1 endpoint: gpu1", "warning expires_soon at 1 endpoint: gpu1"]


def test_nothing_from_outside_moves_the_cursor_or_reverses_text() -> None:
    shown = lines(fleet.hostile())
    assert not [one for line in shown for one in line if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")]
    assert max(len(line) for line in shown) < 2000
    assert r"\x1b[31mred" in "".join(shown) and r"\u202egpj.exe" in "".join(shown)


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("a\nb\x1b", 0, r"a\nb\x1b"), ("\ud800\u202e", 0, r"\ud800\u202e"), ("abcdef", 4, "abc…"), (None, 0, ""), (1.5, 0, "1.5"), ("界", 0, "界")],
)
def test_visible(text: object, limit: int, shown: str) -> None:
    assert visible(text, limit) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 µs"), (0.00085, "850 µs"), (0.0042, "4.2 ms"), (0.9999, "1 s"), (12.34, "12.3 s"), (1234.5, "1234 s")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_percentile_is_one_that_was_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99), percentile([7.0], 99)) == (50.0, 99.0, 7.0)


class Reader(HTMLParser):
    """The elements of a page with their attributes, and the text of each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: t.List[t.Tuple[str, t.Dict[str, t.Optional[str]]]] = []
        self.texts: t.Dict[str, t.List[str]] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: t.List[t.Tuple[str, t.Optional[str]]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = f"{tag}#{dict(attrs)['id']}" if tag == "script" and "id" in dict(attrs) else tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open, []).append(data)


def read(results: t.Sequence[Data], **options: t.Any) -> Reader:
    return Reader(page.render(results, fleet.summary(results, **options)))


@pytest.mark.parametrize("results", [[], named(3), fleet.fleet(100), fleet.hostile()], ids=["none", "three", "fleet", "hostile"])
def test_the_page_allows_its_own_style_and_script_only(results: t.List[Data]) -> None:
    reader = read(results)
    policy = next(attributes["content"] for tag, attributes in reader.elements if attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        (content,) = reader.texts[tag]
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'" in policy
    scripts = [attributes for tag, attributes in reader.elements if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "data"}, {}]
    # Nothing from outside became an element, a handler, a style or an address.
    assert {tag for tag, _attributes in reader.elements}.isdisjoint({"img", "iframe", "object", "embed", "b"})
    for tag, attributes in reader.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style")]
        assert "href" not in attributes or (tag, attributes["href"]) == ("link", "data:,")


def test_the_data_is_embedded_once_and_cannot_end_its_element() -> None:
    results = fleet.hostile()
    text = page.render(results, fleet.summary(results))
    (data,) = Reader(text).texts["script#data"]
    assert not set(data) & set("<>&\u2028\u2029") and data.isascii()
    names = [one["name"] for one in json.loads(data)["endpoints"]]
    assert names == [visible(one["name"]) for one in results]
    text.encode("utf-8")


def test_the_page_without_script_says_what_failed() -> None:
    results = [fleet.dead(fleet.endpoint("gpu1")), *named(2, "good")]
    text = page.render(results, fleet.summary(results))
    static = html.unescape(re.sub(r"<script.*?</script>", "", text, flags=re.S))
    assert "NOT PROVED" in static and results[0]["diagnosis"]["remedy"] in static
    assert "<td>gpu1</td>" in static.partition("<noscript>")[2]


@pytest.mark.parametrize(
    ("results", "options", "proved"),
    [(named(2), {}, True), ([], {}, False), (named(2), {"interrupted": True}, False), ([fleet.dead(fleet.endpoint("a"))], {}, False)],
)
def test_the_verdict_of_the_page(results: t.List[Data], options: t.Dict[str, t.Any], proved: bool) -> None:
    reader = read(results, **options)
    assert reader.texts["title"][0] == f"Triton TLS audit: {'PROVED' if proved else 'NOT PROVED'}"
    assert bool([one for one in reader.elements if one[1].get("class") == "notice"]) is bool(options.get("interrupted"))


@pytest.mark.parametrize(
    "days",
    [[60.0], [-400.0, 3650.0], [0.0], [30.0] * 20, [*range(-10, 30)], [90.0] * 50 + [3650.0]],
    ids=["one", "far apart", "today", "same", "around", "outlier"],
)
def test_the_charts_stay_within_their_frame(days: t.List[float]) -> None:
    results = [fleet.endpoint(f"gpu{index}", days=float(day), latency=10.0 ** (index % 7 - 5)) for index, day in enumerate(days)]
    drawn = 0
    for tag, attributes in read(results).elements:
        if tag == "rect" and "y" in attributes:
            x, width, height = (float(attributes[name] or "nan") for name in ("x", "width", "height"))
            assert 0 <= x <= x + width <= 640 and 0 < height < 250
            drawn += 1
    assert drawn


def write(folder: Path, results: t.List[Data], formats: t.Sequence[str] = tuple(files.FILES)) -> t.Tuple[t.List[t.Dict[str, str]], t.List[str]]:
    return files.write(str(folder), results, fleet.summary(results), formats)


def test_the_files_are_written_into_a_new_folder_and_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    written, problems = write(folder, named(2))
    assert problems == [] and [one["format"] for one in written] == list(files.FILES)
    first = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert sorted(first) == sorted(files.FILES.values())  # nothing temporary is left
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    write(folder, [fleet.dead(fleet.endpoint("gpu1"))])
    assert all(path.read_text(encoding="utf-8") != first[path.name] for path in folder.iterdir())


def test_only_the_formats_that_were_asked_for(tmp_path: Path) -> None:
    written, problems = write(tmp_path, named(1), ["json", "json", "pdf"])
    assert [one["format"] for one in written] == ["json"] and [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert len(problems) == 1 and "'pdf'" in problems[0] and "json, junit, html, prom" in problems[0]


def test_a_folder_that_is_a_file_is_a_problem_and_no_exception(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    written, problems = write(tmp_path / "file", named(1), ["json", "prom"])
    assert written == [] and len(problems) == 2
    assert str(tmp_path / "file" / "report.json") in problems[0] and "Give a folder" in problems[0]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, named(1), ["json"])
    before = (tmp_path / "report.json").read_bytes()

    def full(_source: str, _target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    written, problems = write(tmp_path, named(2), ["json"])
    assert written == [] and "No space left on device" in problems[0]
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"] and (tmp_path / "report.json").read_bytes() == before


def test_results_that_one_report_cannot_show_cost_no_other(tmp_path: Path) -> None:
    odd = fleet.endpoint("gpu1")
    odd["certificate"]["not_after"] = "never"
    written, problems = write(tmp_path, [odd])
    assert [one["format"] for one in written] == ["json", "junit"]
    assert len(problems) == 2
