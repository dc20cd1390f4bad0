# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input to a host that serves: one clear error, and the host goes on serving what it served."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cases import CONFIGURATION, HOST, KILLED, MATERIAL, Case
from host import Host, Run

SITE = "inferops.triton.site"


def provided(folder: Path) -> dict[str, Any]:
    """The variables that hand in a folder of material."""
    files = {"certificate": "tls.crt", "key": "tls.key", "ca": "ca.crt"}
    return {"tls_certificates_source": "provided", "tls_certificates_provided": {part: {"file": str(folder / file)} for part, file in files.items()}}


def assert_says(run: Run, patterns: list[str]) -> None:
    """The run failed with an error of ours that says all of it."""
    assert run.status != 0, "the run should have failed"
    assert "Traceback" not in run.output and "MODULE FAILURE" not in run.output, run.output
    assert "is undefined" not in run.output, run.output
    for pattern in patterns:
        assert re.search(pattern, run.output), f"«{pattern}» is not in: {run.output[-3000:]}"


def check(case: Case, host: Host, variables: dict[str, Any]) -> None:
    """Run `site` with the variables; it must fail as the case says, and leave the host as the case says."""
    if case.before:
        host.shell(case.before)
    try:
        before, generation = host.snapshot(), host.generation()
        run = host.run(SITE, variables)
        assert_says(run, [host.name, *case.says])
        assert host.generation() == generation
        assert host.serves()
        if not case.returns:
            assert host.snapshot() == before
    finally:
        if case.after:
            host.shell(case.after)


@pytest.mark.cases(MATERIAL)
def test_material(case: Case, host: Host, materials: Path) -> None:
    check(case, host, {**case.variables, **provided(materials / case.bundle)})


def test_good_material_is_accepted(host: Host, materials: Path) -> None:
    """The control of all of the above: the same material without the mistake."""
    before = host.snapshot()
    run = host.run(SITE, provided(materials / "good"), ["--check"])
    assert run.status == 0 and run.changed(), run.output
    assert host.snapshot() == before


def test_no_ca_under_mutual_tls(host: Host, materials: Path) -> None:
    variables = provided(materials / "good")
    del variables["tls_certificates_provided"]["ca"]
    case = Case("CA missing under mutual TLS", ["[Mm]utual TLS", "without a CA"])
    check(case, host, {**variables, "triton_server_mutual_tls": True})


@pytest.mark.cases(CONFIGURATION + HOST)
def test_case(case: Case, host: Host) -> None:
    check(case, host, dict(case.variables))


def test_override_is_shown(host: Host) -> None:
    """What is refused above passes where it is allowed, and the run says so."""
    variables = {"triton_server_grpc_prt": 8001, "triton_server_allow": ["unknown_variable"]}
    run = host.run(SITE, variables, ["--check"])
    assert run.status == 0 and not run.changed(), run.output
    assert "overridden by triton_server_allow: triton_server_grpc_prt" in run.output, run.output


def test_nothing_is_left_to_do(host: Host) -> None:
    """After all that was refused and undone, a run as at first finds nothing to change."""
    run = host.run(SITE)
    assert run.status == 0 and not run.changed(), run.output


@pytest.mark.cases(KILLED)
def test_killed_run(case: Case, host: Host) -> None:
    """A run that is killed leaves a host that serves, and the next run finishes what it began."""
    generation = host.generation()
    options = {"triton_server_options": {"log-verbose": 1 + KILLED.index(case)}}
    assert host.run_and_kill(SITE, options, case.name), f"the run has no task «{case.name}»"
    assert host.serves_soon()
    run = host.run(SITE, options)
    assert run.status == 0, run.output
    assert host.serves() and host.generation() != generation
    assert not host.shell("find /etc/triton -name '*.incoming*' -o -name '.staging*'")


def test_back_to_the_start(host: Host) -> None:
    """The configuration of the beginning is the generation of the beginning."""
    run = host.run(SITE)
    assert run.status == 0 and run.changed(), run.output
    assert host.serves()
