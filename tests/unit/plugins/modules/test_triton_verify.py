# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""triton_verify as Ansible calls it; the audit itself is tested with its back end."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

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


def test_all_options_of_an_endpoint(pki: Pki, endpoint: Options, tmp_path: Path) -> None:
    certificate, key = pki.root.write(tmp_path, "client-ca")
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    lock = serialization.BestAvailableEncryption(b"open sesame")
    Path(key).write_bytes(pki.root.private_key.private_bytes(pem, pkcs8, lock))
    given = {
        "devices": {"kind": "cpu"},
        "warn_days": 100,
        "error_days": 1,
        "client_ca_cert": certificate,
        "client_ca_key": key,
        "client_ca_passphrase": "open sesame",
        "http_port": 0,
        "metrics_port": 0,
    }
    (each,) = run(triton_verify.main, {"endpoints": [{**endpoint, **given}]})["results"]
    assert each["ok"], each["diagnosis"]
    assert {warning["code"] for warning in each["warnings"]} == {"expires_soon"}
    done = {check["check"]: check["status"] for check in each["checks"]}
    assert (done["devices"], done["expired_client_refused"], done["rest_exposed"]) == ("ok", "ok", "skipped")
    assert "sesame" not in str(each)
