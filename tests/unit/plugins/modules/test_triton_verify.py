# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""triton_verify as Ansible calls it; the audit itself is tested with its back end."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.inferops.triton.plugins.modules import triton_verify
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support.modules import run
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton, free_port

Options = t.Dict[str, t.Any]


@pytest.fixture(name="endpoint")
def fixture_endpoint(pki: Pki, triton: Triton) -> Options:
    return {
        "name": "gpu1",
        "address": "127.0.0.1:{0}".format(triton.port),
        "ca_file": pki.ca_file,
        "client_cert": pki.client_cert,
        "client_key": pki.client_key,
        "model": "triton_identity",
    }


@pytest.mark.parametrize("check", [False, True])
def test_good_and_bad_endpoints(endpoint: Options, check: bool) -> None:
    dead = {**endpoint, "name": "dead", "address": "127.0.0.1:{0}".format(free_port())}
    malformed = {**endpoint, "name": "malformed", "address": "http://gpu"}
    result = run(triton_verify.main, {"endpoints": [dead, endpoint, malformed]}, check)
    assert "failed" not in result, "the caller asserts"
    assert result["changed"] is False
    assert [(each["name"], each["ok"]) for each in result["results"]] == [
        ("dead", False),
        ("gpu1", True),
        ("malformed", False),
    ]
    codes = [each["diagnosis"] and each["diagnosis"]["code"] for each in result["results"]]
    assert codes == ["connection_refused", None, "invalid_address"]
    assert {key: result["summary"][key] for key in ("endpoints", "ok", "failed")} == {
        "endpoints": 3,
        "ok": 1,
        "failed": 2,
    }


@pytest.mark.parametrize("options", [{"endpoints": []}, {"timeout": 0}, {"concurrency": 0}, {"overall_timeout": -1}])
def test_options_that_make_no_sense(endpoint: Options, options: Options) -> None:
    result = run(triton_verify.main, {"endpoints": [endpoint], **options})
    assert (result["failed"], result["diagnosis"]) == (True, "invalid_option")


def test_results_carry_no_key(pki: Pki, endpoint: Options) -> None:
    result = run(triton_verify.main, {"endpoints": [endpoint, {**endpoint, "client_cert": None}]})
    body = "".join(pki.client.key_pem.splitlines()[1:-1])
    assert body[:40] not in str(result)
