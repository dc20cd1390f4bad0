# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""triton_endpoint_info against a real Triton."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.inferops.triton.plugins.modules import triton_endpoint_info
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support.modules import run
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton

Options = t.Dict[str, t.Any]


@pytest.fixture(name="options")
def fixture_options(pki: Pki, triton: Triton) -> Options:
    return {
        "address": "localhost:{0}".format(triton.port),
        "ca_file": pki.ca_file,
        "client_cert": pki.client_cert,
        "client_key": pki.client_key,
    }


def test_everything(pki: Pki, options: Options) -> None:
    result = run(triton_endpoint_info.main, options)
    tls = result["tls"]
    assert (tls["version"], tls["alpn"]) == ("TLSv1.3", "h2")
    assert [certificate["subject"] for certificate in tls["chain"]] == ["CN=triton", "O=Fleet,CN=Test issuing CA"]
    assert tls["chain"][0]["fingerprint_sha256"] == pki.server.fingerprint
    assert tls["chain"][0]["san"] == ["DNS:localhost", "IP:127.0.0.1", "DNS:triton.example"]
    assert tls["client_certificate_asked"] is True
    assert tls["client_ca_names"] == ["O=Fleet,CN=Test root"]
    assert result["server"]["version"] == "2.51.0"
    assert "binary_tensor_data" in result["server"]["extensions"]
    assert result["server"]["ready"] is True
    models = {model["name"]: model for model in result["models"]}
    assert models["whole"]["state"] == "READY"
    assert models["whole"]["config"]["input"] == [{"name": "INPUT", "data_type": "TYPE_INT64", "dims": [2, 3]}]
    assert models["whole"]["config"]["instance_group"][0]["kind"] == "KIND_CPU"
    assert result["diagnosis"] is None


def test_models_that_failed_to_load(pki: Pki, triton_one_way: Triton) -> None:
    options = {"address": "localhost:{0}".format(triton_one_way.port), "ca_file": pki.ca_file}
    result = run(triton_endpoint_info.main, options)
    failing = next(model for model in result["models"] if model["name"] == "failing")
    assert failing["state"] == "UNAVAILABLE"
    assert failing["reason"]
    assert failing["config"] is None
    assert result["server"]["ready"] is False


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"client_cert": None, "client_key": None}, "client_certificate_required"),
        ({"ca_file": "{stranger_file}"}, "untrusted_issuer"),
        ({"server_name": "other.example"}, "hostname_mismatch"),
    ],
)
def test_tls_is_described_where_grpc_is_refused(pki: Pki, options: Options, given: Options, code: str) -> None:
    filled = {key: value.format(**vars(pki)) if value else value for key, value in given.items()}
    result = run(triton_endpoint_info.main, {**options, **filled}, check=True)
    assert "failed" not in result
    assert len(result["tls"]["chain"]) == 2
    assert result["server"] is None
    assert result["models"] is None
    assert result["diagnosis"]["code"] == code


def test_without_ca_nothing_is_asked_over_grpc(options: Options) -> None:
    result = run(triton_endpoint_info.main, {**options, "ca_file": None})
    assert result["tls"]["version"] == "TLSv1.3"
    assert (result["server"], result["diagnosis"]) == (None, None)


def test_failure_where_there_is_no_tls(options: Options, triton_plaintext: Triton) -> None:
    result = run(triton_endpoint_info.main, {**options, "address": "127.0.0.1:{0}".format(triton_plaintext.port)})
    assert (result["failed"], result["diagnosis"]) == (True, "plaintext_server")
