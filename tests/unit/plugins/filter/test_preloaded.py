# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filter is for: after it, a process that is forked finds the filters of this collection loaded, and the connection."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PLAYBOOKS = Path(__file__).parents[4] / "playbooks"
# In a process of its own, for this one has loaded them. A child is forked as Ansible forks one for a task; what it imports is told.
PROGRAM = """
import gc, os, sys
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import connection_loader, filter_loader, init_plugin_loader
from ansible.template import Templar, trust_as_template
init_plugin_loader([])
templar = Templar(loader=DataLoader(), variables={"name": "gpu1"})
text = "{{ name | inferops.triton.preloaded('ssh') }}" if sys.argv[1] == "with" else "{{ name }}"
assert templar.template(trust_as_template(text)) == "gpu1"
child = os.fork()
if child == 0:
    before = set(sys.modules)
    filter_loader.get("inferops.triton.unknown_variables")
    connection_loader.get("ssh", class_only=True)
    for ours in ("ansible_collections.inferops", "ansible.plugins.connection.ssh"):
        print(sum(name.startswith(ours) for name in set(sys.modules) - before))
    print(gc.get_freeze_count(), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.parametrize("how", ["with", "without"])
def test_a_forked_process_imports_nothing_of_ours(how: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True, timeout=120)
    filters, connection, frozen = map(int, done.stdout.split())
    assert (filters == 0, connection == 0, frozen > 0) == ((how == "with",) * 3), done.stdout


@pytest.mark.parametrize("name", ["site", "upgrade", "rotate_certificates", "rollback", "verify"])
def test_the_first_play_of_a_playbook_uses_it(name: str) -> None:
    assert yaml.safe_load((PLAYBOOKS / f"{name}.yml").read_text())[0]["hosts"].endswith("| inferops.triton.preloaded }}")
