# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role tls_certificates costs a controller: a fleet with own_ca in check mode, bare and with nothing to do.

The hosts are folders of this machine (connection: local), so that the modules' own work on them is counted, too: in a real fleet that is
the hosts'. CPU seconds are those of ansible-playbook and all its processes; one task that looks at one file of every host is the measure
beside them, for a busy machine stretches both. HOSTS shrinks the fleet. The last line is one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from ansible_collections.inferops.triton.plugins.module_utils._tls import storage, store
from ansible_collections.inferops.triton.plugins.module_utils._tls.bundle import Source, desire
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue

HOSTS = int(os.environ.get("HOSTS", "500"))
FORKS = 16
_PLAYBOOK = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{"name": "Install the certificates", "ansible.builtin.import_role": {"name": "inferops.triton.tls_certificates"}}],
    }
]
_STAT = [{"hosts": "all", "gather_facts": False, "tasks": [{"name": "Look at a file", "ansible.builtin.stat": {"path": "/etc/hostname"}}]}]


class Fleet:
    """A CA in a folder, and hosts that are folders beside it."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.names = folder, [f"gpu{number}" for number in range(count)]
        self.root = issue("Triton CA", ca=True, end_days=3000)
        self.issuing = issue("Triton CA issuing", issuer=self.root, ca=True, end_days=1800)
        authority = folder / "ca"
        self.root.write(authority, "ca")
        Identity(self.issuing.certificate, self.issuing.private_key).write(authority, "issuing")
        issue("verifier", issuer=self.issuing, names=["verifier"], eku=[CLIENT], end_days=364).write(authority / "clients", "verifier")
        for name, plays in (("role", _PLAYBOOK), ("stat", _STAT)):
            (folder / f"{name}.json").write_text(json.dumps(plays), encoding="utf-8")

    def install(self) -> None:
        """Give every host the bundle that the role would give it."""
        for name in self.names:
            leaf = issue(name, issuer=self.issuing, names=[name], end_days=364)
            path = str(self.folder / "hosts" / name)
            content = desire(Source(leaf.chain_pem, None), Source(leaf.key_pem, None), Source(self.root.pem, None), path).content
            store.install(path, content, storage.MINE)

    def run(self, count: int, playbook: str = "role") -> t.Dict[str, float]:
        """Seconds and CPU seconds of a check run over so many hosts; RuntimeError where a host fails."""
        inventory = {
            "all": {
                "hosts": {name: {} for name in self.names[:count]},
                "vars": {
                    "ansible_connection": "local",
                    "ansible_python_interpreter": sys.executable,
                    "tls_certificates_directory": f"{self.folder}/hosts/{{{{ inventory_hostname }}}}",
                    "tls_certificates_owner": os.geteuid(),
                    "tls_certificates_group": os.getegid(),
                    "tls_certificates_names": ["{{ inventory_hostname }}"],
                    "tls_certificates_ca_directory": str(self.folder / "ca"),
                },
            }
        }
        (self.folder / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
        command = [
            str(Path(sys.executable).parent / "ansible-playbook"), "--check", "--forks", str(FORKS),
            "--inventory", str(self.folder / "inventory.json"), str(self.folder / f"{playbook}.json"),
        ]  # fmt: skip
        with (self.folder / "output").open("wb") as output:
            started = time.monotonic()
            process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
            _pid, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError((self.folder / "output").read_text(encoding="utf-8")[-3000:])
        return {"seconds": round(seconds, 1), "cpu": round(usage.ru_utime + usage.ru_stime, 1), "rss_mib": round(usage.ru_maxrss / 1024)}


def main() -> None:
    """Measure a fifth of the fleet and the whole, bare and installed."""
    result: t.Dict[str, t.Any] = {"hosts": HOSTS, "forks": FORKS}
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(Path(folder), HOSTS)
        result["stat"] = stat = fleet.run(HOSTS, "stat")
        print(f"one stat task: {HOSTS} hosts {stat['seconds']} s ({stat['cpu']} s CPU)")
        for state in ("bare", "nothing_due"):
            if state == "nothing_due":
                fleet.install()
            few, many = fleet.run(HOSTS // 5), fleet.run(HOSTS)
            per_host = [round(each["cpu"] / count, 3) for each, count in ((few, HOSTS // 5), (many, HOSTS))]
            print(f"{state}: {HOSTS // 5} hosts {few['seconds']} s ({few['cpu']} s CPU), {HOSTS} hosts {many['seconds']} s ({many['cpu']} s CPU);"
                  f" CPU per host {per_host[0]} and {per_host[1]} s, {many['cpu'] / stat['cpu']:.1f} times the stat task; {many['rss_mib']} MiB")
            result[state] = {"few": few, "many": many, "cpu_per_host": per_host}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
