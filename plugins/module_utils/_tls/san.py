# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subject alternative names: what operators write, turned into what certificates hold.

The form is OpenSSL's and community.crypto's: ``DNS:host.example``, ``IP:192.0.2.1``. gRPC clients compare IPv6 addresses
as text, so addresses are written in their one canonical form (RFC 5952).
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

# Letters, digits, hyphens (RFC 5890); and underscores, which gRPC clients accept. A wildcard stands for one whole label.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DNS_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_PREFIX = re.compile(r"^(?:DNS|IP):")
_MAX_LENGTH = 253


def subject_alt_name(name: str) -> str:
    """Return ``DNS:…`` or ``IP:…`` for one name, which may have that prefix already. Raises ValueError for anything else."""
    bare = _PREFIX.sub("", name.strip())
    try:
        if "%" in bare:  # an IPv6 zone means something on one machine alone
            raise ValueError(bare)
        return f"IP:{ipaddress.ip_address(bare.strip('[]'))}"
    except ValueError:
        pass
    dns = bare.rstrip(".").lower()
    if len(dns) > _MAX_LENGTH or not _DNS_NAME.fullmatch(dns) or dns.rsplit(".", 1)[-1].isdigit():
        raise ValueError(
            f"{name!r} is neither a DNS name nor an IP address. Write host names without a scheme, a port or spaces,"
            " and international ones in their ASCII form (xn--…)."
        )
    return f"DNS:{dns}"


def subject_alt_names(names: t.Iterable[str], skip_invalid: bool = False) -> t.List[str]:
    """Return the subject alternative names for names, in order and each once.

    With skip_invalid whatever cannot be a name is left out (an inventory alias such as ``rack 7``), else it raises ValueError.
    """
    result: t.Dict[str, None] = {}
    for name in names:
        try:
            result[subject_alt_name(name)] = None
        except ValueError:
            if not skip_invalid:
                raise
    return list(result)
