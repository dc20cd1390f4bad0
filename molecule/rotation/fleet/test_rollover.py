# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one CA to another in three runs, under clients that follow their order; out of order nothing happens."""

from __future__ import annotations

import re
import time

import pytest

from fleet import ROTATE, Fleet, Run
from load import Load
from test_rotation import addresses, show


def step(fleet: Fleet, name: str, *arguments: str) -> Run:
    return fleet.run(ROTATE, {"tls_certificates_ca_rollover": name}, *arguments)


def refused(fleet: Fleet, name: str, says: str, *arguments: str) -> None:
    """The step is refused with these words, and no host changes what it runs or has installed."""
    before = {host: (fleet.generation(host), fleet.installed(host)) for host in fleet.hosts}
    run = step(fleet, name, *arguments)
    assert run.status != 0 and re.search(says, re.sub(r"\s+", " ", run.output)), run.output[-3000:]
    assert {host: (fleet.generation(host), fleet.installed(host)) for host in fleet.hosts} == before


@pytest.fixture(scope="module", name="load")
def fixture_load(fleet: Fleet) -> Load:
    return Load(addresses(fleet), fleet.pki, fleet.scratch / "rollover")


def test_rollover(fleet: Fleet, load: Load) -> None:
    old = fleet.all_served()
    refused(fleet, "issue", "trust")
    refused(fleet, "retire", "trust|issue")
    refused(fleet, "trust", "limit", "--limit", "r1")
    with load:
        assert step(fleet, "trust").states() == dict.fromkeys(fleet.hosts, "changed")
        for host in fleet.hosts:
            assert fleet.served(host) == old[host], "the same certificate, another file of CAs"
            assert len(set(re.findall(r"CN = (Triton CA[^\n]*)", fleet.asked_for(host)))) >= 2 or fleet.asked_for(host).count("CN =") == 2
        refused(fleet, "retire", "issue")
        assert not step(fleet, "trust").changed()
        # Clients get the file of both CAs.
        load.hand_out(fleet.pki, identity=False)
        time.sleep(1)

        run = step(fleet, "issue")
        assert run.states() == dict.fromkeys(fleet.hosts, "changed"), run.output[-3000:]
        assert all(fleet.served(host) != old[host] for host in fleet.hosts)
        assert not step(fleet, "issue").changed()
        # Clients get identities of the new CA.
        load.hand_out(fleet.pki, ca=False)
        time.sleep(1)

        run = step(fleet, "retire")
        assert run.states() == dict.fromkeys(fleet.hosts, "changed"), run.output[-3000:]
        assert all(fleet.asked_for(host).count("CN =") == 1 for host in fleet.hosts)
        assert not step(fleet, "retire").changed()
        load.hand_out(fleet.pki, identity=False)
        time.sleep(2)
    figures = load.figures()
    show(what="CA rollover", **{**figures, "failed": len(figures["failed"])})
    assert figures["failed"] == [] and figures["requests"] > 1000
    assert all(fleet.infer(host, identity) for host in fleet.hosts for identity in ("verifier", "reader"))
    run = fleet.run(ROTATE)
    assert run.status == 0 and not run.changed()
