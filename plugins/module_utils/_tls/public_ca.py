# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which public CA a chain leads to, by the trust store of the controller.

A server has to be given one CA file, and so have clients other than browsers: the one root that matters, not all 150.
"""

from __future__ import annotations

import functools
import os
import ssl
import typing as t
import warnings

from ansible_collections.inferops.triton.plugins.module_utils._tls import certificate as c, chain, finding as f

# Of Debian and Ubuntu, of RHEL and Fedora, of SUSE; ssl knows the one of the Python at hand.
_STORES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")


def anchor(text: t.Optional[str], store: t.Optional[str] = None) -> t.Optional[str]:
    """PEM of the root in the store (default: this machine's) that a leaf and its intermediates (PEM) lead to; None without one."""
    if not text:
        return None
    try:
        leaf, *rest = c.load(text, "certificate")[0]
    except f.MaterialError:
        return None
    issuers = {each.issuer for each in (leaf, *rest)}
    roots = [each for each in _roots(store or _store()) if each.subject in issuers]
    path = chain.build(leaf, rest, roots)
    return path.certificates[-1].pem if path.anchored else None


def _store() -> str:
    known = (ssl.get_default_verify_paths().cafile, *_STORES)
    return next((path for path in known if path and os.path.isfile(path)), "")


@functools.lru_cache(maxsize=4)
def _roots(store: str) -> t.Tuple[c.Certificate, ...]:
    if not store:
        return ()
    try:
        with open(store, "rb") as file, warnings.catch_warnings():
            # Some old roots have serial numbers that cryptography warns of; nobody here can change them.
            warnings.simplefilter("ignore")
            return tuple(c.load(file.read(), "ca")[0])
    except (OSError, f.MaterialError):
        return ()
