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


def due(names: t.Iterable[str], directory: str, ca: t.Optional[str], key_type: str, share: float) -> t.List[Due]:
    """The identities to issue, in the order of names. ca: PEM of their issuer, None where it does not exist yet.

    Raises ValueError for a name that is none, and OSError for files that cannot be read.
    """
    result: t.List[Due] = []
    for name in names:
        reasons = _reasons(name, directory, ca, key_type, share)
        if reasons:
            result.append({"name": name, "reasons": reasons})
    return result


def _reasons(name: str, directory: str, ca: t.Optional[str], key_type: str, share: float) -> t.List[renewal.Reason]:
    wanted = frozenset((san.subject_alt_name(name),))
    certificate, key = (_read(os.path.join(directory, name + suffix)) for suffix in (".crt", ".key"))
    if ca is None:
        return [{"code": "absent", "text": "its CA does not exist yet"}]
    if certificate is None or key is None:
        return [{"code": "absent", "text": "there is none yet"}]
    policy = renewal.Policy(san=wanted, ca=ca, key_type=key_type, purpose="client", share=share)
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
