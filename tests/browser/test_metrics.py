# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""triton_tls.prom as Prometheus' own promtool judges it: its format, and the conventions for names, units and help."""

from __future__ import annotations

import re
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton.report import prometheus
from ansible_collections.inferops.triton.tests.unit.support import fleet
from ansible_collections.inferops.triton.tests.unit.support.fleet import Data


def check(tools: Path, text: str) -> t.Tuple[int, str]:
    """The exit status of ``promtool check metrics``, and what it says."""
    run = subprocess.run([str(tools / "promtool"), "check", "metrics"], input=text.encode(), capture_output=True, check=False, timeout=60)
    return run.returncode, (run.stdout + run.stderr).decode()


@pytest.mark.parametrize("results", [[], fleet.fleet(3), fleet.fleet(1000), fleet.hostile()], ids=["none", "three", "thousand", "hostile"])
def test_promtool_accepts_the_metrics(tools: Path, results: t.List[Data]) -> None:
    assert check(tools, prometheus.render(results, fleet.summary(results))) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [('name="gpu', "name=gpu"), ("# TYPE triton_tls_endpoint_up gauge", "# TYPE triton_tls_endpoint_up counter"), ("# HELP triton_tls_endpoint_up ", "# ")],
    ids=["quotes", "type", "help"],
)
def test_promtool_would_have_said_so(tools: Path, right: str, wrong: str) -> None:
    results = fleet.fleet(3)
    text = prometheus.render(results, fleet.summary(results))
    assert right in text
    status, said = check(tools, text.replace(right, wrong))
    assert status != 0 and said


def test_the_alerts_of_the_documentation_are_rules(tools: Path, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    (rules,) = re.findall(r"```yaml\n(groups:.*?)```", text, flags=re.S)
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    run = subprocess.run([str(tools / "promtool"), "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0 and "3 rules found" in run.stdout, run.stdout + run.stderr
    # What is alerted on is what is exported.
    assert set(re.findall(r"triton_tls_\w+", rules)) <= set(prometheus.HELP)


def test_the_documentation_names_every_metric() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    table = text.partition("## triton_tls.prom")[2].partition("```")[0]
    assert set(re.findall(r"`(triton_tls_\w+)`", table)) == set(prometheus.HELP)
