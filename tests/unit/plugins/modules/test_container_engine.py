# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible runs it, on a machine without an engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.inferops.triton.tests.unit.support import hostmodule

ROBOT = {"registry": "r.example", "username": "robot", "password": "s3cret-s3cret"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No program is to be found, and the home of the user is a bare one."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def test_a_bare_host_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key")
    options: dict[str, Any] = {"engine": "podman", "packages": ["podman"], "files": [str(tmp_path / "none")], "key_files": [str(tmp_path / "key")]}
    result = hostmodule.run("container_engine", options, check=True)
    assert not result["changed"] and result["changes"] == []
    assert result["engine"] == {"present": False, "version": None, "service_state": None, "enabled": False}
    assert result["packages"] == {"podman": None}
    assert result["files"] == {str(tmp_path / "none"): None} and result["fingerprints"] == {str(tmp_path / "key"): []}
    assert result["containers"] == [] and result["overridden"] == []


def test_nothing_is_written_where_there_is_no_engine() -> None:
    mirrors = [{"registry": "nvcr.io", "mirrors": ["mirror.example"]}]
    result = hostmodule.run("container_engine", {"engine": "podman", "registry_mirrors": mirrors})
    assert result["failed"] and result["diagnosis"] == "engine_missing" and "no podman" in result["cause"]
    assert not Path("/etc/containers/registries.conf.d/50-inferops-triton.conf").exists()


def test_a_password_is_never_shown() -> None:
    result = hostmodule.run("container_engine", {"engine": "podman", "registry_credentials": [ROBOT]}, check=True, diff=True)
    assert result["changed"] and "credentials for r.example" in result["changes"][0]
    assert "s3cret" not in json.dumps(result)
    assert [entry["after"] for entry in result["diff"]] == ["(credentials for r.example)\n"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"engine": "containerd"}, "engine"),
        ({"nvidia": "yes please"}, "nvidia"),
        ({"registry_cas": [{"registry": "r.example"}]}, "ca"),
        ({"allow": ["everything"]}, "allow"),
    ],
)
def test_options(options: dict[str, Any], says: str) -> None:
    result = hostmodule.run("container_engine", options, check=True)
    assert result["failed"] and says in result["msg"]
