# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""triton_infer against a real Triton."""

from __future__ import annotations

import subprocess
import sys
import typing as t

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import deps
from ansible_collections.inferops.triton.plugins.modules import triton_endpoint_info, triton_infer, triton_verify
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
        "model": "triton_identity",
    }


@pytest.mark.parametrize("check", [False, True])
def test_success(options: Options, check: bool) -> None:
    result = run(triton_infer.main, options, check)
    assert result["changed"] is False
    assert result["outputs"] == {"OUTPUT": {"datatype": "FP32", "shape": [3], "data": [1.0, 2.0, 3.0]}}
    assert result["latency"] > 0
    assert "failed" not in result


def test_ca_as_text(pki: Pki, options: Options) -> None:
    del options["ca_file"]
    assert "failed" not in run(triton_infer.main, {**options, "ca": pki.root.pem})


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"outputs": {"OUTPUT": {"data": [0, 0, 0]}}}, "output_mismatch"),
        ({"client_key": None}, "client_pair_incomplete"),
        ({"address": "https://localhost:8001"}, "invalid_address"),
        ({"client_cert": None, "client_key": None}, "client_certificate_required"),
        ({"timeout": 0}, "invalid_option"),
        ({"server_name": "other.example"}, "hostname_mismatch"),
    ],
)
def test_failures(options: Options, given: Options, code: str) -> None:
    result = run(triton_infer.main, {**options, **given})
    assert result["failed"] is True
    assert result["diagnosis"] == code
    assert result["msg"] == result["cause"] + " " + result["remedy"]
    assert ("outputs" in result) is (code == "output_mismatch")


def test_half_a_pair_does_not_abort_the_process(options: Options) -> None:
    """gRPC ends in abort() when it is given one of key and certificate (grpc #40732)."""
    for absent in ("client_cert", "client_key"):
        assert run(triton_infer.main, {**options, absent: None})["diagnosis"] == "client_pair_incomplete"


@pytest.mark.parametrize(
    ("package", "named"),
    [("grpc", "grpcio"), ("tritonclient", "tritonclient[grpc]"), ("OpenSSL", "pyOpenSSL"), ("cryptography", "cryptography")],
)
def test_missing_libraries_are_named(package: str, named: str) -> None:
    script = (
        "import sys; sys.modules[{0!r}] = None\n"
        "from ansible.module_utils.testing import patch_module_args\n"
        "from ansible_collections.inferops.triton.plugins.modules import triton_infer\n"
        "with patch_module_args({{'address': 'a:1', 'model': 'm'}}): triton_infer.main()\n"
    ).format(package)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Failed to import the required Python library ({0})".format(named) in done.stdout


@pytest.mark.parametrize(
    ("main", "options"),
    [
        (triton_infer.main, {"address": "a:1", "model": "m"}),
        (triton_endpoint_info.main, {"address": "a:1"}),
        (triton_verify.main, {"endpoints": [{"address": "a:1"}]}),
    ],
)
def test_every_module_asks_for_its_libraries(
    monkeypatch: pytest.MonkeyPatch, main: t.Callable[[], None], options: Options
) -> None:
    monkeypatch.setattr(deps, "missing", lambda: ("grpcio", "Traceback"))
    result = run(main, options)
    assert result["failed"] is True
    assert "(grpcio)" in result["msg"]
