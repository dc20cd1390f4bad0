# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel module, DKMS, Secure Boot, nouveau and the processes at a GPU, read from a host that is a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import driver, survey, users

SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def put(root: Path, path: str, content: str | bytes = "") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize(
    ("proc", "flavour"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.261.03  Thu Jun  5 2025\nGCC version: 12.2.0\n", "proprietary"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n", "open"),
    ],
)
def test_loaded(tmp_path: Path, proc: str, flavour: str) -> None:
    """/proc alone is enough, and what /sys says counts."""
    assert driver.loaded(str(tmp_path)) == (None, None)
    put(tmp_path, "proc/driver/nvidia/version", proc)
    assert driver.loaded(str(tmp_path)) == ({"proprietary": "535.261.03", "open": "580.95.05"}[flavour], flavour)
    put(tmp_path, "sys/module/nvidia/version", "590.48.01\n")
    assert driver.loaded(str(tmp_path)) == ("590.48.01", flavour)


def test_dkms_status_of_either_version() -> None:
    listing = (
        "nvidia-current/535.261.03, 6.1.0-56-amd64, x86_64: installed\n"
        "nvidia/580.95.05, 5.14.0-570.el9.x86_64, x86_64: installed (Original modules exist)\n"
        "nvidia, 470.256.02, 5.4.0-150-generic, x86_64: built\n"
        "nvidia-current/535.309.01: added\n"
        "zfs/2.1.11, 6.1.0-56-amd64, x86_64: installed\n"
    )
    assert [(build.module, build.version, build.kernel, build.state) for build in driver.builds(listing)] == [
        ("nvidia-current", "535.261.03", "6.1.0-56-amd64", "installed"),
        ("nvidia", "580.95.05", "5.14.0-570.el9.x86_64", "installed"),
        ("nvidia", "470.256.02", "5.4.0-150-generic", "built"),
    ]


def test_the_newest_log_of_a_failed_build(tmp_path: Path) -> None:
    assert driver.build_log(str(tmp_path)) == (None, [])
    old = put(tmp_path, "var/lib/dkms/nvidia/1/build/make.log", "old\n")
    new = put(tmp_path, "var/lib/dkms/nvidia-current/2/build/make.log", "\n".join(f"line {number}\n" for number in range(100)))
    # a build that succeeded is no failure
    put(tmp_path, "var/lib/dkms/nvidia/3/6.1.0-56-amd64/x86_64/log/make.log", "fine\n")
    os.utime(old, (1, 1))
    path, lines = driver.build_log(str(tmp_path))
    assert path == str(new) and len(lines) == 25 and lines[-1] == "line 99"


def test_nouveau_and_a_stale_initramfs(tmp_path: Path) -> None:
    file = put(tmp_path, "etc/modprobe.d/inferops-nvidia.conf", "# blacklist nouveau\n")
    assert driver.nouveau(str(tmp_path), str(file)) == {"loaded": False, "blacklisted": False, "initramfs_stale": False}
    file.write_text("blacklist nouveau # x\noptions nouveau modeset=0\n")
    image = put(tmp_path, "boot/initrd.img-6.1.0-56-amd64")
    os.utime(image, (1, 1))
    (tmp_path / "sys/module/nouveau").mkdir(parents=True)
    assert driver.nouveau(str(tmp_path), str(file)) == {"loaded": True, "blacklisted": True, "initramfs_stale": True}
    os.utime(image, (2**31, 2**31))
    os.utime(put(tmp_path, "boot/initramfs-0-rescue-x.img"), (1, 1))
    assert not driver.nouveau(str(tmp_path), str(file))["initramfs_stale"]


@pytest.mark.parametrize(("content", "enabled"), [(b"\x06\0\0\0\x01", True), (b"\x06\0\0\0\x00", False), (b"", False), (None, False)])
def test_secure_boot(tmp_path: Path, content: bytes | None, enabled: bool) -> None:
    if content is not None:
        put(tmp_path, SECURE_BOOT, content)
    put(tmp_path, "var/lib/shim-signed/mok/MOK.der")
    found = driver.secure_boot(str(tmp_path))
    assert found["enabled"] == enabled and found["key"] == "/var/lib/shim-signed/mok/MOK.der" and not found["enrolled"]


