# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests in a real browser: Debian's headless Chromium, driven by its own chromedriver, never downloaded.

BROWSER_TOOLS names the folder with chromium, chromedriver and promtool (tests/tools/report_tools.sh).
"""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.tests.browser.chromium import Browser


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder with the tools."""
    return Path(os.environ["BROWSER_TOOLS"]).absolute()


@pytest.fixture(scope="session")
def browser(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Browser]:
    """One Chromium for the whole run."""
    with Browser(tools, tmp_path_factory.mktemp("chromium")) as instance:
        yield instance
