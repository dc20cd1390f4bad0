# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store to stage generations in, and a Triton for a gateway to stand before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.tests.unit.support.triton import CLOSED, Triton


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(str(tmp_path / "triton"))


@pytest.fixture
def open_tmp(tmp_path: Path) -> Iterator[None]:
    """Lets every user into pytest's private folders."""
    folders = [folder for folder in (tmp_path, *tmp_path.parents) if not stat.S_IMODE(folder.stat().st_mode) & 0o001]
    modes = [(folder, stat.S_IMODE(folder.stat().st_mode)) for folder in folders if folder.stat().st_uid == os.geteuid()]
    for folder, mode in modes:
        folder.chmod(mode | 0o055)
    yield
    for folder, mode in modes:
        folder.chmod(mode)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The gRPC port of a Triton without TLS, ready and closed, for a gateway to stand before."""
    with Triton(tmp_path_factory.mktemp("triton-plain"), arguments=CLOSED) as server:
        yield server.port
