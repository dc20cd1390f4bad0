# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What triton_verify costs: against a floor, a loop of delegated tasks, ten times the endpoints, and dead ones among them.

One real Triton under mutual TLS answers for all endpoints, which are spread over 127.0.0.0/8. The module runs as a process
of its own with its arguments as JSON, as under Ansible; times are those of whole processes, in seconds. ENDPOINTS shrinks
it all. The last line is one JSON object.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml

from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue
from ansible_collections.inferops.triton.tests.unit.support.triton import CLOSED, IDENTITY, Triton, tls_flags

HERE = Path(__file__).resolve().parent
MODULE = "ansible_collections.inferops.triton.plugins.modules.triton_verify"
SERVER_NAME = "triton.example"
RUNS = 3
LOOP_HOSTS = 50
FORKS = 16
TIMEOUT = 10.0

_PLAYBOOK: t.List[t.Dict[str, t.Any]] = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Prove the endpoint",
                "ansible.builtin.command": {"argv": "{{ argv + [address] + files }}"},
                "delegate_to": "localhost",
                "changed_when": False,
            }
        ],
    }
]


@dataclass(frozen=True)
class Measured:
    """One process: wall-clock seconds, peak resident memory in MiB, and what it wrote to stdout."""

    seconds: float
    rss: float
    output: str


def measure(command: t.Sequence[str], folder: Path) -> Measured:
    """Run a command to its end. RuntimeError with its output if it fails."""
    with (folder / "stdout").open("wb") as output, (folder / "stderr").open("wb") as errors:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=errors, stdin=subprocess.DEVNULL)
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    text = (folder / "stdout").read_text(encoding="utf-8")
    if process.returncode != 0:
        raise RuntimeError("{0} ended with {1}:\n{2}\n{3}".format(
            command[:3], process.returncode, text[-2000:], (folder / "stderr").read_text(encoding="utf-8")[-2000:]
        ))
    return Measured(seconds, usage.ru_maxrss / 1024, text)


class Bench:
    """A fleet that is one Triton."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        root = issue("Bench root", ca=True)
        server = issue("triton", root, [SERVER_NAME])
        self.ca = str(folder / "ca.crt")
        Path(self.ca).write_text(root.pem, encoding="ascii")
        server_files = server.write(folder, "server")
        self.certificate, self.key = issue("verifier", root, eku=[CLIENT]).write(folder, "client")
        self.triton = Triton(
            folder / "triton", models=(IDENTITY,), arguments=[*tls_flags(*server_files, self.ca, mutual=True), *CLOSED]
        )
        self.common = self._options(root, server)
        self.handshakes = 0

    def _options(self, root: Identity, server: Identity) -> t.Dict[str, t.Any]:
        """What every endpoint is given: all that the module can check."""
        authority = root.write(self.folder, "authority")
        return {
            "server_name": SERVER_NAME,
            "ca_file": self.ca,
            "client_cert": self.certificate,
            "client_key": self.key,
            "client_ca_cert": authority[0],
            "client_ca_key": authority[1],
            "expected_fingerprint": server.fingerprint,
            "model": IDENTITY.name,
            "devices": {"kind": "cpu", "count": 1},
            "max_latency": TIMEOUT,
        }

    def addresses(self, count: int) -> t.List[str]:
        """So many addresses of 127.0.0.0/8, all different, at which the one server answers."""
        return ["127.{0}.{1}.{2}:{3}".format(1 + i // 62500, i // 250 % 250, 1 + i % 250, self.triton.port) for i in range(count)]

    def audit(self, addresses: t.Sequence[str], failing: int = 0) -> Measured:
        """The module over these; RuntimeError unless exactly so many fail."""
        arguments = self.folder / "arguments.json"
        endpoints = [{"name": "gpu{0}".format(i), "address": address, **self.common} for i, address in enumerate(addresses)]
        arguments.write_text(
            json.dumps({"ANSIBLE_MODULE_ARGS": {"endpoints": endpoints, "timeout": TIMEOUT}}), encoding="utf-8"
        )
        measured = measure([sys.executable, "-m", MODULE, str(arguments)], self.folder)
        result = json.loads(measured.output.strip().splitlines()[-1])
        summary = result["summary"]
        if summary["failed"] != failing:
            bad = [each["diagnosis"] for each in result["results"] if not each["ok"]]
            raise RuntimeError("{0} of {1} failed: {2}".format(summary["failed"], len(addresses), bad[:3]))
        self.handshakes = summary["handshakes_per_endpoint"]
        return measured

    def floor(self, addresses: t.Sequence[str], concurrency: int) -> Measured:
        """The bare client over these."""
        plan = self.folder / "plan.json"
        plan.write_text(
            json.dumps(
                {
                    "addresses": addresses,
                    "server_name": SERVER_NAME,
                    "ca": self.ca,
                    "certificate": self.certificate,
                    "key": self.key,
                    "handshakes": self.handshakes,
                    "concurrency": concurrency,
                }
            ),
            encoding="utf-8",
        )
        return measure([sys.executable, str(HERE / "floor.py"), str(plan)], self.folder)

    def loop(self, addresses: t.Sequence[str]) -> float:
        """Seconds per endpoint of a play with one delegated task per host."""
        hosts = {"gpu{0}".format(i): {"address": address} for i, address in enumerate(addresses)}
        variables = {
            "argv": [sys.executable, str(HERE / "by_hand.py")],
            "files": [SERVER_NAME, self.ca, self.key, self.certificate],
        }
        inventory = self.folder / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}), encoding="utf-8")
        playbook = self.folder / "loop.yml"
        playbook.write_text(yaml.safe_dump(_PLAYBOOK), encoding="utf-8")
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [program, "--forks", str(FORKS), "--inventory", str(inventory), str(playbook)]
        return measure(command, self.folder).seconds / len(addresses)


@contextlib.contextmanager
def dead(count: int) -> t.Iterator[t.List[str]]:
    """Addresses at which the kernel accepts connections and nobody ever answers."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16)) for _number in range(count)]
        yield ["127.0.0.1:{0}".format(server.getsockname()[1]) for server in servers]


