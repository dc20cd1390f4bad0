# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of activating, its refusals, its waits; with a service manager that is a few variables."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import manager as states
from ansible_collections.inferops.triton.plugins.module_utils._triton import service
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.plugins.module_utils._triton.hostinfo import Listener
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._triton.generations import compose, stage

LOG = "E1 model_lifecycle.cc:642] \"failed to load 'm' version 1: Internal: RuntimeError: no\\n\\nAt\""


class Fake:
    """A service manager; what a start leads to is told by ``starts``, one state for each look."""

    service = "triton@blue.service"

    def __init__(self, run_directory: Path, store: Store) -> None:
        self.state = states.STOPPED
        self.is_enabled = False
        self.is_prepared = False
        self.calls: list[str] = []
        self.starts: list[str] = [states.RUNNING]
        self.restarts = 0
        self.mine = True
        self._runs = 0
        self._queue: list[str] = []
        self._run_directory = run_directory
        self._store = store

    def status(self) -> states.Status:
        if self._queue:
            self.state = self._queue.pop(0)
        return states.Status(self.state, run=str(self._runs), restarts=self.restarts, words=f"{self.state} (words)")

    def enabled(self) -> bool:
        return self.is_enabled

    def require(self) -> None:
        if self.state == states.MISSING:
            raise HostError("unit_missing", "It is missing.", "Install it.")

    def prepared(self) -> bool:
        return self.is_prepared

    def prepare(self, reload: bool) -> None:
        self.is_prepared = True
        self.calls.append("reload" if reload else "prepare")

    def enable(self) -> None:
        self.is_enabled = True
        self.calls.append("enable")

    def restart(self, timeout: float) -> None:
        self._runs += 1
        self.calls.append("restart")
        self._queue = list(self.starts)
        folder = self._run_directory / "blue"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "generation").write_text(str(self._store.running("blue")) + "\n")

    def stop(self, timeout: float) -> bool:
        changed = self.is_enabled or self.state != states.STOPPED
        self.state, self.is_enabled = states.STOPPED, False
        return changed

    def log(self, run: Optional[str]) -> str:
        return LOG

    def owns(self, listener: Listener) -> bool:
        return self.mine


@pytest.fixture
def fake(tmp_path: Path, store: Store) -> Fake:
    return Fake(tmp_path / "run", store)


