# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who owns the private files, and whether that user can read everything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import readable
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._triton.generations import compose

ROOT = os.geteuid() == 0
# Another user, where this one may become another; else this one, who can be barred like any.
READER = readable.Account("nobody", 65534, 65534) if ROOT else readable.account(str(os.geteuid()), None)


def test_private_files_belong_to_the_owner(store: Store, open_tmp: None) -> None:
    content = compose()
    with store.locked():
        store.stage(content, READER)
    owners = {path: os.stat(os.path.join(store.folder(content.id), path)).st_uid for path in ("start", "tls/tls.key")}
    assert owners == {"start": os.geteuid(), "tls/tls.key": READER.uid}


def test_a_barred_parent_is_named(tmp_path: Path, open_tmp: None) -> None:
    content = compose()
    for file in content.on_disk:
        path = tmp_path / "barred" / "generation" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        path.chmod(0o444)
    folder = str(tmp_path / "barred" / "generation")
    readable.check_readable(folder, content.on_disk, READER)
    (tmp_path / "barred").chmod(0o600)
    with pytest.raises(HostError) as caught:
        readable.check_readable(folder, content.on_disk, READER)
    (tmp_path / "barred").chmod(0o755)
    assert caught.value.code == "key_unreadable"
    assert caught.value.cause.startswith(f"The user {READER.name} may not enter {tmp_path}/barred (mode 0600")
    (tmp_path / "barred" / "generation" / "tls" / "tls.key").chmod(0o000)
    with pytest.raises(HostError, match="may not read .*tls.key"):
        readable.check_readable(folder, content.on_disk, READER)


def test_an_unreadable_generation_is_not_staged(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable, "_denied_as", lambda user, paths: paths[-1])
    with store.locked(), pytest.raises(HostError) as caught:
        store.stage(compose(), readable.Account())
    assert caught.value.code == "key_unreadable"
    assert store.ids() == [] and os.listdir(store.generations) == []
    with store.locked():
        assert store.stage(compose(), readable.Account(), check_owner=False).changed


@pytest.mark.parametrize(
    ("owner", "group", "code"), [("no-such-user", None, "user_unknown"), ("root", "no-such-group", "group_unknown")]
)
def test_unknown_accounts(owner: str, group: Optional[str], code: str) -> None:
    with pytest.raises(HostError) as caught:
        readable.account(owner, group)
    assert caught.value.code == code


def test_accounts() -> None:
    assert readable.account(None, None) == readable.Account()
    assert readable.account("root", None) == readable.Account("root", 0, 0)
    assert readable.account("4711", "4712") == readable.Account("4711", 4711, 4712)
