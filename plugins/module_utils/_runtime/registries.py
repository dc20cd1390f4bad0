# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where Docker and Podman look for CAs, mirrors and credentials of registries. Free of Ansible.

Sources: docs.docker.com, "Verify repository client with certificates" and "docker login"; containers-certs.d(5),
containers-registries.conf(5), containers-auth.json(5).
"""

from __future__ import annotations

import base64
import json
import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .._triton.commands import read
from .._triton.errors import HostError
from . import jsontext

CERTIFICATES = {"docker": "/etc/docker/certs.d", "podman": "/etc/containers/certs.d"}
MIRRORS = "/etc/containers/registries.conf.d/50-inferops-triton.conf"
# Below the home of root, as whom the engines are asked to pull.
CREDENTIALS = {"docker": ".docker/config.json", "podman": ".config/containers/auth.json"}
# Docker knows mirrors of its own Hub alone, which images name so, or not at all.
HUB = "docker.io"
# What the credentials of the Hub are filed under (docker/cli, cli/config/credentials).
_HUB_KEY = "https://index.docker.io/v1/"


@dataclass(frozen=True)
class File:
    """A file that is to be there with this text. A private one is never shown. what: for people."""

    path: str
    text: str
    what: str
    private: bool = False

    @property
    def mode(self) -> int:
        return 0o600 if self.private else 0o644

    def differs(self) -> bool:
        """Whether the host has another text, or one that others may read."""
        if read(self.path) != self.text:
            return True
        return self.private and bool(os.stat(self.path).st_mode & 0o077)


def files(engine: str, params: Mapping[str, Any], home: Optional[str] = None) -> list[File]:
    """The files that the registries' settings make; daemon.json is none of them. Raises HostError."""
    found = [
        File(os.path.join(CERTIFICATES[engine], item["registry"], "ca.crt"), item["ca"], f"CA of the registry {item['registry']}")
        for item in params["registry_cas"]
    ]
    if engine == "podman" and params["registry_mirrors"]:
        found.append(File(MIRRORS, mirrors_text(params["registry_mirrors"]), "mirrors of registries"))
    if params["registry_credentials"]:
        folder = home if home is not None else pwd.getpwuid(os.geteuid()).pw_dir
        found.append(_credentials(os.path.join(folder, CREDENTIALS[engine]), engine, params["registry_credentials"]))
    return found


def hub_mirrors(mirrors: Sequence[Mapping[str, Any]]) -> list[str]:
    """The mirrors that daemon.json is to hold. Raises HostError mirror_unsupported for those of another registry."""
    others = [item["registry"] for item in mirrors if item["registry"] != HUB]
    if others:
        raise HostError(
            "mirror_unsupported",
            f"Docker Engine knows mirrors of {HUB} alone, not of {', '.join(others)}.",
            "Name the mirror in triton_server_image instead, or use the engine podman.",
        )
    return [f"https://{mirror}" for item in mirrors for mirror in item["mirrors"]]


def mirrors_text(mirrors: Sequence[Mapping[str, Any]]) -> str:
    """A drop-in of registries.conf."""
    lines = ["# Written by inferops.triton, role container_runtime (container_runtime_registry_mirrors)."]
    for item in mirrors:
        lines += ["", "[[registry]]", f"location = {json.dumps(item['registry'])}"]
        for mirror in item["mirrors"]:
            lines += ["[[registry.mirror]]", f"location = {json.dumps(mirror)}"]
    return "\n".join(lines) + "\n"


def _credentials(path: str, engine: str, credentials: Sequence[Mapping[str, Any]]) -> File:
    """The file of credentials with ours in it; those of others, and the file's other settings, stay."""
    text = read(path) or ""
    try:
        present = jsontext.parse(text)
    except jsontext.JsonError as error:
        raise HostError(
            "credentials_invalid", f"{path}, line {error.line}: {error.problem}.", "Correct the file, or remove it, and run again."
        ) from None
    names = {item["registry"]: _HUB_KEY if engine == "docker" and item["registry"] == HUB else item["registry"] for item in credentials}
    helpers = present.get("credHelpers") or {}
    asked = "credsStore" if present.get("credsStore") else next((name for name in names.values() if name in helpers), None)
    if asked:
        raise HostError(
            "credential_helper",
            f"{path} has a credential helper ({asked}), which the engine would ask instead of reading what is stored there.",
            "Remove it from the file, or leave container_runtime_registry_credentials empty and let the helper hold them.",
        )
    wanted = {names[item["registry"]]: {"auth": _auth(item["username"], item["password"])} for item in credentials}
    named = ", ".join(item["registry"] for item in credentials)
    return File(path, jsontext.merged(text, {"auths": wanted}), f"credentials for {named}", private=True)


def _auth(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()
