# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does a driver do for a Triton release? Judges one host by a table; the table itself is data (roles/nvidia_driver/vars/main/compatibility.yml).

Sources of the rules: CUDA Compatibility guide, "Minor Version Compatibility" (a minimum for each CUDA major) and "Forward Compatibility"
(data-centre GPUs only, and only the branches that a release's notes list); Triton's release notes, "Driver Requirements".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Optional

from .versions import below, branch, upstream

OK, WARN, REFUSE = "ok", "warn", "refuse"
# Codes that nvidia_driver_allow turns from a refusal into a warning.
OVERRIDABLE = ("driver_too_old",)


@dataclass(frozen=True)
class Verdict:
    """``level`` is ok, warn or refuse; the message says what was found, what is needed and what to do."""

    level: str
    code: str
    message: str

    def plain(self) -> dict[str, Any]:
        """As a dictionary of plain data."""
        return asdict(self)


def judge(
    release: str,
    table: Mapping[str, Any],
    driver: Optional[str],
    gpus: Sequence[Mapping[str, Any]] = (),
    names: Sequence[str] = (),
    toolkit: Optional[str] = None,
    where: str = "",
    allow: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The verdicts on a host, worst first; a single ok where nothing is to be said.

    ``driver`` is a version or a bare branch, ``where`` how it comes about ("installed", "would be installed"), ``gpus`` and ``names`` those of
    the PCI bus and of nvidia-smi, ``toolkit`` the version of the NVIDIA Container Toolkit, if there is to be one.
    """
    if not release:
        return [Verdict(OK, "no_release", "No Triton release is named; nothing is judged.").plain()]
    verdicts = [_driver(release, table, driver, _data_centre(table, gpus, names), where)]
    minimum = table.get("toolkit", {}).get("minimum")
    if toolkit and minimum and below(toolkit, minimum):
        verdicts.append(
            Verdict(
                WARN,
                "toolkit_too_old",
                f"NVIDIA Container Toolkit {upstream(toolkit)} lacks security fixes that {minimum} has. Raise it to {table['toolkit']['latest']}.",
            )
        )
    verdicts = [_override(verdict, allow) for verdict in verdicts]
    order = (REFUSE, WARN, OK)
    verdicts.sort(key=lambda verdict: order.index(verdict.level))
    said = [verdict for verdict in verdicts if verdict.level != OK]
    return [verdict.plain() for verdict in said or verdicts[:1]]


def _driver(release: str, table: Mapping[str, Any], driver: Optional[str], data_centre: bool, where: str) -> Verdict:
    entry = table["releases"].get(release)
    if entry is None:
        return Verdict(
            WARN,
            "release_unknown",
            f"Triton {release} is not in the table of releases, and its driver cannot be judged."
            f' Add it to nvidia_driver_compatibility as {{"{release}": {{cuda: …, driver: …}}}}, from the release\'s notes.',
        )
    cuda, recommended = str(entry["cuda"]), str(entry["driver"])
    major = cuda.split(".", maxsplit=1)[0]
    minimum = str(table["minimums"][major])
    if not driver:
        return Verdict(
            WARN,
            "driver_unknown",
            f"Triton {release} (CUDA {cuda}) needs driver {minimum} or later; which one the host will have cannot be told yet.",
        )
    found = f"driver {driver}{' ' + where if where else ''}"
    if below(driver, minimum):
        listed = {str(name): str(least) for name, least in entry.get("forward", table["forward"][major]).items()}
        least = listed.get(str(branch(driver)))
        if least and data_centre and not below(driver, least):
            return Verdict(
                WARN,
                "forward_compatible",
                f"{found} is below {minimum}, the minimum of CUDA {major}; Triton {release} runs on it only by forward compatibility,"
                f" which R{branch(driver)} has on data-centre GPUs. Better is {recommended} or later.",
            )
        branches = ", ".join(f"R{name}" for name in sorted(listed))
        reason = (
            f"forward compatibility exists only for data-centre GPUs with {branches}"
            if listed
            else "there is no forward compatibility"
        )
        return Verdict(
            REFUSE,
            "driver_too_old",
            f"{found}, but Triton {release} (CUDA {cuda}) needs {minimum} or later, better {recommended}; {reason}."
            f" Set nvidia_driver_version to {branch(recommended)} or later, and nvidia_driver_source to nvidia where the distribution has none that new;"
            f" or choose an older triton_server_release; or put driver_too_old into nvidia_driver_allow.",
        )
    if below(driver, recommended):
        return Verdict(
            WARN,
            "driver_below_table",
            f"{found} is above the minimum of CUDA {major} ({minimum}), but below {recommended}, with which NVIDIA lists Triton {release} (CUDA {cuda})."
            " Features that need the newer driver fail at run time.",
        )
    return Verdict(
        OK,
        "driver_fits",
        f"{found} does for Triton {release} (CUDA {cuda}, {minimum} or later, listed with {recommended}).",
    )


def _data_centre(table: Mapping[str, Any], gpus: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bool:
    """Whether all GPUs are data-centre ones: by their names where the driver tells, else by their device ids."""
    if names:
        return all(any(re.search(pattern, name) for pattern in table["data_centre"]["names"]) for name in names)
    known = {str(device).lower() for device in table["data_centre"]["devices"]}
    return bool(gpus) and all(str(gpu["device"]).lower() in known for gpu in gpus)


def _override(verdict: Verdict, allow: Sequence[str]) -> Verdict:
    if verdict.level == REFUSE and verdict.code in allow:
        return Verdict(WARN, verdict.code, f"overridden by nvidia_driver_allow: {verdict.message}")
    return verdict


def extended(table: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The table with further releases, or others in place of its own. Raises ValueError where one lacks a key."""
    for name, entry in more.items():
        if not isinstance(entry, Mapping) or not {"cuda", "driver"} <= set(entry):
            raise ValueError(
                f"nvidia_driver_compatibility: the entry {name} needs cuda and driver, for example {{cuda: 13.3.0, driver: 610.43.02}}."
            )
        if str(entry["cuda"]).split(".", maxsplit=1)[0] not in table["minimums"] and "forward" not in entry:
            raise ValueError(
                f"nvidia_driver_compatibility: the minimum driver of CUDA {entry['cuda']} (entry {name}) is not known to this version."
            )
    return {**table, "releases": {**table["releases"], **{str(name): entry for name, entry in more.items()}}}
