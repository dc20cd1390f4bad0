# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say which host is checked, and the host itself. Started by changes.yml, once for each host."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from on_host import Runtime


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--host", required=True, help="a JSON object: the fields of Host, without scratch")
    parser.addoption("--bed", required=True, help="a JSON object: what make bed built")
    parser.addoption("--shared", required=True, help="the folder molecule/shared")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "quick: part of the scenario container_runtime; the others are part of container_runtime_faults alone")
    sys.path.insert(0, str(Path(config.getoption("--shared"), "bad_input")))


@pytest.fixture(scope="session")
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Runtime":
    from on_host import Runtime

    fields: dict[str, Any] = json.loads(request.config.getoption("--host"))
    bed: dict[str, str] = json.loads(request.config.getoption("--bed"))
    return Runtime(**{**fields, "pki": Path(fields["pki"])}, scratch=tmp_path_factory.mktemp("runs"), bed=bed)
