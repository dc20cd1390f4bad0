# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detection from PCI trees: no driver, no lspci."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import pci
from ansible_collections.inferops.triton.tests.unit.support import gpus


@pytest.mark.parametrize(
    ("listing", "expected", "switches"),
    [
        (gpus.NO_GPU, {}, 0),
        (gpus.CLOUD_T4, {("Turing", "yes", "nvidia"): 1}, 0),
        (gpus.WORKSTATION, {("Ada Lovelace", "yes", "nouveau"): 1}, 0),
        (gpus.OLD_AND_NEW, {("Volta", "no", ""): 1, ("Ampere", "yes", ""): 1}, 0),
        (gpus.B200, {("Blackwell", "required", ""): 2}, 0),
        (gpus.HGX_H100, {("Hopper", "yes", "nvidia"): 8}, 4),
    ],
)
def test_trees(tmp_path: Path, listing: str, expected: dict[tuple[str, str, str], int], switches: int) -> None:
    found, bridges = pci.scan(gpus.pci(tmp_path, listing))
    assert Counter((gpu.generation, gpu.open_modules, gpu.driver) for gpu in found) == expected
    assert len(bridges) == switches
    assert [gpu.address for gpu in found] == sorted(gpu.address for gpu in found)


def test_a_host_without_a_pci_bus(tmp_path: Path) -> None:
    assert pci.scan(str(tmp_path)) == ([], [])


def test_a_device_that_vanishes_while_it_is_read(tmp_path: Path) -> None:
    root = gpus.pci(tmp_path, gpus.CLOUD_T4)
    (Path(root) / "bus/pci/devices/0000:00:1e.0/class").unlink()
    assert pci.scan(root) == ([], [])


@pytest.mark.parametrize(
    ("device", "generation"),
    [
        (0x102D, "before Maxwell"),  # K80
        (0x13BD, "Maxwell"),  # M10
        (0x15F8, "Pascal"),  # P100
        (0x1B38, "Pascal"),  # P40
        (0x1DB6, "Volta"),  # V100
        (0x1E02, "Turing"),  # TITAN RTX, the first that the open modules drive
        (0x1EB8, "Turing"),  # T4
        (0x20B2, "Ampere"),  # A100
        (0x2182, "Turing"),  # GTX 1660 Ti, among Ampere's ids
        (0x2237, "Ampere"),  # A10G
        (0x2330, "Hopper"),  # H100
        (0x2414, "Ampere"),  # RTX 3060 Ti, above Hopper's ids
        (0x27B8, "Ada Lovelace"),  # L4
        (0x2901, "Blackwell"),  # B200
        (0x2B85, "Blackwell"),  # RTX 5090
    ],
)
def test_generations(device: int, generation: str) -> None:
    assert pci.generation(device) == generation


def test_grace_hopper_needs_the_open_modules() -> None:
    assert (pci.open_modules(0x2342), pci.open_modules(0x2330)) == ("required", "yes")
