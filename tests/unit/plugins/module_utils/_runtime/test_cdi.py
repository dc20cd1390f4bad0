# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which CDI specification a host needs, and when it must be made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._runtime import cdi
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError

DRIVER = "580.95.05"
LIBRARY = f"/usr/lib/x86_64-linux-gnu/libcuda.so.{DRIVER}"
# The form in which nvidia-ctk 1.17 writes it, shortened.
TEXT = f"""---
cdiVersion: 0.7.0
containerEdits:
  mounts:
  - containerPath: {LIBRARY}
    hostPath: {LIBRARY}
    options:
    - ro
devices:
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
  name: "0"
kind: nvidia.com/gpu
"""


def put(root: Path, path: str, text: str = "") -> None:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def test_a_toolkit_without_a_unit_needs_a_file_that_outlives_a_reboot(tmp_path: Path) -> None:
    assert cdi.target(str(tmp_path)) == cdi.STATIC


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        (None, cdi.DYNAMIC),
        ("# NVIDIA_CTK_CDI_OUTPUT_FILE_PATH=/x\n", cdi.DYNAMIC),
        ("A=1\nNVIDIA_CTK_CDI_OUTPUT_FILE_PATH=/etc/cdi/gpus.yaml\n", "/etc/cdi/gpus.yaml"),
    ],
)
def test_a_newer_toolkit_says_where(tmp_path: Path, environment: Optional[str], path: str) -> None:
    put(tmp_path, cdi.REFRESH_UNITS[0])
    if environment is not None:
        put(tmp_path, cdi.REFRESH_ENVIRONMENT, environment)
    assert cdi.target(str(tmp_path)) == path


@pytest.mark.parametrize(
    ("text", "library", "says"),
    [
        (TEXT, True, None),
        ('{"cdiVersion": "0.7.0", "containerEdits": {"mounts": [{"hostPath": "' + LIBRARY + '"}]}}', True, None),
        (None, True, "missing"),
        (TEXT.replace(DRIVER, "535.1.2"), True, f"the driver 535.1.2, and {DRIVER} is loaded"),
        (TEXT, False, "libcuda.so.580.95.05, which is gone"),
        ("kind: nvidia.com/gpu\n", True, "names no driver"),
        ("\udcff not text", True, "names no driver"),
    ],
)
def test_stale(tmp_path: Path, text: Optional[str], library: bool, says: Optional[str]) -> None:
    if text is not None:
        target = tmp_path / cdi.STATIC.lstrip("/")
        target.parent.mkdir(parents=True)
        target.write_bytes(text.encode("utf-8", "surrogateescape"))
    if library:
        put(tmp_path, LIBRARY)
    (spec,) = cdi.specs(DRIVER, str(tmp_path))
    assert (spec.stale is None) if says is None else (says in (spec.stale or ""))
    if says is None:
        assert (spec.driver_version, spec.cdi_version) == (DRIVER, "0.7.0")


def test_a_second_specification_is_judged_as_well(tmp_path: Path) -> None:
    """One that an older toolkit, or a person, left: engines read both folders."""
    put(tmp_path, cdi.REFRESH_UNITS[1])
    put(tmp_path, LIBRARY)
    put(tmp_path, cdi.DYNAMIC, TEXT)
    put(tmp_path, cdi.STATIC, TEXT.replace(DRIVER, "535.1.2"))
    assert [(spec.path, spec.stale is None) for spec in cdi.specs(DRIVER, str(tmp_path))] == [(cdi.DYNAMIC, True), (cdi.STATIC, False)]


def test_generate(tmp_path: Path, program: Callable[[str, str], Path]) -> None:
    program("nvidia-ctk", 'for word; do case $word in --output=*) echo "made by $*" > "${word#--output=}";; esac; done')
    path = tmp_path / "cdi" / "nvidia.yaml"
    cdi.generate(str(path))
    assert path.read_text().startswith("made by cdi generate --format=yaml")
    assert oct(path.stat().st_mode & 0o777) == "0o644" and [file.name for file in path.parent.iterdir()] == ["nvidia.yaml"]


@pytest.mark.parametrize("script", ["echo 'failed to initialize NVML' >&2; exit 1", "echo 'failed to initialize NVML' >&2"])
def test_a_failure_leaves_the_old_one(tmp_path: Path, program: Callable[[str, str], Path], script: str) -> None:
    program("nvidia-ctk", script)
    path = tmp_path / "nvidia.yaml"
    path.write_text("old")
    with pytest.raises(HostError) as caught:
        cdi.generate(str(path))
    assert caught.value.code == "cdi_failed" and "failed to initialize NVML" in caught.value.cause
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("version", "podman", "refused"),
    [("0.7.0", "4.9.3", True), ("0.8.0", "4.3.1", True), ("0.5.0", "4.3.1", False), ("0.7.0", "5.0.0", False), (None, "4.3.1", False), ("0.7.0", "", False)],
)
def test_what_podman_cannot_read(version: Optional[str], podman: str, refused: bool) -> None:
    assert cdi.too_new(cdi.Spec("x", DRIVER, version), podman) is refused
