# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet, as the scenario rotation sees it, and the clients of the scenario zero_loss."""

from __future__ import annotations

import sys
from pathlib import Path

_SCENARIOS = Path(__file__).parents[2]
sys.path[:0] = [str(_SCENARIOS / "rotation" / "fleet"), str(_SCENARIOS / "zero_loss" / "changes")]

from fixtures import fixture_fleet, pytest_addoption  # noqa: E402

__all__ = ["fixture_fleet", "pytest_addoption"]
