# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Started by fleet.yml, once."""

from __future__ import annotations

from fixtures import fixture_fleet, pytest_addoption

__all__ = ["fixture_fleet", "pytest_addoption"]
