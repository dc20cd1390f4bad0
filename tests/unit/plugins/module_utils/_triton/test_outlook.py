# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says of each host."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton.outlook import BESIDE, RESTART, START, outlook

RUNS = {"runs": "tritonserver:24.10", "engine_id": "sha256:1", "models": ["/models/a"], "mutual_tls": True, "behind_gateway": False}
QUIET: t.Dict[str, t.Any] = {
    "before": RUNS,
    "after": RUNS,
    "differences": [],
    "repaired": [],
    "id": "one",
    "running_id": "one",
    "committed": "one",
    "service_state": "active",
    "enabled": True,
    "fetches": False,
    "user": False,
    "packages": [],
    "models": [],
    "unit": False,
    "leftover": False,
    "beside": False,
}
STARTS = ["start", "triton_config.yaml"]


def after(**more: t.Any) -> t.Dict[str, t.Any]:
    """Another generation, whose description differs so."""
    return {"id": "two", "after": {**RUNS, **more}}


@pytest.mark.parametrize(
    ("facts", "changes", "cost"),
    [
        ({}, [], []),
        ({**after(runs="tritonserver:25.01", engine_id="2"), "differences": ["start"]}, ["tritonserver:24.10 → tritonserver:25.01"], [RESTART]),
        (
            {**after(runs="tritonserver:25.01", engine_id=""), "id": None, "fetches": True},
            ["tritonserver:24.10 → tritonserver:25.01 (to be fetched)"],
            [RESTART],
        ),
        ({"id": None, "fetches": True}, ["tritonserver:24.10 (to be fetched)"], [RESTART]),
        ({**after(runs="tritonserver:25.01"), "beside": True}, ["tritonserver:24.10 → tritonserver:25.01"], [BESIDE]),
        (after(engine_id="sha256:2"), ["another build of tritonserver:24.10"], [RESTART]),
        ({**after(), "differences": STARTS}, ["configuration"], [RESTART]),
        ({**after(), "differences": ["start"]}, ["configuration"], [RESTART]),
        ({**after(), "differences": ["unit.conf"]}, ["configuration"], [RESTART]),
        ({**after(mutual_tls=False), "differences": STARTS}, ["one-way TLS", "configuration"], [RESTART]),
        ({**after(behind_gateway=True), "differences": ["start"]}, ["a gateway before it"], [RESTART]),
        ({**after(models=["/models/b"]), "differences": ["start"]}, ["models +/models/b, -/models/a"], [RESTART]),
        ({**after(models=["/models/b", "/models/a"]), "before": {**RUNS, "models": ["/models/a", "/models/b"]}}, ["models in another order"], [RESTART]),
        ({**after(), "differences": ["tls/tls.crt", "tls/tls.key"]}, ["the installed certificate, which is not served yet"], [RESTART]),
        ({**after(), "differences": ["models/triton_identity/1/model.py"]}, ["the test model"], [RESTART]),
        # A certificate that is renewed in between makes a generation whose id nobody knows; the certificates' role says so.
        ({"id": None}, [], [RESTART]),
        # A bare host, and one whose first run was killed before its end.
        (
            {"before": None, "running_id": None, "committed": None, "service_state": "missing", "id": None, "user": True, "packages": ["a", "b"],
             "unit": True, "models": ["/m/1"], "fetches": True},
            ["the user that runs Triton", "packages a, b", "send 1 folder(s) of models", "the systemd unit", "Triton from tritonserver:24.10 (to be fetched)"],
            [START],
        ),
        ({"committed": None}, ["prove what runs, which an earlier run left unproved"], []),
        ({"committed": "zero"}, ["prove what runs, which an earlier run left unproved"], []),
        ({"service_state": "failed", "running_id": None}, ["start it, for it is failed"], [START]),
        ({"enabled": False}, ["start it at boot"], []),
        ({"unit": True}, ["the systemd unit"], []),
        ({"leftover": True}, ["stop the instance that was replaced"], []),
        ({"packages": ["rsync"]}, ["packages rsync"], []),
        ({"repaired": ["tls/tls.key permissions"]}, ["put right what was altered: tls/tls.key permissions"], []),
        ({"repaired": ["start"]}, ["put right what was altered: start"], [RESTART]),
    ],
)
def test_outlook(facts: t.Dict[str, t.Any], changes: t.List[str], cost: t.List[str]) -> None:
    assert outlook({**QUIET, **facts}) == {"changes": changes, "cost": cost}
