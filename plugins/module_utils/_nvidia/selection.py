# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of a distribution's packages make up the driver that is wanted, and at which versions. Works on data, on the controller.

``data`` is the entry of a distribution in roles/nvidia_driver/vars/main/distributions.yml; names in it may hold ``{branch}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from . import versions

FLAVOURS = ("open", "proprietary")
# Numbered like a driver, but on their own: Debian 12 has nvidia-persistenced 535.171.04 beside the driver 535.261.03.
INDEPENDENT = frozenset(("nvidia-persistenced", "nvidia-modprobe", "nvlsm"))


@dataclass(frozen=True)
class Choice:
    """What was decided of the packages: names (the kernel module's first), helpers that need no version of the driver's, and the target."""

    flavour: str
    module: str
    names: tuple[str, ...]
    fabric: tuple[str, ...]
    target: str = ""


def source_of(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The data of a source. Raises LookupError where the distribution has no such source."""
    source: Optional[Mapping[str, Any]] = data.get("sources", {}).get(name)
    if not source:
        raise LookupError(name)
    return source


def branch_of(source: Mapping[str, Any], version: str) -> int:
    """The branch that is asked for, or the source's own; 0 where the newest is taken, whichever that is."""
    return versions.branch(version) or int(source.get("branch") or 0)


def variant(source: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    """The names of packages changed with some branches: the last variant that begins at or below the branch, the newest for 0."""
    branch = branch_of(source, version)
    fitting = [item for item in source["variants"] if not branch or int(item["from"]) <= branch]
    chosen: Mapping[str, Any] = (fitting or source["variants"][:1])[-1]
    return chosen


def named(names: Sequence[str], branch: int) -> tuple[str, ...]:
    """Names with the branch filled in."""
    return tuple(str(name).replace("{branch}", str(branch)) for name in names)


def flavour(
    wanted: str, gpus: Sequence[Mapping[str, Any]], source: Mapping[str, Any], version: str, limits: Mapping[str, Any]
) -> str:
    """open or proprietary. ``auto`` takes what NVIDIA recommends: open from a branch on, where every GPU can; never what a GPU cannot."""
    if wanted != "auto":
        return wanted
    offered = [name for name in FLAVOURS if variant(source, version).get(name)]
    if len(offered) == 1:
        return offered[0]
    if any(gpu["open_modules"] == "required" for gpu in gpus):
        return "open"
    if any(gpu["open_modules"] == "no" for gpu in gpus):
        return "proprietary"
    branch = branch_of(source, version) or int(limits["newest"])
    return "open" if branch >= int(limits["open_recommended_from"]) else "proprietary"


def choose(settings: Mapping[str, Any], gpus: Sequence[Mapping[str, Any]], switches: bool) -> Choice:
    """The packages for a host. Raises LookupError for a source that the distribution does not have."""
    source = source_of(settings["data"], settings["source"])
    version = settings["version"]
    kind = flavour(settings["kernel_modules"], gpus, source, version, settings["limits"])
    chosen = variant(source, version)
    branch = branch_of(source, version)
    names = tuple(settings["packages"]) or named([*chosen.get(kind, []), *chosen["common"]], branch)
    fabric = named(chosen.get("fabric", []), branch) if switches else ()
    return Choice(kind, names[0] if names else "", names, fabric)


def everything(settings: Mapping[str, Any]) -> list[str]:
    """All packages that a host may turn out to need, before its GPUs are known: what to ask its repositories for."""
    try:
        source = source_of(settings["data"], settings["source"])
    except LookupError:
        return list(settings["packages"])
    chosen, branch = variant(source, settings["version"]), branch_of(source, settings["version"])
    lists = [*chosen.get("open", []), *chosen.get("proprietary", []), *chosen["common"], *chosen.get("fabric", [])]
    return sorted({*settings["packages"], *named(lists, branch), *settings["headers"]})


def from_source(item: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Whether a version that could be had comes from the wanted source: NVIDIA's repository, or anything but that."""
    url, repository = settings["repository_url"].rstrip("/"), settings["data"].get("repository_id", "")
    nvidia = any(
        source.rstrip("/").startswith(url) or (repository and source == repository) for source in item["sources"]
    )
    return nvidia == (settings["source"] == "nvidia")


def target(
    module: str, available: Mapping[str, Sequence[Mapping[str, Any]]], settings: Mapping[str, Any]
) -> tuple[str, list[str]]:
    """The driver's version to install, the newest that fits (empty where there is none), and all that the source has."""
    offered = [str(item["version"]) for item in available.get(module, []) if from_source(item, settings)]
    numbers = sorted({versions.upstream(version) for version in offered}, key=versions.key, reverse=True)
    return next((number for number in numbers if versions.fits(number, settings["version"])), ""), numbers


def specifications(
    choice: Choice,
    installed: Mapping[str, Mapping[str, Any]],
    available: Mapping[str, Sequence[Mapping[str, Any]]],
    settings: Mapping[str, Any],
    packager: str,
) -> list[str]:
    """Arguments for apt or dnf that bring every package of the driver to one version, those included that others pulled in.

    Helpers that are numbered on their own (nvidia-persistenced, headers) are installed where they are missing, and left alone else.
    """
    joint = "=" if packager == "apt" else "-"
    present = {name for name, item in installed.items() if item["status"] == "installed"}
    wanted = [*choice.names, *choice.fabric]
    others = [
        name for name, item in sorted(installed.items()) if name not in wanted and versions.is_driver(item["version"])
    ]
    found = []
    for name in [*wanted, *others]:
        fitting = [
            item["version"]
            for item in available.get(name, [])
            if from_source(item, settings) and versions.upstream(item["version"]) == choice.target
        ]
        if fitting and (name not in present or installed[name]["version"] not in fitting):
            found.append(f"{name}{joint}{fitting[0]}")
        elif name in wanted and name not in present:
            found.append(name)
    return found
