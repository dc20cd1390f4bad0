# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at a host: GPUs, driver, kernel, packages and what uses the GPU, as plain data."""

from __future__ import annotations

import glob
import hashlib
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .._triton.packages import listing
from . import apt_sources, driver, packages, pci, smi, users, versions

# The options of nvidia_host_info.
SPEC: dict[str, Any] = {
    "packages": {"type": "list", "elements": "str", "default": []},
    "repositories": {"type": "str", "choices": ["never", "bare", "always"], "default": "never"},
    "paths": {"type": "list", "elements": "path", "default": []},
    "services": {"type": "list", "elements": "str", "default": []},
    "modprobe_file": {"type": "path"},
    "components": {
        "type": "dict",
        "options": {
            "codename": {"type": "str", "required": True},
            "origin": {"type": "str", "required": True},
            "aliases": {"type": "list", "elements": "str", "default": []},
            "names": {"type": "list", "elements": "str", "required": True},
        },
    },
}


def look(options: Mapping[str, Any]) -> dict[str, Any]:
    """The result of nvidia_host_info for its options."""
    return survey(
        options["packages"],
        options["paths"],
        options["services"],
        options["repositories"],
        options["components"],
        options["modprobe_file"] or "",
    )


def survey(
    wanted: Sequence[str] = (),
    paths: Sequence[str] = (),
    services: Sequence[str] = (),
    repositories: str = "never",
    components: Optional[dict[str, Any]] = None,
    modprobe_file: str = "",
    root: str = "/",
) -> dict[str, Any]:
    """Everything that is to be known before the driver is changed.

    ``wanted``: packages to tell of beside the driver's own. ``repositories``: never, bare (no driver's package is
    installed) or always ask for versions that could be had, which costs a second with apt and more with dnf.
    ``modprobe_file``: the file that keeps nouveau off. ``components``: {"codename", "origin", "aliases", "names"}, the APT components whose lack is told.
    """
    gpus, switches = pci.scan(os.path.join(root, "sys"))
    kind = packages.manager()
    known = listing()
    locks = driver.text("/etc/dnf/plugins/versionlock.list") if kind == "dnf" else ""
    installed = packages.installed(known, wanted, locks)
    release = platform.release()
    module, flavour = driver.loaded(root)
    on_disk = driver.installed(root)
    headers = packages.header_packages(kind, release, known)
    answer = smi.ask() if module and gpus else smi.silent(None if not gpus else "the module nvidia is not loaded")
    state = {
        "module_loaded": module,
        "flavour": flavour,
        "module_installed": on_disk.get(release),
        "modules_installed": on_disk,
        "origin": origin(installed, on_disk, module, driver.run_file(root)),
    }
    nouveau = driver.nouveau(root, modprobe_file)
    asks = repositories == "always" or (
        repositories == "bare" and not any(versions.is_driver(item["version"]) for item in installed.values())
    )
    return {
        "gpus": [gpu.plain() for gpu in gpus],
        "nvswitches": switches,
        "driver": {**state, "reboot_reasons": reboot_reasons(state, nouveau["loaded"], bool(gpus), release)},
        "nvidia_smi": answer,
        "kernel": {
            **driver.kernel(release, root),
            "header_packages": headers,
            "initramfs": next((name for name in ("update-initramfs", "dracut") if shutil.which(name)), None),
        },
        "secure_boot": driver.secure_boot(root),
        "nouveau": nouveau,
        "users": users.of_gpu(os.path.join(root, "proc")),
        "package_manager": kind,
        "packages": installed,
        "broken_packages": sorted(package.name for package in known if package.unfinished),
        "available": packages.available(kind, sorted({*wanted, *installed, *headers})) if asks else {},
        "asked": asks,
        "missing_components": missing_components(components, root),
        "dkms": [build.plain() for build in driver.builds(driver.output("dkms", "status"))],
        "dkms_log": dict(zip(("path", "lines"), driver.build_log(root))),
        "free_mib": {path: free(path) for path in ("/", "/boot", "/tmp", "/var")},
        "services": {name: service(name, root) for name in services},
        "paths": {path: digest(path) for path in paths},
    }


def origin(installed: dict[str, dict[str, Any]], on_disk: dict[str, str], loaded: Optional[str], run_file: bool) -> str:
    """Where the driver comes from: none, packages, run_file, or elsewhere (an image, a container that brings drivers)."""
    if any(versions.is_driver(item["version"]) for item in installed.values()):
        return "packages"
    if run_file:
        return "run_file"
    return "elsewhere" if on_disk or loaded else "none"


def reboot_reasons(state: dict[str, Any], nouveau: bool, gpus: bool, release: str) -> list[str]:
    """Why only a reboot brings the installed driver into the kernel; empty where nothing differs. Only where there are GPUs to drive."""
    reasons = []
    here, loaded = state["module_installed"], state["module_loaded"]
    if loaded and here and loaded != here:
        reasons.append(f"the kernel has the module nvidia {loaded} loaded, and {here} is installed")
    if nouveau and gpus and here and not loaded:
        reasons.append("nouveau holds the GPU, and the module nvidia cannot be loaded beside it")
    if gpus and not loaded and not here and state["modules_installed"]:
        kernels = ", ".join(sorted(state["modules_installed"]))
        reasons.append(f"the module nvidia is built for the kernel {kernels}, and {release} is running")
    return reasons


def missing_components(wanted: Optional[dict[str, Any]], root: str = "/") -> dict[str, Any]:
    """The APT source files that lack one of the components, and how many sources of the distribution there are."""
    if not wanted or not wanted["names"]:
        return {"files": [], "sources": 0}
    release = apt_sources.Release(
        wanted["codename"], wanted["origin"], tuple(wanted["aliases"]), os.path.join(root, "var/lib/apt/lists")
    )
    changes, count = apt_sources.plan(release, wanted["names"], root)
    return {"files": [change["path"] for change in changes], "sources": count}


def service(name: str, root: str = "/") -> dict[str, bool]:
    """Whether a unit is there, starts at boot, and runs; from the unit files and one question to systemd."""
    present = any(
        os.path.exists(os.path.join(root, folder, f"{name}.service"))
        for folder in ("lib/systemd/system", "usr/lib/systemd/system", "etc/systemd/system")
    )
    enabled = bool(glob.glob(os.path.join(root, f"etc/systemd/system/*.wants/{name}.service")))
    # Udev starts Debian's nvidia-persistenced, whose unit is static: that is as good as enabled.
    static = present and not enabled and driver.output("systemctl", "is-enabled", name).strip() == "static"
    active = present and driver.output("systemctl", "is-active", name).strip() == "active"
    return {"present": present, "enabled": enabled or static, "active": active}


def free(path: str) -> int:
    """MiB that root may still write below a path; 0 where it does not exist."""
    try:
        return shutil.disk_usage(path).free // 2**20
    except OSError:
        return 0


def digest(path: str) -> dict[str, Any]:
    """Whether a path exists, and the SHA-256 of a file."""
    try:
        with open(path, "rb") as stream:
            return {"exists": True, "sha256": hashlib.sha256(stream.read()).hexdigest()}
    except OSError:
        return {"exists": os.path.exists(path), "sha256": None}
