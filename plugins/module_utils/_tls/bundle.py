# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a bundle on a host: what was given to be installed, and what lies there already.

Hosts have no path validation (cryptography 38), so here only what needs no CA is judged: readable, one key, of this leaf.
"""

from __future__ import annotations

import grp
import os
import pwd
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import (
    _dep,
    certificate as c,
    der,
    finding as f,
    keys,
    storage,
    store,
)


class Source(t.NamedTuple):
    """PEM text, or the path of a file on the host; neither means: not given. passphrase is that of a key which is encrypted."""

    text: t.Optional[str]
    path: t.Optional[str]
    passphrase: t.Optional[str] = None

    @property
    def given(self) -> bool:
        """Whether the option was used."""
        return self.text is not None or self.path is not None


class Desired(t.NamedTuple):
    """A bundle that may be installed, and what was found odd or overridden about it."""

    content: store.Content
    certificates: t.List[c.Certificate]
    authorities: t.List[c.Certificate]
    key: keys.PrivateKey
    warnings: t.List[f.Finding]
    overridden: t.List[f.Finding]


class KeyState(t.TypedDict):
    """A private key as results show it. mode is "0400"; finding says why the key cannot be used."""

    present: bool
    type: t.Optional[str]
    bits: t.Optional[int]
    curve: t.Optional[str]
    public_key_sha256: t.Optional[str]
    encrypted: bool
    owner: t.Optional[str]
    group: t.Optional[str]
    mode: t.Optional[str]
    finding: t.Optional[f.Finding]


class State(t.TypedDict):
    """What lies on a host. certificate and ca are PEM text, fit to be handed to tls_validate."""

    present: bool
    id: t.Optional[str]
    certificate: t.Optional[str]
    ca: t.Optional[str]
    leaf: t.Optional[c.Description]
    chain: t.List[c.Description]
    ca_certificates: t.List[c.Description]
    key: KeyState
    key_matches: t.Optional[bool]
    drift: t.List[str]
    findings: t.List[f.Finding]
    pending_key: bool
    pending_public_key_sha256: t.Optional[str]


def located(finding: f.Finding, path: t.Optional[str]) -> f.Finding:
    """The finding with the file that it is about."""
    if path is None:
        return finding
    return f.make(finding["code"], t.cast(f.Subject, finding["subject"]), f"{path}: {finding['cause']}", finding["remedy"])


def desire(certificate: Source, key: Source, ca: Source, path: str, allow: t.FrozenSet[str] = frozenset()) -> Desired:
    """Read and match what is to be installed. Raises MaterialError, with code "missing" for a file that does not exist.

    Without a key given, the one that is installed or the one that waits (store.PENDING_KEY) is taken, whichever is the leaf's.
    """
    _dep.require()
    certificates, findings = _certificates(certificate, "certificate")
    authorities, more = _certificates(ca, "ca") if ca.given else ([], [])
    private = _pick_key(key, path, certificates[0], findings)
    findings += more
    if not keys.matches(certificates[0].spki, private.spki):
        others = [each for each in certificates if keys.matches(each.spki, private.spki)]
        findings.append(_order(certificates[0], others[0]) if others else _mismatch(certificates[0], private))
    errors = [each for each in findings if f.CODES[each["code"]].level == "error"]
    for each in errors:
        if each["code"] not in allow:
            raise f.MaterialError(each)
    content = store.Content(
        "".join(each.pem for each in certificates),
        private.block.pem(),
        "".join(each.pem for each in authorities) or None,
        private.public_key_sha256,
    )
    return Desired(content, certificates, authorities, private, [each for each in findings if each not in errors], errors)


def nothing() -> State:
    """The state of a host without any bundle."""
    return {
        "present": False,
        "id": None,
        "certificate": None,
        "ca": None,
        "leaf": None,
        "chain": [],
        "ca_certificates": [],
        "key": _no_key(),
        "key_matches": None,
        "drift": [],
        "findings": [],
        "pending_key": False,
        "pending_public_key_sha256": None,
    }


def inspect(certificate: str, key: t.Optional[str], ca: t.Optional[str], passphrase: t.Optional[str] = None) -> State:
    """What three files hold. Findings instead of exceptions; files that do not exist are just not present."""
    result = nothing()
    result["present"] = os.path.exists(certificate)
    result["key"] = key_state(key, passphrase) if key else _no_key()
    served = _present(certificate, "certificate", result["findings"])
    authorities = _present(ca, "ca", result["findings"]) if ca else []
    if served:
        result["certificate"] = "".join(each.pem for each in served)
        result["leaf"], *result["chain"] = [each.describe() for each in served]
    if authorities:
        result["ca"] = "".join(each.pem for each in authorities)
        result["ca_certificates"] = [each.describe() for each in authorities]
    state = result["key"]
    if state["finding"]:
        result["findings"].append(state["finding"])
    if served and key and state["public_key_sha256"]:
        private = keys.load(storage.read(key) or b"", passphrase)[0]
        result["key_matches"] = keys.matches(served[0].spki, private.spki)
        if not result["key_matches"]:
            result["findings"].append(_mismatch(served[0], private))
    return result


def inspect_installed(path: str, owner: t.Optional[storage.Ownership]) -> State:
    """What tls_bundle keeps in a folder (or an earlier tool left there)."""
    result = inspect(*(os.path.join(path, name) for name in (store.CERTIFICATE, store.KEY, store.CA)))
    result["id"] = store.current_id(path)
    result["drift"] = store.drift(path, owner) + store.layout(path)
    pending = key_state(os.path.join(path, store.PENDING_KEY))
    result["pending_key"], result["pending_public_key_sha256"] = pending["present"], pending["public_key_sha256"]
    return result


def anything(paths: t.Iterable[t.Optional[str]]) -> bool:
    """Whether there is anything to read, and with it a need for cryptography."""
    return any(path is not None and os.path.exists(path) for path in paths)


def key_state(path: str, passphrase: t.Optional[str] = None) -> KeyState:
    """A private key file, without its secret."""
    state = _no_key()
    state["present"] = os.path.exists(path)
    try:
        data = _read(path, "key")
    except f.MaterialError as exc:
        if state["present"]:
            state["finding"] = exc.finding
        return state
    owner = storage.owner_of(path)
    state["owner"], state["group"], state["mode"] = _user(owner.uid), _group(owner.gid), f"{storage.mode_of(path):04o}"
    try:
        private = keys.load(data, passphrase)[0]
    except f.MaterialError as exc:
        state["finding"] = located(exc.finding, path)
        state["encrypted"] = exc.finding["code"] == "key_encrypted"
        return state
    state["type"], state["bits"], state["curve"] = private.description["type"], private.description["bits"], private.description["curve"]
    state["public_key_sha256"] = private.public_key_sha256
    return state


def _no_key() -> KeyState:
    return {
        "present": False,
        "type": None,
        "bits": None,
        "curve": None,
        "public_key_sha256": None,
        "encrypted": False,
        "owner": None,
        "group": None,
        "mode": None,
        "finding": None,
    }


def ownership(user: t.Optional[str], group: t.Optional[str]) -> storage.Ownership:
    """Numbers for names (or numbers); the group defaults to the user's own. Raises LookupError, naming what does not exist."""
    uid, gid = storage.MINE
    if user is not None:
        try:
            entry = pwd.getpwnam(user) if not user.isdigit() else None
        except KeyError as exc:
            raise LookupError(f"owner: the user '{user}' does not exist.") from exc
        uid = entry.pw_uid if entry else int(user)
        gid = entry.pw_gid if entry else gid
    if group is not None:
        try:
            gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
        except KeyError as exc:
            raise LookupError(f"group: the group '{group}' does not exist.") from exc
    return storage.Ownership(uid, gid)


