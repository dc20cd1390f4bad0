# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one CA to the next in three steps, without a moment at which somebody who follows the order is refused.

    step     what it does                                          what is in the folder afterwards
    trust    a new CA is made; old and new are trusted              next/ca.crt, ca.key, issuing.*; ca.crt: old, new
    issue    the new one issues leaves and clients                  previous/ (the old one); ca.crt: new, old
    retire   the old one is trusted no more                         retired/<digest>/ (the old one); ca.crt: new

Each step is a sequence of renames that a killed run may leave anywhere; `view` reads every such state as the old or the new
one, and the same step finishes it. Runs on the controller; the files of the CA are moved, never read into results.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import authority, finding as f, storage
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate, Description

STEPS = ("trust", "issue", "retire")
NEXT, PREVIOUS, RETIRED = "next", "previous", "retired"
_FILES = (authority.ISSUING_KEY_FILE, authority.ISSUING_CERTIFICATE_FILE, authority.KEY_FILE)
_PUBLIC_MODE, _SECRET_MODE, _FOLDER_MODE = 0o644, 0o600, 0o700
_GENERATION = re.compile(r"^(?P<base>.*?)(?: G(?P<number>[0-9]+))?$", re.DOTALL)
_DONE = {
    "trust": "the new CA is trusted beside the old one",
    "issue": "the new CA issues, and is trusted beside the old one",
    "retire": "the old CA is trusted no more",
}
_LONGEST_NAME = 64  # characters; RFC 5280 appendix A, ub-common-name


class View(t.NamedTuple):
    """The CA as it is once a step is taken. directory: whose files sign; trust: the text of ca.crt, None before there is a CA.

    pending: the step makes a CA that does not exist yet, so that trust is not complete.
    """

    directory: str
    trust: t.Optional[str]
    pending: bool


def phase(directory: str) -> str:
    """none, trust, moving (a killed step `issue`) or issue."""
    following, before = (_there(directory, name) for name in (NEXT, PREVIOUS))
    return ("moving" if before else "trust") if following else ("issue" if before else "none")


def view(directory: str, step: str = "") -> View:
    """What a folder stands for, now (step "") or after a step. Raises MaterialError for certificates that cannot be read."""
    now = phase(directory)
    path = os.path.join(directory, authority.CERTIFICATE_FILE)
    if now == "moving" or (now == "trust" and step == "issue"):
        return View(os.path.join(directory, NEXT), _text(_trusting(directory, issue=True)), False)
    if now == "trust" and step == "trust":
        return View(directory, _text(_trusting(directory)), False)
    if now == "issue" and step == "retire":
        return View(directory, _text(_remaining(directory)), False)
    return View(directory, _read(path), step == "trust" and now == "none")


def complete(directory: str) -> bool:
    """Whether the CA in a folder was made to its end."""
    if not os.path.exists(os.path.join(directory, authority.CERTIFICATE_FILE)):
        return False
    return not authority.has_issuing(directory) or os.path.exists(os.path.join(directory, authority.ISSUING_CERTIFICATE_FILE))


def refusals(directory: str, step: str) -> t.List[f.Finding]:
    """Why a step cannot be taken in the state that the folder is in."""
    now = phase(directory)
    if step == "trust" and now in ("moving", "issue"):
        return [_order("A CA rollover is under way, whose new CA already issues.", "Finish it first: tls_certificates_ca_rollover: retire.")]
    if step == "trust" and not complete(directory):
        return [_order(f"There is no CA in {directory} to be followed by another.", "Run without tls_certificates_ca_rollover first.")]
    if step == "issue" and now == "none":
        return [_order("No new CA is trusted yet.", "Begin with tls_certificates_ca_rollover: trust, on every host, and give ca.crt to the clients.")]
    if step == "issue" and now == "trust" and _fits(directory, "trust"):
        return [_order("The new CA was not made or trusted to the end.", "Take the step before again: tls_certificates_ca_rollover: trust.")]
    if step == "retire" and now == "trust":
        return [_order("The new CA does not issue yet.", "Take the step before first: tls_certificates_ca_rollover: issue, on every host.")]
    if step == "retire" and now == "none" and not os.path.isdir(os.path.join(directory, RETIRED)):
        return [_order("No CA rollover is under way.", "Begin with tls_certificates_ca_rollover: trust.")]
    if now == "trust" and {each.spki for each in _roots(directory, NEXT)} & {each.spki for each in authority.roots(directory)}:
        cause = f"The new CA in {os.path.join(directory, NEXT)} has the key of the old one; gRPC clients fail where both are trusted."
        return [_order(cause, "Remove that folder, so that a CA with a key of its own is made.")]
    return []