def test_secure_boot_with_an_enrolled_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, SECURE_BOOT, b"\x06\0\0\0\x01")
    put(tmp_path, "var/lib/dkms/mok.pub")
    program = put(tmp_path, "bin/mokutil", '#!/bin/sh\n[ "$1 $2" = "--test-key /var/lib/dkms/mok.pub" ] && echo "$2 is already enrolled"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    assert driver.secure_boot(str(tmp_path))["enrolled"] is True
    program.write_text('#!/bin/sh\necho "$2 is not enrolled"\n')
    assert driver.secure_boot(str(tmp_path))["enrolled"] is False


STATE = {"module_loaded": "535.261.03", "module_installed": "535.261.03", "modules_installed": {"6.1": "535.261.03"}}


@pytest.mark.parametrize(
    ("changes", "nouveau", "gpus", "words"),
    [
        ({}, False, True, None),
        ({"module_installed": "535.309.01"}, False, True, "535.261.03 loaded, and 535.309.01 is installed"),
        ({"module_loaded": None}, True, True, "nouveau"),
        ({"module_loaded": None}, True, False, None),
        ({"module_loaded": None}, False, True, None),
        (
            {"module_loaded": None, "module_installed": None, "modules_installed": {"6.2": "535.261.03"}},
            False,
            True,
            "kernel 6.2, and 6.1 is running",
        ),
        ({"module_loaded": None, "module_installed": None, "modules_installed": {}}, True, True, None),
    ],
)
def test_reboot_reasons(changes: dict[str, str], nouveau: bool, gpus: bool, words: str | None) -> None:
    reasons = survey.reboot_reasons({**STATE, **changes}, nouveau, gpus, "6.1")
    assert (len(reasons) == 1 and words in reasons[0]) if words else reasons == []


@pytest.mark.parametrize(
    ("version", "on_disk", "loaded", "run_file", "origin"),
    [
        ("535.261.03-1", {"6.1": "535.261.03"}, "535.261.03", False, "packages"),
        ("535.261.03-1", {}, None, True, "packages"),
        (None, {"6.1": "570.1"}, "570.1", True, "run_file"),
        (None, {"6.1": "570.133.20"}, None, False, "elsewhere"),
        (None, {}, "570.133.20", False, "elsewhere"),
        ("20220217+3~deb12u1", {}, None, False, "none"),
        (None, {}, None, False, "none"),
    ],
)
def test_origin(version: str | None, on_disk: dict[str, str], loaded: str | None, run_file: bool, origin: str) -> None:
    packages = {"nvidia-x": {"version": version}} if version else {}
    assert survey.origin(packages, on_disk, loaded, run_file) == origin


def test_run_file(tmp_path: Path) -> None:
    assert not driver.run_file(str(tmp_path))
    put(tmp_path, "usr/bin/nvidia-uninstall")
    assert driver.run_file(str(tmp_path))


def test_who_uses_the_gpu(tmp_path: Path) -> None:
    identifier = "3f9a" * 16
    for pid, name, device, group in (
        (10, "tritonserver", "/dev/nvidia0", f"0::/system.slice/docker-{identifier}.scope"),
        (11, "python3", "/dev/nvidia-uvm", "0::/system.slice/train.service"),
        (12, "nvidia-persiste", "/dev/nvidiactl", "0::/system.slice/nvidia-persistenced.service"),
        (13, "bash", "/dev/null", "0::/user.slice"),
        (14, "mig", "/dev/nvidia-caps/nvidia-cap12", "0::/"),
    ):
        folder = tmp_path / str(pid) / "fd"
        folder.mkdir(parents=True)
        (folder / "3").symlink_to(device)
        (tmp_path / str(pid) / "comm").write_text(name + "\n")
        (tmp_path / str(pid) / "cgroup").write_text(group + "\n")
    assert users.of_gpu(str(tmp_path)) == [
        {"pid": 10, "process": "tritonserver", "unit": None, "container": identifier[:12]},
        {"pid": 11, "process": "python3", "unit": "train.service", "container": None},
        {"pid": 14, "process": "mig", "unit": None, "container": None},
    ]


def test_services(tmp_path: Path) -> None:
    assert survey.service("nvidia-none-such", str(tmp_path)) == {"present": False, "enabled": False, "active": False}
    put(tmp_path, "lib/systemd/system/nvidia-none-such.service")
    wants = tmp_path / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / "nvidia-none-such.service").symlink_to("/lib/systemd/system/nvidia-none-such.service")
    assert survey.service("nvidia-none-such", str(tmp_path)) == {"present": True, "enabled": True, "active": False}
