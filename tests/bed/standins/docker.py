# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Docker's client on the bed's dnf host, where no engine of that family can be had: answers what the role asks, runs nothing."""

from __future__ import annotations

import json
import os
import sys

MARK = "/run/docker-standin.json"


def main() -> None:
    if sys.argv[1:2] == ["loaded"]:  # what the unit runs at its start and at a reload
        path = "/etc/docker/daemon.json"
        with open(MARK, "w", encoding="utf-8") as stream:
            stream.write(open(path, encoding="utf-8").read() if os.path.exists(path) else "{}")
    elif sys.argv[1:2] == ["info"] and os.path.exists(MARK):
        with open(MARK, encoding="utf-8") as stream:
            settings = json.load(stream)
        names: dict[str, dict[str, str]] = {name: {} for name in ("runc", *settings.get("runtimes", {}))}
        mirrors = {"Mirrors": settings.get("registry-mirrors", [])}
        print(json.dumps({"ServerVersion": "29.0.0", "Runtimes": names, "DefaultRuntime": settings.get("default-runtime", "runc"), "RegistryConfig": mirrors}))
    elif sys.argv[1:2] != ["ps"]:
        sys.exit("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")


if __name__ == "__main__":
    main()
