# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""daemon.json: what is to be in it, and whether the daemon must be told by a reload or by a restart. Free of Ansible.

Sources: docs.docker.com/reference/cli/dockerd ("Configuration reload behavior") and moby, daemon/reload.go; moby,
daemon/command/daemon.go (CDI is set up once, at the start); nvidia-container-toolkit, cmd/nvidia-ctk/runtime/configure and
pkg/config/engine/docker.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from .._triton.commands import MISSING, last_line, read, run
from .._triton.errors import HostError
from . import jsontext

PATH = "/etc/docker/daemon.json"
NVIDIA = "nvidia"
# What `nvidia-ctk runtime configure` adds; used only to say what a run would do where the toolkit is not installed yet.
_PREDICTED = {"path": "nvidia-container-runtime", "args": []}
# Settings that SIGHUP changes. `features` is among dockerd's own, but CDI is not read again; so it is none of ours.
RELOADABLE = frozenset(
    (
        "runtimes",
        "default-runtime",
        "registry-mirrors",
        "insecure-registries",
        "allow-nondistributable-artifacts",
        "debug",
        "labels",
        "live-restore",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "shutdown-timeout",
    )
)
_CREDENTIALS_IN_URL = re.compile(r"(//)[^/\s:@\"]+:[^/\s@\"]+(@)")


@dataclass(frozen=True)
class Plan:
    """The text that daemon.json has and is to have, the settings that differ, and whether they ask for a restart."""

    old: str
    new: str
    paths: list[str] = field(default_factory=list)
    restart: bool = False

    @property
    def differs(self) -> bool:
        return bool(self.paths)


def plan(wanted: Mapping[str, Any], nvidia: bool, nvidia_default: bool, cdi: bool, path: str = PATH) -> Plan:
    """What is to change in daemon.json. Raises HostError daemon_json_invalid, toolkit_failed or daemon_json_refused."""
    old = read(path) or ""
    settings = dict(wanted)
    try:
        present = jsontext.parse(old)
        if nvidia:
            settings = _combined(settings, _nvidia(old, present, nvidia_default, cdi))
        new = jsontext.merged(old, settings)
    except jsontext.JsonError as error:
        raise HostError(
            "daemon_json_invalid",
            f"{path}, line {error.line}: {error.problem}.",
            "Correct that line; nothing was changed.",
            path=path,
            line=error.line,
        ) from None
    changes = jsontext.differences(present, settings)
    found = Plan(old, new, [".".join(names) for names, _value in changes], any(names[0] not in RELOADABLE for names, _value in changes))
    if found.differs:
        validate(new)
    return found


def _combined(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = _combined(result[name], value) if both else value
    return result


def _nvidia(old: str, present: Mapping[str, Any], default: bool, cdi: bool) -> dict[str, Any]:
    """The settings that NVIDIA's own tool makes; {} where they are there.

    It is asked on a copy, and only what is its business is taken from its answer: it writes the file anew, and some releases lose
    the other `features` when they add `cdi` (EnableCDI in pkg/config/engine/docker casts the parsed map to a type that it never has).
    """
    runtimes, features = present.get("runtimes"), present.get("features")
    there = isinstance(runtimes, dict) and isinstance(runtimes.get(NVIDIA), dict) and bool(runtimes[NVIDIA].get("path"))
    if there and (not default or present.get("default-runtime") == NVIDIA) and (not cdi or (isinstance(features, dict) and features.get("cdi") is True)):
        return {}
    answer = _ask_toolkit(old, default, cdi)
    found: dict[str, Any] = {} if there else {"runtimes": {NVIDIA: answer["runtimes"][NVIDIA]}}
    if default:
        found["default-runtime"] = answer["default-runtime"]
    if cdi:
        found["features"] = {"cdi": True}
    return found


def _ask_toolkit(old: str, default: bool, cdi: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="inferops-") as folder:
        copy = os.path.join(folder, "daemon.json")
        with open(copy, "w", encoding="utf-8") as stream:
            stream.write(old if old.strip() else "{}")
        command = ["nvidia-ctk", "runtime", "configure", "--runtime=docker", f"--config={copy}"]
        done = run(command + (["--nvidia-set-as-default"] if default else []) + (["--cdi.enabled"] if cdi else []))
        if done.returncode == MISSING:
            return {"runtimes": {NVIDIA: dict(_PREDICTED)}, "default-runtime": NVIDIA}
        try:
            answer = jsontext.parse(read(copy) or "")
            runtime = answer["runtimes"][NVIDIA]
        except (ValueError, KeyError, TypeError):
            runtime = None
    if done.returncode != 0 or not isinstance(runtime, dict):
        raise HostError(
            "toolkit_failed",
            f"nvidia-ctk runtime configure failed: {last_line(done)}.",
            "Check the NVIDIA Container Toolkit on the host (nvidia-ctk --version).",
        )
    return answer


def validate(text: str) -> None:
    """Asks dockerd (23 and later) whether it could start with the text. Raises HostError daemon_json_refused."""
    with tempfile.TemporaryDirectory(prefix="inferops-") as folder:
        copy = os.path.join(folder, "daemon.json")
        with open(copy, "w", encoding="utf-8") as stream:
            stream.write(text)
        done = run(["dockerd", "--validate", "--config-file", copy])
    if done.returncode in (0, MISSING) or "unknown flag: --validate" in done.stderr:
        return
    problem = last_line(done).replace(copy, PATH)
    raise HostError(
        "daemon_json_refused",
        f"Docker Engine would not start with the new {PATH}: {problem}.",
        "Correct container_runtime_daemon_settings, or the file; nothing was changed.",
    )


def served(info: Mapping[str, Any], text: str) -> list[str]:
    """Settings that daemon.json has and the running daemon lacks, of those that it tells: a run may have ended between the two."""
    wanted = jsontext.parse(text)
    lacks = []
    runtimes = wanted.get("runtimes")
    if isinstance(runtimes, dict) and NVIDIA in runtimes and NVIDIA not in (info.get("Runtimes") or {}):
        lacks.append("runtimes.nvidia")
    if isinstance(wanted.get("default-runtime"), str) and info.get("DefaultRuntime") != wanted["default-runtime"]:
        lacks.append("default-runtime")
    mirrors = wanted.get("registry-mirrors")
    if isinstance(mirrors, list) and not {_bare(item) for item in mirrors} <= {_bare(item) for item in _mirrors(info)}:
        lacks.append("registry-mirrors")
    return lacks


def _mirrors(info: Mapping[str, Any]) -> list[Any]:
    found = (info.get("RegistryConfig") or {}).get("Mirrors")
    return found if isinstance(found, list) else []


def _bare(url: Any) -> str:
    return str(url).rstrip("/")


def shown(text: str) -> str:
    """For a diff: without the passwords that URLs of proxies may hold."""
    return _CREDENTIALS_IN_URL.sub(r"\1***:***\2", text)


def information(answer: str) -> Optional[dict[str, Any]]:
    """What `docker info --format '{{json .}}'` said; None where no daemon answered."""
    try:
        found = json.loads(answer)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("ServerVersion") else None
