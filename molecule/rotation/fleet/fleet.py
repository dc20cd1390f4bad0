# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provisioned fleet of the bed, seen from outside, and the collection's playbooks run against it as a user runs them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Optional

ROTATE = "inferops.triton.rotate_certificates"
ENVIRONMENT = {**os.environ, "ANSIBLE_FORCE_COLOR": "false", "ANSIBLE_NOCOLOR": "true", "PYTHONUNBUFFERED": "1"}
# The certificates of hosts are due, and their CA's is not: of a day, an hour has passed before it began, since they are dated back for wrong clocks.
DUE = {"tls_certificates_renewal_share": 0.97}


@dataclass
class Run:
    """What became of a playbook: exit status, output, and its summary (None where none was written)."""

    status: int
    output: str
    summary: Optional[dict[str, Any]]

    def states(self) -> dict[str, str]:
        """The state of each host, as the run claims. AssertionError with the output where there is no summary."""
        assert self.summary is not None, self.output[-4000:]
        return {host["name"]: host["state"] for host in self.summary["hosts"]}

    def changed(self) -> bool:
        """Whether Ansible counts a change."""
        recap = self.output.rpartition("PLAY RECAP")[2]
        return any(not part.startswith("changed=0") for part in recap.split() if part.startswith("changed="))


