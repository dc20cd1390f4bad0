# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that mean harm, from another host and four of its addresses, on each port: those that mean well lose no request, and how long they wait is stated."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from clients import Load, targets
from fleet import Fleet

ATTACKER = "g-client"
HOST = "g12-native"
# What the attacker's host is given beside its own address; the last parts.
MORE = (164, 165, 166)
SECONDS = 20.0


@pytest.fixture(scope="module", name="addresses")
def fixture_addresses(fleet: Fleet) -> list[str]:
    network = fleet.gateway.rpartition(".")[0]
    for number in MORE:
        fleet.shell(ATTACKER, f"ip address add {network}.{number}/24 dev eth0 2>/dev/null || true")
    own = fleet.shell(ATTACKER, "hostname -I").split()
    assert len(own) == 1 + len(MORE), own
    return own


def attack(fleet: Fleet, kind: str, port: int, addresses: list[str]) -> dict[str, float]:
    """What the attacker counted."""
    text = (Path(__file__).parent / "attacker.py").read_text()
    command = ["docker", "exec", "-i", "inferops-" + ATTACKER, "sh", "-c", 'ulimit -n 20000; exec python3 - "$@"', "attacker"]
    done = subprocess.run(
        [*command, kind, fleet.address(HOST), str(port), str(SECONDS), *addresses], input=text, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("port", [8000, 8001, 8002])
@pytest.mark.parametrize("kind", ["idle", "slow", "garbage", "oversized"])
def test_good_clients_lose_nothing(fleet: Fleet, addresses: list[str], kind: str, port: int) -> None:
    process = fleet.shell(HOST, "systemctl show --property MainPID,NRestarts triton-gateway triton@blue triton@green")
    with Load(targets([HOST], fleet.address, fleet.pki)) as load:
        began = time.monotonic()
        time.sleep(5)
        attacked = time.monotonic()
        counted = attack(fleet, kind, port, addresses)
        ended = time.monotonic()
    spans = {"rest": [(began, attacked)], "attack": [(attacked + 1, ended)]}
    times = {f"p{share}_{what}_ms": load.percentile(share / 100, span) for what, span in spans.items() for share in (50, 99)}
    print(f"\nFIGURES {json.dumps({'attack': kind, 'port': port, **counted, 'requests': load.requests(), 'failed': len(load.failed()), **times})}")
    assert load.failed() == [] and all(load.by_kind().values()), load.by_kind()
    # What was meant did happen, and nothing of the host was ended by it.
    assert counted["tried"] >= {"idle": 10_000, "slow": 400, "garbage": 500, "oversized": 8}[kind], counted
    assert fleet.shell(HOST, "systemctl show --property MainPID,NRestarts triton-gateway triton@blue triton@green") == process
