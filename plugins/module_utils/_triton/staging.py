# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Staging as a module asks for it: content, prediction, difference. Free of Ansible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .content import compose
from .differences import changed_files, differences
from .errors import HostError
from .generation import Store
from .readable import Account, account, check_readable


def stage(store: Store, params: Mapping[str, Any], check: bool, diff: bool) -> dict[str, Any]:
    """Stages ``files`` and ``describe`` for ``owner`` and ``group``; the result of the module.

    In check mode nothing is written; a source or a user that does not exist yet is taken for one that an
    earlier step of the run would have made.
    """
    against = store.running(params["instance"]) if params["instance"] else store.target("committed")
    try:
        content = compose(params["files"], params["describe"] or {})
        if params["base"] is not None:
            content = store.content(store.resolve(params["base"])).replace(content)
    except HostError as error:
        if check and error.code == "source_missing":
            return {"changed": True, "id": None, "generation": None, "differences": [], "repaired": [], "missing": error.details["source"]}
        raise
    result: dict[str, Any] = {
        "id": content.id,
        "generation": store.folder(content.id),
        "differences": changed_files(store, against, content),
    }
    if diff:
        result["diff"] = differences(store, against, content)
    allowed = "key_unreadable" in params["allow"]
    if check:
        if content.id not in store.ids():
            return {**result, "changed": True, "repaired": []}
        wrong = store.altered(content.id, account(params["owner"], params["group"]))
        return {**result, "changed": bool(wrong), "repaired": wrong}
    owner = account(params["owner"], params["group"])
    staged = store.stage(content, owner, check_owner=not allowed)
    result.update(changed=staged.changed, repaired=list(staged.repaired))
    if allowed:
        result["overridden"] = _unreadable(store.folder(content.id), content.on_disk, owner)
    return result


def _unreadable(folder: str, files: Any, owner: Account) -> list[dict[str, str]]:
    try:
        check_readable(folder, files, owner)
    except HostError as error:
        return [{"code": error.code, "cause": error.cause, "remedy": error.remedy}]
    return []
