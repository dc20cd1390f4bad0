# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIGKILL at every single change of the disk: the old or the new state is whole, and the next run finishes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.tests.unit.support.certificates import issue

# A process that holds the back end and forks for each step: a fork costs a fiftieth of a module's process.
SERVER = """
import json, os, sys
from ansible_collections.inferops.triton.plugins.module_utils._triton import content, generation, readable, service
from ansible_collections.inferops.triton.tests.unit.support import killed

def act(root, step, arguments):
    store = generation.Store(root)
    with store.locked():
        if step == "stage":
            store.stage(content.compose(arguments), readable.Account())
        elif step == "point":
            store.point(store.instance_link("blue"), arguments)
        elif step == "commit":
            service.commit(store, "blue", None, arguments)
        elif step == "prune":
            service.prune(store, arguments)

for line in sys.stdin:
    root, step, arguments, kill_at = json.loads(line)
    child = os.fork()
    if child == 0:
        if kill_at:
            killed.before_change(kill_at)
        try:
            act(root, step, arguments)
            os._exit(0)
        finally:
            os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
KEYS = [issue("old").key_pem, issue("new").key_pem]


def files(number: int) -> list[dict[str, Any]]:
    return [{"path": "start", "content": f"#!/bin/sh\n# {number}\n", "mode": "0555"}, {"path": "tls/tls.key", "secret": KEYS[number]}]


class Host:
    """Runs steps in processes of their own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, root: Path, step: str, arguments: Any, kill_at: int = 0) -> bool:
        """Runs a step, killed before its n-th change; whether it got to its end."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([str(root), step, arguments, kill_at]) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        assert status in (0, -signal.SIGKILL)
        return status == 0


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Host(process)


def state(root: Path) -> dict[str, Any]:
    """What a reader sees; fails where a generation or a link is not whole."""
    store = Store(str(root))
    for generation in store.ids():
        assert store.damage(generation) == []
    links = {name: store.target(name) for name in ("committed", "previous")}
    links["blue"] = store.running("blue")
    for target in links.values():
        assert target is None or target in store.ids()
    return {"ids": sorted(store.ids()), **links}


def leftovers(root: Path) -> list[str]:
    return [str(path) for path in root.rglob(".*") if path.name != ".lock"]


@pytest.mark.parametrize(
    ("before", "step", "arguments"),
    [
        ([], "stage", files(0)),
        ([("stage", files(0))], "stage", files(1)),
        ([("stage", files(0))], "point", 0),
        ([("stage", files(0)), ("point", 0), ("stage", files(1))], "point", 1),
        ([("stage", files(0)), ("point", 0)], "commit", False),
        ([("stage", files(0)), ("point", 0), ("commit", False), ("stage", files(1)), ("point", 1)], "commit", False),
        ([("stage", files(0)), ("point", 0), ("commit", False), ("stage", files(1)), ("point", 1), ("commit", False), ("point", 0)], "commit", True),
        ([("stage", files(0)), ("stage", files(1))], "prune", 0),
    ],
)
def test_killed_anywhere(tmp_path: Path, host: Host, before: list[tuple[str, Any]], step: str, arguments: Any) -> None:
    ids: list[str] = []
    (tmp_path / "before").mkdir()
    for name, argument in before:
        host.run(tmp_path / "before", name, ids[argument] if name == "point" else argument)
        ids += [found for found in Store(str(tmp_path / "before")).ids() if found not in ids]
    wanted = ids[arguments] if step == "point" else arguments
    old = state(tmp_path / "before")
    shutil.copytree(tmp_path / "before", tmp_path / "whole", symlinks=True)
    assert host.run(tmp_path / "whole", step, wanted)
    new = state(tmp_path / "whole")
    points = 0
    for point in range(1, 200):
        root = tmp_path / f"killed-{point}"
        shutil.copytree(tmp_path / "before", root, symlinks=True)
        if host.run(root, step, wanted, kill_at=point):
            break
        points = point
        seen = state(root)
        # Each link and each generation is the old one or the new one; nothing else is to be seen.
        for key, value in seen.items():
            between = [[item for item in old["ids"] if item in seen["ids"]]] if key == "ids" and step == "prune" else []
            if key == "previous" and step == "commit":
                between = [old["committed"]]
            assert value in (old[key], new[key], *between)
        assert host.run(root, step, wanted)
        assert state(root) == new
        assert leftovers(root) == []
    assert points >= 3


def test_a_killed_repair_is_finished(tmp_path: Path, host: Host) -> None:
    for point in range(1, 200):
        root = tmp_path / f"killed-{point}"
        host.run(root, "stage", files(0))
        (generation,) = Store(str(root)).ids()
        folder = root / "generations" / generation
        (folder / "start").unlink()
        (folder / "evil").write_text("x")
        if host.run(root, "stage", files(0), kill_at=point):
            break
        assert host.run(root, "stage", files(0))
        assert state(root)["ids"] == [generation]
        assert leftovers(root) == []
    assert point > 3
