# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role tls_certificates as a whole, on hosts that are folders of this machine: what a run with nothing to do costs, and a host that waits."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

DAY = datetime.timedelta(days=1)

PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {"name": "Install the certificates", "ansible.builtin.import_role": {"name": "inferops.triton.tls_certificates"}},
            {"name": "Tell", "ansible.builtin.debug": {"msg": ["{{ __tls_certificates_waits }}", "{{ __tls_certificates_ready }}"]}},
        ],
    }
]
# What runs on the controller and sends nothing to the host.
WITHOUT_MODULE = {"assert", "debug", "include_tasks", "set_fact", "validate_argument_spec"}


def variables(folder: Path, **others: Any) -> dict[str, Any]:
    return {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "tls_certificates_directory": str(folder / "tls"),
        "tls_certificates_owner": str(os.geteuid()),
        "tls_certificates_group": str(os.getegid()),
        "tls_certificates_names": ["gpu1"],
        "tls_certificates_ca_directory": str(folder / "ca"),
        **others,
    }


def run(folder: Path, options: dict[str, Any], *arguments: str, status: int = 0) -> dict[str, Any]:
    """The result of the role for the host gpu1, as Ansible's JSON callback gives it."""
    (folder / "play.json").write_text(json.dumps(PLAY))
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": {"gpu1": options}}}))
    program = shutil.which("ansible-playbook", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert program, "ansible-playbook is not on PATH"
    command = [program, "--inventory", str(folder / "inventory.json"), str(folder / "play.json"), *arguments]
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_HOME": str(folder / "ansible")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
    result: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    assert done.returncode == status, done.stdout
    return result


def module_runs(result: dict[str, Any]) -> list[str]:
    """The modules that ran, by name."""
    results = [task["hosts"]["gpu1"] for play in result["plays"] for task in play["tasks"]]
    names = [str(each["action"]).rpartition(".")[2] for each in results if not each.get("skipped")]
    return [name for name in names if name not in WITHOUT_MODULE]


def own_ca(folder: Path) -> dict[str, Any]:
    root = issue("Triton CA", ca=True, end_days=3000)
    issuing = issue("Triton CA issuing", issuer=root, ca=True, end_days=1800)
    root.write(folder / "ca", "ca")
    Identity(issuing.certificate, issuing.private_key).write(folder / "ca", "issuing")
    issue("verifier", issuer=issuing, names=["verifier"], eku=[CLIENT], end_days=364).write(folder / "ca" / "clients", "verifier")
    return {}


def renewed_on_the_host(folder: Path) -> dict[str, Any]:
    root = issue("Corporate CA", ca=True, end_days=3000)
    issue("gpu1", issuer=root, names=["gpu1"], end_days=364).write(folder / "agent", "gpu1")
    (folder / "agent" / "ca.crt").write_text(root.pem)
    parts = {"certificate": "gpu1.crt", "key": "gpu1.key", "ca": "ca.crt"}
    return {"tls_certificates_provided": {part: {"host_path": str(folder / "agent" / file)} for part, file in parts.items()}}


@pytest.mark.parametrize(("prepare", "most"), [(own_ca, 2), (renewed_on_the_host, 2)])
def test_a_run_with_nothing_to_do(tmp_path: Path, prepare: Any, most: int) -> None:
    """The first run installs; the second looks, with two module runs at most (one of them for facts, unless the play has them)."""
    options = variables(tmp_path, **prepare(tmp_path))
    assert run(tmp_path, options)["stats"]["gpu1"]["changed"] > 0
    again = run(tmp_path, options)
    assert again["stats"]["gpu1"]["changed"] == 0
    assert 0 < len(module_runs(again)) <= most, module_runs(again)


def test_the_ca_of_another_controller_is_refused(tmp_path: Path) -> None:
    """A fresh checkout of the inventory has no CA beside it: none is made, and the host keeps what its clients trust."""
    options = variables(tmp_path, **own_ca(tmp_path))
    run(tmp_path, options)
    before = (tmp_path / "tls" / "tls.crt").read_bytes()
    elsewhere = {**options, "tls_certificates_ca_directory": str(tmp_path / "elsewhere")}
    refused = run(tmp_path, elsewhere, status=2)
    assert "[ca_unknown]" in json.dumps(refused) and refused["stats"]["gpu1"]["changed"] == 0
    assert not (tmp_path / "elsewhere").exists() and (tmp_path / "tls" / "tls.crt").read_bytes() == before
    run(tmp_path, {**elsewhere, "tls_certificates_allow": ["ca_unknown"]})
    assert (tmp_path / "tls" / "ca.crt").read_bytes() == (tmp_path / "elsewhere" / "ca.crt").read_bytes()


def told(result: dict[str, Any]) -> list[bool]:
    """Whether the host waits, and whether it has something to serve."""
    answers: list[bool] = result["plays"][-1]["tasks"][-1]["hosts"]["gpu1"]["msg"]
    return answers


def sign(request: Path, root: Identity) -> str:
    """What people do with a request; with all that it asks for."""
    csr = x509.load_pem_x509_csr(request.read_bytes())
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(csr.subject).issuer_name(root.certificate.subject).public_key(csr.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + 90 * DAY)
    for extension in csr.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.private_key.public_key())
    signed = builder.add_extension(identifier, critical=False).sign(root.private_key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def test_a_bare_host_asks_people_and_waits(tmp_path: Path) -> None:
    """Two runs with a person in between; a run meanwhile changes nothing, and until then the host has nothing to serve."""
    requests = tmp_path / "requests"
    options = variables(tmp_path, tls_certificates_source="external", tls_certificates_external_directory=str(requests))
    first = run(tmp_path, options)
    assert first["stats"]["gpu1"]["changed"] > 0 and told(first) == [True, False]
    meanwhile = run(tmp_path, options)
    assert meanwhile["stats"]["gpu1"]["changed"] == 0 and told(meanwhile) == [True, False]
    assert not (tmp_path / "tls" / "tls.crt").exists()
    root = issue("Corporate CA", ca=True, end_days=3000)
    (requests / "ca.crt").write_text(root.pem)
    (requests / "gpu1.crt").write_text(sign(requests / "gpu1.csr", root))
    then = run(tmp_path, options)
    assert then["stats"]["gpu1"]["changed"] > 0 and told(then) == [False, True]
    assert (tmp_path / "tls" / "ca.crt").read_text() == root.pem
    assert not (tmp_path / "tls" / ".pending").exists()
    assert run(tmp_path, options)["stats"]["gpu1"]["changed"] == 0


def test_a_host_that_waits_keeps_what_it_serves(tmp_path: Path) -> None:
    """Under mutual TLS, too, where it can be asked only as a client that has its identity."""
    options = variables(tmp_path, tls_certificates_mutual_tls=True)
    assert told(run(tmp_path, options)) == [False, True]
    asked = {**options, "tls_certificates_source": "external", "tls_certificates_external_directory": str(tmp_path / "requests")}
    waits = run(tmp_path, asked)
    assert waits["stats"]["gpu1"]["changed"] > 0 and told(waits) == [True, True]
    assert (tmp_path / "requests" / "clients" / "verifier.csr").exists()
    unknown = run(tmp_path, {**asked, "tls_certificates_clients": ["reader"]})
    assert told(unknown) == [True, False], "nobody could ask the host anything"
