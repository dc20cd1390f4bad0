# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option that says which fleet is tested, and the fleet: for the conftest.py of each scenario that changes one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet import Fleet


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fleet", required=True, help="a JSON object: the fields of Fleet, without scratch")


@pytest.fixture(scope="session", name="fleet")
def fixture_fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    fields = json.loads(request.config.getoption("--fleet"))
    return Fleet(**{**fields, "pki": Path(fields["pki"])}, scratch=tmp_path_factory.mktemp("runs"))
