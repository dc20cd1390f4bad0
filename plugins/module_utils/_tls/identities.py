# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client identities that are kept as NAME.crt and NAME.key in a folder of the controller: which have to be issued?

The keys are read here and go no further.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import keys, renewal, san
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import load as load_certificates
from ansible_collections.inferops.triton.plugins.module_utils._tls.finding import MaterialError


class Due(t.TypedDict):
    """An identity that has to be issued, and why."""

    name: str
    reasons: t.List[renewal.Reason]


def due(
    names: t.Iterable[str],
    directory: str,
    ca: t.Optional[str],
    key_type: str,
    share: float,
    chain: t.Optional[str] = "",
    foreign: bool = False,
) -> t.List[Due]:
    """The identities to issue, in the order of names. ca: PEM of their issuer, None where it does not exist yet; chain and foreign
    as in renewal.Policy.

    Raises ValueError for a name that is none, and OSError for files that cannot be read.
    """
    result: t.List[Due] = []
    for name in names:
        wanted = frozenset((san.subject_alt_name(name),))
        policy = renewal.Policy(san=wanted, ca=ca, key_type=key_type, purpose="client", share=share, foreign=foreign, chain=chain)
        reasons = _reasons(name, directory, policy)
        if reasons:
            result.append({"name": name, "reasons": reasons})
    return result


def keeps_key(name: str, directory: str, key_type: str) -> bool:
    """Whether the key of an identity is of the type asked for, so that a renewal can keep it."""
    data = _read(os.path.join(directory, f"{name}.key"))
    try:
        return data is not None and keys.load(data)[0].description == renewal.KEY_TYPES[key_type]
    except MaterialError:
        return False


def _reasons(name: str, directory: str, policy: renewal.Policy) -> t.List[renewal.Reason]:
    certificate, key = (_read(os.path.join(directory, name + suffix)) for suffix in (".crt", ".key"))
    if policy.ca is None and not policy.foreign:
        return [{"code": "absent", "text": "its CA does not exist yet"}]
    if certificate is None or key is None:
        return [{"code": "absent", "text": "there is none yet"}]
    return renewal.reasons(certificate.decode("utf-8", "replace"), policy) or _key(certificate, key)


def _key(certificate: bytes, key: bytes) -> t.List[renewal.Reason]:
    try:
        if keys.matches(load_certificates(certificate, "certificate")[0][0].spki, keys.load(key)[0].spki):
            return []
    except MaterialError:
        pass
    return [{"code": "key", "text": "its key is not the one of its certificate"}]


def _read(path: str) -> t.Optional[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
