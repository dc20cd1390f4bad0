# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would change is shown, file by file, and no secret."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.inferops.triton.plugins.module_utils._triton import differences
from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._triton.generations import OTHER_KEY, compose, stage


def test_differences_show_what_changes_and_no_secret(store: Store) -> None:
    old = stage(store, compose([{"path": "gone", "content": "x\n"}, {"path": "mode", "content": "same\n"}], release="24.10"))
    binary = {"path": "data", "source": str(Path(store.root) / "binary")}
    (Path(store.root) / "binary").write_bytes(b"\xff\xfe\x00")
    new = compose([{"path": "mode", "content": "same\n", "mode": "0555"}, binary], key=OTHER_KEY, release="24.11")
    shown = {item["after_header"].partition("/")[2] or item["before_header"]: item for item in differences.differences(store, old, new)}
    assert set(shown) == {"data", "description", "mode", "tls/tls.key", f"{old}/gone"}
    assert (shown["mode"]["before"], shown["mode"]["after"]) == ("(mode 0444)\nsame\n", "(mode 0555)\nsame\n")
    assert shown["tls/tls.key"]["before"].startswith("(private key, SHA-256 of its public key ")
    assert '"release": "24.11"' in shown["description"]["after"]
    assert shown["data"]["after"].startswith("(binary, 3 bytes")
    assert "PRIVATE KEY" not in json.dumps(list(shown.values()))
    assert differences.changed_files(store, old, new) == ["data", "generation.json", "gone", "mode", "tls/tls.key"]
    assert differences.differences(store, old, compose([{"path": "gone", "content": "x\n"}, {"path": "mode", "content": "same\n"}], release="24.10")) == []
