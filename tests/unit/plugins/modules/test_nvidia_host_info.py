# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""nvidia_host_info and apt_components as Ansible runs them."""

from __future__ import annotations

from typing import Any

from ansible_collections.inferops.triton.tests.unit.support import hostmodule

COMPONENTS: dict[str, Any] = {"codename": "no-such-release", "origin": "Nobody", "names": ["contrib"]}


def test_this_machine() -> None:
    """Whatever this machine is: every key is there, and nothing is changed."""
    result = hostmodule.run(
        "nvidia_host_info",
        {"packages": ["no-such-package"], "paths": ["/", "/no/such/file"], "services": ["no-such-service"], "components": COMPONENTS},
        check=True,
    )
    assert not result["changed"] and not result["asked"] and result["available"] == {}
    assert result["paths"]["/"]["exists"] and not result["paths"]["/no/such/file"]["exists"]
    assert result["services"] == {"no-such-service": {"present": False, "enabled": False, "active": False}}
    assert result["missing_components"] == {"files": [], "sources": 0}
    assert "no-such-package" not in result["packages"] and result["free_mib"]["/"] > 0
    assert result["kernel"]["release"] and {"gpus", "nvswitches", "driver", "nvidia_smi", "secure_boot", "nouveau", "users", "dkms"} <= set(result)


def test_no_source_of_the_distribution() -> None:
    result = hostmodule.run("apt_components", {"codename": "no-such-release", "origin": "Nobody", "components": ["contrib"]}, check=True)
    assert result["failed"] and "No APT source of Nobody no-such-release" in result["msg"]
