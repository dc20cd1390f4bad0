# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at the certificate, key and CA of a host, as modules ask for it."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, bundle, store

# The options of tls_bundle_info, and what they require of each other.
SPEC: t.Dict[str, t.Any] = {
    "path": {"type": "path", "default": "/etc/triton/tls"},
    "certificate_path": {"type": "path"},
    "key_path": {"type": "path", "no_log": False},
    "key_passphrase": {"type": "str", "no_log": True},
    "ca_path": {"type": "path"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
}
REQUIRED_BY = {"key_path": "certificate_path", "ca_path": "certificate_path", "key_passphrase": "key_path"}
REMEDY = "Install the package python3-cryptography on the host."


def look(options: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """The result of tls_bundle_info for its options. MissingCryptography, saying where, with files that nothing can read."""
    installed = options["certificate_path"] is None
    if installed:
        paths = [os.path.join(options["path"], name) for name in (*store.NAMES, store.PENDING_KEY)]
    else:
        paths = [options["certificate_path"], options["key_path"], options["ca_path"]]
    if _dep.VERSION is None and bundle.anything(paths):
        raise _dep.MissingCryptography(
            f"There are certificates on the host ({paths[0]}), but the Python library cryptography to read them is not installed."
        )
    try:
        owner = bundle.ownership(options["owner"], options["group"]) if options["owner"] or options["group"] else None
    except LookupError:
        # what does not exist yet cannot own anything: nothing to compare
        owner = None
    if installed:
        state = bundle.inspect_installed(options["path"], owner)
    else:
        state = bundle.inspect(options["certificate_path"], options["key_path"], options["ca_path"], options["key_passphrase"])
    return {"bundle": state, "cryptography": _dep.VERSION}


def unread() -> t.Dict[str, t.Any]:
    """The same where nothing can be read, and nothing has to be, as in check mode."""
    return {"bundle": bundle.nothing(), "cryptography": None}
