# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit's run: interrupted, watched over a time, told of as it goes, and summed up."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import audit, progress, totals
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import servers
from ansible_collections.inferops.triton.tests.unit.support.audits import both_ways
from ansible_collections.inferops.triton.tests.unit.support.triton import CLOSED, Triton, free_port, tls_flags

Options = t.Dict[str, t.Any]
MODULE = "ansible_collections.inferops.triton.plugins.modules.triton_verify"


@pytest.fixture(name="good")
def fixture_good(pki: Pki, triton: Triton) -> Options:
    return both_ways(pki, triton.port, name="good", model="triton_identity")


def _wait_until(condition: t.Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_module_returns_what_is_finished(
    good: Options, tmp_path: Path, number: signal.Signals
) -> None:
    told = tmp_path / "progress.json"
    with servers.listener(servers.silent) as port:
        hanging = {**good, "name": "hanging", "address": "127.0.0.1:{0}".format(port)}
        arguments = {"endpoints": [hanging, good, hanging], "timeout": 60, "progress_file": str(told)}
        (tmp_path / "arguments.json").write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
        process = subprocess.Popen(
            [sys.executable, "-m", MODULE, str(tmp_path / "arguments.json")], stdout=subprocess.PIPE, text=True
        )
        _wait_until(lambda: progress.read(str(told)) == (1, 3, 0))
        started = time.monotonic()
        process.send_signal(number)
        # A second one, while the results are on their way, must not lose them.
        process.send_signal(number)
        output, _errors = process.communicate(timeout=20)
    assert time.monotonic() - started < 5
    assert process.returncode == 0
    result = json.loads(output.splitlines()[-1])
    assert [each["ok"] for each in result["results"]] == [False, True, False]
    for each in result["results"][::2]:
        assert each["diagnosis"]["code"] == "interrupted"
        assert {check["status"] for check in each["checks"]} == {"skipped"}
    assert result["summary"]["interrupted"] is True
    assert result["summary"]["by_code"] == [{"code": "interrupted", "count": 2, "endpoints": ["hanging"] * 2}]


def test_signals_are_as_before_after_an_audit(good: Options) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    _results, summary = audit.verify([good], audit.Settings())
    assert summary["interrupted"] is False
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_audit_outside_the_main_thread(good: Options) -> None:
    found: t.List[bool] = []
    thread = threading.Thread(target=lambda: found.append(audit.verify([good], audit.Settings())[0][0]["ok"]))
    thread.start()
    thread.join(20)
    assert found == [True]


def test_watch_audits_again_and_keeps_the_worst_latency(good: Options) -> None:
    started = time.monotonic()
    (result,), summary = audit.verify([good], audit.Settings(watch=1.0, interval=0.25))
    assert 1.0 <= time.monotonic() - started < 4
    assert (result["ok"], result["rounds"]) == (True, 5)
    shown = {check["check"]: check["value"] for check in result["checks"]}
    assert result["latency"] == shown["latency"] > 0
    assert 0 < result["seconds"] <= summary["seconds"]


def test_one_failing_round_of_a_watch_fails_the_endpoint(pki: Pki, good: Options, tmp_path: Path) -> None:
    flags = [*tls_flags(pki.server_cert, pki.server_key), *CLOSED]
    with Triton(tmp_path, models=(), arguments=flags) as server:
        leaving = {"name": "leaving", "address": "127.0.0.1:{0}".format(server.port), "ca_file": pki.ca_file}
        threading.Timer(1.0, server.stop).start()
        bad, fine = audit.verify([leaving, good], audit.Settings(watch=4.0, interval=0.5, timeout=3.0))[0]
    assert fine["ok"], fine["diagnosis"]
    assert not bad["ok"]
    assert 2 <= bad["rounds"] < fine["rounds"]
    assert bad["diagnosis"]["cause"].startswith("Round {0} of the watch, ".format(bad["rounds"]))
    assert any(check["status"] == "failed" for check in bad["checks"])


def test_watch_fails_at_once_where_the_first_round_does(good: Options) -> None:
    started = time.monotonic()
    dead = {**good, "address": "127.0.0.1:{0}".format(free_port())}
    (result,), _summary = audit.verify([dead], audit.Settings(watch=30, interval=1))
    assert time.monotonic() - started < 5
    assert (result["rounds"], result["diagnosis"]["code"]) == (1, "connection_refused")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"watch": -1}, "watch"),
        ({"watch": float("nan")}, "watch"),
        ({"watch": float("inf")}, "watch"),
        ({"interval": 0}, "interval"),
        ({"interval": -5}, "interval"),
        ({"watch": 5, "interval": 6}, "interval"),
        ({"watch": 20, "overall_timeout": 20}, "overall_timeout"),
        ({"timeout": float("nan")}, "timeout"),
    ],
)
def test_times_that_contradict(good: Options, settings: Options, named: str) -> None:
    with pytest.raises(Failure, match=named) as caught:
        audit.verify([good], audit.Settings(**settings))
    assert caught.value.diagnosis.code == "invalid_option"


