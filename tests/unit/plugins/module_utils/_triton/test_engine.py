# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine is: asked once, then remembered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import engine
from ansible_collections.inferops.triton.tests.unit.support import triton

HELP = "Usage: tritonserver [options]\n  --model-repository <string>\n\tPath.\n"
IMAGE_ID = "sha256:" + "ab" * 32


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_real_binary(tmp_path: Path) -> None:
    binary = str(triton.wheel() / "pytriton" / "tritonserver" / "bin" / "tritonserver")
    given = {"type": "native", "binary": binary, "environment": {"LC_ALL": "C"}}
    found = engine.inspect(given, str(tmp_path / "cache"), write_cache=True)
    assert found.present and found.help and found.help.startswith("Usage: tritonserver") and found.problem is None
    assert found.id and len(found.id) == 64
    (cached,) = (tmp_path / "cache").iterdir()
    assert cached.name == f"help-{found.id[:20]}.txt" and cached.read_text() == found.help
    assert oct(cached.stat().st_mode & 0o777) == "0o644"


def test_asked_once(tmp_path: Path) -> None:
    """The environment is passed, standard error is read, and the second look starts no process."""
    server = program(tmp_path / "tritonserver", f'echo x >> "$CALLS"; echo notice >&2; printf %s "{HELP}" >&2; exit 1')
    calls = tmp_path / "calls"
    given = {"type": "native", "binary": str(server), "environment": {"CALLS": str(calls)}}
    assert engine.inspect(given, str(tmp_path / "cache"), write_cache=False).help == HELP
    assert not (tmp_path / "cache").exists()
    for _turn in range(2):
        assert engine.inspect(given, str(tmp_path / "cache"), write_cache=True).help == HELP
    assert calls.read_text() == "x\nx\n"
    program(server, f'echo y >> "$CALLS"; printf %s "{HELP}"')
    assert engine.inspect(given, str(tmp_path / "cache"), write_cache=True).help == HELP
    assert calls.read_text() == "x\nx\ny\n"


def test_a_spoilt_cache_is_not_believed(tmp_path: Path) -> None:
    server = program(tmp_path / "tritonserver", f'printf %s "{HELP}"')
    given = {"type": "native", "binary": str(server)}
    engine.inspect(given, str(tmp_path / "cache"), write_cache=True)
    (cached,) = (tmp_path / "cache").iterdir()
    cached.write_bytes(b"\xff")
    assert engine.inspect(given, str(tmp_path / "cache"), write_cache=True).help == HELP
    assert cached.read_text() == HELP


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    server = program(tmp_path / "tritonserver", f'printf %s "{HELP}"')
    (tmp_path / "cache").write_text("")
    assert engine.inspect({"type": "native", "binary": str(server)}, str(tmp_path / "cache"), write_cache=True).present


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "No such file"),
        ("echo some other program", "some other program"),
        ("echo 'error while loading shared libraries: libx.so' >&2; exit 127", "libx.so"),
        ("exit 3", "exit status 3"),
    ],
)
def test_problems_are_answers(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "tritonserver"
    if text:
        program(path, text)
    found = engine.inspect({"type": "native", "binary": str(path)}, str(tmp_path), write_cache=True)
    assert not found.present and found.help is None
    assert found.problem and problem in found.problem


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "tritonserver").write_text(HELP)
    found = engine.inspect({"type": "native", "binary": str(tmp_path / "tritonserver")}, str(tmp_path), write_cache=True)
    assert not found.present and found.problem and "not executable" in found.problem


@pytest.mark.parametrize("client", ["docker", "podman"])
def test_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: str) -> None:
    """docker prints the id with its algorithm, podman without."""
    shown = IMAGE_ID if client == "docker" else IMAGE_ID.partition(":")[2]
    answer = f"""echo "$@" >> {tmp_path}/calls
if [ "$2" = inspect ]; then
  [ "$5" = here ] || {{ echo "Error: No such image: $5" >&2; exit 1; }}
  echo {shown}; exit
fi
printf %s "{HELP}" >&2; exit 1"""
    program(tmp_path / client, answer)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for _turn in range(2):
        found = engine.inspect({"type": client, "image": "here"}, str(tmp_path / "cache"), write_cache=True)
        assert (found.present, found.id, found.help) == (True, IMAGE_ID, HELP)
    runs = [line for line in (tmp_path / "calls").read_text().splitlines() if line.startswith("run")]
    assert runs == [f"run --rm --network none --pull never --entrypoint tritonserver {IMAGE_ID} --help"]
    missing = engine.inspect({"type": client, "image": "gone"}, str(tmp_path / "cache"), write_cache=True)
    assert not missing.present and missing.id is None and missing.problem == "Error: No such image: gone"


def test_no_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = engine.inspect({"type": "docker", "image": "x"}, str(tmp_path), write_cache=True)
    assert not found.present and found.problem == "docker: No such file or directory"
