# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to tls_plan, and the answer of a host that needs nothing; shared by the tests of all sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.inferops.triton.plugins.module_utils._tls import bundle
from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity

VERSION = "38.0.4"
EMPTY: dict[str, Any] = {
    **dict.fromkeys(
        ("refusals", "remarks", "waits", "issuing", "clients", "client_reasons", "client_new_keys", "client_asks", "client_takes"), []
    ),
    **dict.fromkeys(("reasons", "asks", "differences"), []),
    **dict.fromkeys(("create_ca", "rollover", "reuse_key", "takes"), False),
    "ca_common_name": "Triton CA",
}


def request(folder: Path, **options: Any) -> dict[str, Any]:
    """What the role asks with its defaults, for the host gpu1 and a CA in this folder."""
    return {
        "source": "own_ca",
        "host": "gpu1",
        "san": ["DNS:gpu1"],
        "mutual_tls": False,
        "key_type": "ecdsa-p256",
        "key_reuse": False,
        "renewal_share": 0.33,
        "lifetime_days": 365,
        "ca_directory": str(folder),
        "ca_passphrase": "",
        "ca_root_passphrase": "",
        "ca_common_name": "Triton CA",
        "ca_rollover": "",
        "clients": ["verifier"],
        "client_key_type": "ecdsa-p256",
        "client_key_reuse": True,
        "client_directory": str(folder / "clients"),
        "provided": {},
        "provided_passphrase": "",
        "ca_file": str(folder / "requests" / "ca.crt"),
        "request_file": str(folder / "requests" / "gpu1.csr"),
        "certificate_file": str(folder / "requests" / "gpu1.crt"),
        "client_requests": str(folder / "requests" / "clients"),
        "renewal_info": "",
        "warn_days": 30,
        "error_days": 0,
        "allow": [],
    } | options


def installed(folder: Path, identity: Identity | None, ca: str | None, key: str | None = None) -> Any:
    """What tls_bundle_info says of a host that has this."""
    if identity is None:
        return bundle.nothing()
    folder.mkdir()
    identity.write(folder, "tls")
    (folder / "ca.crt").write_text(ca or identity.pem)
    if key is not None:
        (folder / "tls.key").write_text(key)
    return bundle.inspect(*(str(folder / name) for name in ("tls.crt", "tls.key", "ca.crt")))


def code(sentence: str) -> str:
    """The code at the end of a refusal or a remark."""
    return sentence.rpartition("[")[2].rstrip("]")
