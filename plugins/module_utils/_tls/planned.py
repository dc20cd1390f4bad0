# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plans of all sources of certificates are made of: the question, the answer, and how a bundle is compared with either."""

from __future__ import annotations

import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import certificate as c, finding as f, renewal, validate
from ansible_collections.inferops.triton.plugins.module_utils._tls.bundle import State

# What the controller judges itself, and what is a warning at most (finding.CODES).
NOT_FOR_HOSTS = frozenset(["key_mismatch"]) | frozenset(code for code, rule in f.CODES.items() if rule.level == "warning")
LATER = "it cannot be looked at before cryptography is installed"


class Part(t.NamedTuple):
    """Certificate, key or CA as it was provided.

    origin is for people ("files/tls.crt"), empty for text. text is PEM, None where a file is missing or lies on the host.
    """

    origin: str
    on_host: bool
    text: t.Optional[str]


class Request(t.NamedTuple):
    """What is asked for. Names with and without their ``DNS:``/``IP:``; days and shares as in the role's options.

    ca_file: what clients trust, for `external` and `acme`; empty for the controller's public CAs. request_file and certificate_file:
    the host's request and what came back for it, client_requests the folder of those of the clients, all for `external`.
    renewal_info: what the ACME server says about the installed certificate, empty for nothing. provided_passphrase opens a key that is
    provided encrypted.
    """

    source: str
    host: str
    names: t.Sequence[str]
    san: t.FrozenSet[str]
    mutual: bool
    key_type: str
    key_reuse: bool
    share: float
    lifetime_days: float
    ca_directory: str
    ca_passphrase: str
    ca_root_passphrase: str
    ca_common_name: str
    rollover: str
    clients: t.Sequence[str]
    client_key_type: str
    client_key_reuse: bool
    client_directory: str
    provided: t.Mapping[str, Part]
    ca_file: str
    request_file: str
    certificate_file: str
    client_requests: str
    renewal_info: str
    warn_days: float
    error_days: float
    allow: t.Sequence[str]
    other_ca: bool
    provided_passphrase: str = ""


class Host(t.NamedTuple):
    """What was seen on the host: the installed bundle, the provided files, and whether Python can read them there."""

    bundle: t.Optional[State]
    found: t.Optional[State]
    has_cryptography: bool


class Plan(t.TypedDict):
    """refusals and remarks are sentences, and so is what the run waits for. Reasons, asks and differences are clauses for people.

    Of the CA: create_ca and, for its name, ca_common_name; issuing, why its issuing CA is signed again; rollover, whether the step
    asked for is to be taken. Of the clients: clients, the names of the identities to issue, and client_reasons why; client_new_keys,
    those that get a new key; client_asks and client_takes, those to write requests for and those whose certificate came back.
    Of the host: reasons to issue its certificate; reuse_key, whether for the key that it has; asks, why a request is to be written;
    takes, whether the certificate came back; differences, for which what exists has to be installed.
    """

    refusals: t.List[str]
    remarks: t.List[str]
    waits: t.List[str]
    create_ca: bool
    ca_common_name: str
    issuing: t.List[str]
    rollover: bool
    clients: t.List[str]
    client_reasons: t.List[str]
    client_new_keys: t.List[str]
    client_asks: t.List[str]
    client_takes: t.List[str]
    reasons: t.List[str]
    reuse_key: bool
    asks: t.List[str]
    takes: bool
    differences: t.List[str]


def empty(request: Request) -> Plan:
    """The plan for a host that has what it should."""
    return {
        "refusals": [],
        "remarks": [],
        "waits": [],
        "create_ca": False,
        "ca_common_name": request.ca_common_name,
        "issuing": [],
        "rollover": False,
        "clients": [],
        "client_reasons": [],
        "client_new_keys": [],
        "client_asks": [],
        "client_takes": [],
        "reasons": [],
        "reuse_key": False,
        "asks": [],
        "takes": False,
        "differences": [],
    }


def judge_installed(
    request: Request, policy: renewal.Policy, bundle: State, material: validate.Bundle, terms: validate.Terms
) -> t.Tuple[t.List[str], t.Optional[validate.Verdict]]:
    """Why the installed certificate has to be replaced; where nothing speaks against it, the verdict on material instead.

    material is what the host should have for this leaf, its chain and CA as they are now.
    """
    reasons = [reason["text"] for reason in renewal.reasons(bundle["certificate"], policy)]
    if reasons:
        return reasons, None
    verdict = validate.validate(material, terms)
    faults = verdict["errors"] + [each for each in bundle["findings"] if each["subject"] != "ca" and each["code"] not in NOT_FOR_HOSTS]
    reasons = unique(each["cause"].rstrip(".") for each in faults)
    if not reasons and bundle["key_matches"] is not True:
        reasons = ["its key is missing"]
    return (reasons, None) if reasons else ([], verdict)


def reuses_key(request: Request, bundle: State) -> bool:
    """Whether a new certificate can be for the key that the host has: asked for, readable, and of the type asked for."""
    key = bundle["key"]
    if not request.key_reuse or not key["public_key_sha256"] or key["finding"]:
        return False
    return {"type": key["type"], "bits": key["bits"], "curve": key["curve"]} == renewal.KEY_TYPES[request.key_type]


def differences(
    verdict: validate.Verdict, bundle: State, authorities: t.Optional[t.Sequence[c.Description]] = None
) -> t.List[str]:
    """How the installed bundle differs from what was judged. authorities: the CA file, where it is not what was judged by."""
    if bundle["leaf"] is None:
        return [*bundle["drift"], "there is none yet"]
    result = list(bundle["drift"])
    wanted = [verdict["leaf"], *verdict["chain"]]
    installed = [bundle["leaf"], *bundle["chain"]]
    trusted = verdict["ca"] if authorities is None else authorities
    if _fingerprints(wanted[:1]) != _fingerprints(installed[:1]):
        result.append("the certificate is another one")
    elif _fingerprints(wanted) != _fingerprints(installed):
        result.append("the certificates that follow it are other ones")
    if _fingerprints(trusted) != _fingerprints(bundle["ca_certificates"]):
        result.append("the CA is another one")
    if bundle["key_matches"] is not True:
        result.append("the key is missing or another one")
    return result


def _fingerprints(descriptions: t.Iterable[t.Any]) -> t.List[t.Optional[str]]:
    return [str(each["fingerprint_sha256"]) if each else None for each in descriptions]


def sentence(finding: f.Finding) -> str:
    """Cause, remedy and code."""
    return f"{f.sentence(finding)} [{finding['code']}]"


def remarks(warnings: t.Iterable[f.Finding], overridden: t.Iterable[f.Finding] = ()) -> t.List[str]:
    """What is shown although nothing is refused for it."""
    return [f"overridden by tls_certificates_allow: {each['cause']} [{each['code']}]" for each in overridden] + [
        f"warning: {sentence(each)}" for each in warnings
    ]


def unique(texts: t.Iterable[str]) -> t.List[str]:
    """Each text once, in order."""
    return list(dict.fromkeys(texts))


def read(path: str) -> t.Optional[str]:
    """A text file of the controller; None where it does not exist. Raises OSError for one that cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
