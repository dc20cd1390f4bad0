# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet that is changed, with what the scenario rotation has for it, and clients that count."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "rotation" / "fleet"))

from clients import Load, targets  # noqa: E402
from fixtures import fixture_fleet, pytest_addoption  # noqa: E402
from fleet import Fleet  # noqa: E402

__all__ = ["fixture_fleet", "fixture_load", "pytest_addoption"]

# A tenth of the benchmark's, which leaves two cores nothing for the change itself.
CLIENTS = {"grpc_kept": (2, 0.1), "grpc_fresh": (1, 0.2), "grpc_stream": (2, 0.2), "rest_kept": (2, 0.1), "rest_fresh": (1, 0.5)}


@pytest.fixture(name="load")
def fixture_load(fleet: Fleet) -> Iterator[Load]:
    """Clients of every kind of every host, during the test; none of their requests may have failed."""
    load = Load(targets(fleet.hosts, fleet.address, fleet.pki), CLIENTS)
    with load:
        yield load
    print(f"\nFIGURES {json.dumps({'requests': load.requests(), 'failed': len(load.failed()), **load.by_kind()})}")
    assert load.failed() == []
    assert all(load.by_kind().values()), load.by_kind()
