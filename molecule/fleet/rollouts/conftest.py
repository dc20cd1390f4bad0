# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet, with what the scenario rotation has for it, and the clients of zero_loss, few and unhurried: the machine is the hosts', too."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_MOLECULE = Path(__file__).parents[2]
sys.path[:0] = [str(_MOLECULE / "rotation" / "fleet"), str(_MOLECULE / "zero_loss" / "changes")]

from clients import Load, targets  # noqa: E402
from fixtures import fixture_fleet, pytest_addoption  # noqa: E402
from fleet import Fleet  # noqa: E402

__all__ = ["fixture_fleet", "fixture_load", "pytest_addoption"]

CLIENTS = {"grpc_kept": (1, 0.2), "grpc_fresh": (1, 1.0), "grpc_stream": (1, 0.5), "rest_kept": (1, 0.2), "rest_fresh": (1, 1.0)}


@pytest.fixture(name="load")
def fixture_load(fleet: Fleet) -> Iterator[Load]:
    """Clients of every kind of every host, during the test. None of their requests may fail, but for hosts that the test puts into `gone`."""
    load = Load(targets(fleet.hosts, fleet.address, fleet.pki), CLIENTS)
    with load:
        yield load
    failed = {host: len(load.failed([host])) for host in fleet.hosts}
    print(f"\nFIGURES {json.dumps({'requests': load.requests(), 'gone': sorted(load.gone), 'failed': failed})}")
    assert load.failed(fleet.hosts.keys() - load.gone) == []
    assert all(client.answers for client in load.clients)
