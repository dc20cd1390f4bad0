# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gate between driver and Triton release costs over an inventory, in check mode.

Two figures for each size of the inventory, in seconds of a whole ansible-playbook process: the judgement alone, on hosts that have been looked
at, and the whole preflight of nvidia_driver, which looks at each host with a module run (here through the connection «local»). HOSTS shrinks it
all. The last line is one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

import yaml

from ansible_collections.inferops.triton.tests.unit.support import gpus

FORKS = 16
HOSTS = int(os.environ.get("HOSTS", "1000"))
# The larger inventories must cost no more per host than this share above the smaller.
SLACK = 1.35

# A host with a T4 on Debian 12 whose driver is too old for CUDA 13 without forward compatibility: the longest way through the gate.
_HOST = gpus.host(
    packages=gpus.installed("535.261.03-1", "nvidia-kernel-dkms"),
    driver={"origin": "packages", "module_loaded": "535.261.03", "module_installed": "535.261.03"},
    paths={"/etc/apt/preferences.d/inferops-nvidia": {"exists": True, "sha256": None}},
)
_VARIABLES: t.Dict[str, t.Any] = {"nvidia_driver_triton_release": "25.08", "nvidia_driver_force": True, "nvidia_driver_expected_gpus": 0}

_JUDGE: t.List[t.Dict[str, t.Any]] = [
    {
        "hosts": "all",
        "gather_facts": False,
        "vars": {**_VARIABLES, "__nvidia_driver_host": _HOST, "nvidia_driver_distributions": {"_": gpus.DISTRIBUTIONS["Debian_12"]}},
        "tasks": [
            {
                "name": "Decide",
                "ansible.builtin.import_role": {"name": "inferops.triton.nvidia_driver", "tasks_from": "decide"},
            },
            {"name": "Refuse or warn", "ansible.builtin.import_role": {"name": "inferops.triton.nvidia_driver", "tasks_from": "judge"}},
        ],
    }
]
_PREFLIGHT: t.List[t.Dict[str, t.Any]] = [
    {
        "hosts": "all",
        "gather_facts": False,
        "vars": {**_VARIABLES, "nvidia_driver_allow": ["driver_too_old"]},
        "tasks": [
            {"name": "Preflight", "ansible.builtin.import_role": {"name": "inferops.triton.nvidia_driver", "tasks_from": "preflight"}}
        ],
    }
]


def run(folder: Path, name: str, playbook: t.List[t.Dict[str, t.Any]], count: int) -> float:
    """Seconds of one ansible-playbook over so many hosts; RuntimeError where a host was not judged."""
    hosts: t.Dict[str, t.Dict[str, t.Any]] = {f"gpu{number}": {} for number in range(count)}
    inventory = {"all": {"hosts": hosts, "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}
    (folder / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    (folder / f"{name}.yml").write_text(yaml.safe_dump(playbook, sort_keys=False), encoding="utf-8")
    started = time.monotonic()
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "--check",
            f"--forks={FORKS}",
            f"--inventory={folder / 'inventory.yml'}",
            str(folder / f"{name}.yml"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    judged = (
        done.stdout.count("forward_compatible")
        if name == "judge"
        else done.stdout.count("overridden by nvidia_driver_allow") + done.stdout.count("driver_")
    )
    if done.returncode != 0 or judged < count:
        raise RuntimeError(f"{judged} of {count} hosts were judged:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return seconds


def main() -> None:
    """Measure, print a line each, and the whole as JSON; RuntimeError where the cost is not linear."""
    sizes = [max(HOSTS // 10, 1), max(HOSTS // 2, 2), HOSTS]
    figures: t.Dict[str, t.Dict[int, float]] = {"judge": {}, "preflight": {}}
    with tempfile.TemporaryDirectory() as name:
        for what, playbook in (("judge", _JUDGE), ("preflight", _PREFLIGHT)):
            empty = run(Path(name), what, playbook, 1)
            for size in sizes:
                figures[what][size] = round(run(Path(name), what, playbook, size), 1)
                print(f"{what}: {size} hosts {figures[what][size]} s, {1000 * (figures[what][size] - empty) / size:.0f} ms each")
    growth = {what: round((seconds[sizes[2]] / sizes[2]) / (seconds[sizes[1]] / sizes[1]), 2) for what, seconds in figures.items()}
    print(json.dumps({"hosts": sizes, "forks": FORKS, "seconds": figures, "growth_per_host_half_to_whole": growth}))
    if HOSTS >= 100 and max(growth.values()) > SLACK:
        raise RuntimeError(f"the cost per host grows by {growth} from {sizes[1]} to {sizes[2]} hosts")


if __name__ == "__main__":
    main()
