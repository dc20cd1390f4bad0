# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What package managers say, as they said it: each ends in a cause and a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.inferops.triton.plugins.filter.nvidia_driver_diagnosis import nvidia_driver_diagnosis

LOG = {"path": "/var/lib/dkms/nvidia-current/535.309.01/build/make.log", "lines": ["nv-mmap.c:1:1: error: vm_flags is read-only"]}


@pytest.mark.parametrize(
    ("said", "code", "evidence"),
    [
        # apt 2.6, dpkg 1.21 (Debian 12), taken from runs of molecule/nvidia_driver_families
        (
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (python3)\nE: Unable to acquire the dpkg frontend lock",
            "locked",
            "812 (python3)",
        ),
        (
            "dpkg: error processing archive x.deb (--unpack):\n"
            " cannot copy extracted data for './opt/x' to '/opt/x': failed to write (No space left on device)",
            "disk_full",
            "/opt/x",
        ),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "disk_full", "archives"),
        (
            "W: GPG error: file:/srv InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 0A24",
            "key_wrong",
            "NO_PUBKEY 0A24",
        ),
        ("E: The repository 'file:/srv InRelease' is not signed.", "key_wrong", "is not signed"),
        (
            "E: Failed to fetch http://127.0.0.1:9/nvidia/InRelease  Could not connect to 127.0.0.1:9 (127.0.0.1).",
            "repository_unreachable",
            "127.0.0.1:9",
        ),
        ("E: The repository 'http://m.example/x Release' does not have a Release file.", "repository_unreachable", "Release file"),
        ("E: Version '535.1' for 'nvidia-smi' was not found", "version_unavailable", "535.1"),
        ("E: Unable to locate package nvidia-open", "version_unavailable", "nvidia-open"),
        ("No package matching 'nvidia-open' is available", "version_unavailable", "nvidia-open"),
        (
            "Error! Bad return status for module build on kernel: 6.1.0-56-amd64 (x86_64)\nConsult make.log",
            "dkms_failed",
            "Bad return status",
        ),
        (
            "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
            "half_installed",
            "dpkg was interrupted",
        ),
        (
            "The following packages have unmet dependencies:\n nvidia-smi : Depends: libnvidia-ml1 (= 535.1) but 535.2 is to be installed",
            "conflict",
            "unmet dependencies",
        ),
        (" dkms : Depends: kmod but it is not installable", "dependency_missing", "kmod"),
        # dnf 4.14
        (
            "Failed to download metadata for repo 'cuda-rhel9': Cannot download repomd.xml: All mirrors were tried",
            "repository_unreachable",
            "cuda-rhel9",
        ),
        ("Public key for nvidia-driver-cuda-580.95.05-1.el9.x86_64.rpm is not installed", "key_wrong", "nvidia-driver-cuda"),
        (
            "Depsolve Error occurred: \n Problem: conflicting requests\n  - nothing provides dkms needed by kmod-nvidia-open-dkms",
            "dependency_missing",
            "nothing provides dkms",
        ),
        ("lockfile is held by another process", "locked", "lockfile"),
        ("something that nobody has seen before", "package_manager_failed", "nobody has seen"),
    ],
)
def test_known_messages(said: str, code: str, evidence: str) -> None:
    for result in ({"msg": said}, {"msg": "'apt-get install' failed", "stderr": said}, {"msg": "", "results": said.splitlines()}):
        found: dict[str, Any] = nvidia_driver_diagnosis([result])
        assert found["code"] == code and found["cause"] and found["remedy"]
        assert evidence in "\n".join(found["evidence"])


def test_a_failed_build_shows_its_log() -> None:
    said = (
        "dpkg: error processing package nvidia-kernel-dkms (--configure):\n"
        " installed nvidia-kernel-dkms package post-installation script subprocess returned error exit status 10"
    )
    found = nvidia_driver_diagnosis([{"stderr": said}], log=LOG)
    assert found["code"] == "dkms_failed" and found["evidence"] == [f"{LOG['path']}:", *LOG["lines"]]


def test_an_old_log_does_not_explain_a_full_disk() -> None:
    assert nvidia_driver_diagnosis([{"stderr": "No space left on device"}], log=LOG)["code"] == "disk_full"
