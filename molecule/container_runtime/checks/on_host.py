# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with a container engine that serves, and the role run against it alone."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host import Host, Run

HERE = Path(__file__).resolve().parent
DAEMON_JSON = "/etc/docker/daemon.json"
# What tells whether anything was changed or restarted.
STATE = r"""
find /etc/docker /etc/containers /etc/cdi /etc/apt ~root/.docker ~root/.config -type f -printf '%p %m %T@\n' 2>/dev/null | sort
systemctl show docker --property MainPID,ActiveEnterTimestampMonotonic 2>/dev/null
systemctl show triton@blue --property MainPID,ActiveEnterTimestampMonotonic
dpkg-query --show --showformat '${db:Status-Abbrev} ${Package} ${Version}\n' 'nvidia*' 'libnvidia*' 2>/dev/null
"""


# A folder on a file system of its own without a byte left.
FULL = """cp -a {0} /var/tmp/kept && mount -t tmpfs -o size=2m tmpfs {0} && cp -a /var/tmp/kept/. {0}/ && \\
  ! dd if=/dev/zero of={0}/.fill bs=1k 2>/dev/null"""


@dataclass
class Runtime(Host):
    """bed: what make bed built."""

    bed: Mapping[str, str] = field(default_factory=dict)

    def role(self, variables: Mapping[str, Any] | None = None, arguments: list[str] | None = None) -> Run:
        """The role container_runtime alone."""
        return self.run(str(HERE.parent / "role.yml"), variables, arguments)

    @contextlib.contextmanager
    def started(self, variables: Mapping[str, Any]) -> Iterator[subprocess.Popen[str]]:
        """The role at work, to be hurt meanwhile; at the end it has ended."""
        command = self._command(str(HERE.parent / "role.yml"), variables, [])
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True, env=dict(self.environment)) as process:
            yield process
            process.wait(timeout=120)

    @contextlib.contextmanager
    def full_disk(self, folder: str) -> Iterator[None]:
        """The folder's disk is full meanwhile."""
        self.shell(FULL.format(folder))
        try:
            yield
        finally:
            self.shell(f"umount {folder} && rm -r /var/tmp/kept")

    def kill_when(self, command: str, seconds: float = 300.0) -> None:
        """Kill the module, and the command, as soon as it runs that command."""
        end = time.monotonic() + seconds
        while not self.shell(f"pid=$(pgrep -xf '{command}') && kill -9 $(ps -o ppid= -p $pid) $pid && echo done || true"):
            assert time.monotonic() < end, f"«{command}» never ran"

    def state(self) -> list[str]:
        return self.shell(STATE, check=False).splitlines()

    def triton(self) -> str:
        """The container that serves: another id after a restart."""
        return self.shell(f"{self.engine} ps --no-trunc --quiet --filter name=triton-blue").strip()

    def refused(self, variables: Mapping[str, Any], *says: str) -> Run:
        """The role fails, says so in one error of ours, and leaves the host as it was, Triton included."""
        before, serving = self.state(), self.triton()
        run = self.role(variables)
        assert_fails(run, *says)
        assert self.state() == before
        assert self.triton() == serving and self.serves()
        return run

    def changed(self, variables: Mapping[str, Any] | None = None, arguments: list[str] | None = None) -> Run:
        """The role succeeds and changes something, and nothing more the second time."""
        run = self.role(variables, arguments)
        assert run.status == 0 and run.changed(), run.output[-3000:]
        again = self.role(variables)
        assert again.status == 0 and not again.changed(), again.output[-3000:]
        return run

    def pretend_driver(self, version: str) -> None:
        """Another driver is loaded from now on."""
        script = HERE.parents[2] / "tests" / "bed" / "standins" / "fake_driver.sh"
        subprocess.run(["docker", "exec", "-i", self.container, "sh", "-s", version], input=script.read_text(), text=True, check=True, timeout=60)


def assert_fails(run: Run, *says: str) -> None:
    assert run.status != 0, "the run should have failed"
    assert "Traceback" not in run.output and "is undefined" not in run.output, run.output[-3000:]
    for pattern in says:
        assert re.search(pattern, run.output), f"«{pattern}» is not in: {run.output[-3000:]}"
