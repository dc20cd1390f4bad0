# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package databases of hosts: dpkg, rpm, both as tools on one host, none. The programs are scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import packages

Make = Callable[[str, str], None]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """make(program, script): puts it on a PATH that has nothing else."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packages, "_REDHAT", str(tmp_path / "redhat-release"))

    def program(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    return program


def test_dpkg(make: Make) -> None:
    rows = ("a 1:1-1 installed hold ok", "b 2 half-configured install ok", "c 3 installed install reinstreq", "d  not-installed unknown ok")
    lines = "\\n".join(row.replace(" ", "\\t") for row in rows)
    make("dpkg-query", f"printf '{lines}\\n'; echo 'dpkg-query: no packages found matching e' >&2; exit 1")
    found = packages.listing()
    assert [(one.name, one.version, one.want) for one in found[:2]] == [("a", "1:1-1", "hold"), ("b", "2", "install")]
    assert [one.installed for one in found] == [True, False, True, False]
    assert [one.unfinished for one in found] == [False, True, True, False]
    assert packages.missing(["e", "a=1:1-1", "b", "c"]) == ["e", "b"]


def test_rpm(make: Make) -> None:
    make("rpm", "case \"$*\" in *--all*) printf 'x\\t1\\tinstalled\\tinstall\\tok\\n';; *) printf 'a\\t3:1-1\\tinstalled\\tinstall\\tok\\n"
         "package b is not installed\\n'; exit 1;; esac")  # fmt: skip
    assert [one.name for one in packages.listing()] == ["x"]
    assert packages.listing(["a", "b"]) == [packages.Package("a", "3:1-1")]
    assert packages.missing(["a", "b"]) == ["b"] and packages.missing([]) == []


def test_which_database_rules(make: Make, tmp_path: Path) -> None:
    assert packages.database() is None and packages.listing() == [] and packages.missing(["a"]) == ["a"]
    make("rpm", "exit 1")
    assert packages.database() == "rpm"
    make("dpkg-query", "exit 1")
    assert packages.database() == "dpkg"
    (tmp_path / "redhat-release").touch()
    assert packages.database() == "rpm"
