# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to which host: skips, refusals, versions."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import plan
from ansible_collections.inferops.triton.tests.unit.support.gpus import NVIDIA, gpu, host, installed, offers, settings

DEBIAN_12 = (
    "nvidia-kernel-dkms",
    "nvidia-smi",
    "libcuda1",
    "libnvidia-ml1",
    "libnvidia-ptxjitcompiler1",
    "libnvidia-nvvm4",
    "libnvcuvid1",
    "libnvidia-encode1",
)
HELPERS = ("nvidia-modprobe", "nvidia-persistenced")
OLD, NEW = "535.261.03-1", "535.309.01-0+deb12u1"
WORKING = {
    "module_loaded": "535.261.03",
    "module_installed": "535.261.03",
    "modules_installed": {"6.1.0-56-amd64": "535.261.03"},
    "origin": "packages",
}


def both(*names: str) -> dict[str, list[dict[str, Any]]]:
    """Both versions that Debian 12 has."""
    found = offers(NEW, *names)
    for name, items in offers(OLD, *names).items():
        found[name] += items
    return found


def everything() -> dict[str, list[dict[str, Any]]]:
    return {
        **both(*DEBIAN_12),
        **offers("535.171.04-1~deb12u1", *HELPERS),
        **offers("6.1.192-2", "linux-headers-6.1.0-56-amd64", "linux-headers-amd64"),
    }


def complete(version: str = OLD, **changes: Any) -> dict[str, dict[str, Any]]:
    return {**installed(version, *DEBIAN_12, **changes), **installed("535.171.04-1~deb12u1", *HELPERS, **changes)}


def codes(made: dict[str, Any]) -> list[str]:
    return [item["code"] for item in made["refusals"]]


def test_no_gpu() -> None:
    made = plan.make(host(gpus=[]), settings())
    assert not made["managed"] and "no NVIDIA GPU" in made["reason"] and not made["refusals"]
    assert plan.make(host(gpus=[]), settings(force=True))["managed"]


@pytest.mark.parametrize("origin", ["run_file", "elsewhere"])
def test_a_driver_from_elsewhere_is_left_alone(origin: str) -> None:
    found = host(driver={**WORKING, "module_installed": "570.133.20", "module_loaded": "570.133.20", "origin": origin})
    made = plan.make(found, settings())
    assert not made["managed"] and "570.133.20" in made["reason"] and "nvidia_driver_replace" in made["reason"]
    assert (made["driver"], made["where"], made["changes_driver"]) == ("570.133.20", "installed", False)
    assert plan.make(found, settings(replace=True))["managed"]


def test_a_bare_host() -> None:
    made = plan.make(host(), settings())
    assert (made["changes_driver"], made["flavour"], made["driver"], made["where"], made["install"]) == (
        True,
        "proprietary",
        "535",
        "would be installed",
        [],
    )
    asked = plan.make(host(available=everything()), settings(asked=True))
    assert asked["target"] == asked["driver"] == "535.309.01" and not asked["refusals"]
    assert asked["install"] == [f"{name}={NEW}" for name in DEBIAN_12] + ["nvidia-modprobe", "nvidia-persistenced"]


def test_nothing_to_do() -> None:
    made = plan.make(
        host(driver=WORKING, packages=complete(), kernel={**host()["kernel"], "headers": True}), settings(version="535.261.03")
    )
    assert (made["changes_driver"], made["target"], made["hold"], made["refusals"]) == (False, "535.261.03", [], [])
    # an unnamed version and the branch keep what is there, even where there is something newer
    for version in ("", "535"):
        kept = plan.make(host(driver=WORKING, packages=complete(), available=everything()), settings(version=version, asked=True))
        assert (kept["changes_driver"], kept["target"]) == (False, "535.261.03")


@pytest.mark.parametrize(("present", "wanted", "chosen"), [(OLD, "535.309.01", NEW), (NEW, "535.261.03", OLD)])
def test_upgrade_and_downgrade_take_along_what_others_pulled_in(present: str, wanted: str, chosen: str) -> None:
    packages = {
        **complete(present),
        **installed(present, "libnvidia-cfg1", "firmware-nvidia-gsp"),
        **installed("20220217+3~deb12u1", "nvidia-legacy-check"),
    }
    available = {**everything(), **both("libnvidia-cfg1", "firmware-nvidia-gsp")}
    made = plan.make(host(driver=WORKING, packages=packages, available=available), settings(version=wanted, asked=True))
    assert made["install"] == [f"{name}={chosen}" for name in (*DEBIAN_12, "firmware-nvidia-gsp", "libnvidia-cfg1")]


