# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports for programs: report.json against its schema, report.xml parsed back, triton_tls.prom read as its format says."""

from __future__ import annotations

import json
import re
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton.report import document, junit, prometheus
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.figures import timestamp
from ansible_collections.inferops.triton.tests.unit.support import fleet
from ansible_collections.inferops.triton.tests.unit.support.fleet import Data

SCHEMA = json.loads((Path(__file__).resolve().parents[5] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
FLEETS: t.Dict[str, t.Callable[[], t.List[Data]]] = {
    "none": lambda: [],
    "one": lambda: [fleet.endpoint("gpu1")],
    "each kind": lambda: [
        fleet.endpoint("good"),
        fleet.dead(fleet.endpoint("dead")),
        fleet.untried(fleet.endpoint("untried")),
        fleet.warned(fleet.endpoint("warned")),
        fleet.overridden(fleet.endpoint("allowed"), "expired", "dates"),
    ],
    "gateways": lambda: [
        fleet.behind_gateway(fleet.endpoint("good")),
        fleet.broken(fleet.behind_gateway(fleet.endpoint("open")), "rest_exposed", "rest_plaintext_refused"),
        fleet.dead(fleet.behind_gateway(fleet.endpoint("dead"))),
        fleet.endpoint("without"),
    ],
    "fleet": lambda: fleet.fleet(200),
    "hostile": fleet.hostile,
}
# name="value" with the three escapes of the text exposition format 0.0.4, and nothing else.
LABEL = r'[a-z]+="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
SAMPLE = re.compile(rf"([a-z_]+)(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9.e+-]+)")


@pytest.fixture(params=FLEETS)
def results(request: pytest.FixtureRequest) -> t.List[Data]:
    """One fleet after the other."""
    return FLEETS[request.param]()


def valid(text: str) -> t.Any:
    """The document, which must be as the schema says."""
    content = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(content)
    return content


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_json_is_as_its_schema_says(results: t.List[Data]) -> None:
    summary = fleet.summary(results)
    content = valid(document.render(results, summary))
    assert (content["schema"], content["version"]) == (document.SCHEMA, document.VERSION)
    json.dumps(content, ensure_ascii=False).encode("utf-8")  # no lone surrogates, which not every parser takes
    if all(one["name"].isascii() for one in results):
        assert content["results"] == results and content["summary"] == summary


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("summary", "started"), "yesterday"),
        (("summary", "interrupted"), 0),
        (("results", 0, "ok"), None),
        (("results", 0, "checks", 0, "kind"), "rumour"),
        (("results", 0, "checks", 0, "status"), "failed"),  # without a code
        (("results", 0, "certificate", "san"), "DNS:gpu1"),
    ],
)
def test_the_schema_refuses(where: t.Tuple[t.Union[str, int], ...], value: object) -> None:
    results = [fleet.endpoint("gpu1")]
    content: t.Any = json.loads(document.render(results, fleet.summary(results)))
    parent: t.Any = content
    for step in where[:-1]:
        parent = parent[step]
    parent[where[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        valid(json.dumps(content))


def test_json_has_no_not_a_number() -> None:
    result = fleet.endpoint("gpu1", latency=float("nan"))
    text = document.render([result], fleet.summary([result]))
    assert valid(text)["results"][0]["latency"] is None and "NaN" not in text


def test_junit_counts_what_it_has(results: t.List[Data]) -> None:
    root = ET.fromstring(junit.render(results, fleet.summary(results)))
    suites = root.findall("testsuite")
    assert len(suites) == len(results)
    for suite, result in zip(suites, results):
        cases = suite.findall("testcase")
        statuses = [check["status"] for check in result["checks"]]
        extra = int(not result["ok"] and not {"failed", "inconclusive"} & set(statuses))
        assert [case.get("name") for case in cases][: len(statuses)] == [check["check"] for check in result["checks"]]
        assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
            "tests": str(len(statuses) + extra),
            "failures": str(statuses.count("failed")),
            "errors": str(statuses.count("inconclusive") + extra),
            "skipped": str(statuses.count("skipped")),
        }
        assert len(suite.findall("*/failure")) == statuses.count("failed")
        assert len(suite.findall("*/error")) == statuses.count("inconclusive") + extra
        assert len(suite.findall("*/skipped")) == statuses.count("skipped")
        # A pipeline that looks at failures and errors alone must see every endpoint that is not ok.
        assert bool(suite.findall("*/failure") + suite.findall("*/error")) is not result["ok"]
    assert root.get("tests") == str(len(root.findall("*/testcase")))
    assert root.get("failures") == str(len(root.findall("*/*/failure")))


def test_junit_says_cause_and_remedy_and_what_was_overridden() -> None:
    results = [fleet.dead(fleet.endpoint("dead")), fleet.overridden(fleet.endpoint("allowed"), "expired", "dates")]
    dead, allowed = ET.fromstring(junit.render(results, fleet.summary(results))).findall("testsuite")
    failure = dead.find("testcase[@name='reachable']/failure")
    assert failure is not None and failure.get("type") == "timeout"
    message = failure.get("message") or ""
    assert results[0]["diagnosis"]["cause"] in message and results[0]["diagnosis"]["remedy"] in message
    passed = allowed.find("testcase[@name='dates']")
    assert passed is not None and [child.tag for child in passed] == ["system-out"]
    assert (passed.findtext("system-out") or "").startswith("Overridden: expired")


def samples(text: str) -> t.Dict[str, float]:
    """Series → value; every line must be as the format says, and no series twice."""
    found: t.Dict[str, float] = {}
    described: t.Set[str] = set()
    for line in text.splitlines():
        if line.startswith("# "):
            _mark, word, metric, rest = line.split(" ", 3)
            assert word in ("HELP", "TYPE") and rest and (word == "HELP" or rest == "gauge")
            described.add(f"{word} {metric}")
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        assert {f"HELP {match[1]}", f"TYPE {match[1]}"} <= described
        series = f"{match[1]}{{{match[2] or ''}}}"
        assert series not in found, series
        found[series] = float(match[3])
    return found


def test_prometheus_reads_it(results: t.List[Data]) -> None:
    text = prometheus.render(results, fleet.summary(results))
    assert text.endswith("\n")
    found = samples(text)
    assert found["triton_tls_audit_timestamp_seconds{}"] == fleet.FINISHED.timestamp()
    assert sum(series.startswith("triton_tls_endpoint_ok{") for series in found) == len(results)
    assert sum(value for series, value in found.items() if series.startswith("triton_tls_endpoint_ok{")) == sum(one["ok"] for one in results)


def test_prometheus_has_the_figures() -> None:
    good, dead = fleet.endpoint("gpu1"), fleet.dead(fleet.endpoint("gpu2"))
    found = samples(prometheus.render([good, dead], fleet.summary([good, dead])))
    of = 'name="{}",address="gpu1.example:8001"'
    assert found[f"triton_tls_endpoint_up{{{of.format('gpu1')}}}"] == 1
    assert found[f"triton_tls_endpoint_up{{{of.format('gpu2')}}}"] == 0
    assert found[f"triton_tls_certificate_not_after_timestamp_seconds{{{of.format('gpu1')}}}"] == timestamp(good["certificate"]["not_after"])
    assert found[f"triton_tls_inference_duration_seconds{{{of.format('gpu1')}}}"] == 0.0042
    assert found['triton_tls_endpoint_failure{' + of.format("gpu2") + ',code="timeout"}'] == 1
    assert found['triton_tls_check_ok{' + of.format("gpu2") + ',check="reachable",kind="proof"}'] == 0
    assert found['triton_tls_check_ok{' + of.format("gpu1") + ',check="plaintext_refused",kind="refusal"}'] == 1
    assert not [series for series in found if "fingerprint" in series]  # skipped: nothing to alert on
    assert not [series for series in found if "not_after" in series and "gpu2" in series]


def test_the_end_of_an_intermediate_is_the_end_of_the_chain() -> None:
    result = fleet.endpoint("gpu1", days=60)
    result["certificate"]["days_left"] = 3.0
    found = samples(prometheus.render([result], fleet.summary([result])))
    own = '{name="gpu1",address="gpu1.example:8001"}'
    assert found[f"triton_tls_chain_not_after_timestamp_seconds{own}"] == fleet.FINISHED.timestamp() + 3 * 86400
    assert found[f"triton_tls_certificate_not_after_timestamp_seconds{own}"] == fleet.FINISHED.timestamp() + 60 * 86400


def test_of_two_results_with_one_name_the_worse_is_exported() -> None:
    twice = [fleet.dead(fleet.endpoint("gpu1")), fleet.endpoint("gpu1")]
    for results in (twice, twice[::-1]):
        assert samples(prometheus.render(results, fleet.summary(results)))['triton_tls_endpoint_ok{name="gpu1",address="gpu1.example:8001"}'] == 0
