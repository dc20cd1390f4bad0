# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `site` costs where nothing is to be done, proof included, beside a plain playbook for the same Triton (baseline/site.yml) on the same ten hosts.

Needs the hosts of the scenario steady_state (`make bench-converge` makes them): containers with systemd and a native Triton under mutual TLS each; the
baseline runs a second Triton there, with ports, a folder and a user of its own. It is held to the same end first: a second run of it changes nothing, and
the collection's own audit passes. Both playbooks run with examples/ansible.cfg, in turn, round after round, so that other load meets both; the figures
are medians. How many modules run on a host, its own journal tells. For the growth each of the ten hosts has many names: connections, modules and proofs
are as many as for so many machines, which share the work of ten.

ROUNDS says how many rounds (1), GROWTH over how many hosts ("": none). The last line is one JSON object: hosts, seconds, baseline_seconds, ratio,
module_runs_per_host, baseline_module_runs_per_host; with Mitogen
mitogen_seconds and baseline_mitogen_seconds; seconds_per_host by number of hosts, and growth, the largest of these as a multiple of that of ten.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "molecule" / "rotation" / "fleet"))

from fleet import ENVIRONMENT, Fleet  # type: ignore[import-not-found]  # noqa: E402

SITE, VERIFY = "inferops.triton.site", "inferops.triton.verify"
BASELINE = str(ROOT / "tests" / "bench" / "baseline" / "site.yml")
PORT = 9001
ROUNDS = int(os.environ.get("ROUNDS", "1"))
GROWTH = [int(number) for number in os.environ.get("GROWTH", "").split()]
# Where `make` put Mitogen, if that works with this Ansible.
MITOGEN = ROOT / ".build" / "mitogen" / "ansible_mitogen" / "plugins" / "strategy"