@dataclass
class Fleet:
    """hosts: number of each host by name; gateway: the bed's, whose last part the number replaces; inventory: arguments for
    ansible-playbook; pki: the controller's folder with ca/ and clients/; scratch: a folder for logs."""

    hosts: Mapping[str, int]
    gateway: str
    inventory: list[str]
    pki: Path
    scratch: Path

    def address(self, host: str) -> str:
        return "{0}.{1}".format(self.gateway.rpartition(".")[0], self.hosts[host])

    # What hosts are, asked independently

    def shell(self, host: str, script: str, check: bool = True) -> str:
        """Run a script on the host as root and return what it prints; raises CalledProcessError."""
        command = ["docker", "exec", "inferops-" + host, "sh", "-c", script]
        return subprocess.run(command, capture_output=True, text=True, check=check, timeout=120).stdout

    def served(self, host: str, port: int = 8001) -> str:
        """SHA-256 of the certificate that the host serves on a port, hex."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        with socket.create_connection((self.address(host), port), 5) as raw, context.wrap_socket(raw) as secured:
            return hashlib.sha256(secured.getpeercert(True) or b"").hexdigest()

    def all_served(self) -> dict[str, str]:
        return {host: self.served(host) for host in self.hosts}

    def installed(self, host: str) -> str:
        """The same of the certificate in /etc/triton/tls."""
        der = ssl.PEM_cert_to_DER_cert(self.shell(host, "sed '/-----END/q' /etc/triton/tls/tls.crt"))
        return hashlib.sha256(der).hexdigest()

    def generation(self, host: str) -> str:
        """The id that the running process itself wrote down when it started."""
        return self.shell(host, "c=$(basename $(readlink /etc/triton/active)); systemctl is-active --quiet triton@$c && cat /run/triton/$c/generation").strip()

    def asked_for(self, host: str) -> str:
        """What openssl prints of the CA names that the server asks clients for."""
        command = ["openssl", "s_client", "-connect", self.address(host) + ":8001", "-alpn", "h2"]
        # Who is asked for no certificate gets Triton's first HTTP/2 frames, too, which are no text.
        output = subprocess.run(command, input="", capture_output=True, text=True, errors="replace", timeout=20, check=False).stdout
        return output.partition("Acceptable client certificate CA names")[2].partition("Requested Signature")[0]

    def infer(self, host: str, identity: str = "verifier", model: str = "triton_identity") -> bool:
        """Whether a client in order gets the right answer, asked with tritonclient alone."""
        client = Path(__file__).resolve().parents[2] / "shared" / "client.py"
        pair = [str(self.pki / "clients" / (identity + suffix)) for suffix in (".crt", ".key")]
        command = [sys.executable, str(client), self.address(host) + ":8001", "--server-name", host, "--ca", str(self.pki / "ca/ca.crt")]
        command += ["--cert", pair[0], "--key", pair[1], "--model", model]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return bool(json.loads(done.stdout).get("output") == [1.0, 2.0, 3.0])

    def soon(self, question: Callable[[], Any], seconds: float = 40.0) -> Any:
        """The first true answer within that time; the last one, or the last error, after it."""
        end = time.monotonic() + seconds
        while True:
            try:
                answer = question()
            except (OSError, subprocess.CalledProcessError):
                if time.monotonic() > end:
                    raise
            else:
                if answer or time.monotonic() > end:
                    return answer
            time.sleep(0.5)

    # Faults

    @contextlib.contextmanager
    def service(self, host: str, colour: str, *lines: str) -> Iterator[None]:
        """The service of an instance of the host has these lines besides, from its next start to its first start after the block."""
        drop_in = f"/etc/systemd/system/triton@{colour}.service.d/zz-test.conf"
        text = "\n".join(["[Service]", *lines])
        self.shell(host, f"mkdir -p {Path(drop_in).parent} && cat > {drop_in} <<'END'\n{text}\nEND\nsystemctl daemon-reload")
        try:
            yield
        finally:
            self.shell(host, f"rm {drop_in} && systemctl daemon-reload")

    def only(self, host: str, generation: str) -> contextlib.AbstractContextManager[None]:
        """A start that only this generation survives, as if another one could not load its models."""
        same = 'test "$(basename "$(readlink -f /etc/triton/instances/blue)")" = ' + generation
        return self.service(host, "blue", f"ExecStartPre=/bin/sh -c '{same}'")

    # Playbooks

    def _command(self, playbook: str, variables: Mapping[str, Any], arguments: list[str]) -> list[str]:
        summary = {"triton_rollout_summary_file": str(self.scratch / "summary.json"), "triton_verify_details": False}
        program = str(Path(sys.executable).parent / "ansible-playbook")
        return [program, playbook, *self.inventory, "--extra-vars", json.dumps({**summary, **variables}), *arguments]

    def run(self, playbook: str = ROTATE, variables: Optional[Mapping[str, Any]] = None, *arguments: str) -> Run:
        """Run a playbook of the collection, with variables as --extra-vars."""
        summary = self.scratch / "summary.json"
        summary.unlink(missing_ok=True)
        command = self._command(playbook, variables or {}, list(arguments))
        done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=1800, check=False)
        (self.scratch / "last.log").write_text(done.stdout + done.stderr)
        found = json.loads(summary.read_text()) if summary.exists() else None
        return Run(done.returncode, done.stdout + done.stderr, found)

    def run_until(
        self,
        task: str,
        act: Callable[["subprocess.Popen[str]"], None],
        variables: Mapping[str, Any],
        *arguments: str,
        playbook: str = ROTATE,
        after: str = "",
    ) -> Run:
        """Run a playbook, call `act` with its process when it announces the task (and has said `after` before), and wait for its end. AssertionError
        if it never does."""
        summary = self.scratch / "summary.json"
        summary.unlink(missing_ok=True)
        process = subprocess.Popen(
            self._command(playbook, variables, list(arguments)),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT, start_new_session=True,
        )
        assert process.stdout is not None
        lines, acting, armed = [], None, False
        for line in process.stdout:
            lines.append(line)
            armed = armed or after in line
            if acting is None and armed and line.startswith("TASK [") and task in line:
                acting = threading.Thread(target=act, args=(process,))
                acting.start()
        status = process.wait()
        assert acting is not None, "the run has no task «{0}»:\n{1}".format(task, "".join(lines)[-4000:])
        acting.join()
        found = json.loads(summary.read_text()) if summary.exists() else None
        return Run(status, "".join(lines), found)


def kill_controller(process: "subprocess.Popen[str]") -> None:
    """SIGKILL to ansible-playbook and its workers."""
    os.killpg(process.pid, signal.SIGKILL)
