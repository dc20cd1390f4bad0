# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run for what three modules tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.inferops.triton.tests.unit.support import hostmodule


def asked(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        "nvidia": {"packages": ["no-such-package"], "paths": [str(folder)]},
        "tls": {"path": str(folder / "tls"), "owner": "root"},
        "triton": {
            "path": str(folder / "triton"),
            "engine": {"type": "native", "binary": str(folder / "none")},
            "user": "root",
            "paths": [str(folder)],
            "instances": ["blue"],
            "service_manager": "supervisor",
            "supervisor_config": str(folder / "none"),
        },
    }


def test_each_part_is_what_its_module_tells(tmp_path: Path) -> None:
    found = hostmodule.run("triton_host_info", asked(tmp_path))
    modules = {"nvidia": "nvidia_host_info", "tls": "tls_bundle_info", "triton": "triton_generation_info"}
    for part, module in modules.items():
        alone = hostmodule.run(module, asked(tmp_path)[part])
        told = {key: value for key, value in alone.items() if key not in ("changed", "invocation")}
        # Free space moves while tests run.
        told.pop("free_mib", None), found[part].pop("free_mib", None)
        assert found[part] == told


@pytest.mark.parametrize(
    ("part", "wrong", "said"),
    [
        ("nvidia", {"repositories": "often"}, "nvidia: value of repositories must be one of: never, bare, always"),
        ("tls", {"key_passphrase": "none"}, "tls: key_passphrase. Supported parameters include: group, owner, path"),
        ("triton", {"service_manager": "supervisor"}, "triton: service_manager is supervisor but all of the following are missing: supervisor_config"),
        ("triton", {"engine": {"type": "docker"}}, "triton: type is docker but all of the following are missing: image found in engine"),
    ],
)
def test_options_are_held_to_those_of_the_module(tmp_path: Path, part: str, wrong: dict[str, Any], said: str) -> None:
    result = hostmodule.run("triton_host_info", {**asked(tmp_path), part: wrong})
    assert result["failed"] and said in result["msg"]


def test_files_that_nothing_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No failure, where a role installs the library: it asks again afterwards."""
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "tls.crt").write_text("a certificate", encoding="utf-8")
    hidden = tmp_path / "path" / "cryptography"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('hidden')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(hidden.parent))
    found = hostmodule.run("triton_host_info", asked(tmp_path))
    assert found["tls"] == {"cryptography": None} and "python3-cryptography" in str(found["warnings"])
    assert not hostmodule.run("triton_host_info", asked(tmp_path), check=True)["tls"]["bundle"]["present"]