def unknown(directory: str, name: str, trusted: t.Sequence[Description]) -> t.List[f.Finding]:
    """Whether a host trusts another CA than that of the folder, of the same name; without one there, than would be made by that common name.

    The folder then is not the one that its certificates came from, as on another controller. A CA of the folder's past is known there; one of another
    name was replaced on purpose.
    """
    past = os.path.join(directory, RETIRED)
    retired = [os.path.join(RETIRED, each) for each in sorted(os.listdir(past))] if os.path.isdir(past) else []
    try:
        mine = [each for folder in (".", NEXT, PREVIOUS, *retired) for each in _roots(directory, folder)]
    except f.MaterialError:
        return []  # who needs the file says what is wrong with it
    names = {_base(each.subject) for each in mine} or {_base(f"CN={name}")}
    alike = [each["subject"] for each in trusted if _base(each["subject"]) in names]
    if not alike or {each.public_key_sha256 for each in mine} & {each["public_key_sha256"] for each in trusted}:
        return []
    cause = f"The CA that this host trusts, '{alike[0]}', is not in {directory}: " + (
        "another one of that name lies there. With certificates of that, the host and its clients would refuse each other."
        if mine
        else "no CA lies there. With certificates of a new one, the host and its clients would refuse each other."
    )
    remedy = (
        "Bring the folder of the CA that issued its certificate, from the controller that made it. To begin anew with another CA, put ca_unknown into"
        " tls_certificates_allow for one run, and give the new ca.crt to all clients."
    )
    return [{"code": "ca_unknown", "subject": "ca", "cause": cause, "remedy": remedy}]


def due(directory: str, step: str) -> bool:
    """Whether a step, or one that was killed, has anything left to do in the folder."""
    return phase(directory) == "moving" or bool(_leftovers(directory)) or _fits(directory, step)


def advance(directory: str, step: str, check: bool = False) -> t.List[str]:
    """Take a step; the new CA of `trust` must lie in next/ already. Returns what was done, in clauses; check only says it.

    Raises ValueError for a step out of order, StorageError where the disk refuses.
    """
    wrong = refusals(directory, step)
    if wrong:
        raise ValueError(f.sentence(wrong[0]))
    if not due(directory, step):
        return []
    if step == "trust" and not complete(os.path.join(directory, NEXT)):
        raise ValueError(f"There is no complete CA in {os.path.join(directory, NEXT)}. Make it first.")
    leftovers = _leftovers(directory)
    steps = ["issue"] if phase(directory) == "moving" else []
    steps += [step] if step == "retire" and steps or _fits(directory, step) else []
    if not check:
        work = {"trust": _trust, "issue": _issue, "retire": _retire}
        with storage.explained(directory), storage.locked(directory):
            for path in leftovers:
                storage.remove_tree(path)
            for each in steps:
                work[each](directory)
    return [_DONE[each] for each in steps] + [f"{path}, which a killed run had left, is removed" for path in leftovers]


def next_name(base: str, directory: str) -> str:
    """The common name of the CA to come: another than that of any CA in the folder, for names are what servers tell clients."""
    taken = {name for each in authority.certificates(os.path.join(directory, authority.CERTIFICATE_FILE)) for name in each.common_names}
    if base not in taken and not any(_base(name) == _base(base) for name in taken):
        return base
    stem = _base(base)
    numbers = [int(_match(name)["number"] or 1) for name in taken if _base(name) == stem]
    suffix = f" G{max(numbers, default=1) + 1}"
    return stem[: _LONGEST_NAME - len(suffix)] + suffix


def merge(*groups: t.Iterable[Certificate]) -> t.List[Certificate]:
    """All certificates, in order; of two of one name and key the one that is valid longest, for gRPC clients fail with both."""
    result: t.List[Certificate] = []
    for each in (one for group in groups for one in group):
        twin = next((place for place, other in enumerate(result) if (other.subject, other.spki) == (each.subject, each.spki)), None)
        if twin is None:
            result.append(each)
        elif result[twin].not_after < each.not_after:
            result[twin] = each
    return result


def _fits(directory: str, step: str) -> bool:
    """Whether the folder is where the step begins."""
    now = phase(directory)
    if step == "trust":
        following = os.path.join(directory, NEXT)
        return now == "none" or (now == "trust" and (not complete(following) or _changes(directory, _trusting(directory))))
    return (step, now) in (("issue", "trust"), ("retire", "issue"))


