# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What certificates say they may be used for, and oddities of a chain that clients accept."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, chain, finding as f
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import SERVER_AUTH, Certificate


def judge_leaf(leaf: Certificate) -> t.List[f.Finding]:
    """May the leaf authenticate a server?"""
    findings: t.List[f.Finding] = []
    if leaf.eku and SERVER_AUTH not in leaf.eku:
        cause = f"The certificate '{leaf.label}' is for {', '.join(leaf.eku)} (extended key usage), not for serverAuth."
        findings.append(f.make("wrong_purpose", "certificate", cause, "Issue it with the extended key usage serverAuth."))
    usage = leaf.extension(_dep.x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        cause = f"The keyUsage of the certificate '{leaf.label}' lacks digitalSignature, without which it cannot sign a TLS handshake."
        findings.append(f.make("key_usage", "certificate", cause, "Issue it with keyUsage digitalSignature."))
    if leaf.is_ca and not leaf.self_signed:
        cause = f"The server's certificate '{leaf.label}' is itself a CA, so whoever takes its key can issue certificates."
        findings.append(f.make("leaf_is_ca", "certificate", cause, "Serve a certificate with basicConstraints CA:FALSE."))
    return findings


def judge_path(path: t.Sequence[Certificate], anchored: bool) -> t.List[f.Finding]:
    """What the CAs of a path are limited to: purposes, depth, names. anchored: the last one is the trust anchor.

    Of a trust anchor gRPC clients check dates, keyUsage and name constraints, not basicConstraints and extended key usage (tried).
    """
    findings: t.List[f.Finding] = []
    for depth, issuer in enumerate(path[1:], start=1):
        limits: t.List[f.Finding] = []
        if issuer.eku and SERVER_AUTH not in issuer.eku:
            cause = f"The CA '{issuer.label}' may issue only for {', '.join(issuer.eku)} (extended key usage), not for serverAuth."
            limits.append(f.make("wrong_purpose", "chain", cause, "Have the certificate issued by a CA for servers."))
        limits += _path_length(issuer, path[1:depth])
        if anchored and depth == len(path) - 1:
            ignored = "gRPC clients do not check this in a trust anchor, others do."
            limits = [f.make("ca_limits", "ca", f"{each['cause']} {ignored}", each["remedy"]) for each in limits]
        findings += [*limits, *_name_constraints(issuer, path[0])]
    return findings


def _path_length(issuer: Certificate, below: t.Sequence[Certificate]) -> t.List[f.Finding]:
    basic = issuer.extension(_dep.x509.BasicConstraints)
    intermediates = [each for each in below if not each.self_issued]
    if basic is None or basic.path_length is None or len(intermediates) <= basic.path_length:
        return []
    cause = f"The CA '{issuer.label}' allows {basic.path_length} CAs below it (pathlen), but the chain has {len(intermediates)}."
    return [f.make("path_length", "chain", cause, "Issue from a CA nearer to the root, or issue the CA with a larger pathlen.")]


def _name_constraints(issuer: Certificate, leaf: Certificate) -> t.List[f.Finding]:
    limits = issuer.extension(_dep.x509.NameConstraints)
    if limits is None:
        return []
    remedy = "Leave the name out, or have the certificate issued by another CA."
    if not leaf.san:
        cause = f"The CA '{issuer.label}' has name constraints, with which gRPC clients refuse a certificate without SANs ('{leaf.label}')."
        return [f.make("name_constraints", "chain", cause, "Issue the certificate with SANs.")]
    addresses = [entry for entry in leaf.san if entry.startswith("IP:")]
    if addresses and any(_same_kind("IP", each) for each in [*(limits.permitted_subtrees or ()), *(limits.excluded_subtrees or ())]):
        cause = f"The CA '{issuer.label}' has name constraints for addresses, with which gRPC clients refuse any address ({', '.join(addresses)})."
        return [f.make("name_constraints", "chain", cause, remedy)]
    refused = [entry for entry in leaf.san if not _permitted(entry, limits)]
    if not refused:
        return []
    cause = f"The CA '{issuer.label}' must not issue for {', '.join(refused)} (its name constraints), as '{leaf.label}' has it."
    return [f.make("name_constraints", "chain", cause, remedy)]


def _permitted(entry: str, limits: t.Any) -> bool:
    kind, _colon, value = entry.partition(":")
    if kind != "DNS":
        return True
    permitted = [each for each in limits.permitted_subtrees or () if _same_kind(kind, each)]
    excluded = [each for each in limits.excluded_subtrees or () if _same_kind(kind, each)]
    if any(_within(value, each.value) for each in excluded):
        return False
    return not permitted or any(_within(value, each.value) for each in permitted)


def _same_kind(kind: str, name: t.Any) -> bool:
    return isinstance(name, _dep.x509.DNSName if kind == "DNS" else _dep.x509.IPAddress)


def _within(value: str, subtree: str) -> bool:
    name, base = value.casefold(), subtree.casefold()
    # RFC 5280 section 4.2.1.10: labels may be added on the left; a leading dot, as many write it, asks for at least one
    return not base or name == base or name.endswith(base if base.startswith(".") else f".{base}")


def duplicates(anchors: t.Sequence[Certificate], now: datetime.datetime) -> t.List[f.Finding]:
    """Two certificates of one CA (same name, same key), as a renewed root leaves them.

    gRPC 1.85 takes the first, 1.67 the last, whether it is valid or not: one that is not valid locks out one of them.
    """
    findings: t.List[f.Finding] = []
    seen: t.Dict[t.Tuple[str, bytes], Certificate] = {}
    for each in anchors:
        other = seen.setdefault((each.subject, each.spki), each)
        if other != each:
            cause = f"The CA file holds two certificates of '{each.label}' with one key (serials {other.serial} and {each.serial})."
            valid = all(one.not_before <= now <= one.not_after for one in (other, each))
            findings.append(f.make("ca_twice" if valid else "ca_duplicate", "ca", cause, "Keep the one that is valid longest."))
    return findings


def oddities(path: chain.Path, rest: t.Sequence[Certificate], anchors: t.Sequence[Certificate]) -> t.List[f.Finding]:
    """What gRPC clients accept, and other clients may not. rest: the served certificates without the leaf."""
    findings: t.List[f.Finding] = []
    above = path.certificates[1:]
    served = [each for each in above if each in rest]
    needless = [each for each in rest if each not in above and each not in anchors]
    if [rest.index(each) for each in served] != sorted(rest.index(each) for each in served):
        cause = f"The intermediates of '{path.certificates[0].label}' are not in order, each followed by its issuer."
        findings.append(f.make("intermediates_order", "chain", cause, "Put them in order; strict clients refuse such a chain."))
    hidden = [each for each in above if each not in rest and each.is_ca and not each.self_issued]
    if hidden:
        cause = f"The intermediate '{hidden[0].label}' is only in the CA file, so clients that trust just the root cannot build the chain."
        findings.append(f.make("intermediate_in_ca", "chain", cause, "Append it to the chain that is served."))
    if needless and path.anchored:
        cause = f"The certificate '{needless[0].label}' in the chain is no part of the path to the CA."
        findings.append(f.make("unrelated_certificate", "chain", cause, "Leave it out."))
    for child, issuer in zip(path.certificates, above):
        ski = issuer.extension(_dep.x509.SubjectKeyIdentifier)
        if child.extension(_dep.x509.AuthorityKeyIdentifier) is None and ski is not None:
            cause = f"The certificate '{child.label}' has no authority key identifier, which strict clients require."
            findings.append(f.make("aki_absent", "chain", cause, "Issue it with an authority key identifier."))
    for issuer in above:
        if issuer.extension(_dep.x509.BasicConstraints) is not None and not issuer.critical(_dep.x509.BasicConstraints):
            cause = f"The basicConstraints of the CA '{issuer.label}' are not critical, which strict clients require."
            findings.append(f.make("basic_constraints_not_critical", "chain", cause, "Issue the CA with critical basicConstraints."))
        if issuer.is_ca and issuer.extension(_dep.x509.KeyUsage) is None:
            cause = f"The CA '{issuer.label}' has no keyUsage, which strict clients require."
            findings.append(f.make("ca_key_usage_absent", "chain", cause, "Issue the CA with keyUsage keyCertSign and cRLSign."))
    return findings
