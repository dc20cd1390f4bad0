# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of every distribution: complete, and resolved to the packages that a user would name by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import packages, selection
from ansible_collections.inferops.triton.tests.unit.support.gpus import DISTRIBUTIONS, NVIDIA, gpu, settings

VOLTA, T4, B200 = gpu("1db4", "Volta", "no"), gpu("1eb8"), gpu("2901", "Blackwell", "required")
SUPPORTED = {"Debian_12", "Debian_13", "Ubuntu_22", "Ubuntu_24"} | {
    f"{name}_{major}" for name in ("RedHat", "Rocky", "AlmaLinux") for major in (9, 10)
}


def test_every_supported_distribution_is_there() -> None:
    assert set(DISTRIBUTIONS) == SUPPORTED


@pytest.mark.parametrize("name", sorted(SUPPORTED))
def test_an_entry_is_complete(name: str) -> None:
    data = DISTRIBUTIONS[name]
    assert (
        data["packager"] in ("apt", "dnf") and data["repository"] and data["key"].endswith(".pub") and data["signing_key"].startswith("/")
    )
    assert "nvidia" in data["sources"]
    if data["packager"] == "apt":
        assert data["codename"] and data["origin"] and data["components"] and "distribution" in data["sources"]
    else:
        assert data["repository_id"] and "epel" in data
    for source in data["sources"].values():
        starts = [variant["from"] for variant in source["variants"]]
        assert starts == sorted(starts) and starts[0] == 0
        for variant in source["variants"]:
            assert variant["open"] and variant["proprietary"] and variant["common"] and variant["fabric"]
            for package in [*variant["open"], *variant["proprietary"], *variant["common"], *variant["fabric"]]:
                # what is installed is recognised again as the driver's
                assert packages.is_driver(package.replace("{branch}", "580")), package


@pytest.mark.parametrize(
    ("distribution", "changes", "gpus", "flavour", "names"),
    [
        ("Debian_12", {}, [T4], "proprietary", ["nvidia-kernel-dkms", "nvidia-smi"]),
        ("Debian_12", {"kernel_modules": "open"}, [T4], "open", ["nvidia-open-kernel-dkms", "nvidia-smi"]),
        ("Debian_12", {}, [B200], "open", ["nvidia-open-kernel-dkms"]),
        ("Debian_13", {}, [T4], "proprietary", ["nvidia-kernel-dkms", "nvidia-smi"]),
        ("Debian_13", {"source": "nvidia"}, [T4], "open", ["nvidia-kernel-open-dkms", "nvidia-driver-cuda"]),
        ("Debian_12", {"source": "nvidia", "version": "550"}, [T4], "proprietary", ["nvidia-kernel-dkms", "nvidia-driver-cuda"]),
        ("Debian_12", {"source": "nvidia"}, [VOLTA, T4], "proprietary", ["nvidia-kernel-dkms", "nvidia-driver-cuda"]),
        ("Ubuntu_22", {}, [T4], "open", ["nvidia-dkms-580-server-open", "nvidia-utils-580-server", "libnvidia-compute-580-server"]),
        ("Ubuntu_24", {"version": "570.211.01"}, [T4], "open", ["nvidia-dkms-570-server-open", "nvidia-utils-570-server"]),
        ("Ubuntu_24", {"version": "535"}, [T4], "proprietary", ["nvidia-dkms-535-server"]),
        ("Ubuntu_24", {}, [VOLTA], "proprietary", ["nvidia-dkms-580-server"]),
        ("Ubuntu_24", {"source": "nvidia", "version": "580"}, [T4], "open", ["nvidia-dkms-580-open", "libnvidia-compute-580"]),
        ("Ubuntu_24", {"source": "nvidia", "version": "590.48.01"}, [T4], "open", ["nvidia-dkms-open", "libnvidia-compute"]),
        ("Ubuntu_24", {"source": "nvidia"}, [T4], "open", ["nvidia-dkms-open", "libnvidia-compute"]),
        ("Rocky_9", {"source": "nvidia"}, [T4], "open", ["kmod-nvidia-open-dkms", "nvidia-driver-cuda"]),
        ("RedHat_10", {"source": "nvidia", "version": "580"}, [VOLTA], "proprietary", ["kmod-nvidia-latest-dkms", "nvidia-driver-cuda"]),
        ("AlmaLinux_9", {"source": "nvidia", "packages": ["mine"]}, [T4], "open", ["mine"]),
    ],
)
def test_choice(distribution: str, changes: dict[str, Any], gpus: list[dict[str, Any]], flavour: str, names: list[str]) -> None:
    choice = selection.choose(settings(distribution, **changes), gpus, False)
    assert choice.flavour == flavour and choice.module == names[0] and set(names) <= set(choice.names)
    assert not choice.fabric and not re.search(r"[{}]", " ".join(choice.names))


@pytest.mark.parametrize(
    ("distribution", "version", "fabric"),
    [
        ("Debian_12", "570.211.01", ["nvidia-fabricmanager-570", "libnvidia-nscq-570"]),
        ("Debian_13", "580.95.05", ["nvidia-fabricmanager", "libnvidia-nscq"]),
        ("Ubuntu_22", "575", ["nvidia-fabricmanager-575", "libnvidia-nscq-575"]),
        ("Ubuntu_24", "", ["nvidia-fabricmanager", "libnvidia-nscq"]),
        ("Rocky_9", "570", ["nvidia-fabric-manager", "libnvidia-nscq"]),
        ("RedHat_10", "580", ["nvidia-fabricmanager", "libnvidia-nscq"]),
    ],
)
def test_fabric_manager_of_nvidias_repository(distribution: str, version: str, fabric: list[str]) -> None:
    assert list(selection.choose(settings(distribution, source="nvidia", version=version), [T4], True).fabric) == fabric


@pytest.mark.parametrize("name", sorted(SUPPORTED))
def test_what_is_asked_for_covers_both_flavours(name: str) -> None:
    for source in DISTRIBUTIONS[name]["sources"]:
        wanted = settings(name, source=source, headers=["linux-headers-x"])
        names = selection.everything(wanted)
        for flavour in selection.FLAVOURS:
            choice = selection.choose({**wanted, "kernel_modules": flavour}, [], True)
            assert {*choice.names, *choice.fabric, "linux-headers-x"} <= set(names)


def test_nvidias_repository_is_known_by_its_address_and_by_its_id() -> None:
    by_url = settings("Debian_12", source="nvidia")
    by_id = settings("Rocky_9", source="nvidia")
    assert selection.from_source({"sources": [NVIDIA.rstrip("/")]}, by_url) and not selection.from_source(
        {"sources": ["http://mirror.example/debian"]}, by_url
    )
    assert selection.from_source({"sources": ["cuda-rhel9"]}, by_id) and not selection.from_source({"sources": ["appstream"]}, by_id)
