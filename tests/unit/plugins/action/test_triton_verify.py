# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin in real playbooks: progress while the module runs, and Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest
import yaml

import ansible_collections
from ansible_collections.inferops.triton.plugins.action import triton_verify
from ansible_collections.inferops.triton.plugins.module_utils._triton.progress import Progress
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import servers
from ansible_collections.inferops.triton.tests.unit.support.audits import both_ways
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton

Options = t.Dict[str, t.Any]
LINE = re.compile(r"^triton_verify: (\d+) of \d+ endpoints, (\d+) failed, (\d+) s$", re.MULTILINE)


@pytest.fixture(name="endpoint")
def fixture_endpoint(pki: Pki, triton: Triton) -> Options:
    return both_ways(pki, triton.port, name="good")


@contextlib.contextmanager
def play(folder: Path, options: Options, task: Options, *arguments: str) -> t.Iterator["subprocess.Popen[str]"]:
    """ansible-playbook with one task, for a host that is reached in no other way than by delegation."""
    playbook = folder / "play.yml"
    audit = {"name": "Audit", "inferops.triton.triton_verify": options, "register": "audit", **task}
    shown = {"ansible.builtin.debug": {"msg": "codes {{ audit.results | map(attribute='ok') | join(' ') }}"}}
    tasks = [audit] if task.get("no_log") else [audit, {"name": "Show", **shown}]
    playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    paths = os.pathsep.join(str(Path(folder).parent) for folder in ansible_collections.__path__)
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH", paths),
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    # Where Ansible is not in a virtual environment, its programs need not lie beside the interpreter.
    program = shutil.which("ansible-playbook", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert program, "ansible-playbook is not on PATH"
    command = [program, "-i", "gpu1,", str(playbook), *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("arguments", [(), ("--check",)])
def test_progress_of_a_run_that_takes_time(endpoint: Options, tmp_path: Path, arguments: t.Tuple[str, ...]) -> None:
    with servers.listener(servers.silent) as port:
        hanging = {**endpoint, "address": "127.0.0.1:{0}".format(port)}
        options = {"endpoints": [endpoint, hanging, {**endpoint, "address": "nonsense"}], "timeout": 8}
        with play(tmp_path, options, {"delegate_to": "localhost"}, *arguments) as process:
            output, _errors = process.communicate(timeout=120)
    assert process.returncode == 0, output
    lines = LINE.findall(output)
    # The last line may come when all is over.
    assert ("2", "1") in [line[:2] for line in lines], output
    assert int(lines[0][2]) >= 3
    assert all(int(later[2]) - int(sooner[2]) >= 4 for sooner, later in zip(lines, lines[1:]))
    assert "codes True False False" in output
    # Local temporary files are gone, the folder that progress was told in among them.
    assert list((tmp_path / "local").rglob("progress*")) == []


@pytest.mark.parametrize("task", [{"no_log": True}, {"async": 60, "poll": 1}])
def test_run_that_may_not_show_progress(endpoint: Options, tmp_path: Path, task: Options) -> None:
    with servers.listener(servers.silent) as port:
        hanging = {**endpoint, "address": "127.0.0.1:{0}".format(port)}
        options = {"endpoints": [endpoint, hanging], "timeout": 5}
        with play(tmp_path, options, {"delegate_to": "localhost", **task}) as process:
            output, _errors = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "triton_verify:" not in output
    assert ("codes True False" in output) is not task.get("no_log", False)


def test_quick_run_shows_no_progress(endpoint: Options, tmp_path: Path) -> None:
    """A run is quick that ends within the patience of three seconds, which no machine can be asked to keep."""
    with play(tmp_path, {"endpoints": [endpoint]}, {"delegate_to": "localhost"}) as process:
        output, _errors = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert [line for line in LINE.findall(output) if int(line[2]) < 3] == []
    assert "codes True" in output


class Clock:
    """Time that passes only where somebody waits, and what the module has told by then."""

    def __init__(self, news: t.Mapping[float, Progress], end: float) -> None:
        self.now, self._news, self._end = 0.0, news, end

    def wait(self, seconds: float) -> bool:
        """As threading.Event does: whether the run is over."""
        self.now += seconds
        return self.now >= self._end

    def monotonic(self) -> float:
        return self.now

    def read(self, _path: str) -> t.Optional[Progress]:
        told = [moment for moment in self._news if moment <= self.now]
        return self._news[max(told)] if told else None


@pytest.mark.parametrize(
    "news, end, expected",
    [
        ({1.0: Progress(9, 10, 0)}, 3.0, []),  # quick
        ({1.0: Progress(9, 10, 0)}, 30.0, ["3 s"]),  # no news since
        ({1.0: Progress(1, 10, 0), 3.5: Progress(2, 10, 0), 6.0: Progress(3, 10, 0)}, 30.0, ["3 s", "8 s"]),
        ({20.0: Progress(1, 10, 0)}, 30.0, ["20 s"]),
        ({}, 30.0, []),  # a module that tells nothing
    ],
)
def test_moments_of_progress(
    news: t.Mapping[float, Progress], end: float, expected: t.List[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(news, end)
    shown: t.List[str] = []
    monkeypatch.setattr(triton_verify, "time", clock)
    monkeypatch.setattr(triton_verify, "progress", clock)
    monkeypatch.setattr(triton_verify.display, "display", shown.append)
    # A thread of its own, for it blocks signals.
    reporter = threading.Thread(target=triton_verify._report, args=("progress.json", clock))
    reporter.start()
    reporter.join()
    assert [line.rpartition(", ")[2] for line in shown] == expected


def test_interrupted_playbook_leaves_nothing_running(endpoint: Options, tmp_path: Path) -> None:
    """SIGINT to ansible-playbook: the worker passes SIGTERM on, and the module ends at once."""
    told = tmp_path / "progress.json"
    with servers.listener(servers.silent) as port:
        hanging = {**endpoint, "address": "127.0.0.1:{0}".format(port)}
        options = {"endpoints": [endpoint, hanging, hanging], "timeout": 50, "progress_file": str(told)}
        with play(tmp_path, options, {"delegate_to": "localhost"}) as process:
            assert process.stdout is not None
            # The first line of progress shows that the module is in the middle of it.
            assert any(LINE.search(line) for line in iter(process.stdout.readline, ""))
            # Not while it is being passed on: a worker that dies with the queue's lock hangs Ansible, in any task that displays something.
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            # The end of the output means that nobody holds the pipe any more: worker and module are gone.
            process.communicate(timeout=20)
    # The status that an interrupted ansible-playbook ends with is not ours, and differs between releases.
    assert '"total": 3' in told.read_text()


def test_line() -> None:
    shown = triton_verify.line(Progress(340, 1000, 3), 12.4)
    assert shown == "triton_verify: 340 of 1000 endpoints, 3 failed, 12 s"


def test_no_grpc_in_ansible_itself() -> None:
    """Importing gRPC before Ansible forks its workers would break both."""
    program = "import sys; import {0}; print(sorted(m for m in sys.modules if m.split('.')[0] in {1}))"
    command = [sys.executable, "-c", program.format(triton_verify.__name__, {"grpc", "tritonclient", "OpenSSL"})]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "[]\n"
