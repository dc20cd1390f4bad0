# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How names and addresses become subject alternative names."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter import subject_alt_names as plugin
from ansible_collections.inferops.triton.plugins.module_utils._tls import san

GOOD = {
    "gpu1": "DNS:gpu1",
    "GPU1.Example.COM": "DNS:gpu1.example.com",
    "gpu1.example.com.": "DNS:gpu1.example.com",
    "DNS:gpu1": "DNS:gpu1",
    "gpu_1": "DNS:gpu_1",
    "*.example.com": "DNS:*.example.com",
    "xn--bcher-kva.example": "DNS:xn--bcher-kva.example",
    " gpu1 ": "DNS:gpu1",
    "4gpu": "DNS:4gpu",
    "192.0.2.7": "IP:192.0.2.7",
    "IP:192.0.2.7": "IP:192.0.2.7",
    "2001:DB8:0:0:0:0:0:1": "IP:2001:db8::1",
    "IP:::1": "IP:::1",
    "[::1]": "IP:::1",
}
BAD = [
    "",
    "rack 7",
    "https://gpu1",
    "gpu1:8001",
    "bücher.example",
    "192.0.2.300",
    "10.0.0",
    "-gpu",
    "gpu-",
    "a..b",
    "*",
    "g*.example.com",
    "fe80::1%eth0",
    "a" * 64,
    ".".join(["abcdefgh"] * 29),
]


@pytest.mark.parametrize(("name", "expected"), GOOD.items())
def test_good(name: str, expected: str) -> None:
    assert san.subject_alt_name(name) == expected


@pytest.mark.parametrize("name", BAD)
def test_bad(name: str) -> None:
    with pytest.raises(ValueError, match="neither a DNS name nor an IP address"):
        san.subject_alt_name(name)


def test_order_is_kept_and_what_occurs_twice_is_dropped() -> None:
    assert san.subject_alt_names(["b", "a", "B", "::1", "0:0::1"]) == ["DNS:b", "DNS:a", "IP:::1"]


def test_skip_invalid() -> None:
    assert san.subject_alt_names(["rack 7", "gpu1"], skip_invalid=True) == ["DNS:gpu1"]


@pytest.mark.parametrize("names", ["gpu1", None, 7])
def test_filter_wants_a_list(names: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="not a list of names"):
        plugin.subject_alt_names(names)


def test_filter() -> None:
    found = plugin.FilterModule().filters()["subject_alt_names"]
    assert found(["gpu1", None, "", "192.0.2.7"]) == ["DNS:gpu1", "IP:192.0.2.7"]
    with pytest.raises(AnsibleFilterError, match="'rack 7' is neither"):
        found(["rack 7"])
