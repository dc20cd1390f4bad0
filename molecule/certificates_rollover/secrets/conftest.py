# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host of the shared scenarios, and a CA of its own for these runs of the role. Started by keys.yml, once for each host."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "shared" / "bad_input"))

from host import Host  # noqa: E402  pylint: disable=wrong-import-position


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--host", required=True, help="a JSON object: the fields of Host, without scratch")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The hosts share the tests: each takes every n-th, in their order."""
    share = json.loads(config.getoption("--host"))["share"]
    items[:] = items[share["number"] :: share["of"]]


@pytest.fixture(scope="session")
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Host:
    fields = json.loads(request.config.getoption("--host"))
    return Host(**{**fields, "pki": Path(fields["pki"])}, scratch=tmp_path_factory.mktemp("runs"))
