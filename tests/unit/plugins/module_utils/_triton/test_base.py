# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A generation made of another one, and what check mode says of one that is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import actions
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._triton.generations import OTHER_KEY, compose, snapshot, stage

DEFAULTS: dict[str, Any] = {
    "state": "staged", "instance": None, "base": None, "describe": {}, "owner": None, "group": None, "allow": [], "lock_timeout": 5
}


def ask(store: Store, files: list[dict[str, Any]], check: bool = False, **params: Any) -> dict[str, Any]:
    return actions.perform({**DEFAULTS, "path": store.root, "files": files, **params}, check, False)


def test_everything_else_is_kept(store: Store) -> None:
    first = stage(store, compose(release="24.10"))
    key = [{"path": "tls/tls.key", "secret": OTHER_KEY}]
    predicted = ask(store, key, check=True, base=first)
    result = ask(store, key, base=first, describe={"release": "ignored"})
    assert result["changed"] and result["id"] == predicted["id"] != first
    old, new = snapshot(store.folder(first)), snapshot(store.folder(result["id"]))
    assert {path for path in old if old[path] != new[path]} == {"generation.json", "tls/tls.key"}
    assert new["tls/tls.key"] == OTHER_KEY.encode() and set(old) == set(new)
    assert store.describe(result["id"]) == {"release": "24.10"}
    # The same content by another way is the same generation.
    assert result["id"] == compose(key=OTHER_KEY, release="24.10").id
    assert not ask(store, key, base=result["id"])["changed"]


def test_the_base_by_its_mark(store: Store) -> None:
    first = stage(store, compose())
    with pytest.raises(HostError) as unknown:
        ask(store, [], base="committed")
    assert unknown.value.code == "generation_unknown"
    store.point("committed", first)
    assert ask(store, [], base="committed")["id"] == first


def test_a_file_that_the_base_does_not_have(store: Store) -> None:
    first = stage(store, compose())
    before = store.ids()
    with pytest.raises(HostError) as refused:
        ask(store, [{"path": "tls/ca.crt", "content": "x"}], base=first)
    assert refused.value.code == "file_unknown" and "tls/ca.crt" in refused.value.cause
    assert store.ids() == before


def test_a_base_that_was_altered(store: Store) -> None:
    first = stage(store, compose())
    path = Path(store.folder(first)) / "start"
    path.chmod(0o755)
    path.write_text("#!/bin/false\n")
    with pytest.raises(HostError) as refused:
        ask(store, [], base=first)
    assert refused.value.code == "generation_damaged"


def test_check_mode_tells_what_would_be_put_right(store: Store) -> None:
    files = [{"path": "start", "content": "#!/bin/sh\n", "mode": "0555"}, {"path": "tls/tls.key", "secret": OTHER_KEY}]
    generation = ask(store, files)["id"]
    assert ask(store, files, check=True)["repaired"] == []
    key = Path(store.folder(generation)) / "tls/tls.key"
    key.chmod(0o644)
    looked = ask(store, files, check=True)
    assert (looked["changed"], looked["repaired"]) == (True, ["tls/tls.key permissions"])
    assert os.stat(key).st_mode & 0o777 == 0o644
    assert ask(store, files)["repaired"] == ["tls/tls.key permissions"]
    key.chmod(0o600)
    key.write_text("rubbish")
    looked = ask(store, files, check=True)
    assert (looked["changed"], looked["repaired"]) == (True, ["tls/tls.key altered"])
