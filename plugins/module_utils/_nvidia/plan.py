# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be done to a host: decided on the controller, from one look at it and the role's variables.

A plan is plain data. ``refusals`` and ``warnings`` are {"code", "message"}; a refusal whose code is allowed is a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from . import compatibility, selection, versions

# Refusals that nvidia_driver_allow may override; the others could not end well in any case.
OVERRIDABLE = (
    "gpu_in_use",
    "secure_boot",
    "modules_unsuitable",
    "gpus_missing",
    "half_installed",
    "headers_missing",
    "disk_space",
    "unknown_variable",
    "driver_too_old",
)


def make(host: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The plan for a host."""
    plan = _Plan(host, settings)
    return plan.result()


class _Plan:
    def __init__(self, host: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self.host, self.settings = host, settings
        self.refusals: list[dict[str, str]] = []
        self.warnings: list[dict[str, str]] = []
        self.installed: Mapping[str, Mapping[str, Any]] = host["packages"]
        self.available: Mapping[str, Sequence[Mapping[str, Any]]] = host["available"]
        self.choice: Optional[selection.Choice] = None
        self.changes = False
        self.install: list[str] = []

    def result(self) -> dict[str, Any]:
        """Plain data for the role."""
        reason = self._unmanaged()
        if not reason:
            self._decide()
        if self.host["gpus"] or self.settings["force"]:
            self._gate()
        choice = self.choice or selection.Choice("", "", (), ())
        return {
            "managed": not reason,
            "reason": reason,
            "refusals": self.refusals,
            "warnings": self.warnings,
            "flavour": choice.flavour,
            "target": choice.target,
            "packages": [*choice.names, *choice.fabric],
            "fabric": list(choice.fabric),
            "install": self.install,
            "changes_driver": self.changes,
            "driver": self._expected(),
            "where": "would be installed" if self.changes else "installed" if self._expected() else "",
            "repair": list(self.host["broken_packages"]),
            "hold": self._unheld(),
            "locked": sorted(name for name, item in self.installed.items() if versions.is_driver(item["version"])),
            "unmasked": self.host["nouveau"]["loaded"] or not self.host["nouveau"]["blacklisted"],
        }

    def _say(self, code: str, message: str) -> None:
        overridden = code in self.settings["allow"] and code in OVERRIDABLE
        entry = {"code": code, "message": f"overridden by nvidia_driver_allow: {message}" if overridden else message}
        (self.warnings if overridden else self.refusals).append(entry)

    def _unmanaged(self) -> str:
        """Why the host is left alone; empty where it is not."""
        gpus, driver, settings = self.host["gpus"], self.host["driver"], self.settings
        if not gpus and not settings["force"]:
            return "There is no NVIDIA GPU on its PCI bus"
        version = driver["module_loaded"] or driver["module_installed"] or ""
        how = "set nvidia_driver_replace to true to put packages in its place"
        if driver["origin"] == "run_file" and not settings["replace"]:
            return f"Its driver {version} was installed by NVIDIA's run file, and is left alone; {how}"
        if driver["origin"] == "elsewhere" and not settings["replace"]:
            return f"Its driver {version} is of no package (an image, or a container that brings drivers), and is left alone; {how}"
        return ""

    def _foreign(self, choice: selection.Choice) -> str:
        """A driver of packages that are not the role's: another flavour, branch or source, and no trace of the role."""
        ours = set(choice.names) & set(self.installed)
        modules = sorted(
            name
            for name, item in self.installed.items()
            if versions.is_driver(item["version"]) and ("dkms" in name or "modules" in name or "kmod" in name)
        )
        if (
            self.host["driver"]["origin"] != "packages"
            or choice.module in ours
            or self.settings["marked"]
            or self.settings["replace"]
            or not modules
        ):
            return ""
        return ", ".join(modules)

    def _decide(self) -> None:
        host, settings = self.host, self.settings
        if not settings["data"]:
            self._say(
                "distribution_unknown",
                f"{settings['distribution']} is none of {', '.join(settings['known'])}."
                " Describe it in nvidia_driver_distributions, or install the driver yourself.",
            )
            return
        try:
            choice = selection.choose(settings, host["gpus"], bool(host["nvswitches"]))
        except LookupError:
            others = ", ".join(sorted(settings["data"]["sources"]))
            self._say(
                "source_unknown",
                f"{settings['distribution']} has no driver in the source {settings['source']}. Set nvidia_driver_source to {others}.",
            )
            return
        self.choice = choice
        foreign = self._foreign(choice)
        if foreign:
            self._say(
                "other_packages",
                f"A driver is installed by other packages ({foreign}) than those of nvidia_driver_source {settings['source']} ({choice.module})."
                " Name the packages in nvidia_driver_packages, or set nvidia_driver_replace to true to have them replaced.",
            )
        self._modules(choice)
        self._versions(choice)
        if self.changes:
            self._obstacles()
        self._gpus()

    def _versions(self, choice: selection.Choice) -> None:
        """Whether packages change, and which; without an answer of the repositories only what is asked for is known."""
        settings = self.settings
        wanted = [*choice.names, *choice.fabric]
        module = self.installed.get(choice.module)
        complete = all(self.installed.get(name, {}).get("status") == "installed" for name in wanted)
        fits = bool(module) and versions.fits(str((module or {}).get("version", "")), settings["version"])
        current = versions.upstream(str(module["version"])) if module else ""
        # A change that was cut off leaves packages of two versions.
        stray = [
            name
            for name in wanted
            if name in self.installed
            and name not in selection.INDEPENDENT
            and versions.is_driver(self.installed[name]["version"])
            and versions.upstream(self.installed[name]["version"]) != current
        ]
        self.changes = not (complete and fits and not stray)
        found, offered = selection.target(choice.module, self.available, settings)
        keep = current if fits else ""
        self.choice = choice = selection.Choice(
            choice.flavour, choice.module, choice.names, choice.fabric, keep or found
        )
        if not self.changes or not self.available:
            return
        self.install = selection.specifications(
            choice, self.installed, self.available, settings, settings["data"]["packager"]
        )
        if not choice.target and settings["asked"]:
            self._say(
                "version_unavailable",
                f"{choice.module} {settings['version'] or ''} is not in the source {settings['source']}, which has {', '.join(offered) or 'no version of it'}."
                " Correct nvidia_driver_version or nvidia_driver_source.",
            )
        elif settings["asked"]:
            missing = [name for name in wanted if name not in self.installed and not self.available.get(name)]
            if missing:
                self._say(
                    "package_unavailable",
                    f"The source {settings['source']} lacks {', '.join(missing)}. Set nvidia_driver_source to nvidia, or nvidia_driver_packages.",
                )
            self._fabric(choice)

    def _fabric(self, choice: selection.Choice) -> None:
        """Fabric Manager refuses to work with a driver of another version."""
        for name in choice.fabric:
            offered = {versions.upstream(item["version"]) for item in self.available.get(name, [])}
            if offered and choice.target not in offered and "fabric" in name:
                self._say(
                    "fabric_manager_version",
                    f"{name} exists as {', '.join(sorted(offered))}, but must have the driver's version, {choice.target}."
                    " Name one of these in nvidia_driver_version.",
                )

    def _modules(self, choice: selection.Choice) -> None:
        """Open modules drive no GPU before Turing, the proprietary ones none of the newest, and end with a branch."""
        limits, version = self.settings["limits"], self.settings["version"]
        unfit = {"open": "no", "proprietary": "required"}[choice.flavour]
        devices = sorted(
            {f"{gpu['generation']} ({gpu['device']})" for gpu in self.host["gpus"] if gpu["open_modules"] == unfit}
        )
        if devices:
            other = "proprietary" if choice.flavour == "open" else "open"
            self._say(
                "modules_unsuitable",
                f"The {choice.flavour} kernel modules do not drive {', '.join(devices)}. Set nvidia_driver_kernel_modules to {other} or auto.",
            )
        old = [gpu for gpu in self.host["gpus"] if gpu["open_modules"] == "no"]
        if versions.branch(version) > int(limits["last_before_turing"]) and old:
            self._say(
                "modules_unsuitable",
                f"R{limits['last_before_turing']} is the last branch for {old[0]['generation']}. Set nvidia_driver_version to {limits['last_before_turing']}.",
            )
        if choice.flavour == "proprietary" and versions.branch(version) >= int(limits["proprietary_ended_with"]):
            self._say(
                "modules_unsuitable",
                f"From R{limits['proprietary_ended_with']} on there are only open kernel modules. Set nvidia_driver_kernel_modules to open.",
            )

    def _obstacles(self) -> None:
        """What would make the change of packages fail, or hurt."""
        host, settings = self.host, self.settings
        # What a killed run of this role left is finished by the next; what others left only if that is wanted.
        if host["broken_packages"] and not settings["marked"]:
            self._say(
                "half_installed",
                f"dpkg left {_few(host['broken_packages'])} half installed, and installs nothing before that is finished."
                " Do it on the host: dpkg --configure --pending, then apt-get --fix-broken install;"
                " or have it done by putting half_installed into nvidia_driver_allow.",
            )
        boot = host["secure_boot"]
        if boot["enabled"] and not boot["enrolled"]:
            file = boot["key"] or settings["data"].get("signing_key", "/var/lib/dkms/mok.pub")
            make_key = "" if boot["key"] else " (made by the package dkms, or by: dkms generate_mok)"
            self._say(
                "secure_boot",
                f"Secure Boot is on, and the kernel refuses modules that DKMS builds until their key is enrolled."
                f" On the host run mokutil --import {file}{make_key},"
                " set a one-time password, reboot, and confirm it at the console (Enroll MOK). Or turn Secure Boot off in the firmware.",
            )
        using = [_named(user) for user in host["users"]]
        if using and not settings["drains"]:
            self._say(
                "gpu_in_use",
                f"The GPU is used by {', '.join(using)}, and a change of the driver would break them. Stop them, or name task files that do in"
                " nvidia_driver_drain_tasks and nvidia_driver_undrain_tasks.",
            )
        short = [
            f"{path} has {free} MiB"
            for path, free in sorted(host["free_mib"].items())
            if free < int(settings["space"].get(path, 0))
        ]
        if short:
            needed = ", ".join(f"{path} {least} MiB" for path, least in sorted(settings["space"].items()))
            self._say(
                "disk_space",
                f"There is too little space for packages and the build: {', '.join(short)} free; needed are {needed} (nvidia_driver_space). Free some.",
            )
        self._headers()

    def _headers(self) -> None:
        kernel, settings = self.host["kernel"], self.settings
        if kernel["headers"] or settings["kernel"] == "any" or not settings["asked"]:
            return
        exact = kernel["header_packages"][:1]
        wanted = list(settings["headers"]) or exact
        if any(self.available.get(name) for name in wanted):
            return
        self._say(
            "headers_missing",
            f"The running kernel {kernel['release']} has no headers, and no repository of the host has {', '.join(wanted)}, so no module can be built for it."
            " Boot a kernel of the distribution that is current, or name the package of its headers in nvidia_driver_headers_packages;"
            " to build for the kernels that have headers, as for an image, set nvidia_driver_kernel to any.",
        )

    def _gate(self) -> None:
        """The driver that the host has or would have, against the Triton release."""
        gate = self.settings["gate"]
        try:
            table = compatibility.extended(gate["table"], gate["more"]) if gate["more"] else gate["table"]
        except ValueError as error:
            self._say("compatibility_invalid", str(error))
            return
        verdicts = compatibility.judge(
            gate["release"],
            table,
            self._expected(),
            self.host["gpus"],
            [gpu["name"] for gpu in self.host["nvidia_smi"]["gpus"]],
            gate["toolkit"],
            "would be installed" if self.changes else "installed",
        )
        for verdict in verdicts:
            if verdict["level"] == compatibility.REFUSE:
                self._say(verdict["code"], verdict["message"])
            elif verdict["level"] == compatibility.WARN:
                self.warnings.append({"code": verdict["code"], "message": verdict["message"]})

    def _gpus(self) -> None:
        expected, found, answer = int(self.settings["expected_gpus"]), len(self.host["gpus"]), self.host["nvidia_smi"]
        if expected and found < expected:
            self._say(
                "gpus_missing",
                f"{found} of {expected} GPUs are on the PCI bus (nvidia_driver_expected_gpus). Look for the others with dmesg and in the machine's own log.",
            )
        elif answer["answers"] and len(answer["gpus"]) < found:
            self._say(
                "gpus_missing",
                f"{found} GPUs are on the PCI bus, but the driver answers for {len(answer['gpus'])}."
                " Look for Xid in dmesg; a reboot often brings the GPU back.",
            )

    def _expected(self) -> str:
        """The driver that the host has, or would have: a version, a bare branch, or nothing that could be told."""
        driver = self.host["driver"]
        if self.choice and self.changes:
            source = selection.source_of(self.settings["data"], self.settings["source"])
            branch = selection.branch_of(source, self.settings["version"])
            return self.choice.target or (self.settings["version"] or (str(branch) if branch else ""))
        packaged = next(
            (
                versions.upstream(item["version"])
                for item in self.installed.values()
                if versions.is_driver(item["version"])
            ),
            "",
        )
        module = (self.choice.target if self.choice else "") or driver["module_installed"] or driver["module_loaded"]
        return module or packaged

    def _unheld(self) -> list[str]:
        if not self.settings["hold"] or not self.choice:
            return []
        return sorted(
            name
            for name, item in self.installed.items()
            if versions.is_driver(item["version"]) and item["status"] == "installed" and not item["held"]
        )


def _named(user: Mapping[str, Any]) -> str:
    """For messages: "tritonserver (pid 12, container 3f9…)"."""
    places = [f"{kind} {user[kind]}" for kind in ("pid", "container", "unit") if user[kind]]
    return f"{user['process']} ({', '.join(places)})"


def _few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
