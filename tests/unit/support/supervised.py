# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real supervisord with the program triton-blue, for tests; and a small server for it to run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Optional

from ansible_collections.inferops.triton.plugins.module_utils._triton.supervisor import Supervisor
from ansible_collections.inferops.triton.tests.unit.support import hostmodule, triton

_CONFIG = """
[supervisord]
logfile = %(here)s/supervisord.log
pidfile = %(here)s/supervisord.pid
nodaemon = true
[unix_http_server]
file = %(here)s/s.sock
username = triton
password = s3cr3t
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://%(here)s/s.sock ; as supervisorctl reads it
username = triton
password = s3cr3t
"""
_PROGRAM = """
[program:triton-blue]
command = {root}/instances/blue/start blue
environment = RUNTIME_DIRECTORY="{run}/blue"
autostart = {autostart}
autorestart = true
startsecs = {startsecs}
startretries = 2
stopasgroup = true
killasgroup = true
redirect_stderr = true
stdout_logfile = {root}/blue.log
"""
START = """#!/bin/sh
set -eu
cd -P -- "$(dirname -- "$0")"
printf '%s\\n' "${{PWD##*/}}" > "$RUNTIME_DIRECTORY/generation"
echo "starting ${{PWD##*/}}"
exec {command}
"""
# Listens, and does what a line of its arguments says before that.
_SERVER = """
import socket, sys, time
exec(sys.argv[2])
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen()
print("listening", flush=True)
while True:
    server.accept()[0].sendall(open("answer").read().encode())
"""


class Supervised:
    """A host without systemd: a root for generations, a run directory, a supervisord."""

    def __init__(self, folder: Path, program: bool = True, autostart: bool = False, startsecs: int = 1) -> None:
        self.root = folder / "triton"
        self.run_directory = folder / "run"
        self.config = folder / "supervisord.conf"
        self.port = triton.free_port()
        self.process: Optional[subprocess.Popen[bytes]] = None
        (self.run_directory / "blue").mkdir(parents=True)
        self.root.mkdir()
        self._program = _PROGRAM.format(
            root=self.root, run=self.run_directory, autostart=str(autostart).lower(), startsecs=startsecs
        )
        self.config.write_text(_CONFIG + (self._program if program else ""))

    def add_program(self) -> None:
        """Adds the program to the configuration, which supervisord has read already."""
        self.config.write_text(_CONFIG + self._program)

    def __enter__(self) -> Supervised:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", self.config],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.root,
            env=triton.environment(self.root.parent),
        )
        deadline = time.monotonic() + 20
        while not (self.config.parent / "s.sock").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)

    @property
    def manager(self) -> Supervisor:
        """The back end for the instance."""
        return Supervisor("blue", str(self.config))

    def options(self, **more: Any) -> dict[str, Any]:
        """Options of the module for this host."""
        return {
            "path": str(self.root),
            "instance": "blue",
            "service_manager": "supervisor",
            "supervisor_config": str(self.config),
            "run_directory": str(self.run_directory),
            **more,
        }

    def stage(self, answer: str = "hello", before: str = "pass", command: str = "", files: Any = (), **more: Any) -> Any:
        """Stages a generation whose server answers so, after having executed a line of Python."""
        run = command or f"'{sys.executable}' server.py {self.port} '{before}'"
        given = [
            {"path": "start", "content": START.format(command=run), "mode": "0555"},
            {"path": "server.py", "content": _SERVER},
            {"path": "answer", "content": answer},
            *files,
        ]
        return hostmodule.run("triton_generation", self.options(state="staged", files=given), **more)

    def activate(self, generation: str, kill_at: Optional[int] = None, check: bool = False, **more: Any) -> dict[str, Any]:
        """Activates a generation, and waits for the server's port."""
        options = self.options(**{"state": "active", "id": generation, "port": self.port, "ready_timeout": 20, **more})
        return hostmodule.run("triton_generation", options, kill_at=kill_at, check=check)

    def running(self) -> Optional[str]:
        """The id that the server's start script wrote."""
        try:
            return (self.run_directory / "blue" / "generation").read_text().strip()
        except FileNotFoundError:
            return None

    def log(self) -> str:
        """All that the program ever wrote."""
        return (self.root / "blue.log").read_text()

    def linked(self) -> Optional[str]:
        """The id that the instance's symlink names."""
        try:
            return os.path.basename(os.readlink(self.root / "instances" / "blue"))
        except FileNotFoundError:
            return None
