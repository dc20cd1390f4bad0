# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role triton_verify as a playbook calls it, at a gateway on loopback: what its variables make of the audit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.inferops.triton.plugins.module_utils._triton import frontend_checks
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support.gateway import HSTS, Behind, Front, behind_gateway, https_gateway
from ansible_collections.inferops.triton.tests.unit.support.triton import free_port

PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{"name": "Prove", "ansible.builtin.import_role": {"name": "inferops.triton.triton_verify"}}],
    }
]
NAMES = {check.name for check in frontend_checks.CHECKS}
Checks = dict[str, str]


@pytest.fixture(scope="module", name="behind")
def fixture_behind(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    behind = behind_gateway(pki, tmp_path_factory.mktemp("behind-role"))
    with behind.triton:
        yield behind


def run(pki: Pki, folder: Path, options: dict[str, Any], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Ansible's exit status, and the endpoint's result."""
    given = {
        "ansible_connection": "local",
        "ansible_host": "127.0.0.1",
        "triton_verify_server_name": "localhost",
        "triton_verify_ca_file": pki.ca_file,
        "triton_verify_bundle_directory": "",
        **options,
    }
    (folder / "play.json").write_text(json.dumps(PLAY))
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": {"gpu1": given}}}))
    program = shutil.which("ansible-playbook", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert program, "ansible-playbook is not on PATH"
    command = [program, "--inventory", str(folder / "inventory.json"), str(folder / "play.json"), *arguments]
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_HOME": str(folder / "ansible")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
    plays = json.loads(done.stdout[done.stdout.index("{") :])["plays"]
    audits = [each for play in plays for task in play["tasks"] for each in task["hosts"].values() if "results" in each and "summary" in each]
    assert len(audits) == 1, done.stdout
    result: dict[str, Any] = audits[0]["results"][0]
    return done.returncode, result


def statuses(result: dict[str, Any]) -> Checks:
    return {check["check"]: check["status"] for check in result["checks"]}


def gateway_variables(rest: Front, metrics: Front, port: int) -> dict[str, Any]:
    return {
        "triton_gateway_enabled": True,
        "triton_gateway_grpc_port": port,
        "triton_server_grpc_port": port,
        "triton_gateway_http_port": rest.port,
        "triton_gateway_metrics_port": metrics.port,
    }


def test_the_gateway_is_proved_by_its_own_variables(pki: Pki, behind: Behind, tmp_path: Path) -> None:
    asked = "alpn h2,http/1.1 ssl-min-ver TLSv1.2 verify required ca-file " + pki.ca_file
    # No HSTS on purpose, one API open on purpose, and the metrics for clients without a certificate.
    rules = (HSTS.replace("http-after-response", "http-request deny if { path_beg /v2/system /v2/cuda /v2/trace /v2/models/triton_identity/trace } #"),)
    rest, metrics = behind.rest(pki, options=asked, rules=rules), behind.metrics(pki, rules=())
    with https_gateway(tmp_path, behind.triton.port, rest, metrics) as port:
        options = {
            **gateway_variables(rest, metrics, port),
            "triton_gateway_mutual_tls": True,
            "triton_gateway_metrics_mutual_tls": False,
            "triton_gateway_hsts_seconds": 0,
            "triton_gateway_open_apis": ["logging"],
            "triton_verify_client_cert": pki.client_cert,
            "triton_verify_client_key": pki.client_key,
        }
        status, result = run(pki, tmp_path, options)
    found = statuses(result)
    assert (status, result["ok"]) == (0, True), result["diagnosis"]
    assert set(found) >= NAMES
    assert {name for name in NAMES if found[name] == "overridden"} == {"rest_hsts", "metrics_hsts"}
    assert (found["rest_foreign_client_refused"], found["metrics_foreign_client_refused"]) == ("ok", "skipped")
    assert found["rest_control_exposed"] == "ok"
    assert (found["no_client_certificate_refused"], found["rest_exposed"]) == ("skipped", "skipped")


def test_a_fault_of_the_gateway_fails_the_host(pki: Pki, behind: Behind, tmp_path: Path) -> None:
    rest, metrics = behind.rest(pki, identity=None), behind.metrics(pki)
    with https_gateway(tmp_path, behind.triton.port, rest, metrics) as port:
        status, result = run(pki, tmp_path, gateway_variables(rest, metrics, port))
    assert (status, result["diagnosis"]["code"]) == (2, "rest_exposed")


@pytest.mark.parametrize("how", ["variables", "command line"])
def test_grpc_alone_at_another_port(pki: Pki, behind: Behind, tmp_path: Path, how: str) -> None:
    """As the idle instance is audited before it serves; nothing listens where the gateway would."""
    alone = {
        "triton_verify_address": f"127.0.0.1:{behind.triton.port}",
        "triton_verify_gateway": False,
        "triton_verify_exposure": False,
    }
    nowhere = {"triton_gateway_enabled": True, "triton_gateway_http_port": free_port(), "triton_gateway_metrics_port": free_port()}
    if how == "variables":
        status, result = run(pki, tmp_path, {**nowhere, **alone})
    else:
        words = [word for name, value in alone.items() for word in ("-e", f"{name}={str(value).lower() if value is False else value}")]
        status, result = run(pki, tmp_path, nowhere, *words)
    found = statuses(result)
    assert (status, result["ok"]) == (0, True), result["diagnosis"]
    assert not NAMES & set(found)
    assert {found[name] for name in ("rest_exposed", "metrics_exposed", "control_exposed")} == {"skipped"}
    assert found["inference"] == "ok"
