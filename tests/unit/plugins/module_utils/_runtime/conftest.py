# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of a host that answer as a test says, in the place of the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

Program = Callable[[str, str], Path]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """program(name, script): puts a shell script on a PATH that has the shell's own tools besides, and no engine; `calls` lists what was run."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("cat", "rm", "touch", "printf", "sed", "mkdir", "env", "python3", "sleep"):
        found = next(Path(where, tool) for where in ("/bin", "/usr/bin") if Path(where, tool).exists())
        (folder / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))

    def make(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >> "$CALLS"\n{script}\n')
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def calls(tmp_path: Path) -> Callable[[], list[str]]:
    return lambda: (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
