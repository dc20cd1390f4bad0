# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the driver itself says of its GPUs, by one call of nvidia-smi.

Source: nvidia-smi(1), `-q -x`, and its document type nvsmi_device_v12.dtd. A GPU that fell off the bus keeps nvidia-smi waiting or
makes it fail: both are answers here.
"""

from __future__ import annotations

import subprocess
from typing import Any, Optional
from xml.etree import ElementTree

from .._triton.hostinfo import environment

_SECONDS = 90  # without a persistence daemon each GPU of a large machine takes seconds to come up


def silent(problem: Optional[str]) -> dict[str, Any]:
    """The answer of a host whose driver does not answer, and why."""
    return {"answers": False, "problem": problem, "driver_version": None, "cuda_version": None, "gpus": []}


def ask(program: str = "nvidia-smi") -> dict[str, Any]:
    """Driver version, CUDA level and GPUs; where there is no answer, the reason in ``problem``."""
    try:
        done = subprocess.run(
            [program, "-q", "-x"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment(),
        )
    except FileNotFoundError:
        return silent("nvidia-smi is not installed")
    except OSError as error:
        return silent(f"nvidia-smi cannot be run: {error}")
    except subprocess.TimeoutExpired:
        return silent(f"nvidia-smi gave no answer in {_SECONDS} s")
    if done.returncode != 0:
        said = (done.stdout.strip() or done.stderr.strip()).splitlines()
        return silent(said[0] if said else f"nvidia-smi ended with {done.returncode}")
    return parse(done.stdout)


def parse(document: str) -> dict[str, Any]:
    """The facts in the XML of `nvidia-smi -q -x`."""
    try:
        log = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        return silent(f"nvidia-smi printed no XML: {error}")
    gpus = [_gpu(item) for item in log.findall("gpu")]
    return {
        "answers": True,
        "problem": None,
        "driver_version": _text(log, "driver_version"),
        "cuda_version": _text(log, "cuda_version"),
        "gpus": gpus,
    }


def _gpu(item: ElementTree.Element) -> dict[str, Any]:
    memory = (_text(item, "fb_memory_usage/total") or "").split()
    return {
        "name": _text(item, "product_name"),
        "uuid": _text(item, "uuid"),
        "pci_address": _address(item.get("id", "")),
        "memory_mib": int(memory[0]) if memory and memory[0].isdigit() else None,
        "mig": _text(item, "mig_mode/current_mig") == "Enabled",
        "mig_devices": len(item.findall("mig_devices/mig_device")),
        "persistence_mode": _text(item, "persistence_mode") == "Enabled",
    }


def _address(identifier: str) -> str:
    """00000000:17:00.0, as nvidia-smi writes it, as sysfs does: 0000:17:00.0."""
    domain, _colon, rest = identifier.lower().partition(":")
    return f"{domain[-4:]}:{rest}" if rest else identifier


def _text(item: ElementTree.Element, path: str) -> Optional[str]:
    value = (item.findtext(path) or "").strip()
    return value if value and value != "N/A" else None
