# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What staging would do to a host, told on the controller from what a look at the host returned. Free of Ansible."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from .content import compose
from .differences import changed_entries


def predict(files: Iterable[Mapping[str, Any]], describe: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, Any]:
    """What triton_generation would return in check mode for ``files`` and ``describe`` on the host that ``info`` (triton_generation_info) tells of.

    ``id``, ``differences`` from what the instance has that clients reach, ``repaired`` and ``changed``. A file of the host that is not there or cannot be
    read is one that the run has yet to bring: ``id`` is None. Raises HostError where a file cannot be part of a generation.
    """
    if any(file["problem"] for file in info["files"].values()):
        return {"changed": True, "id": None, "differences": [], "repaired": []}
    content = compose(files, describe, {path: file["digest"] for path, file in info["files"].items()})
    serving = info["instances"].get(info["serving"], {})
    staged = {generation["id"]: generation for generation in info["generations"]}
    repaired = (staged[content.id]["altered"] or []) if content.id in staged else []
    return {
        "changed": content.id not in staged or bool(repaired),
        "id": content.id,
        "differences": changed_entries(_manifest(staged.get(serving.get("id"))), json.loads(content.manifest)),
        "repaired": repaired,
    }


def _manifest(generation: Optional[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"files": generation["files"], "describe": generation["describe"]} if generation else {}
