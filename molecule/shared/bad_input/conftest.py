# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say which host is tested, and the host itself. Started by bad_input.yml, once for each host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cases import Case
from host import Host
from materials import make


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--host", required=True, help="a JSON object: the fields of Host, without scratch")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cases(table): the cases of which this host takes its share")


def share(table: list[Case], fields: dict[str, Any]) -> list[Case]:
    """Of the cases for any host every n-th, and all that are for hosts of this kind."""
    kind = {fields["engine"], "mutual" if fields["mutual"] else "one_way"}
    common = [case for case in table if not case.only]
    return common[fields["share"]["number"] :: fields["share"]["of"]] + [case for case in table if case.only in kind]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mark = metafunc.definition.get_closest_marker("cases")
    if mark:
        fields = json.loads(metafunc.config.getoption("--host"))
        metafunc.parametrize("case", share(mark.args[0], fields), ids=lambda case: case.name)


@pytest.fixture(scope="session")
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Host:
    fields = json.loads(request.config.getoption("--host"))
    return Host(**{**fields, "pki": Path(fields["pki"])}, scratch=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def materials(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificate material for the host, good and bad: see materials.make."""
    folder = tmp_path_factory.mktemp("materials")
    make(folder, host.name)
    return folder
