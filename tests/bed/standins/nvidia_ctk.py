# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for NVIDIA's nvidia-ctk in the test bed: does to files what the real one does, needs no GPU.

`runtime configure` follows cmd/nvidia-ctk/runtime/configure and pkg/config/engine/docker of nvidia-container-toolkit: the file is written anew
as Go's json.MarshalIndent writes a map, and --cdi.enabled loses the other features. `cdi generate` takes the driver's version from where the kernel
module shows it, and fails as NVML does where none is loaded; its specification has the form of the real one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys

VERSION = "@VERSION@"
LIBRARIES = "/usr/lib/x86_64-linux-gnu"


def configure(options: argparse.Namespace) -> None:
    """Adds the runtime to a daemon.json."""
    try:
        with open(options.config, encoding="utf-8") as stream:
            settings = json.load(stream)
    except FileNotFoundError:
        settings = {}
    settings.setdefault("runtimes", {})["nvidia"] = {"args": [], "path": "nvidia-container-runtime"}
    if options.default:
        settings["default-runtime"] = "nvidia"
    if options.cdi:
        settings["features"] = {"cdi": True}
    text = json.dumps(settings, indent=4, sort_keys=True, ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    with open(options.config, "w", encoding="utf-8") as stream:
        stream.write(text)


def generate(options: argparse.Namespace) -> None:
    """Writes a CDI specification for the one GPU that the stand-in of a driver pretends to have."""
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8") as stream:
            match = re.search(r"\b(\d{3}\.\d+(?:\.\d+)?)\b", stream.read())
    except OSError:
        match = None
    if match is None:
        sys.exit("failed to generate CDI spec: failed to create device CDI specs: failed to initialize NVML: ERROR_LIBRARY_NOT_FOUND")
    output = options.output or os.environ.get("NVIDIA_CTK_CDI_OUTPUT_FILE_PATH", "")
    lines = ["---", "cdiVersion: 0.5.0", "containerEdits:", "  env:", "  - NVIDIA_VISIBLE_DEVICES=void", "  mounts:"]
    for path in (f"{LIBRARIES}/libcuda.so.{match.group(1)}", "/usr/bin/nvidia-smi"):
        lines += [f"  - containerPath: {path}", f"    hostPath: {path}", "    options:", "    - ro", "    - nosuid", "    - nodev", "    - bind"]
    lines += ["devices:"]
    for name in ("0", "all"):
        lines += ["- containerEdits:", "    deviceNodes:", "    - path: /dev/nvidia0", "      hostPath: /dev/null", f'  name: "{name}"']
    text = "\n".join([*lines, "kind: nvidia.com/gpu", ""])
    if not output:
        print(text)
        return
    os.makedirs(os.path.dirname(output), exist_ok=True)
    with open(output, "w", encoding="utf-8") as stream:
        stream.write(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=f"NVIDIA Container Toolkit CLI version {VERSION} (stand-in)")
    groups = parser.add_subparsers(required=True)
    runtime = groups.add_parser("runtime").add_subparsers(required=True).add_parser("configure")
    runtime.add_argument("--runtime", choices=["docker"], default="docker")
    runtime.add_argument("--config", default="/etc/docker/daemon.json")
    runtime.add_argument("--nvidia-set-as-default", "--set-as-default", dest="default", action="store_true")
    runtime.add_argument("--cdi.enabled", "--cdi.enable", "--enable-cdi", dest="cdi", action="store_true")
    runtime.set_defaults(call=configure)
    cdi = groups.add_parser("cdi").add_subparsers(required=True).add_parser("generate")
    cdi.add_argument("--output", default="")
    cdi.add_argument("--format", choices=["yaml"], default="yaml")
    cdi.set_defaults(call=generate)
    options = parser.parse_args()
    options.call(options)


if __name__ == "__main__":
    main()
