# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provisioned host of the bed, seen from outside, and the collection's playbooks run against it as a user runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping

SHARED = Path(__file__).resolve().parent.parent

# Everything on a host that a refused run must leave alone, and the process that serves. Files with their times; folders without, for
# a staging that fails comes and goes in them; and taking the lock is no change.
SNAPSHOT = r"""
find /etc/triton /etc/docker /etc/systemd/system /var/lib/triton /opt/triton \
  \( -type d -printf '%p %m %u:%g\n' -o -not -name .lock -printf '%p %y %m %u:%g %l %T@\n' \) 2>/dev/null | sort
systemctl show triton@blue --property ActiveState,UnitFileState,MainPID,ActiveEnterTimestampMonotonic
cat /run/triton/blue/generation
"""


@dataclass
class Run:
    """What became of a playbook: exit status, and its output with all white space made single blanks."""

    status: int
    output: str

    def changed(self) -> bool:
        return re.search(r"changed=[1-9]", self.output) is not None


@dataclass
class Host:
    """name: inventory name; container: Docker's name of it; address: host:port of gRPC; inventory: arguments for ansible-playbook;
    pki: the controller's folder with ca/ca.crt and clients/verifier.*; mutual: whether clients must identify themselves; engine: docker | native;
    share: {number: n, of: hosts} – this host takes each n-th of the cases that suit any host."""

    name: str
    container: str
    address: str
    inventory: list[str]
    pki: Path
    mutual: bool
    engine: str
    share: Mapping[str, int]
    scratch: Path
    environment: Mapping[str, str] = field(default_factory=lambda: {**os.environ, "ANSIBLE_FORCE_COLOR": "false", "ANSIBLE_NOCOLOR": "true"})

    def shell(self, script: str, check: bool = True) -> str:
        """Run a script on the host as root and return what it prints; raises CalledProcessError."""
        done = subprocess.run(["docker", "exec", self.container, "sh", "-c", script], capture_output=True, text=True, check=False, timeout=120)
        if check and done.returncode != 0:
            error = subprocess.CalledProcessError(done.returncode, script, done.stdout, done.stderr)
            error.add_note(done.stderr)
            raise error
        return done.stdout

    def snapshot(self) -> list[str]:
        return self.shell(SNAPSHOT, check=False).splitlines()

    def generation(self) -> str:
        """The id that the running process itself wrote down when it started."""
        return self.shell("systemctl is-active --quiet triton@blue && cat /run/triton/blue/generation").strip()

    def serves(self) -> bool:
        """Whether a client in order gets the right answer, asked with tritonclient alone."""
        command = [sys.executable, str(SHARED / "client.py"), self.address, "--server-name", self.name, "--ca", str(self.pki / "ca/ca.crt")]
        if self.mutual:
            command += ["--cert", str(self.pki / "clients/verifier.crt"), "--key", str(self.pki / "clients/verifier.key")]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer.get("output") == [1.0, 2.0, 3.0]

    def serves_soon(self, seconds: float = 30.0) -> bool:
        """Whether it serves within that time: a restart may be under way."""
        end = time.monotonic() + seconds
        while not self.serves():
            if time.monotonic() > end:
                return False
            time.sleep(0.5)
        return True

    def _command(self, playbook: str, variables: Mapping[str, Any], arguments: list[str]) -> list[str]:
        program = str(Path(sys.executable).parent / "ansible-playbook")
        return [program, playbook, *self.inventory, "--limit", self.name, "--extra-vars", json.dumps(variables), *arguments]

    def run(self, playbook: str, variables: Mapping[str, Any] | None = None, arguments: list[str] | None = None) -> Run:
        """Run a playbook of the collection against this host alone, with variables as --extra-vars."""
        command = self._command(playbook, variables or {}, arguments or [])
        done = subprocess.run(command, capture_output=True, text=True, env=dict(self.environment), timeout=900, check=False)
        text = done.stdout + done.stderr
        (self.scratch / "last.log").write_text(text)
        return Run(done.returncode, re.sub(r"\s+", " ", text))

    def run_and_kill(self, playbook: str, variables: Mapping[str, Any], task: str) -> bool:
        """Start a playbook and kill it, workers included, when it announces the task; False if that task never came."""
        command = self._command(playbook, variables, [])
        environment = {**self.environment, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith("TASK [") and task in line:
                    return True
            return False
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
