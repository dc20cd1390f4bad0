# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages as dpkg, apt, rpm and dnf list them; nvidia-smi's XML; versions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import packages, smi, versions
from ansible_collections.inferops.triton.plugins.module_utils._triton.packages import Package


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *[
            (name, True)
            for name in ("nvidia-kernel-dkms", "libcuda1", "firmware-nvidia-gsp", "nvidia-dkms-580-server-open", "kmod-nvidia-latest-dkms")
        ],
        *[
            (name, True)
            for name in (
                "libnvidia-ml1",
                "nvidia-fabricmanager-580",
                "linux-modules-nvidia-580-server-generic",
                "cuda-drivers-580",
                "libnvidia-nscq",
            )
        ],
        *[
            (name, False)
            for name in ("nvidia-container-toolkit", "libnvidia-container1", "nvidia-cuda-toolkit", "cuda-toolkit-13-0", "libcudart12")
        ],
        *[
            (name, False)
            for name in ("nvidia-docker2", "nvidia-settings", "datacenter-gpu-manager", "python3-nvidia", "linux-headers-amd64")
        ],
    ],
)
def test_what_belongs_to_the_driver(name: str, expected: bool) -> None:
    assert packages.is_driver(name) == expected


def test_dpkg_and_its_holds() -> None:
    known = [
        Package("nvidia-smi", "535.261.03-1", want="hold"),
        Package("libcuda1", "535.261.03-1", "config-files", "deinstall"),
        Package("bash", "5.2"),
        Package("dkms", "3.0.10"),
        Package("nvidia-kernel-dkms", "535.261.03-1", "half-configured"),
    ]
    found = packages.installed(known, ["dkms"])
    assert {name: (item["version"], item["status"], item["held"]) for name, item in found.items()} == {
        "nvidia-smi": ("535.261.03-1", "installed", True),
        "dkms": ("3.0.10", "installed", False),
        "nvidia-kernel-dkms": ("535.261.03-1", "half-configured", False),
    }


def test_rpm_and_its_locks() -> None:
    known = [Package(name, "3:580.95.05-1.el9") for name in ("nvidia-driver-cuda", "kmod-nvidia-open-dkms")]
    known += [Package("epel-release", "9-10.el9"), Package("bash", "5.1-9.el9")]
    locks = "# BEGIN\nnvidia-driver-cuda-3:580.95.05-1.el9.*\nkmod-nvidia-open-dkms-3:580.82.07-1.el9.*\n"
    found = packages.installed(known, ["epel-release"], locks)
    assert {name: item["held"] for name, item in found.items()} == {
        "nvidia-driver-cuda": True,
        "kmod-nvidia-open-dkms": False,
        "epel-release": False,
    }
    assert found["epel-release"]["lock"] == "epel-release-0:9-10.el9.*"


def test_apt_cache_policy() -> None:
    listing = """libcuda1:
  Installed: 535.261.03-1
  Candidate: 535.309.01-0+deb12u1
  Version table:
     535.309.01-0+deb12u1 500
        500 http://security.example/debian-security bookworm-security/non-free amd64 Packages
 *** 535.261.03-1 1001
       1001 http://m.example/debian bookworm/non-free amd64 Packages
        100 /var/lib/dpkg/status
     525.1-1 -1
        100 /var/lib/dpkg/status
nvidia-smi:
  Installed: (none)
  Candidate: (none)
  Version table:
"""
    found = packages.policy(listing, ["libcuda1", "nvidia-smi", "nobody"])
    assert found == {
        "libcuda1": [
            {"version": "535.309.01-0+deb12u1", "sources": ["http://security.example/debian-security"]},
            {"version": "535.261.03-1", "sources": ["http://m.example/debian"]},
        ],
        "nvidia-smi": [],
        "nobody": [],
    }


def test_dnf_repoquery() -> None:
    listing = (
        "nvidia-driver-cuda\t3:580.82.07-1.el9\tcuda-rhel9\nnvidia-driver-cuda\t3:580.95.05-1.el9\tcuda-rhel9\n"
        "kernel-devel\t5.14.0-570.el9\tappstream\nnoise\n"
    )
    names = ["nvidia-driver-cuda", "kernel-devel-5.14.0-570.el9.x86_64", "nobody"]
    found = packages.repoquery(listing, names)
    assert [item["version"] for item in found["nvidia-driver-cuda"]] == ["3:580.95.05-1.el9", "3:580.82.07-1.el9"]
    assert (
        found["kernel-devel-5.14.0-570.el9.x86_64"] == [{"version": "5.14.0-570.el9", "sources": ["appstream"]}] and found["nobody"] == []
    )


