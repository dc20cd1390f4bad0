# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet on this machine: hosts that Ansible reaches by its local connection, each with a real Triton under a Supervisor of its own,
and the collection's playbooks run on it by ansible-runner, whose events are what a run is judged by."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import ansible_runner

from ansible_collections.inferops.triton.tests.unit.support import triton
from ansible_collections.inferops.triton.tests.unit.support.supervised import Supervised

Data = t.Dict[str, t.Any]
# The model of the test inference: one that answers at once, and one that is slower than any machine is busy.
PROBE = triton.Model("probe")
SLOW_PROBE = triton.Model("probe", delay=0.1)
_TENSOR: Data = {"data": [1.0, 2.0]}


@dataclass
class Run:
    """One playbook: its exit status, its events in order, and the rollout's summary, where it wrote one."""

    status: int
    events: t.List[Data]
    summary: Data

    def hosts(self, event: str) -> t.List[str]:
        """Hosts with such events, in their order, each as often as it has one."""
        return [each["event_data"]["host"] for each in self.events if each["event"] == event]

    def results(self, task: str) -> t.Dict[str, Data]:
        """By host what a task gave, whatever became of it."""
        kinds = ("runner_on_ok", "runner_on_failed", "runner_item_on_ok")
        found = [each["event_data"] for each in self.events if each["event"] in kinds]
        return {each["host"]: each["res"] for each in found if each["task"] == task}

    @property
    def states(self) -> t.Dict[str, str]:
        """What the summary says became of each host."""
        return {host["name"]: host["state"] for host in self.summary["hosts"]}

    @property
    def told(self) -> str:
        """All that was shown."""
        return "\n".join(each["stdout"] for each in self.events)


@dataclass
class Fleet:
    """Hosts by name; `variables` and those of each host are the inventory's, to be changed between runs."""

    folder: Path
    hosts: t.Dict[str, Data] = field(default_factory=dict)
    supervised: t.Dict[str, Supervised] = field(default_factory=dict)
    variables: Data = field(default_factory=dict)

    def run(self, playbook: str, *arguments: str, **extra: t.Any) -> Run:
        """A playbook of the collection; `extra` goes by --extra-vars."""
        (self.folder / "inventory.json").write_text(json.dumps({"triton": {"hosts": self.hosts, "vars": self.variables}}))
        summary = self.folder / "summary.json"
        summary.unlink(missing_ok=True)
        # A folder for each run: ansible-runner keeps in it what it was given, and gives it to the next run as well.
        private = tempfile.mkdtemp(prefix="runner-", dir=self.folder)
        done = ansible_runner.run(
            private_data_dir=private,
            playbook="inferops.triton." + playbook,
            inventory=str(self.folder / "inventory.json"),
            cmdline=" ".join(arguments) or None,
            extravars={"triton_rollout_summary_file": str(summary), **extra} if playbook != "verify" else extra,
            envvars={
                "ANSIBLE_HOME": str(self.folder / "ansible"),
                "ANSIBLE_PIPELINING": "true",
                "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
            },
            quiet=True,
        )
        return Run(done.rc, list(done.events), json.loads(summary.read_text()) if summary.exists() else {})

    def running(self) -> t.Dict[str, t.Optional[str]]:
        """The generation that each host's Triton really runs, as its own start script has written."""
        return {name: host.running() for name, host in self.supervised.items()}


@contextlib.contextmanager
def local_fleet(folder: Path, names: t.Sequence[str]) -> t.Iterator[Fleet]:
    """Bare hosts, with models of both speeds in `folder`."""
    backends = str(triton.backends(folder))
    for name, model in (("fast", PROBE), ("slow", SLOW_PROBE)):
        model.write(folder / "models" / name)
    base = triton.wheel() / "pytriton" / "tritonserver" / "bin" / "tritonserver"
    fleet = Fleet(folder)
    fleet.variables = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
        "tls_certificates_ca_directory": str(folder / "ca"),
        "tls_certificates_owner": str(os.geteuid()),
        "tls_certificates_group": str(os.getegid()),
        "tls_certificates_names": ["{{ inventory_hostname }}"],
        "triton_server_engine": "native",
        "triton_server_native_binary": str(base),
        "triton_server_native_environment": {
            "LD_LIBRARY_PATH": triton.libraries(folder),
            "PATH": os.path.dirname(sys.executable) + ":/usr/bin:/bin",
        },
        "triton_server_options": {"backend-directory": backends, "allow-metrics": False},
        "triton_server_models": [{"path": str(folder / "models" / "fast")}],
        "triton_server_test_model": False,
        "triton_server_user": str(os.geteuid()),
        "triton_server_group": str(os.getegid()),
        "triton_server_manage_user": False,
        "triton_server_manage_packages": False,
        "triton_server_service_manager": "supervisor",
        "triton_server_mutual_tls": True,
        "triton_server_exit_timeout": 2,
        "triton_verify_model": PROBE.name,
        "triton_verify_inputs": {"INPUT": {"datatype": "FP32", "shape": [2], **_TENSOR}},
        "triton_verify_outputs": {"OUTPUT": _TENSOR},
        "triton_verify_details": False,
    }
    with contextlib.ExitStack() as stack:
        for number, name in enumerate(names, 1):
            home = folder / name
            home.mkdir()
            supervised = stack.enter_context(Supervised(home))
            fleet.supervised[name] = supervised
            fleet.hosts[name] = {
                "ansible_host": f"127.0.0.{number}",
                "tls_certificates_directory": str(home / "tls"),
                **{f"triton_server_tls_{kind}_file": str(home / "tls" / f"tls.{end}") for kind, end in (("cert", "crt"), ("key", "key"))},
                "triton_server_tls_ca_file": str(home / "tls" / "ca.crt"),
                "triton_server_directory": str(supervised.root),
                "triton_server_data_directory": str(home / "data"),
                "triton_server_run_directory": str(supervised.run_directory),
                "triton_server_supervisor_config": str(supervised.config),
                "triton_server_grpc_address": f"127.0.0.{number}",
                **{f"triton_server_{protocol}_port": triton.free_port() for protocol in ("grpc", "http", "metrics")},
            }
        yield fleet
