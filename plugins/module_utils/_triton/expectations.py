# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of an endpoint that are plain values: margins, ports and devices, checked on their own and against each other."""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure

Spec = t.Mapping[str, t.Any]
Wrong = t.Callable[[str], Failure]


@dataclass(frozen=True)
class Devices:
    """What the model must run on: at least `count` distinct GPUs (kind "gpu"), or instances on the CPU ("cpu")."""

    kind: str
    count: int

    def __str__(self) -> str:
        what = "GPU" if self.kind == "gpu" else "CPU instance"
        return "{0} {1}{2}".format(self.count, what, "" if self.count == 1 else "s")


def margins(spec: Spec, wrong: Wrong) -> t.Dict[str, float]:
    """Days before the end of a certificate from which on it is warned of, and refused."""
    found: t.Dict[str, float] = {}
    for option, default in (("warn_days", 30.0), ("error_days", 0.0)):
        value = default if spec.get(option) is None else float(spec[option])
        if not (math.isfinite(value) and value >= 0):
            raise wrong("{0} must be a number of days from 0 on, not {1:g}.".format(option, value))
        found[option] = value
    if found["error_days"] > found["warn_days"]:
        detail = "error_days ({error_days:g}) is more than warn_days ({warn_days:g}), so nothing would ever be warned of."
        raise wrong(detail.format(**found))
    return found


def port(spec: Spec, option: str, default: int, wrong: Wrong) -> int:
    """A TCP port, or 0."""
    number = default if spec.get(option) is None else int(spec[option])
    if not 0 <= number < 65536:
        raise wrong("{0} must be a port, or 0 for none, not {1}.".format(option, number))
    return number


def devices(given: t.Any, model: t.Optional[str], wrong: Wrong) -> t.Optional[Devices]:
    """The devices that the model must run on, None where nothing is said of them."""
    if not given:
        return None
    kind, count = given.get("kind"), 1 if given.get("count") is None else int(given["count"])
    if kind not in ("cpu", "gpu") or count < 1:
        raise wrong("devices wants the kind cpu or gpu and a count from 1 on, not {0} and {1}.".format(kind, count))
    if not model:
        raise wrong("devices are given, but no model that runs on them.")
    return Devices(kind, count)
