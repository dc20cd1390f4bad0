# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to change in daemon.json, and how the daemon is to be told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._runtime import daemon
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError

STANDIN = Path(__file__).parents[5] / "tests" / "bed" / "standins" / "nvidia_ctk.py"
FEATURES = '{\n  "features": {"containerd-snapshotter": true}\n}\n'


@pytest.fixture
def toolkit(program: Callable[[str, str], Path]) -> None:
    """The bed's stand-in of nvidia-ctk, which loses other features as the real one does."""
    program("nvidia-ctk", "").write_text("#!/usr/bin/env python3\n" + STANDIN.read_text(encoding="utf-8"), encoding="utf-8")


def plan(tmp_path: Path, text: str | None, wanted: dict[str, Any], nvidia: bool = False, default: bool = False, cdi: bool = False) -> daemon.Plan:
    path = tmp_path / "daemon.json"
    if text is not None:
        path.write_text(text)
    return daemon.plan(wanted, nvidia, default, cdi, str(path))


@pytest.mark.parametrize("text", [None, "", FEATURES])
def test_nvidia_is_reloaded(tmp_path: Path, toolkit: None, text: str | None) -> None:
    found = plan(tmp_path, text, {}, nvidia=True)
    assert found.paths in (["runtimes"], ["runtimes.nvidia"]) and not found.restart
    assert json.loads(found.new)["runtimes"]["nvidia"] == {"args": [], "path": "nvidia-container-runtime"}
    assert not plan(tmp_path, found.new, {}, nvidia=True).differs


def test_cdi_is_a_restart_and_keeps_other_features(tmp_path: Path, toolkit: None) -> None:
    """Though nvidia-ctk itself loses them."""
    found = plan(tmp_path, FEATURES, {}, nvidia=True, cdi=True)
    assert json.loads(found.new)["features"] == {"containerd-snapshotter": True, "cdi": True}
    assert found.restart and set(found.paths) == {"runtimes", "features.cdi"}


def test_the_default_runtime(tmp_path: Path, toolkit: None) -> None:
    found = plan(tmp_path, '{"default-runtime": "runc"}', {}, nvidia=True, default=True)
    assert json.loads(found.new)["default-runtime"] == "nvidia" and not found.restart


def test_a_runtime_that_is_there_is_left_alone(tmp_path: Path, program: Callable[[str, str], Path], calls: Callable[[], list[str]]) -> None:
    """Wherever its owner put it, and without asking the toolkit."""
    program("nvidia-ctk", "exit 1")
    assert not plan(tmp_path, '{"runtimes": {"nvidia": {"path": "/opt/nvidia/runtime"}}}', {}, nvidia=True).differs
    assert calls() == []


def test_without_the_toolkit_it_is_predicted(tmp_path: Path, program: Callable[[str, str], Path]) -> None:
    assert json.loads(plan(tmp_path, None, {}, nvidia=True).new) == {"runtimes": {"nvidia": {"path": "nvidia-container-runtime", "args": []}}}


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "echo '{\"runtimes\": []}' > ${4#--config=}"])
def test_a_toolkit_that_fails(tmp_path: Path, program: Callable[[str, str], Path], script: str) -> None:
    program("nvidia-ctk", f"echo 'unable to load config' >&2\n{script}")
    with pytest.raises(HostError) as caught:
        plan(tmp_path, None, {}, nvidia=True)
    assert caught.value.code == "toolkit_failed" and "unable to load config" in caught.value.cause


@pytest.mark.parametrize(
    ("wanted", "restart"),
    [
        ({"debug": True, "labels": ["a=b"], "registry-mirrors": ["https://m"], "live-restore": True}, False),
        ({"debug": True, "log-driver": "local"}, True),
        ({"features": {"x": True}}, True),
        ({"data-root": "/srv/docker"}, True),
    ],
)
def test_reload_or_restart(tmp_path: Path, program: Callable[[str, str], Path], wanted: dict[str, Any], restart: bool) -> None:
    assert plan(tmp_path, None, wanted).restart is restart


def test_a_broken_file_is_named_with_its_line(tmp_path: Path, program: Callable[[str, str], Path]) -> None:
    with pytest.raises(HostError) as caught:
        plan(tmp_path, '{\n  "debug": true,\n}', {"debug": False})
    assert caught.value.code == "daemon_json_invalid" and re.search("daemon[.]json, line [23]: ", caught.value.cause)


def test_docker_is_asked(tmp_path: Path, program: Callable[[str, str], Path], calls: Callable[[], list[str]]) -> None:
    program("dockerd", 'echo "unable to configure the Docker daemon with file $3: invalid log level: 7" >&2; exit 1')
    with pytest.raises(HostError) as caught:
        plan(tmp_path, None, {"log-level": "7"})
    assert caught.value.code == "daemon_json_refused"
    assert f"with file {daemon.PATH}: invalid log level" in caught.value.cause
    assert not plan(tmp_path, '{"log-level": "7"}', {"log-level": "7"}).differs  # nothing to change: not asked
    assert len(calls()) == 1


def test_docker_20_cannot_be_asked(tmp_path: Path, program: Callable[[str, str], Path]) -> None:
    program("dockerd", 'echo "unknown flag: --validate" >&2; exit 125')
    assert plan(tmp_path, None, {"debug": True}).differs


@pytest.mark.parametrize(
    ("info", "lacks"),
    [
        ({"Runtimes": {"runc": {}, "nvidia": {}}, "DefaultRuntime": "nvidia", "RegistryConfig": {"Mirrors": ["https://m.example/"]}}, []),
        ({"Runtimes": {"runc": {}}, "DefaultRuntime": "runc", "RegistryConfig": {"Mirrors": None}}, ["runtimes.nvidia", "default-runtime", "registry-mirrors"]),
        ({}, ["runtimes.nvidia", "default-runtime", "registry-mirrors"]),
    ],
)
def test_what_the_daemon_serves(info: dict[str, Any], lacks: list[str]) -> None:
    text = json.dumps({"runtimes": {"nvidia": {"path": "x"}}, "default-runtime": "nvidia", "registry-mirrors": ["https://m.example"]})
    assert daemon.served(info, text) == lacks
    assert daemon.served(info, "") == []


def test_no_password_of_a_proxy_is_shown() -> None:
    text = '{"proxies": {"http-proxy": "http://user:s3cret@proxy:3128", "no-proxy": "a//b:c"}}'
    assert daemon.shown(text) == text.replace("user:s3cret", "***:***")


@pytest.mark.parametrize(("answer", "known"), [("", False), ("[]", False), ('{"ServerVersion": ""}', False), ('{"ServerVersion": "26.1.5"}', True)])
def test_information(answer: str, known: bool) -> None:
    assert (daemon.information(answer) is not None) is known
