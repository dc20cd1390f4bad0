# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gate between driver and Triton release costs over an inventory, in check mode.

In seconds of a whole ansible-playbook process, on the clock and of CPU: the judgement alone, on a tenth, half and all of the hosts, which have been
looked at; and the whole preflight of nvidia_driver, which looks at each host with a module run (here through the connection «local»), on a twentieth and
a tenth of them. HOSTS shrinks it all. The last line is one JSON object.
"""

from __future__ import annotations

import json
import os
import resource
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


def run(folder: Path, name: str, playbook: t.List[t.Dict[str, t.Any]], count: int) -> t.Tuple[float, float]:
    """Seconds and CPU seconds of one ansible-playbook over so many hosts; RuntimeError where a host was not judged."""
    hosts: t.Dict[str, t.Dict[str, t.Any]] = {f"gpu{number}": {} for number in range(count)}
    inventory = {"all": {"hosts": hosts, "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}
    (folder / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    (folder / f"{name}.yml").write_text(yaml.safe_dump(playbook, sort_keys=False), encoding="utf-8")
    started, before = time.monotonic(), _cpu()
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
    seconds, cpu = time.monotonic() - started, _cpu() - before
    judged = (
        done.stdout.count("forward_compatible")
        if name == "judge"
        else done.stdout.count("overridden by nvidia_driver_allow") + done.stdout.count("driver_")
    )
    if done.returncode != 0 or judged < count:
        raise RuntimeError(f"{judged} of {count} hosts were judged:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return round(seconds, 1), round(cpu, 1)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure, print a line each, and the whole as JSON; RuntimeError where the cost is not linear."""
    sizes = {"judge": [max(HOSTS // 10, 1), max(HOSTS // 2, 2), HOSTS], "preflight": [max(HOSTS // 20, 1), max(HOSTS // 10, 2)]}
    clock: t.Dict[str, t.Dict[int, float]] = {"judge": {}, "preflight": {}}
    cpu: t.Dict[str, t.Dict[int, float]] = {"judge": {}, "preflight": {}}
    with tempfile.TemporaryDirectory() as name:
        for what, playbook in (("judge", _JUDGE), ("preflight", _PREFLIGHT)):
            for size in sizes[what]:
                clock[what][size], cpu[what][size] = run(Path(name), what, playbook, size)
                each = 1000 * cpu[what][size] / size
                print(f"{what}: {size} hosts {clock[what][size]} s, {cpu[what][size]} s of CPU, {each:.0f} ms each", flush=True)
    # By CPU: the clock tells as much of the machine's other work.
    growth = {what: round((seconds[two] / two) / (seconds[one] / one), 2) for what, seconds in cpu.items() for one, two in [sizes[what][-2:]]}
    print(json.dumps({"hosts": sizes, "forks": FORKS, "seconds": clock, "cpu_seconds": cpu, "growth_per_host_smaller_to_larger": growth}))
    if HOSTS >= 100 and max(growth.values()) > SLACK:
        raise RuntimeError(f"the cost per host grows by {growth} from the second largest number of hosts to the largest")


if __name__ == "__main__":
    main()
