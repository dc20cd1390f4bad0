# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that fail while certificates and releases change behind the gateway: three rotations, one upgrade, one upgrade that fails.

Needs the hosts of the scenario zero_loss (`make bench-rotation` makes them). Prints what it does, and as its last line one JSON object:
requests, failed, rotations, upgrades, failed_upgrades, p50_rest_ms, p99_rest_ms (at rest), p50_change_ms, p99_change_ms (during changes), by_kind.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

_MOLECULE = Path(__file__).parents[2] / "molecule"
sys.path[:0] = [str(_MOLECULE / "rotation" / "fleet"), str(_MOLECULE / "zero_loss" / "changes")]

from clients import Load, targets  # type: ignore[import-not-found]  # noqa: E402
from fleet import DUE, ROTATE, Fleet, Run  # type: ignore[import-not-found]  # noqa: E402
from instances import answers_wrongly  # type: ignore[import-not-found]  # noqa: E402

UPGRADE = "inferops.triton.upgrade"
RELEASE = {"triton_server_native_wheel": "nvidia-pytriton==0.7.0"}


def main() -> None:
    """Change the fleet under load until there were enough requests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fleet", required=True, type=json.loads)
    parser.add_argument("--requests", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        fleet = Fleet(**{**options.fleet, "pki": Path(options.fleet["pki"])}, scratch=Path(scratch))
        print(json.dumps(measure(fleet, options.requests)))


def measure(fleet: Fleet, wanted: int) -> dict[str, object]:
    """The figures; AssertionError where a change did not end as it should."""
    rest: list[tuple[float, float]] = []
    change: list[tuple[float, float]] = []

    def at_rest(seconds: float) -> None:
        began = time.monotonic()
        time.sleep(seconds)
        rest.append((began, time.monotonic()))

    def expect(title: str, run: Run, state: str, began: float) -> None:
        change.append((began, time.monotonic()))
        assert state in run.states().values() and set(run.states().values()) <= {state, "not reached"}, run.output[-4000:]
        print("{0}: {1:.0f} s, {2} requests so far, {3} failed".format(title, time.monotonic() - began, load.requests(), len(load.failed())), flush=True)

    with Load(targets(fleet.hosts, fleet.address, fleet.pki)) as load:
        at_rest(20)
        for number in range(3):
            began = time.monotonic()
            expect("rotation {0}".format(number + 1), fleet.run(ROTATE, {**DUE, "tls_certificates_clients": []}), "changed", began)
        began = time.monotonic()
        with answers_wrongly(fleet, next(iter(fleet.hosts))):
            expect("failed upgrade", fleet.run(UPGRADE, RELEASE), "rolled back", began)
        began = time.monotonic()
        expect("upgrade", fleet.run(UPGRADE, RELEASE), "changed", began)
        at_rest(20)
        while load.requests() < wanted:
            at_rest(10)
    for text in load.failed()[:20]:
        print(text)
    return {
        "requests": load.requests(),
        "failed": len(load.failed()),
        "rotations": 3,
        "upgrades": 1,
        "failed_upgrades": 1,
        "p50_rest_ms": load.percentile(0.5, rest),
        "p99_rest_ms": load.percentile(0.99, rest),
        "p50_change_ms": load.percentile(0.5, change),
        "p99_change_ms": load.percentile(0.99, change),
        "by_kind": load.by_kind(),
    }


if __name__ == "__main__":
    main()