@dataclass
class Bench:
    """The hosts, a folder for what is written, and the folder of the baseline's CA."""

    fleet: Fleet
    folder: Path
    pki: Path

    def inventory(self, count: int, connection: str) -> Path:
        """So many names for the hosts, each with plain values: what an inventory costs is not the subject."""
        hosts = {}
        for number in range(count):
            host = list(self.fleet.hosts)[number % len(self.fleet.hosts)]
            address = self.fleet.address(host)
            hosts[host if number < len(self.fleet.hosts) else f"{host}-{number}"] = {
                "ansible_host": f"inferops-{host}",
                "tls_certificates_names": [host, f"inferops-{host}", address],
                "triton_verify_server_name": host,
                "triton_verify_address": f"{address}:8001",
                "baseline_address": address,
            }
        shared = {
            "ansible_connection": connection,
            "triton_server_engine": "native",
            "triton_server_mutual_tls": True,
            "tls_certificates_ca_directory": str(self.fleet.pki / "ca"),
            "tls_certificates_client_directory": str(self.fleet.pki / "clients"),
            "triton_rollout_waves": ["100%"],
            "triton_verify_details": False,
        }
        path = self.folder / f"inventory-{count}.json"
        groups = {"all": {"vars": {"baseline_pki": str(self.pki)}}, "triton": {"hosts": hosts, "vars": shared}}
        path.write_text(json.dumps(groups), encoding="utf-8")
        return path

    def run(self, playbook: str, count: int, variables: Optional[dict[str, Any]] = None, mitogen: bool = False) -> tuple[float, str]:
        """Seconds and output of a playbook over so many names; RuntimeError where it fails."""
        environment = {**ENVIRONMENT, "ANSIBLE_CONFIG": str(ROOT / "examples" / "ansible.cfg")}
        if mitogen:
            environment.update(ANSIBLE_STRATEGY_PLUGINS=str(MITOGEN), ANSIBLE_STRATEGY="mitogen_linear")
        # Mitogen knows the connection by its short name alone.
        inventory = self.inventory(count, "docker" if mitogen else "community.docker.docker")
        command = [str(Path(sys.executable).parent / "ansible-playbook"), playbook, "--inventory", str(inventory)]
        began = time.monotonic()
        command += ["--extra-vars", json.dumps(variables or {})]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=3600, check=False)
        seconds = time.monotonic() - began
        if done.returncode != 0:
            raise RuntimeError(f"{playbook} failed:\n{(done.stdout + done.stderr)[-6000:]}")
        return seconds, done.stdout

    def idle(self, playbook: str, count: int, mitogen: bool = False) -> float:
        """Seconds of a run that must find nothing to do."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds, output = self.run(playbook, count, mitogen=mitogen)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = (used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime) / count
        if re.search(r"changed=[1-9]", output):
            raise RuntimeError(f"{playbook} changes something:\n{output[-6000:]}")
        name = f"{'baseline' if playbook == BASELINE else playbook} over {count} hosts{' with Mitogen' if mitogen else ''}"
        print(f"{name}: {seconds:.1f} s, {cpu:.2f} s of CPU a host on the controller", flush=True)
        return seconds

    def module_runs(self, playbook: str) -> float:
        """How many modules the playbook runs on a host, as the journals of the hosts count them; the mean."""
        since = {host: self.fleet.shell(host, "journalctl --lines=0 --show-cursor --quiet").partition("cursor: ")[2].strip() for host in self.fleet.hosts}
        self.run(playbook, len(since))
        count = "journalctl --after-cursor '{0}' --no-pager --quiet | grep -c 'ansible-.*: Invoked with'"
        return statistics.mean(int(self.fleet.shell(host, count.format(cursor))) for host, cursor in since.items())


def same_end(bench: Bench) -> None:
    """Bring both to their end. The baseline's is proved by the collection's own audit, in the same words as its own Triton."""
    count = len(bench.fleet.hosts)
    for playbook in (SITE, BASELINE):
        bench.run(playbook, count)
    own = {f"triton_verify_{kind}": port for kind, port in (("http_port", PORT + 1), ("metrics_port", PORT + 2))}
    identity = {f"triton_verify_client_{part}": str(bench.pki / f"verifier.{end}") for part, end in (("cert", "crt"), ("key", "key"))}
    address = {"triton_verify_address": "{{ baseline_address }}:%d" % PORT, "triton_verify_server_name": "{{ inventory_hostname }}"}
    trusted = {"triton_verify_ca_file": str(bench.pki / "ca.crt"), "triton_verify_bundle_directory": "/opt/tritonserver"}
    bench.run(VERIFY, count)
    bench.run(VERIFY, count, {**own, **identity, **address, **trusted})


def measure(bench: Bench) -> dict[str, Any]:
    """The figures; RuntimeError where a run fails or changes something."""
    hosts = len(bench.fleet.hosts)
    same_end(bench)
    runs = [bench.module_runs(playbook) for playbook in (SITE, BASELINE)]
    mitogen = [False, True] if MITOGEN.is_dir() else [False]
    found: dict[tuple[str, bool], list[float]] = {}
    for _round in range(ROUNDS):
        for fast in mitogen:
            for playbook in (SITE, BASELINE):
                found.setdefault((playbook, fast), []).append(bench.idle(playbook, hosts, fast))
    ours, theirs = (statistics.median(found[playbook, False]) for playbook in (SITE, BASELINE))
    result: dict[str, Any] = {
        "hosts": hosts,
        "seconds": round(ours, 1),
        "baseline_seconds": round(theirs, 1),
        "ratio": round(ours / theirs, 2),
        "module_runs_per_host": runs[0],
        "baseline_module_runs_per_host": runs[1],
    }
    if True in mitogen:
        result["mitogen_seconds"], result["baseline_mitogen_seconds"] = (
            round(statistics.median(found[playbook, True]), 1) for playbook in (SITE, BASELINE)
        )
    if GROWTH:
        each = {number: round(bench.idle(SITE, number) / number, 2) for number in GROWTH}
        result.update(seconds_per_host=each, growth=round(max(each.values()) / each[GROWTH[0]], 2))
    return result


def main() -> None:
    """Measure on the hosts that the scenario names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fleet", required=True, type=json.loads)
    parser.add_argument("--baseline-pki", required=True, type=Path, help="folder of the baseline's CA, kept as long as the hosts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        fleet = Fleet(**{**options.fleet, "pki": Path(options.fleet["pki"])}, scratch=Path(scratch))
        print(json.dumps(measure(Bench(fleet, Path(scratch), options.baseline_pki))))


if __name__ == "__main__":
    main()