def test_progress_counts_every_endpoint(good: Options) -> None:
    seen: t.List[t.Tuple[int, int, int]] = []
    bad = {**good, "address": "nonsense"}
    audit.verify([good, bad, good], audit.Settings(), lambda *numbers: seen.append(numbers))
    assert [numbers[:2] for numbers in seen] == [(1, 3), (2, 3), (3, 3)]
    assert seen[-1] == (3, 3, 1)


def test_progress_file_is_written_twice_a_second_and_at_the_end(tmp_path: Path) -> None:
    path = str(tmp_path / "progress.json")
    tell = progress.ProgressFile(path)
    tell(1, 9, 0)
    tell(2, 9, 1)
    assert progress.read(path) == (1, 9, 0)
    tell(3, 9, 1)
    _wait_until(lambda: progress.read(path) == (3, 9, 1))
    tell(9, 9, 2)
    assert Path(path).read_text() == '{"done": 9, "total": 9, "failed": 2}\n'
    assert os.listdir(tmp_path) == ["progress.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"done": 1}', "\xff"])
def test_progress_that_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "progress.json"
    path.write_text(content, encoding="latin-1")
    assert progress.read(str(path)) is None


def test_progress_file_that_cannot_be_written_costs_nothing(good: Options, tmp_path: Path) -> None:
    tell = progress.ProgressFile(str(tmp_path / "nowhere" / "progress.json"))
    (result,), _summary = audit.verify([good], audit.Settings(), tell)
    assert result["ok"]


def test_summary(good: Options) -> None:
    bad = {**good, "name": "bad", "address": "nonsense"}
    results, summary = audit.verify([bad, good, {**bad, "name": "worse"}], audit.Settings())
    assert (summary["endpoints"], summary["ok"], summary["failed"], summary["interrupted"]) == (3, 1, 2, False)
    assert summary["by_code"] == [{"code": "invalid_address", "count": 2, "endpoints": ["bad", "worse"]}]
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    assert moment.fullmatch(summary["started"])
    assert moment.fullmatch(summary["finished"])
    assert summary["started"] <= summary["finished"]
    assert [result["rounds"] for result in results] == [0, 1, 0]
    assert json.loads(json.dumps(summary)) == summary


def test_codes_are_ordered_by_how_often_they_occur() -> None:
    codes = ["expired", "dns", None, "timeout", "dns", "expired", "dns"]
    results = [{"name": str(i), "diagnosis": code and {"code": code}} for i, code in enumerate(codes)]
    found = [(group["code"], group["count"], group["endpoints"]) for group in totals.by_code(results)]
    assert found == [("dns", 3, ["1", "4", "6"]), ("expired", 2, ["0", "5"]), ("timeout", 1, ["3"])]


def test_warnings_count_endpoints() -> None:
    results = [{"ok": True, "diagnosis": None, "warnings": warnings} for warnings in ([], [{"code": "a"}] * 2)]
    summary = totals.summarize([*results, {"ok": True, "diagnosis": None}], totals.Clock(), False)
    assert summary["warnings"] == 1
