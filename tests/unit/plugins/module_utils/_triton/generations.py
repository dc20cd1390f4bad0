# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small generations for tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Optional

from ansible_collections.inferops.triton.plugins.module_utils._triton import content as contents
from ansible_collections.inferops.triton.plugins.module_utils._triton import readable
from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.tests.unit.support.certificates import issue

KEY = issue("triton").key_pem
OTHER_KEY = issue("other").key_pem


def compose(extra: Optional[list[dict[str, Any]]] = None, key: str = KEY, **describe: Any) -> contents.Content:
    """A small generation."""
    specs: list[dict[str, Any]] = [
        {"path": "start", "content": "#!/bin/sh\n", "mode": "0555"},
        {"path": "tls/tls.key", "secret": key},
        {"path": "models/m/config.pbtxt", "content": 'name: "m"\n'},
    ]
    return contents.compose([*specs, *(extra or [])], describe)


def stage(store: Store, content: contents.Content) -> str:
    """Puts a generation on the disk, owned by whoever runs the tests."""
    with store.locked():
        return store.stage(content, readable.Account()).id


def snapshot(folder: str) -> dict[str, bytes]:
    """Every path below a folder with its content or its target."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        found[name] = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b"/"
    return found
