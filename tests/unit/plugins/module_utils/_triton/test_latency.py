# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Latencies compared between real servers: the one under test, whose model sleeps, and those that it is compared with."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import audit, latency
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Files, load_endpoint
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support.audits import both_ways
from ansible_collections.inferops.triton.tests.unit.support.triton import CLOSED, IDENTITY, Model, Triton, free_port, tls_flags

Options = t.Dict[str, t.Any]


@pytest.fixture(scope="module", name="sluggish")
def fixture_sluggish(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Triton]:
    """A Triton whose identity model takes 30 ms, as no other does; it answers rightly."""
    flags = [*CLOSED, *tls_flags(pki.server_cert, pki.server_key, pki.ca_file, mutual=True)]
    with Triton(tmp_path_factory.mktemp("sluggish"), models=(Model(IDENTITY.name, delay=0.03),), arguments=flags) as server:
        yield server


def endpoint(pki: Pki, server: Triton, host: str = "127.0.0.1", **more: t.Any) -> Options:
    """An endpoint of the server under one of its many addresses."""
    options = both_ways(pki, server.port, name=host, model=IDENTITY.name, exposure=False, server_name="localhost", **more)
    return {**options, "address": "{0}:{1}".format(host, server.port)}


def compared(specs: t.Sequence[Options], reference: t.Sequence[Options], **settings: t.Any) -> t.List[t.Tuple[bool, Options]]:
    """For each endpoint whether it is ok, and its check of latency."""
    results, _summary = audit.verify(specs, audit.Settings(**{"timeout": 5.0, "latency_samples": 8, **settings}), reference=reference)
    return [(result["ok"], next((check for check in result["checks"] if check["check"] == latency.CHECK), {})) for result in results]


def test_a_slower_endpoint_fails_and_is_told_by_how_much(pki: Pki, triton: Triton, sluggish: Triton) -> None:
    slow, fast = endpoint(pki, sluggish, latency_factor=3), endpoint(pki, triton, "127.0.0.2", latency_factor=3)
    reference = [endpoint(pki, triton, "127.0.0.{0}".format(number)) for number in (3, 4, 5)]
    results, summary = audit.verify([slow, fast], audit.Settings(timeout=5.0, latency_samples=8), reference=reference)
    assert [result["ok"] for result in results] == [False, True], results[1]["diagnosis"]
    assert results[0]["diagnosis"]["code"] == "slower_than_fleet"
    assert "p50 of 8" in results[0]["diagnosis"]["cause"] and "3 times is allowed" in results[0]["diagnosis"]["cause"]
    assert "of 3 other(s)" in results[0]["diagnosis"]["cause"]
    (check,) = [check for check in results[0]["checks"] if check["check"] == latency.CHECK]
    assert 0.03 <= check["value"] < 1
    assert summary["by_code"] == [{"code": "slower_than_fleet", "count": 1, "endpoints": ["127.0.0.1"]}]


def test_what_is_not_alike_is_not_compared(pki: Pki, triton: Triton, sluggish: Triton) -> None:
    slow = endpoint(pki, sluggish, latency_factor=1.5)
    others = [
        endpoint(pki, triton, latency_group="other hardware"),
        {**endpoint(pki, triton), "inputs": {"INPUT": {"datatype": "FP32", "shape": [1], "data": [5.0]}}},
        {**endpoint(pki, triton), "ca_file": "/nowhere/ca.crt"},
        {**endpoint(pki, triton), "address": "127.0.0.1:{0}".format(free_port())},
    ]
    ((ok, check),) = compared([slow], others)
    assert (ok, check["status"], check["code"]) == (True, "skipped", None)


def test_an_allowed_code_is_shown_and_not_counted(pki: Pki, triton: Triton, sluggish: Triton) -> None:
    slow = endpoint(pki, sluggish, latency_factor=2, allow=["slower_than_fleet"])
    ((ok, check),) = compared([slow], [endpoint(pki, triton)])
    assert (ok, check["status"], check["code"]) == (True, "overridden", "slower_than_fleet")


def test_without_a_factor_nothing_is_compared(pki: Pki, triton: Triton, sluggish: Triton) -> None:
    assert compared([endpoint(pki, sluggish)], [endpoint(pki, triton)]) == [(True, {})]


def test_an_endpoint_that_dies_meanwhile_is_not_proved(pki: Pki, triton: Triton, tmp_path_factory: pytest.TempPathFactory) -> None:
    flags = [*CLOSED, *tls_flags(pki.server_cert, pki.server_key, pki.ca_file, mutual=True)]
    with Triton(tmp_path_factory.mktemp("dying"), models=(Model(IDENTITY.name, delay=0.1),), arguments=flags) as server:
        threading.Timer(2.0, server.stop).start()
        ((ok, check),) = compared([endpoint(pki, server, latency_factor=100)], [endpoint(pki, triton)], latency_samples=100)
    assert (ok, check["status"], check["code"]) == (False, "inconclusive", "not_judged")


def test_the_comparison_ends_with_the_time_for_all(pki: Pki, triton: Triton, sluggish: Triton) -> None:
    started = time.monotonic()
    ((ok, check),) = compared(
        [endpoint(pki, sluggish, latency_factor=100)], [endpoint(pki, triton)], latency_samples=10_000, overall_timeout=2.0
    )
    assert time.monotonic() - started < 8
    assert (ok, check["code"]) == (False, "not_judged")


@pytest.mark.parametrize("wrong", [{"latency_factor": 0.5}, {"latency_factor": float("nan")}, {"latency_factor": 2, "model": None}])
def test_factors_that_make_no_sense(pki: Pki, triton: Triton, wrong: Options) -> None:
    (result,), _summary = audit.verify([{**endpoint(pki, triton), **wrong}], audit.Settings(timeout=5.0))
    assert (result["ok"], result["diagnosis"]["code"]) == (False, "invalid_option")
    assert "latency_factor" in result["diagnosis"]["cause"]


def test_the_first_of_each_kind_are_chosen(pki: Pki, triton: Triton) -> None:
    files = Files()
    wave = [load_endpoint(endpoint(pki, triton, latency_group=group), files) for group in ("a", "b")]
    others = [load_endpoint(endpoint(pki, triton, "127.0.1.{0}".format(number), latency_group="abc"[number % 3]), files) for number in range(12)]
    chosen = [each.name for each in latency.chosen(wave, others, 2)]
    assert chosen == ["127.0.1.0", "127.0.1.1", "127.0.1.3", "127.0.1.4"]


@pytest.mark.parametrize(("share", "value"), [(0.5, 10), (0.95, 19), (1.0, 20), (0.0, 1)])
def test_percentiles_are_by_nearest_rank(share: float, value: float) -> None:
    assert latency.percentile(list(range(20, 0, -1)), share) == value