def test_a_change_that_was_cut_off_is_gone_on_with() -> None:
    packages = {**complete(NEW), **installed(OLD, "libnvcuvid1")}
    made = plan.make(host(driver=WORKING, packages=packages, available=everything()), settings(version="535.309.01", asked=True))
    assert made["changes_driver"] and made["install"] == [f"libnvcuvid1={NEW}"]


def test_versions_of_another_source_do_not_count() -> None:
    available = {
        **everything(),
        "nvidia-kernel-dkms": offers("590.48.01-1", "nvidia-kernel-dkms", source=NVIDIA)["nvidia-kernel-dkms"]
        + both("nvidia-kernel-dkms")["nvidia-kernel-dkms"],
    }
    assert plan.make(host(available=available), settings(asked=True))["target"] == "535.309.01"
    names = ("nvidia-kernel-open-dkms", "nvidia-driver-cuda")
    made = plan.make(
        host(available={**offers("590.48.01-1", *names, source=NVIDIA), **available}), settings(source="nvidia", asked=True, kernel="any")
    )
    assert (made["flavour"], made["target"], made["install"]) == ("open", "590.48.01", [f"{name}=590.48.01-1" for name in names])


def test_a_version_that_no_repository_has() -> None:
    made = plan.make(host(available=everything()), settings(version="535.999", asked=True))
    assert codes(made) == ["version_unavailable"] and "535.309.01, 535.261.03" in made["refusals"][0]["message"]
    # before the lists are fetched, nothing is certain
    assert codes(plan.make(host(available=everything()), settings(version="535.999"))) == []


def test_a_package_that_no_repository_has() -> None:
    available = {name: items for name, items in everything().items() if name != "libnvcuvid1"}
    assert codes(plan.make(host(available=available), settings(asked=True))) == ["package_unavailable"]


@pytest.mark.parametrize(
    ("changes", "wanted", "code"),
    [
        ({"users": [{"pid": 7, "process": "tritonserver", "unit": None, "container": "3f9a"}]}, {}, "gpu_in_use"),
        ({"secure_boot": {"enabled": True, "key": None, "enrolled": None}}, {}, "secure_boot"),
        ({"secure_boot": {"enabled": True, "key": "/var/lib/dkms/mok.pub", "enrolled": False}}, {}, "secure_boot"),
        ({"free_mib": {"/": 100}}, {}, "disk_space"),
        ({"gpus": [gpu("1db4", "Volta", "no")]}, {"kernel_modules": "open"}, "modules_unsuitable"),
        ({"gpus": [gpu("2901", "Blackwell", "required")]}, {"kernel_modules": "proprietary"}, "modules_unsuitable"),
        ({"gpus": [gpu("1db4", "Volta", "no")]}, {"version": "590", "source": "nvidia"}, "modules_unsuitable"),
        ({}, {"version": "615", "source": "nvidia", "kernel_modules": "proprietary"}, "modules_unsuitable"),
        ({}, {"expected_gpus": 8}, "gpus_missing"),
    ],
)
def test_refusals_that_can_be_overridden(changes: dict[str, Any], wanted: dict[str, Any], code: str) -> None:
    assert codes(plan.make(host(**changes), settings(**wanted))) == [code]
    made = plan.make(host(**changes), settings(**wanted, allow=[code]))
    assert not made["refusals"] and made["warnings"][0]["message"].startswith("overridden by nvidia_driver_allow: ")


def test_a_kernel_without_headers() -> None:
    available = {name: items for name, items in everything().items() if name != "linux-headers-6.1.0-56-amd64"}
    made = plan.make(host(available=available), settings(asked=True))
    assert codes(made) == ["headers_missing"]
    for part in ("6.1.0-56-amd64", "nvidia_driver_headers_packages", "nvidia_driver_kernel"):
        assert part in made["refusals"][0]["message"]
    assert codes(plan.make(host(available=available), settings(asked=True, kernel="any"))) == []
    assert codes(plan.make(host(available=available, kernel={**host()["kernel"], "headers": True}), settings(asked=True))) == []


def test_an_enrolled_key_and_drain_hooks_open_the_way() -> None:
    boot = {"enabled": True, "key": "/var/lib/dkms/mok.pub", "enrolled": True}
    users = [{"pid": 7, "process": "tritonserver", "unit": "triton@blue.service", "container": None}]
    assert codes(plan.make(host(secure_boot=boot, users=users), settings(drains=True))) == []


def test_half_installed_packages() -> None:
    made = plan.make(host(broken_packages=["exim4-config"]), settings())
    assert codes(made) == ["half_installed"] and "exim4-config" in made["refusals"][0]["message"]
    assert plan.make(host(broken_packages=["exim4-config"]), settings(allow=["half_installed"]))["repair"] == ["exim4-config"]
    # what a killed run of this role left behind is finished by the next
    broken = {**complete(), **installed(OLD, "nvidia-kernel-dkms", status="half-configured")}
    made = plan.make(host(packages=broken, broken_packages=["nvidia-kernel-dkms"], driver={"origin": "packages"}), settings(marked=True))
    assert not made["refusals"] and made["repair"] == ["nvidia-kernel-dkms"] and made["changes_driver"]