def say(text: str, *values: t.Any) -> None:
    """A line for whoever watches."""
    print(text.format(*values), flush=True)


def run(bench: Bench, count: int) -> t.Dict[str, t.Any]:
    """All measurements; the keys of the last line."""
    addresses = bench.addresses(count)
    bench.audit(addresses[:1])
    concurrency = 32
    audits, floors = [], []
    for number in range(RUNS):
        floors.append(bench.floor(addresses, concurrency))
        audits.append(bench.audit(addresses))
        say("run {0}: floor {1:.2f} s, audit {2:.2f} s, {3:.0f} MiB", number + 1, floors[-1].seconds, audits[-1].seconds, audits[-1].rss)
    seconds = statistics.median(each.seconds for each in audits)
    floor = statistics.median(each.seconds for each in floors)
    per_endpoint = bench.loop(addresses[:LOOP_HOSTS])
    say("loop of delegated tasks: {0:.3f} s per endpoint", per_endpoint)
    silent = max(1, count // 10)
    with dead(silent) as hanging:
        mixed = [hanging[i // 10] if i % 10 == 0 else address for i, address in enumerate(addresses[: silent * 10])]
        with_dead = bench.audit(mixed, failing=sum(address in set(hanging) for address in mixed))
    say("{0} of {1} dead: {2:.2f} s", silent, len(mixed), with_dead.seconds)
    large = bench.audit(bench.addresses(count * 10))
    say("{0} endpoints: {1:.2f} s, {2:.0f} MiB", count * 10, large.seconds, large.rss)
    return {
        "endpoints": count,
        "seconds": round(seconds, 3),
        "handshakes_per_endpoint": bench.handshakes,
        "floor_seconds": round(floor, 3),
        "ratio_to_floor": round(seconds / floor, 3),
        "loop_seconds_per_endpoint": round(per_endpoint, 4),
        "speedup": round(per_endpoint * count / seconds, 1),
        "rss_mib": round(max(each.rss for each in audits), 1),
        "seconds_10000": round(large.seconds, 3),
        "seconds_with_dead": round(with_dead.seconds, 3),
    }


def main() -> None:
    """Start the server, measure, print."""
    count = int(os.environ.get("ENDPOINTS", "1000"))
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name))
        with bench.triton:
            result = run(bench, count)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
