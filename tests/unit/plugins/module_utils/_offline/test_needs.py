# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an offline archive does for a host."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.inferops.triton.plugins.module_utils._offline import needs

SYSTEM = {"distribution": "Debian", "release": "12", "architecture": "x86_64"}
NAME = "registry.example.com/tritonserver:24.10-py3"
PACKAGES = {**SYSTEM, "path": "packages/debian-12-x86_64.tar", "kind": "packages", "packages": {"docker.io": "20.10", "toolkit": "1.20.0-1"}}
IMAGE = {"path": "images/x.tar", "kind": "image", "name": NAME, "engine": "docker", "architecture": "x86_64", "id": "sha256:1"}
WHEEL = {"path": "wheels/x/x.whl", "kind": "wheel", "requirement": "nvidia-pytriton==0.7.0", "architecture": "x86_64"}
MANIFEST = {"files": [PACKAGES, IMAGE, WHEEL]}


def host(**differs: Any) -> dict[str, Any]:
    return {**SYSTEM, "packages": ["docker.io"], "installed": {}, "engine": "docker", "image": NAME, "wheel": "", **differs}


@pytest.mark.parametrize(
    ("differs", "said"),
    [
        pytest.param({}, None, id="holds all"),
        pytest.param({"release": "13"}, "it holds packages for Debian 12 x86_64, and the host is Debian 13 x86_64 and needs docker.io", id="another release"),
        pytest.param({"distribution": "Ubuntu"}, "it holds packages for Debian 12 x86_64, and the host is Ubuntu 12 x86_64", id="another distribution"),
        pytest.param({"architecture": "aarch64", "image": ""}, "the host is Debian 12 aarch64", id="another architecture"),
        pytest.param({"packages": ["docker.io", "haproxy"]}, "packages/debian-12-x86_64.tar holds no package haproxy", id="a package lacks"),
        pytest.param({"packages": ["toolkit=1.20.0-1"]}, None, id="the version that is asked for"),
        pytest.param({"packages": ["toolkit=1.17.8-1"]}, "holds no package toolkit=1.17.8-1", id="another version"),
        pytest.param({"image": NAME + "x"}, f"it holds no image {NAME}x for docker on x86_64", id="another image"),
        pytest.param({"engine": "podman"}, f"it holds no image {NAME} for podman on x86_64", id="another engine"),
        pytest.param({"image": "", "engine": "native", "wheel": "nvidia-pytriton==0.7.0"}, None, id="the wheel"),
        pytest.param({"wheel": "nvidia-pytriton==0.5.0"}, "it holds no wheel nvidia-pytriton==0.5.0 for x86_64", id="another wheel"),
        pytest.param({"release": "13", "installed": {"docker.io": [{"version": "26.1"}]}}, None, id="a host that lacks nothing"),
    ],
)
def test_what_lacks_is_named(differs: dict[str, Any], said: str | None) -> None:
    problems = needs.plan(host(**differs), MANIFEST)["problems"]
    assert problems == [] if said is None else len(problems) == 1 and said in problems[0]


@pytest.mark.parametrize(
    ("installed", "missing"),
    [
        pytest.param({}, ["docker.io", "toolkit=1.20.0-1"], id="nothing"),
        pytest.param({"docker.io": [{"version": "20.10"}], "toolkit": [{"version": "1.20.0-1"}]}, [], id="both, by dpkg"),
        pytest.param({"docker.io": [{"version": "20.10"}], "toolkit": [{"version": "1.20.0", "release": "1"}]}, [], id="both, by rpm"),
        pytest.param({"docker.io": [{"version": "19"}], "toolkit": [{"version": "1.17.8-1"}]}, ["toolkit=1.20.0-1"], id="an older version"),
    ],
)
def test_what_a_host_lacks_is_told(installed: dict[str, Any], missing: list[str]) -> None:
    plan = needs.plan(host(packages=["docker.io", "toolkit=1.20.0-1"], installed=installed), MANIFEST)
    assert plan["missing"] == missing
    assert (plan["packages"], plan["image"]) == (PACKAGES, IMAGE)
