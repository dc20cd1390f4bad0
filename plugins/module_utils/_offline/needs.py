# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does an offline archive hold what a host needs, and what of it must be brought there? Free of Ansible, pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .manifest import Entry


def split(package: str) -> tuple[str, str]:
    """``name=version`` as its two parts; the version is empty where any will do."""
    name, _equals, version = package.partition("=")
    return name, version


def missing(packages: Sequence[str], installed: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Those packages that the host does not have, or not at the version that is asked for.

    installed: as ansible.builtin.package_facts tells; of rpm, version and release apart.
    """
    found = []
    for package in packages:
        name, version = split(package)
        versions = ["-".join(str(one[key]) for key in ("version", "release") if one.get(key)) for one in installed.get(name, ())]
        if not versions or (version and version not in versions):
            found.append(package)
    return found


def target(entry: Mapping[str, Any]) -> str:
    """For which systems an entry is, in words."""
    return " ".join(str(entry[key]) for key in ("distribution", "release", "architecture") if entry.get(key))


def plan(needs: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What is brought to a host, and why the archive does not do.

    needs: ``distribution``, ``release``, ``architecture``, ``packages`` (``name`` or ``name=version``), ``installed``, ``engine``,
    ``image`` and ``wheel``, each empty where there is none.
    Returns ``missing`` (packages), ``packages`` and ``image`` (entries of the manifest for this host, or None) and ``problems`` (sentences without full stop).
    """
    lacks = missing(needs["packages"], needs["installed"])
    packages = _packages(needs, manifest)
    image = _image(needs, manifest)
    problems = []
    if lacks and packages is None:
        others = sorted({target(entry) for entry in manifest["files"] if entry["kind"] == "packages"})
        problems.append(f"it holds packages for {', '.join(others) or 'no system at all'}, and the host is {target(needs)} and needs {', '.join(lacks)}")
    elif packages is not None:
        absent = [package for package in lacks if not _holds(packages["packages"], package)]
        if absent:
            problems.append(f"{packages['path']} holds no package {', '.join(absent)}")
    if needs["image"] and image is None:
        problems.append(f"it holds no image {needs['image']} for {needs['engine']} on {needs['architecture']}")
    if needs["wheel"] and not any(
        entry["kind"] == "wheel" and entry["requirement"] == needs["wheel"] and entry["architecture"] == needs["architecture"] for entry in manifest["files"]
    ):
        problems.append(f"it holds no wheel {needs['wheel']} for {needs['architecture']}")
    return {"missing": lacks, "packages": packages, "image": image, "problems": problems}


def _packages(needs: Mapping[str, Any], manifest: Mapping[str, Any]) -> Optional[Entry]:
    return next((entry for entry in manifest["files"] if entry["kind"] == "packages" and target(entry) == target(needs)), None)


def _image(needs: Mapping[str, Any], manifest: Mapping[str, Any]) -> Optional[Entry]:
    wanted = (needs["engine"], needs["image"], needs["architecture"])
    return next(
        (entry for entry in manifest["files"] if entry["kind"] == "image" and (entry["engine"], entry["name"], entry["architecture"]) == wanted), None
    )


def _holds(packages: Mapping[str, str], package: str) -> bool:
    name, version = split(package)
    return name in packages and version in ("", packages[name])