def _leftovers(directory: str) -> t.List[str]:
    """Copies of keys that a step which was killed has staged, or was about to remove."""
    return [path for path in (os.path.join(directory, name) for name in (f"{NEXT}.done", f"{PREVIOUS}.new")) if os.path.isdir(path)]


def _match(name: str) -> t.Dict[str, t.Optional[str]]:
    found = _GENERATION.match(name)
    return found.groupdict() if found else {"base": name, "number": None}


def _base(name: str) -> str:
    return _match(name)["base"] or ""


def _order(cause: str, remedy: str) -> f.Finding:
    return {"code": "ca_rollover_order", "subject": "ca", "cause": cause, "remedy": remedy}


def _there(directory: str, name: str) -> bool:
    return os.path.exists(os.path.join(directory, name, authority.CERTIFICATE_FILE))


def _roots(directory: str, name: str) -> t.List[Certificate]:
    return authority.certificates(os.path.join(directory, name, authority.CERTIFICATE_FILE))


def _trusting(directory: str, issue: bool = False) -> t.List[Certificate]:
    """Old and new: the one that issues stands first, and the others that the user has put there stay."""
    trusted, following = _roots(directory, "."), _roots(directory, NEXT)
    return merge(following, trusted) if issue else merge(trusted, following)


def _remaining(directory: str) -> t.List[Certificate]:
    old = {each.fingerprint for each in _roots(directory, PREVIOUS)}
    return [each for each in _roots(directory, ".") if each.fingerprint not in old]


def _text(certificates: t.Iterable[Certificate]) -> str:
    return "".join(each.pem for each in certificates)


def _changes(directory: str, certificates: t.Sequence[Certificate]) -> bool:
    return [each.fingerprint for each in certificates] != [each.fingerprint for each in _roots(directory, ".")]


def _read(path: str) -> t.Optional[str]:
    data = storage.read(path)
    return None if data is None else data.decode("utf-8", "replace")


def _write_trust(directory: str, certificates: t.Sequence[Certificate]) -> None:
    path = os.path.join(directory, authority.CERTIFICATE_FILE)
    storage.replace_file(path, _text(certificates).encode("ascii"), _PUBLIC_MODE, storage.owner_of(path))


def _trust(directory: str) -> None:
    _write_trust(directory, _trusting(directory))


def _issue(directory: str) -> None:
    following, before = (os.path.join(directory, name) for name in (NEXT, PREVIOUS))
    trusted = _trusting(directory, issue=True)
    if not _there(directory, PREVIOUS):
        staged = f"{before}.new"
        storage.remove_tree(staged)
        os.mkdir(staged, _FOLDER_MODE)
        for name in _FILES:
            _copy(os.path.join(directory, name), os.path.join(staged, name))
        _put(os.path.join(staged, authority.CERTIFICATE_FILE), _text(authority.roots(directory)).encode("ascii"), _PUBLIC_MODE)
        storage.sync_folder(staged)
        os.rename(staged, before)
        storage.sync_folder(directory)
    # From here the folder is `moving`, which everyone reads as next/; the order of these does not matter.
    for name in _FILES:
        if os.path.exists(os.path.join(following, name)):
            _copy(os.path.join(following, name), os.path.join(directory, name))
        else:
            storage.remove_file(os.path.join(directory, name))
    _write_trust(directory, trusted)
    os.rename(following, f"{following}.done")
    storage.sync_folder(directory)
    storage.remove_tree(f"{following}.done")


def _retire(directory: str) -> None:
    old = _roots(directory, PREVIOUS)
    _write_trust(directory, _remaining(directory))
    kept = os.path.join(directory, RETIRED)
    os.makedirs(kept, _FOLDER_MODE, exist_ok=True)
    target = os.path.join(kept, old[0].fingerprint[:16] if old else "unknown")
    storage.remove_tree(target)
    os.rename(os.path.join(directory, PREVIOUS), target)
    storage.sync_folder(directory)


def _copy(source: str, target: str) -> None:
    data = storage.read(source)
    if data is not None:
        _put(target, data, _SECRET_MODE if source.endswith(".key") else _PUBLIC_MODE)


def _put(path: str, data: bytes, mode: int) -> None:
    storage.replace_file(path, data, mode, storage.owner_of(os.path.dirname(path)))
