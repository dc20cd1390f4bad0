# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One endpoint audited, and its checks by what became of them."""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton import audit
from ansible_collections.inferops.triton.tests.unit.conftest import Pki

Options = t.Dict[str, t.Any]
Result = t.Dict[str, t.Any]


def verify(spec: Options, **settings: t.Any) -> Result:
    """The result of one endpoint, within 5 s if not told otherwise."""
    (result,), _summary = audit.verify([spec], audit.Settings(**{"timeout": 5.0, **settings}))
    return result


def found(result: Result, status: str) -> t.Dict[str, t.Optional[str]]:
    """The checks with a status, and their codes."""
    return {check["check"]: check["code"] for check in result["checks"] if check["status"] == status}


def value(result: Result, name: str) -> t.Any:
    """The figure of a check."""
    return next(check["value"] for check in result["checks"] if check["check"] == name)


def one_way(pki: Pki, port: int, **more: t.Any) -> Options:
    """The options of an endpoint on loopback without a client certificate."""
    return {"address": "127.0.0.1:{0}".format(port), "ca_file": pki.ca_file, **more}


def both_ways(pki: Pki, port: int, **more: t.Any) -> Options:
    """The same under mutual TLS."""
    return one_way(pki, port, client_cert=pki.client_cert, client_key=pki.client_key, **more)
