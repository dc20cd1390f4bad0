# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of run.sh on a machine with a GPU; README.md says what each must show. They change nothing of the machine."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import compatibility
from ansible_collections.inferops.triton.tests.unit.support import gpus, hostmodule
from ansible_collections.inferops.triton.tests.unit.support.certificates import issue
from ansible_collections.inferops.triton.tests.unit.support.triton import CLOSED, Model, Triton, tls_flags

_FIELDS = ("driver_version", "name", "uuid", "pci.bus_id", "memory.total")


@dataclass(frozen=True)
class GpuModel(Model):
    """The identity model of the role with one instance on each GPU."""

    count: int = 1

    def write(self, repository: Path) -> None:
        """Write the model, then what the role writes for GPUs."""
        super().write(repository)
        config = repository / self.name / "config.pbtxt"
        devices = ", ".join(str(number) for number in range(self.count))
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("kind: KIND_CPU count: 1", f"kind: KIND_GPU count: 1 gpus: [ {devices} ]"), encoding="utf-8")


def queried() -> t.List[t.Dict[str, str]]:
    """What nvidia-smi says itself, by a query and not by the XML that the module reads."""
    command = ["nvidia-smi", f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [dict(zip(_FIELDS, (cell.strip() for cell in row))) for row in csv.reader(lines)]


def detect() -> t.Dict[str, t.Any]:
    """The module against the query; AssertionError where they differ."""
    started = time.monotonic()
    host = hostmodule.run("nvidia_host_info", {})
    seconds = round(time.monotonic() - started, 2)
    wanted = queried()
    answer = host["nvidia_smi"]
    assert answer["answers"] and answer["driver_version"] == wanted[0]["driver_version"] == host["driver"]["module_loaded"], host
    assert len(host["gpus"]) >= len(wanted) and answer["cuda_version"], host
    found = {(gpu["name"], gpu["uuid"], gpu["memory_mib"], gpu["pci_address"]) for gpu in answer["gpus"]}
    assert found == {
        (gpu["name"], gpu["uuid"], int(gpu["memory.total"]), f"{gpu['pci.bus_id'][4:].lower()}") for gpu in wanted
    }, (found, wanted)
    assert {gpu["pci_address"] for gpu in answer["gpus"]} <= {gpu["address"] for gpu in host["gpus"]}, host
    return {"seconds": seconds, "host": host}


def gate(host: t.Dict[str, t.Any]) -> t.Dict[str, t.Any]:
    """The verdict on each release under this driver."""
    names = [gpu["name"] for gpu in host["nvidia_smi"]["gpus"]]
    verdicts = {
        release: compatibility.judge(release, gpus.TABLE, host["nvidia_smi"]["driver_version"], host["gpus"], names)[0]
        for release in gpus.TABLE["releases"]
    }
    assert all(verdict["code"] != "driver_unknown" for verdict in verdicts.values())
    return verdicts


def audit(address: str, authority: str, count: int) -> t.Dict[str, t.Any]:
    """triton_verify on one endpoint that must have so many GPUs."""
    endpoint = {
        "name": "gpu",
        "address": address,
        "server_name": "triton.example",
        "ca_file": authority,
        "model": "triton_identity",
        "inputs": {"INPUT": {"datatype": "FP32", "shape": [3], "data": [1.0, 2.0, 3.0]}},
        "outputs": {"OUTPUT": {"data": [1.0, 2.0, 3.0]}},
        "devices": {"kind": "gpu", "count": count},
    }
    return hostmodule.run("triton_verify", {"endpoints": [endpoint], "ready_timeout": 120})


def infer(folder: Path, count: int) -> t.Dict[str, t.Any]:
    """The native Triton over TLS with a KIND_GPU model: right with the GPUs that there are, wrong with one more."""
    root = issue("GPU root", ca=True)
    authority = folder / "ca.crt"
    authority.write_text(root.pem, encoding="ascii")
    files = issue("triton", root, ["triton.example"]).write(folder, "server")
    model = GpuModel("triton_identity", count=count)
    with Triton(folder / "triton", models=(model,), arguments=[*tls_flags(*files), *CLOSED]) as server:
        right = audit(f"127.0.0.1:{server.port}", str(authority), count)
        wrong = audit(f"127.0.0.1:{server.port}", str(authority), count + 1)
    assert right["results"][0]["ok"], right
    assert not wrong["results"][0]["ok"], wrong
    return {"right": right["results"][0], "one_too_many": wrong["results"][0]}


def main() -> None:
    """All steps, a file each, and the figures in one line."""
    out = Path(sys.argv[1])
    detected = detect()
    (out / "detect.json").write_text(json.dumps(detected, indent=1), encoding="utf-8")
    verdicts = gate(detected["host"])
    (out / "gate.json").write_text(json.dumps(verdicts, indent=1), encoding="utf-8")
    for release, verdict in verdicts.items():
        print(f"{release}  {verdict['level']:6}  {verdict['message']}")
    count = len(detected["host"]["nvidia_smi"]["gpus"])
    with tempfile.TemporaryDirectory() as name:
        inferred = infer(Path(name), count)
    (out / "infer.json").write_text(json.dumps(inferred, indent=1), encoding="utf-8")
    levels = [verdict["level"] for verdict in verdicts.values()]
    print(
        json.dumps(
            {
                "gpus": [gpu["name"] for gpu in detected["host"]["nvidia_smi"]["gpus"]],
                "driver": detected["host"]["nvidia_smi"]["driver_version"],
                "detect_seconds": detected["seconds"],
                "releases": {level: levels.count(level) for level in ("ok", "warn", "refuse")},
                "infer": "ok",
                "one_gpu_too_many": inferred["one_too_many"]["diagnosis"]["code"],
            }
        )
    )


if __name__ == "__main__":
    main()
