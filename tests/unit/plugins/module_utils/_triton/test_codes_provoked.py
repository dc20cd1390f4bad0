# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every code that the audit promises is provoked by something real: by which test, this table says, and it is held to it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import diagnosis

_SPECS = "test_audit.py::test_bad_specs_stay_with_their_endpoint"
_GOOD_SERVER = "test_audit.py::test_faults_at_a_good_server"
_CERTIFICATES = "test_audit.py::_served"
_NO_TRITON = "test_audit.py::test_servers_that_are_no_triton"
_PORTS = "test_audit_exposure.py::test_ports_in_the_clear"

PROVOKED = {
    "unreachable": "test_audit_checks.py::test_an_address_without_a_way_to_it",
    "connection_refused": _NO_TRITON,
    "dns": _SPECS,
    "timeout": _NO_TRITON,
    "plaintext_server": "test_audit.py::test_plaintext_server",
    "not_tls": _NO_TRITON,
    "no_alpn_h2": _NO_TRITON,
    "untrusted_issuer": _CERTIFICATES,
    "self_signed": _CERTIFICATES,
    "incomplete_chain": _CERTIFICATES,
    "expired": _CERTIFICATES,
    "not_yet_valid": _CERTIFICATES,
    "expires_soon": "test_audit_checks.py::test_margins",
    "hostname_mismatch": _CERTIFICATES,
    "wrong_purpose": _CERTIFICATES,
    "weak_key": "test_audit_checks.py::test_weak_material",
    "weak_signature": "test_audit_checks.py::test_weak_material",
    "client_certificate_required": _GOOD_SERVER,
    "client_certificate_refused": _GOOD_SERVER,
    "client_ca_missing_on_server": "test_audit.py::test_client_ca_missing_on_the_server",
    "client_ca_unexpected": _GOOD_SERVER,
    "stale_certificate": _GOOD_SERVER,
    "stale_client_ca": _GOOD_SERVER,
    "tls_too_old": _NO_TRITON,
    "plaintext_accepted": "test_audit_refusals.py::test_plaintext_is_accepted_beside_tls",
    "not_ready": "test_audit.py::test_server_and_model_that_are_not_ready",
    "model_unknown": _GOOD_SERVER,
    "model_not_ready": "test_audit_checks.py::test_model_that_is_loading",
    "output_mismatch": _GOOD_SERVER,
    "output_empty": _GOOD_SERVER,
    "device_missing": "test_audit_checks.py::test_devices",
    "latency": _GOOD_SERVER,
    "slower_than_fleet": "test_latency.py::test_a_slower_endpoint_fails_and_is_told_by_how_much",
    "rest_exposed": _PORTS,
    "metrics_exposed": _PORTS,
    "control_exposed": "test_audit_exposure.py::test_controls",
    "rest_control_exposed": "test_audit_gateway.py::test_controls_by_rest",
    "instance_port_exposed": "test_audit_gateway.py::test_ports_that_only_the_gateway_may_reach",
    "backend_unavailable": "test_audit_gateway.py::test_nothing_behind_the_gateway",
    "http_failed": "test_audit_gateway.py::test_metrics",
    "metrics_missing": "test_audit_gateway.py::test_metrics",
    "hsts_missing": "test_audit_gateway.py::test_metrics",
    # Beyond those, the refusals that did not happen.
    "old_tls_accepted": "test_audit_refusals.py::test_old_tls_is_accepted_by_a_lax_gateway",
    "expired_client_accepted": "test_audit_refusals.py::test_expired_client",
    "foreign_client_accepted": "test_audit.py::test_mutual_expected_of_a_one_way_server",
    "no_client_certificate_accepted": "test_audit.py::test_mutual_expected_of_a_one_way_server",
    "client_certificate_not_asked": "test_audit.py::test_mutual_expected_of_a_one_way_server",
}


@pytest.mark.parametrize("code", sorted(PROVOKED))
def test_the_provoking_test_names_the_code(code: str) -> None:
    assert code in diagnosis.TABLE
    file, _colons, name = PROVOKED[code].partition("::")
    tree = ast.parse((Path(__file__).parent / file).read_text(encoding="utf-8"))
    (function,) = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == name]
    texts = {node.value for node in ast.walk(function) if isinstance(node, ast.Constant)}
    assert code in texts
    if not name.startswith("test_"):
        users = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")]
        called = {node.id for user in users for node in ast.walk(user) if isinstance(node, ast.Name)}
        assert name in called, "no test uses the table that names the code"


def test_every_refusal_and_exposure_has_its_provoking_test() -> None:
    wanted = {code for code in diagnosis.TABLE if code.endswith(("_accepted", "_exposed"))}
    # Only a client's own library could fail to refuse these: nothing that a server does provokes them.
    assert wanted - set(PROVOKED) == {"other_ca_accepted", "wrong_name_accepted"}