@pytest.fixture
def port() -> Iterator[int]:
    """A port that listens, as the server's would."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


def activate(store: Store, fake: Fake, generation: str, check: bool = False, **request: Any) -> service.Outcome:
    times = iter(range(10_000))
    wanted = service.Request(instance="blue", generation=generation, **request)
    return service.activate(
        store, fake, str(fake._run_directory), wanted, check, clock=lambda: next(times), sleep=lambda seconds: None
    )


def unit(text: str) -> list[dict[str, Any]]:
    return [{"path": "unit.conf", "content": text}]


def test_first_run_repeated_run_next_run(store: Store, fake: Fake, port: int) -> None:
    first, second = stage(store, compose(n=1)), stage(store, compose(n=2))
    ports = [service.Port(port)]
    outcome = activate(store, fake, first, ports=ports)
    assert (outcome.changed, outcome.restarted, outcome.previous_id) == (True, True, None)
    assert fake.calls == ["prepare", "enable", "restart"]
    assert not activate(store, fake, first, ports=ports).changed
    assert fake.calls == ["prepare", "enable", "restart"]
    outcome = activate(store, fake, second, ports=ports)
    assert (outcome.changed, outcome.previous_id, outcome.reason) == (True, first, f"it ran the generation {first}")
    assert fake.calls[3:] == ["prepare", "enable", "restart"]
    store.point("committed", first)
    assert activate(store, fake, "committed", ports=ports).previous_id == second


def test_a_new_unit_text_is_read_by_the_manager(store: Store, fake: Fake) -> None:
    same = [stage(store, compose(unit("[Service]\n"), n=number)) for number in (1, 2)]
    other = stage(store, compose(unit("[Service]\nUser=x\n"), n=3))
    for generation in (*same, other):
        activate(store, fake, generation)
    assert [call for call in fake.calls if call in ("reload", "prepare")] == ["reload", "prepare", "reload"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda fake: setattr(fake, "state", states.FAILED), "triton@blue.service was failed (words)"),
        (lambda fake: setattr(fake, "state", states.STOPPED), "triton@blue.service was inactive (words)"),
        (lambda fake: setattr(fake, "is_prepared", False), "the configuration of triton@blue.service was incomplete"),
        (
            lambda fake: (fake._run_directory / "blue" / "generation").write_text("0" * 20),
            f"an earlier run ended before the restart: {'0' * 20} still ran",
        ),
    ],
)
def test_unfinished_business_is_finished(store: Store, fake: Fake, spoil: Any, reason: str) -> None:
    generation = stage(store, compose())
    activate(store, fake, generation)
    spoil(fake)
    predicted = activate(store, fake, generation, check=True)
    assert (predicted.changed, predicted.restarted, predicted.reason) == (True, True, reason)
    outcome = activate(store, fake, generation)
    assert (outcome.changed, outcome.restarted, outcome.reason) == (True, True, reason)
    assert not activate(store, fake, generation).changed


def test_only_enabling_is_no_restart(store: Store, fake: Fake) -> None:
    generation = stage(store, compose())
    activate(store, fake, generation)
    fake.is_enabled = False
    outcome = activate(store, fake, generation)
    assert (outcome.changed, outcome.restarted, fake.calls[-1]) == (True, False, "enable")


def test_a_start_under_way_is_waited_for(store: Store, fake: Fake) -> None:
    generation = stage(store, compose())
    activate(store, fake, generation)
    fake._queue = [states.STARTING, states.STARTING, states.RUNNING]
    outcome = activate(store, fake, generation)
    assert (outcome.changed, fake.calls.count("restart"), fake.state) == (False, 1, states.RUNNING)


def test_restart_on_request(store: Store, fake: Fake) -> None:
    generation = stage(store, compose())
    activate(store, fake, generation)
    assert activate(store, fake, generation, restart=True).restarted
    assert fake.calls.count("restart") == 2


def test_check_mode_changes_nothing(store: Store, fake: Fake) -> None:
    generation = stage(store, compose())
    outcome = activate(store, fake, generation, check=True)
    assert outcome.changed and outcome.restarted
    assert fake.calls == [] and store.running("blue") is None


@pytest.mark.parametrize("check", [False, True])
def test_a_port_of_someone_else_is_refused_before_anything_changes(store: Store, fake: Fake, port: int, check: bool) -> None:
    old, new = stage(store, compose(n=1)), stage(store, compose(n=2))
    activate(store, fake, old)
    fake.mine = False
    with pytest.raises(HostError) as caught:
        activate(store, fake, new, check=check, ports=[service.Port(port)])
    assert caught.value.code == "port_in_use"
    assert f"Port {port} on 127.0.0.1 is held by " in caught.value.cause and f"process {os.getpid()}" in caught.value.cause
    assert caught.value.details["listener"]["pid"] == os.getpid()
    assert store.running("blue") == old and fake.calls.count("restart") == 1
    # on another address the port is free
    activate(store, fake, new, check=True, ports=[service.Port(port, "127.0.0.2")])
    outcome = activate(store, fake, new, ports=[service.Port(port)], allow=frozenset(["port_in_use"]))
    assert outcome.changed and [item["code"] for item in outcome.overridden] == ["port_in_use"]


@pytest.mark.parametrize(
    ("starts", "code"),
    [
        ([states.STARTING, states.FAILED], "model_load_failed"),
        ([states.RUNNING, states.FAILED], "model_load_failed"),
        ([states.STARTING, states.STOPPED], "model_load_failed"),
        ([states.STARTING] * 99, "start_timeout"),
    ],
)
def test_failed_starts(store: Store, fake: Fake, port: int, starts: list[str], code: str) -> None:
    generation = stage(store, compose())
    fake.starts = starts
    with pytest.raises(HostError) as caught:
        activate(store, fake, generation, ports=[service.Port(port)], ready_timeout=20)
    assert caught.value.code == code
    assert caught.value.details["log"]
    assert store.running("blue") == generation


def test_a_timeout_says_what_was_waited_for(store: Store, fake: Fake) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        number = closed.getsockname()[1]
        with pytest.raises(HostError) as caught:
            activate(store, fake, stage(store, compose()), ports=[service.Port(number)], ready_timeout=5)
    assert caught.value.code == "start_timeout"
    assert f"waited 5 s for port {number} to listen" in caught.value.cause


def test_a_crash_loop_is_noticed(store: Store, fake: Fake, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    generation = stage(store, compose())
    looks = iter(range(1, 100))
    monkeypatch.setattr(fake, "status", lambda: states.Status(states.RUNNING, run=str(next(looks) // 4), words="active"))
    with pytest.raises(HostError) as caught:
        activate(store, fake, generation, ports=[service.Port(1)])
    assert caught.value.code == "model_load_failed"


def test_refusals_change_nothing(store: Store, fake: Fake) -> None:
    generation = stage(store, compose())
    os.chmod(os.path.join(store.folder(generation), "start"), 0o700)
    Path(store.folder(generation), "start").write_text("x")
    for wanted, code in ((generation, "generation_damaged"), ("f" * 20, "generation_unknown"), ("previous", "generation_unknown")):
        with pytest.raises(HostError) as caught:
            activate(store, fake, wanted)
        assert caught.value.code == code
    fake.state = states.MISSING
    with pytest.raises(HostError) as caught:
        activate(store, fake, stage(store, compose()))
    assert caught.value.code == "unit_missing"
    assert fake.calls == [] and store.running("blue") is None


def test_only_what_runs_is_committed(store: Store, fake: Fake) -> None:
    run_directory = str(fake._run_directory)
    old, new = stage(store, compose(n=1)), stage(store, compose(n=2))
    activate(store, fake, old)
    service.require_running(store, fake, run_directory, "blue")
    store.point(store.instance_link("blue"), new)
    with pytest.raises(HostError, match=f"running {old}") as caught:
        service.require_running(store, fake, run_directory, "blue")
    assert caught.value.code == "not_running"
    fake.state = states.FAILED
    with pytest.raises(HostError, match="is failed"):
        service.require_running(store, fake, run_directory, "blue")
    for unknown in (states.MISSING, states.UNKNOWN):
        fake.state = unknown
        service.require_running(store, fake, run_directory, "blue")


def test_stop(store: Store, fake: Fake) -> None:
    activate(store, fake, stage(store, compose()))
    assert service.stop(fake, 1, check=True).changed and fake.state == states.RUNNING
    assert service.stop(fake, 1).changed
    assert not service.stop(fake, 1, check=True).changed
    assert not service.stop(fake, 1).changed
    fake.state = states.UNKNOWN
    assert not service.stop(fake, 1).changed
