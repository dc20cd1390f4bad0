# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tls_bundle returns and shows as its diff. Certificates and public halves only, never a key."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import (
    _dep,
    bundle as b,
    certificate as c,
    finding as f,
    storage,
    store,
)

# the parts of a result that say what was done, where nothing was
EMPTY: t.Dict[str, t.Any] = {"repaired": [], "adopted": [], "pruned": [], "warnings_found": [], "overridden": []}

View = t.Dict[str, t.Any]

# what the back ends raise when something is wrong with the material, the host or the options
FAILURES = (f.MaterialError, storage.StorageError, _dep.MissingCryptography, LookupError, ValueError)


def failure(exc: Exception) -> t.Dict[str, t.Any]:
    """The arguments of fail_json for one of FAILURES."""
    more: t.Dict[str, t.Any] = {}
    if isinstance(exc, f.MaterialError):
        code, cause, remedy = exc.finding["code"], exc.finding["cause"], exc.finding["remedy"]
        more["subject"] = exc.finding["subject"]
    elif isinstance(exc, storage.StorageError):
        code, cause, remedy = exc.code, exc.cause, exc.remedy
    elif isinstance(exc, _dep.MissingCryptography):
        code, cause, remedy = "cryptography_missing", str(exc), "Install the package python3-cryptography on the host."
    elif isinstance(exc, LookupError):
        code, cause, remedy = "unknown_user", str(exc.args[0]), "Create it first, or correct the name."
    else:
        code, cause, remedy = "invalid_option", str(exc), "Correct the option."
    return {"msg": f"{cause} {remedy}", "diagnosis": code, "cause": cause, "remedy": remedy, **more}


def bundle(path: str, desired: b.Desired) -> t.Dict[str, t.Any]:
    """The bundle of a result."""
    leaf, *chain = desired.certificates
    return {
        "id": desired.content.id,
        "certificate_file": os.path.join(path, store.CERTIFICATE),
        "key_file": os.path.join(path, store.KEY),
        "ca_file": os.path.join(path, store.CA) if desired.authorities else None,
        "leaf": leaf.describe(),
        "chain": [each.describe() for each in chain],
        "ca_certificates": [each.describe() for each in desired.authorities],
        "key": b.describe_key(desired.key),
    }


def desired(wanted: b.Desired) -> View:
    """The bundle that is wanted, for a diff."""
    leaf, *chain = wanted.certificates
    return _view(leaf.describe(), [each.describe() for each in chain], [each.describe() for each in wanted.authorities], wanted.key.public_key_sha256)


def installed(path: str) -> View:
    """The bundle that is there, for a diff; {} where there is none, or nothing to read it with."""
    if _dep.VERSION is None:
        return {}
    state = b.inspect_installed(path, None)
    return _view(state["leaf"], state["chain"], state["ca_certificates"], state["key"]["public_key_sha256"])


def diff(path: str, before: View, after: t.Optional[View], repaired: t.Sequence[str] = ()) -> t.Dict[str, str]:
    """Ansible's diff. after None: not known before the run. repaired: drift, "name: old -> new" or "name: what"."""
    after_text = "unknown until the run\n" if after is None else _yaml(after)
    old, new = "", ""
    for entry in repaired:
        name, _colon, change = entry.partition(": ")
        was, arrow, will = change.partition(" -> ")
        old += f"{name}: {was if arrow else f'{change} differs'}\n"
        new += f"{name}: {was.split(' ')[0]} {will}\n" if arrow else f"{name}: {change} as it should be\n"
    return {"before": _yaml(before) + old, "after": after_text + new, "before_header": path, "after_header": path}


def _view(
    leaf: t.Optional[c.Description], chain: t.Sequence[c.Description], authorities: t.Sequence[c.Description], key: t.Optional[str]
) -> View:
    view: View = {}
    if leaf is not None:
        view["certificate"] = _summary(leaf)
    if chain:
        view["chain"] = [_summary(each) for each in chain]
    if authorities:
        view["ca"] = [_summary(each) for each in authorities]
    if key is not None:
        view["key"] = {"public_key_sha256": key}
    return view


def _summary(description: c.Description) -> t.Dict[str, str]:
    key = description["key"]
    return {
        "subject": description["subject"],
        "issuer": description["issuer"],
        "san": ", ".join(description["san"]),
        "not_before": description["not_before"],
        "not_after": description["not_after"],
        "key": " ".join(str(part) for part in (key["type"], key["curve"] or key["bits"])),
        "fingerprint_sha256": description["fingerprint_sha256"],
    }


def _yaml(view: View) -> str:
    lines: t.List[str] = []
    for name, value in view.items():
        lines.append(f"{name}:")
        for item in value if isinstance(value, list) else [value]:
            bullet = "  - " if isinstance(value, list) else "  "
            for key, text in item.items():
                lines.append(f"{bullet}{key}: {text}")
                bullet = " " * len(bullet)
    return "".join(f"{line}\n" for line in lines)