def test_header_packages() -> None:
    names = ("linux-image-6.1.0-56-cloud-amd64", "linux-image-cloud-amd64", "linux-image-unsigned-generic", "bash")
    known = [*(Package(name, "6.1") for name in names), Package("linux-image-amd64", "6.1", "config-files")]
    found = packages.header_packages("apt", "6.1.0-56-cloud-amd64", known)
    assert found == ["linux-headers-6.1.0-56-cloud-amd64", "linux-headers-cloud-amd64"]
    assert packages.header_packages("dnf", "5.14.0-570.el9.x86_64") == ["kernel-devel-5.14.0-570.el9.x86_64", "kernel-headers"]


SMI = """<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
  <timestamp>Wed Nov 25 14:00:00 2026</timestamp><driver_version>580.95.05</driver_version><cuda_version>13.0</cuda_version><attached_gpus>2</attached_gpus>
  <gpu id="00000000:17:00.0"><product_name>NVIDIA A100-SXM4-80GB</product_name><persistence_mode>Enabled</persistence_mode>
    <mig_mode><current_mig>Enabled</current_mig></mig_mode>
    <mig_devices><mig_device><index>0</index></mig_device><mig_device><index>1</index></mig_device></mig_devices>
    <uuid>GPU-aaaa</uuid><fb_memory_usage><total>81920 MiB</total></fb_memory_usage></gpu>
  <gpu id="00010000:65:00.0"><product_name>Tesla T4</product_name><persistence_mode>Disabled</persistence_mode>
    <mig_mode><current_mig>N/A</current_mig></mig_mode>
    <mig_devices>None</mig_devices><uuid>GPU-bbbb</uuid><fb_memory_usage><total>N/A</total></fb_memory_usage></gpu>
</nvidia_smi_log>
"""


def test_nvidia_smi() -> None:
    found = smi.parse(SMI)
    assert (found["answers"], found["driver_version"], found["cuda_version"]) == (True, "580.95.05", "13.0")
    assert found["gpus"] == [
        {
            "name": "NVIDIA A100-SXM4-80GB",
            "uuid": "GPU-aaaa",
            "pci_address": "0000:17:00.0",
            "memory_mib": 81920,
            "mig": True,
            "mig_devices": 2,
            "persistence_mode": True,
        },
        {
            "name": "Tesla T4",
            "uuid": "GPU-bbbb",
            "pci_address": "0000:65:00.0",
            "memory_mib": None,
            "mig": False,
            "mig_devices": 0,
            "persistence_mode": False,
        },
    ]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18", "Driver/library version mismatch"),
        ("echo broken >&2; exit 3", "broken"),
        ("exit 9", "ended with 9"),
        ("echo '<nvidia_smi_log>'", "no XML"),
        (None, "not installed"),
    ],
)
def test_an_nvidia_smi_that_does_not_answer(tmp_path: Path, script: str | None, problem: str) -> None:
    program = tmp_path / "nvidia-smi"
    if script is not None:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    found = smi.ask(str(program))
    assert not found["answers"] and problem in found["problem"] and found["gpus"] == []


def test_an_nvidia_smi_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smi, "_SECONDS", 0.2)
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(30)\n")
    program.chmod(0o755)
    assert "no answer" in smi.ask(str(program))["problem"]


@pytest.mark.parametrize(
    ("version", "upstream", "driver"),
    [
        ("535.261.03-1", "535.261.03", True),
        ("580.95.05-0ubuntu0.24.04.2", "580.95.05", True),
        ("3:580.95.05-1.el9", "580.95.05", True),
        ("615.61-1", "615.61", True),
        ("20220217+3~deb12u1", "20220217", False),
        ("1.2.3-1", "1.2.3", False),
        ("", "", False),
    ],
)
def test_versions(version: str, upstream: str, driver: bool) -> None:
    assert (versions.upstream(version), versions.is_driver(version)) == (upstream, driver)


def test_comparing_versions() -> None:
    assert versions.below("570.9.1", "570.86.10") and not versions.below("570.124.06", "570.86.10")
    assert not versions.below("580", "580.95.05") and versions.below("570", "580.95.05")
    assert versions.fits("580.95.05-1", "580") and versions.fits("580.95.05-1", "580.95.05") and not versions.fits("580.95.05-1", "580.9")
    assert versions.fits("1.0", "") and versions.branch(None) == 0