def test_packages_of_someone_else_are_not_mixed_with_ours() -> None:
    others = installed("570.211.01-0ubuntu0.24.04.1", "nvidia-dkms-570", "libnvidia-compute-570")
    made = plan.make(host(driver={"origin": "packages"}, packages=others), settings("Ubuntu_24"))
    assert codes(made) == ["other_packages"] and "nvidia-dkms-570" in made["refusals"][0]["message"]
    assert codes(plan.make(host(driver={"origin": "packages"}, packages=others), settings("Ubuntu_24", replace=True))) == []


def test_fabric_manager_has_the_drivers_version() -> None:
    names = ("nvidia-kernel-open-dkms", "nvidia-driver-cuda", "nvidia-fabricmanager", "libnvidia-nscq")
    switched = host(nvswitches=["0000:07:00.0"], available=offers("580.95.05-1", *names, source=NVIDIA))
    made = plan.make(switched, settings(source="nvidia", version="580", asked=True, kernel="any"))
    assert made["fabric"] == ["nvidia-fabricmanager", "libnvidia-nscq"] and made["install"] == [f"{name}=580.95.05-1" for name in names]
    switched["available"].update(offers("580.82.07-1", "nvidia-fabricmanager", source=NVIDIA))
    assert codes(plan.make(switched, settings(source="nvidia", version="580", asked=True, kernel="any"))) == ["fabric_manager_version"]
    # Debian has none
    assert codes(plan.make(host(nvswitches=["0000:07:00.0"], available=everything()), settings(asked=True))) == ["package_unavailable"]


def test_a_gpu_that_the_driver_does_not_see() -> None:
    answer = {"answers": True, "problem": None, "driver_version": "535.261.03", "cuda_version": "12.2", "gpus": [{"name": "Tesla T4"}]}
    found = host(gpus=[gpu(), gpu()], driver=WORKING, packages=complete(), nvidia_smi=answer)
    assert codes(plan.make(found, settings())) == ["gpus_missing"]


def test_unknown_distribution_and_source() -> None:
    assert codes(plan.make(host(), settings("Gentoo_2"))) == ["distribution_unknown"]
    made = plan.make(host(), settings("Rocky_9"))
    assert codes(made) == ["source_unknown"] and "nvidia_driver_source to nvidia" in made["refusals"][0]["message"]


def test_unheld_packages_are_named() -> None:
    packages = {**complete(held=True), **installed(OLD, "libcuda1", held=False)}
    assert plan.make(host(driver=WORKING, packages=packages), settings())["hold"] == ["libcuda1"]
    assert plan.make(host(driver=WORKING, packages=packages), settings(hold=False))["hold"] == []


GATE = settings()["gate"]


@pytest.mark.parametrize(
    ("found", "changes", "refused", "warned"),
    [
        # a bare host is judged by what it would get
        (host(gpus=[gpu("2684", "Ada Lovelace")]), {}, ["driver_too_old"], []),
        (host(gpus=[gpu("2684", "Ada Lovelace")]), {"allow": ["driver_too_old"]}, [], ["driver_too_old"]),
        (host(), {}, [], ["forward_compatible"]),
        (host(), {"source": "nvidia", "version": "580"}, [], []),
        (host(), {"source": "nvidia"}, [], ["driver_unknown"]),
        # one that is left alone by what it has
        (host([gpu("2684", "Ada Lovelace")], {**WORKING, "module_installed": "570.1", "origin": "run_file"}), {}, ["driver_too_old"], []),
        (host(driver=WORKING, packages=complete()), {}, [], ["forward_compatible"]),
        # and one without a GPU not at all
        (host(gpus=[]), {}, [], []),
        (host(gpus=[]), {"force": True}, ["driver_too_old"], []),
    ],
)
def test_the_gate_is_part_of_the_plan(found: dict[str, Any], changes: dict[str, Any], refused: list[str], warned: list[str]) -> None:
    made = plan.make(found, settings(gate={**GATE, "release": "25.08"}, **changes))
    assert codes(made) == refused and [item["code"] for item in made["warnings"]] == warned


def test_a_table_that_was_extended_wrongly() -> None:
    made = plan.make(host(), settings(gate={**GATE, "release": "27.01", "more": {"27.01": {"cuda": "13.9.0"}}}))
    assert codes(made) == ["compatibility_invalid"]
