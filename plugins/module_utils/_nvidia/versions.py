# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions of the NVIDIA driver, as packages, modules and people write them."""

from __future__ import annotations

import re
from typing import Optional

# Epoch, the driver's own version, the packager's revision: 3:580.95.05-0ubuntu1.
_PACKAGE = re.compile(r"(?:\d+:)?([0-9][0-9.]*)")
# Drivers are numbered 304.x and up; helpers such as nvidia-support have a date instead, and libraries 1.x.
_DRIVER = re.compile(r"[1-9]\d{2}(?:\.\d{1,3}){1,2}")


def upstream(version: str) -> str:
    """The driver's own version in that of a package; empty where there is none."""
    match = _PACKAGE.match(version)
    return match.group(1).rstrip(".") if match else ""


def is_driver(version: str) -> bool:
    """Whether a package's version is that of a driver release, such as 535.261.03-1."""
    return bool(_DRIVER.fullmatch(upstream(version)))


def key(version: str) -> tuple[int, ...]:
    """Comparable numbers: 580.95.05 is (580, 95, 5)."""
    return tuple(int(part) for part in upstream(version).split(".") if part)


def branch(version: Optional[str]) -> int:
    """580 for 580.95.05 and for 580; 0 where nothing is known."""
    numbers = key(version or "")
    return numbers[0] if numbers else 0


def fits(version: str, wanted: str) -> bool:
    """Whether a version is the wanted one, or of the wanted branch; anything is where nothing is wanted."""
    prefix = key(wanted)
    return key(version)[: len(prefix)] == prefix


def below(version: str, minimum: str) -> bool:
    """Whether a version, or a bare branch, is surely below a minimum: of a bare branch nothing but the branch is compared."""
    found, needed = key(version), key(minimum)
    if len(found) == 1:
        return found < needed[:1]
    return found < needed
