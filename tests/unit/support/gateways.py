# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway of a host without systemd: the configuration that the role renders, a real HAProxy under a real supervisord."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import yaml

from ansible_collections.inferops.triton.plugins.module_utils._triton import content
from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.plugins.module_utils._triton.hostinfo import listening
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._triton.generations import stage
from ansible_collections.inferops.triton.tests.unit.support import hostmodule, triton
from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity
from ansible_collections.inferops.triton.tests.unit.support.triton import free_port

ROLE = Path(__file__).resolve().parents[3] / "roles" / "triton_gateway"
COLOURS = ("blue", "green")
_PLAY = """
- hosts: all
  gather_facts: false
  vars_files: ["{role}/vars/main.yml"]
  tasks:
    - ansible.builtin.copy:
        content: "{{{{ lookup('ansible.builtin.template', '{role}/templates/{template}') }}}}"
        dest: "{folder}/{{{{ inventory_hostname }}}}"
        mode: "0600"
"""
_SUPERVISORD = """
[supervisord]
logfile = %(here)s/supervisord.log
pidfile = %(here)s/supervisord.pid
nodaemon = true
[unix_http_server]
file = %(here)s/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://%(here)s/s.sock
[program:triton-gateway]
; Its log goes to the file itself; errors, on standard error, come through supervisord, where the module asks for them.
command = /bin/sh -c "exec >> {root}/gateway.log; /bin/sh {root}/gateway/prepare {root} {run} &&
  exec {haproxy} -W -f {root}/gateway/haproxy.cfg -S {run}/control/master.sock,mode,600"
redirect_stderr = true
stdout_logfile = {root}/gateway.log
autostart = false
autorestart = true
startsecs = 0
stopasgroup = true
killasgroup = true
"""


def executable() -> str:
    """HAProxy; Debian keeps it where an ordinary user's PATH does not look."""
    found = shutil.which("haproxy", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"]))
    assert found, "haproxy is missing: apt-get install haproxy"
    return found


def render(folder: Path, cases: t.Mapping[str, t.Mapping[str, t.Any]], template: str = "haproxy.cfg.j2") -> t.Dict[str, str]:
    """Name to text for each case of the role's variables; one run of Ansible for all."""
    folder.mkdir(parents=True, exist_ok=True)
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    hosts = {name: {**defaults, **case, "ansible_connection": "local"} for name, case in cases.items()}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (folder / "play.yml").write_text(_PLAY.format(role=ROLE, folder=folder, template=template))
    program = shutil.which("ansible-playbook", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert program, "ansible-playbook is not on PATH"
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(folder / "local"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable, "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(
        [program, "-i", str(folder / "hosts.json"), str(folder / "play.yml")], capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: (folder / name).read_text(encoding="utf-8") for name in cases}


class Ports:
    """Free ports for one gateway, as the role's variables."""

    def __init__(self) -> None:
        self.grpc, self.http, self.metrics, self.stats = (free_port() for _port in range(4))
        self.instances = {colour: {"grpc": free_port(), "http": free_port(), "metrics": free_port()} for colour in COLOURS}

    def variables(self, run_directory: Path) -> t.Dict[str, t.Any]:
        return {
            "triton_gateway_address": "127.0.0.1",
            "triton_gateway_grpc_port": self.grpc,
            "triton_gateway_http_port": self.http,
            "triton_gateway_metrics_port": self.metrics,
            "triton_gateway_stats_port": self.stats,
            "triton_gateway_instance_ports": self.instances,
            "triton_gateway_run_directory": str(run_directory),
            "triton_gateway_connect_wait": 2,
            # Twice as many files must be allowed to whoever runs the tests.
            "triton_gateway_max_connections": 2000,
        }


def server(folder: Path, ports: t.Mapping[str, int], pki: t.Any, *models: triton.Model, mutual: bool = False, **more: t.Any) -> triton.Triton:
    """A real Triton behind the gateway: with TLS on gRPC, explicit model control and metrics."""
    return triton.Triton(
        folder,
        models=(triton.IDENTITY, *models),
        arguments=[
            *triton.tls_flags(more.get("certificate", pki.server_cert), more.get("key", pki.server_key), pki.ca_file, mutual=mutual),
            "--model-control-mode=explicit",
            "--load-model=*",
            "--allow-metrics=true",
            "--metrics-address=127.0.0.1",
            f"--metrics-port={ports['metrics']}",
            *more.get("arguments", ()),
        ],
        port=ports["grpc"],
        http_port=ports["http"],
    )


class Host:
    """A root with generations of blue and green, a run directory, a supervisord that runs HAProxy."""

    def __init__(self, folder: Path, ports: t.Optional[Ports] = None) -> None:
        self.folder = folder
        self.root = folder / "triton"
        self.run_directory = folder / "run"
        (self.run_directory / "control").mkdir(parents=True)
        self.root.mkdir()
        self.ports = ports or Ports()
        self.store = Store(str(self.root))
        self.supervisord = folder / "supervisord.conf"
        self.supervisord.write_text(_SUPERVISORD.format(root=self.root, run=self.run_directory, haproxy=executable()))
        self.process: t.Optional["subprocess.Popen[bytes]"] = None

    def give(self, instance: str, identity: Identity, ca: t.Optional[str] = None) -> str:
        """Lets an instance have a generation with this certificate; returns its id."""
        files: t.List[t.Dict[str, t.Any]] = [
            {"path": "start", "content": f"#!/bin/sh\n# {instance}\n", "mode": "0555"},
            {"path": "tls/tls.crt", "content": identity.chain_pem},
            {"path": "tls/tls.key", "secret": identity.key_pem},
        ]
        if ca is not None:
            files.append({"path": "tls/ca.crt", "content": ca})
        generation = stage(self.store, content.compose(files, {}))
        self.store.point(self.store.instance_link(instance), generation)
        return generation

    def module(self, state: str, check: bool = False, diff: bool = False, kill_at: t.Optional[int] = None, **options: t.Any) -> t.Dict[str, t.Any]:
        """A run of triton_gateway."""
        fixed = {
            "state": state,
            "path": str(self.root),
            "run_directory": str(self.run_directory),
            "executable": executable(),
            "service_manager": "supervisor",
            "supervisor_config": str(self.supervisord),
            "ready_timeout": 8,
        }
        return hostmodule.run("triton_gateway", {**fixed, **options}, check=check, diff=diff, kill_at=kill_at)

    def present(self, config: str, **options: t.Any) -> t.Dict[str, t.Any]:
        result = self.module("present", config=config, **options)
        assert not result.get("failed"), result
        return result

    @property
    def log(self) -> str:
        """What HAProxy has logged."""
        return (self.root / "gateway.log").read_text(errors="replace")

    def __enter__(self) -> "Host":
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.supervisord)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not (self.folder / "s.sock").exists():
            assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "supervisord.log").read_text()
            time.sleep(0.05)
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(30)


@contextlib.contextmanager
def plain_haproxy(folder: Path, text: str, port: int) -> t.Iterator[None]:
    """HAProxy with this configuration, without a master; until it listens on the port."""
    configuration = folder / "plain.cfg"
    configuration.write_text(text)
    process = subprocess.Popen([executable(), "-db", "-q", "-f", str(configuration)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not listening(port):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()
