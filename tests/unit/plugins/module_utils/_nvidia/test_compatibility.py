# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate's judgement: every rule of the issue, on the table that is shipped."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter.nvidia_compatibility import nvidia_compatibility
from ansible_collections.inferops.triton.plugins.module_utils._nvidia import versions
from ansible_collections.inferops.triton.tests.unit.support.gpus import TABLE, gpu

T4, GEFORCE, UNKNOWN = [gpu("1eb8")], [gpu("2684", "Ada Lovelace")], [gpu("ffff")]


@pytest.mark.parametrize(
    ("release", "driver", "devices", "names", "level", "code"),
    [
        # below the minimum of the CUDA major
        ("25.08", "535.309.01", GEFORCE, ["NVIDIA GeForce RTX 4090"], "refuse", "driver_too_old"),
        ("25.08", "570.211.01", T4, ["Tesla T4"], "refuse", "driver_too_old"),  # R570 is on no list
        ("24.10", "515.105.01", T4, [], "refuse", "driver_too_old"),
        ("25.08", "550", T4, [], "refuse", "driver_too_old"),
        # on the list, with a data-centre GPU, known by its name or before there is a driver by its device
        ("25.08", "535.309.01", T4, ["Tesla T4"], "warn", "forward_compatible"),
        ("25.08", "535.309.01", T4, [], "warn", "forward_compatible"),
        ("25.08", "535", T4, [], "warn", "forward_compatible"),
        ("24.10", "470.256.02", T4, [], "warn", "forward_compatible"),
        # on the list, but too early a version of the branch, or not only data-centre GPUs, or no GPU known
        ("25.08", "535.54.03", T4, [], "refuse", "driver_too_old"),
        ("25.08", "535.309.01", T4 + GEFORCE, [], "refuse", "driver_too_old"),
        ("25.08", "535.309.01", UNKNOWN, [], "refuse", "driver_too_old"),
        ("25.08", "535.309.01", [], [], "refuse", "driver_too_old"),
        # between the minimum and NVIDIA's table
        ("24.10", "535.261.03", GEFORCE, [], "warn", "driver_below_table"),
        ("26.01", "580.95.05", T4, [], "warn", "driver_below_table"),
        # a bare branch is not judged by what it does not say
        ("25.08", "580", T4, [], "ok", "driver_fits"),
        ("24.10", "560.35.03", T4, [], "ok", "driver_fits"),
        ("24.10", "580.95.05", GEFORCE, [], "ok", "driver_fits"),
        ("24.10", None, T4, [], "warn", "driver_unknown"),
        ("24.10", "", T4, [], "warn", "driver_unknown"),
        ("27.13", "580.95.05", T4, [], "warn", "release_unknown"),
        ("", "470.1", T4, [], "ok", "no_release"),
    ],
)
def test_driver(release: str, driver: Optional[str], devices: list[dict[str, Any]], names: list[str], level: str, code: str) -> None:
    verdict = nvidia_compatibility(release, TABLE, driver=driver, gpus=devices, names=names)[0]
    assert (verdict["level"], verdict["code"]) == (level, code)


def test_a_refusal_names_found_needed_and_remedy() -> None:
    message = nvidia_compatibility("25.08", TABLE, driver="535.309.01", where="would be installed", gpus=GEFORCE)[0]["message"]
    for part in (
        "535.309.01 would be installed",
        "25.08",
        "CUDA 13.0.1",
        "580 or later",
        "580.82.07",
        "nvidia_driver_version to 580",
        "nvidia_driver_source",
    ):
        assert part in message


def test_an_override_warns() -> None:
    verdict = nvidia_compatibility("25.08", TABLE, driver="535.309.01", gpus=GEFORCE, allow=["driver_too_old"])[0]
    assert (verdict["level"], verdict["code"]) == ("warn", "driver_too_old") and verdict["message"].startswith(
        "overridden by nvidia_driver_allow: "
    )


@pytest.mark.parametrize(
    ("toolkit", "codes"), [("1.17.3", ["toolkit_too_old"]), ("1.17.4-1", ["driver_fits"]), ("", ["driver_fits"]), (None, ["driver_fits"])]
)
def test_toolkit(toolkit: Optional[str], codes: list[str]) -> None:
    assert [item["code"] for item in nvidia_compatibility("24.10", TABLE, driver="580.95.05", gpus=T4, toolkit=toolkit)] == codes


def test_the_table_can_be_extended() -> None:
    more = {"26.12": {"cuda": "13.5.0", "driver": "620.10"}, "24.10": {"cuda": "12.6.2", "driver": "535.10"}}
    assert nvidia_compatibility("26.12", TABLE, more, driver="610.43.02", gpus=T4)[0]["code"] == "driver_below_table"
    assert nvidia_compatibility("24.10", TABLE, more, driver="535.261.03", gpus=T4)[0]["code"] == "driver_fits"
    own = {"26.12": {"cuda": "13.5.0", "driver": "620.10", "forward": {}}}
    assert "no forward compatibility" in nvidia_compatibility("26.12", TABLE, own, driver="535.309.01", gpus=T4)[0]["message"]


@pytest.mark.parametrize("entry", [{"cuda": "13.5.0"}, {"driver": "620.10"}, "13.5.0", {"cuda": "14.0.0", "driver": "700.10"}])
def test_an_incomplete_extension_is_refused(entry: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"nvidia_driver_compatibility: .*27\.01"):
        nvidia_compatibility("27.01", TABLE, {"27.01": entry}, driver="620.10", gpus=T4)


def test_the_table_is_complete() -> None:
    for release, entry in TABLE["releases"].items():
        major = entry["cuda"].split(".")[0]
        assert major in TABLE["minimums"] and major in TABLE["forward"], release
        assert not versions.below(entry["driver"], TABLE["minimums"][major]), release
    drivers = [versions.key(entry["driver"]) for _release, entry in sorted(TABLE["releases"].items())]
    assert drivers == sorted(drivers)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *[
            (name, True)
            for name in (
                "Tesla T4",
                "NVIDIA A100-SXM4-80GB",
                "NVIDIA H100 80GB HBM3",
                "NVIDIA L40S",
                "NVIDIA L4",
                "NVIDIA B200",
                "NVIDIA GB300",
            )
        ],
        *[
            (name, False)
            for name in ("NVIDIA GeForce RTX 4090", "NVIDIA RTX A4000", "NVIDIA T400 4GB", "NVIDIA RTX 6000 Ada Generation", "NVIDIA A2000")
        ],
    ],
)
def test_data_centre_names(name: str, expected: bool) -> None:
    found = nvidia_compatibility("25.08", TABLE, driver="535.309.01", gpus=UNKNOWN, names=[name])[0]["code"] == "forward_compatible"
    assert found == expected