def describe_key(private: keys.PrivateKey) -> t.Dict[str, t.Any]:
    """The public facts of a key."""
    description: der.Key = private.description
    return {**description, "public_key_sha256": private.public_key_sha256}


def _read(path: str, subject: f.Subject) -> bytes:
    try:
        data = storage.read(path)
    except OSError as exc:
        cause = f"The file '{path}' cannot be read: {exc.strerror}."
        raise f.fail("missing", subject, cause, "Give a file that can be read, and run with become: true.") from exc
    if data is None:
        raise f.fail("missing", subject, f"The file '{path}' does not exist.", "Create it first, or correct the path.")
    return data


def _certificates(source: Source, subject: f.Subject) -> t.Tuple[t.List[c.Certificate], t.List[f.Finding]]:
    data = _read(source.path, subject) if source.path is not None else (source.text or "")
    try:
        certificates, findings = c.load(data, subject)
    except f.MaterialError as exc:
        raise f.MaterialError(located(exc.finding, source.path)) from exc
    return certificates, [located(each, source.path) for each in findings]


def _load_key(source: Source, findings: t.List[f.Finding]) -> keys.PrivateKey:
    data = _read(source.path, "key") if source.path is not None else (source.text or "")
    try:
        private, more = keys.load(data, source.passphrase)
    except f.MaterialError as exc:
        raise f.MaterialError(located(exc.finding, source.path)) from exc
    findings += [located(each, source.path) for each in more]
    return private


def _pick_key(key: Source, path: str, leaf: c.Certificate, findings: t.List[f.Finding]) -> keys.PrivateKey:
    if key.given:
        return _load_key(key, findings)
    candidates = [os.path.join(path, name) for name in (store.KEY, store.PENDING_KEY)]
    found: t.List[keys.PrivateKey] = []
    broken: t.List[f.MaterialError] = []
    for each in candidates:
        try:
            found.append(_load_key(Source(None, each), findings))
        except f.MaterialError as exc:
            broken.append(exc)
    if not found:
        unusable = [exc for exc in broken if exc.finding["code"] != "missing"]
        if unusable:
            raise unusable[0]
        raise f.fail("missing", "key", f"No private key is given, and none is in '{path}'.", "Give key or key_path.")
    return next((each for each in found if keys.matches(leaf.spki, each.spki)), found[0])


def _mismatch(leaf: c.Certificate, private: keys.PrivateKey) -> f.Finding:
    return keys.mismatch(leaf.label, leaf.public_key_sha256, private.public_key_sha256)


def _order(first: c.Certificate, leaf: c.Certificate) -> f.Finding:
    cause = f"The chain starts with '{first.label}', not with '{leaf.label}', whose key is given."
    return f.make("chain_order", "chain", cause, "Put the server's certificate first, then the intermediates.")


def _present(path: str, subject: f.Subject, findings: t.List[f.Finding]) -> t.List[c.Certificate]:
    if not os.path.exists(path):
        return []
    try:
        certificates, more = _certificates(Source(None, path), subject)
    except f.MaterialError as exc:
        findings.append(exc.finding)
        return []
    findings += more
    return certificates


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
