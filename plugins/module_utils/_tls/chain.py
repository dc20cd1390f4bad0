# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the leaf to a trust anchor: find the path, or name why there is none.

A path is searched as OpenSSL and BoringSSL search it: issuers by name, authority key identifier and signature, among the served
certificates in any order and the CAs; any certificate of the CA file is an anchor (gRPC sets X509_V_FLAG_PARTIAL_CHAIN).
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, finding as f
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate

_DEPTH = 20
_ROOT = re.compile(r"\broot\b", re.IGNORECASE)
_INTERMEDIATE = re.compile(r"intermediate|issuing|\bsub\b|\bsubca\b|subordinate", re.IGNORECASE)


class Path(t.NamedTuple):
    """Certificates from the leaf upwards. ``anchored``: the last one is trusted. findings: why it is not, or what is odd."""

    certificates: t.List[Certificate]
    anchored: bool
    findings: t.List[f.Finding]


def build(leaf: Certificate, served: t.Sequence[Certificate], anchors: t.Sequence[Certificate]) -> Path:
    """The shortest path from the leaf to one of the anchors, every signature verified; else the best attempt and its fault."""
    path = _search([leaf], served, anchors)
    if path is not None:
        return Path(path, True, [])
    return _attempt(leaf, served, anchors)


def links(leaf: Certificate, served: t.Sequence[Certificate]) -> Path:
    """As far up as the served certificates go, where no CA is known."""
    path = [leaf]
    while len(path) < _DEPTH:
        issuers = [each for each in served if each not in path and _is_issuer(path[-1], each, False)]
        if not issuers:
            break
        path.append(issuers[0])
    return Path(path, False, [])


def _search(
    path: t.List[Certificate], served: t.Sequence[Certificate], anchors: t.Sequence[Certificate]
) -> t.Optional[t.List[Certificate]]:
    if path[-1] in anchors:
        return path
    if len(path) == _DEPTH:
        return None
    found: t.List[t.List[Certificate]] = []
    for candidate in [*anchors, *served]:
        if candidate not in path and _is_issuer(path[-1], candidate, candidate in anchors):
            longer = _search([*path, candidate], served, anchors)
            if longer is not None:
                found.append(longer)
    return min(found, key=len) if found else None


def _is_issuer(child: Certificate, candidate: Certificate, anchor: bool) -> bool:
    return (
        child.issued_by(candidate)
        and may_sign(candidate, anchor)
        and not aki_differs(child, candidate)
        # a signature that this cryptography cannot check is not held against the chain: the key is judged on its own
        and child.signed_by(candidate) is not False
    )


def may_sign(certificate: Certificate, anchor: bool = False) -> bool:
    """Whether a certificate is taken for a CA: by basicConstraints (or a self-signed one of X.509 version 1), and by keyUsage.

    gRPC clients do not ask a trust anchor for basicConstraints.
    """
    if not anchor and not certificate.is_ca and not (certificate.version == 1 and certificate.self_issued):
        return False
    usage = certificate.extension(_dep.x509.KeyUsage)
    return usage is None or bool(usage.key_cert_sign)


def aki_differs(child: Certificate, issuer: Certificate) -> bool:
    """Whether the child's authority key identifier contradicts the issuer (X509_check_akid)."""
    aki = child.extension(_dep.x509.AuthorityKeyIdentifier)
    ski = issuer.extension(_dep.x509.SubjectKeyIdentifier)
    if aki is None:
        return False
    if aki.key_identifier is not None and ski is not None and aki.key_identifier != ski.digest:
        return True
    return aki.authority_cert_serial_number is not None and aki.authority_cert_serial_number != issuer.x509.serial_number


def _attempt(leaf: Certificate, served: t.Sequence[Certificate], anchors: t.Sequence[Certificate]) -> Path:
    path = [leaf]
    while len(path) < _DEPTH:
        child = path[-1]
        if child.self_signed:
            return Path(path, False, [_self_signed(child, anchors)])
        named = [each for each in [*anchors, *served] if each not in path and child.issued_by(each)]
        if not named:
            return Path(path, False, [_no_issuer(path, anchors)])
        signers = [each for each in named if child.signed_by(each) is not False]
        if not signers:
            return Path(path, False, [_wrong_issuer_key(child, named[0], anchors)])
        sound = [each for each in signers if _is_issuer(child, each, each in anchors)]
        if not sound:
            return Path(path, False, [_unsound(child, signers[0], anchors)])
        path.append(sound[0])
    return Path(path, False, [_no_issuer(path, anchors)])


def _names(certificates: t.Sequence[Certificate]) -> str:
    return ", ".join(f"'{certificate.label}'" for certificate in certificates) or "none"


def _self_signed(top: Certificate, anchors: t.Sequence[Certificate]) -> f.Finding:
    return f.make(
        "untrusted_issuer",
        "chain",
        f"The chain ends at the self-signed certificate '{top.label}', which is not among the CAs given ({_names(anchors)}).",
        f"Give '{top.label}' as the CA, or a certificate that one of the CAs given has issued.",
    )


def _wrong_issuer_key(child: Certificate, issuer: Certificate, anchors: t.Sequence[Certificate]) -> f.Finding:
    where = "given" if issuer in anchors else "in the chain"
    return f.make(
        "untrusted_issuer",
        "chain",
        f"The certificate '{child.label}' names the issuer '{issuer.label}', but the CA {where} of that name has another key.",
        "Give the CA whose key signed the certificate, or have the certificate issued again by this CA.",
    )


def _unsound(child: Certificate, issuer: Certificate, anchors: t.Sequence[Certificate]) -> f.Finding:
    if not may_sign(issuer, issuer in anchors):
        reason = "its basicConstraints do not say CA:TRUE" if may_sign(issuer, True) else "its keyUsage lacks keyCertSign"
        return f.make(
            "ca_not_ca",
            "ca" if issuer in anchors else "chain",
            f"The issuer '{issuer.label}' of '{child.label}' is no CA: {reason}.",
            "Issue that CA certificate again with basicConstraints CA:TRUE and keyUsage keyCertSign.",
        )
    return f.make(
        "aki_mismatch",
        "chain",
        f"The authority key identifier in '{child.label}' is not that of its issuer '{issuer.label}', so clients do not find the issuer.",
        "Issue the certificate again with the present certificate of its CA.",
    )


def _no_issuer(path: t.Sequence[Certificate], anchors: t.Sequence[Certificate]) -> f.Finding:
    top = path[-1]
    cause = f"The certificate '{top.label}' was issued by '{top.issuer}', which is neither in the chain nor among the CAs given ({_names(anchors)})"
    if _intermediate_missing(path, anchors):
        remedy = f"Append the certificate of '{top.issuer}' to the chain (or, if it is a root, give it as the CA)."
        return f.make("incomplete_chain", "chain", f"{cause}; an intermediate seems to be missing.", remedy)
    remedy = f"Give '{top.issuer}' as the CA (or, if it is an intermediate, append its certificate to the chain)."
    return f.make("untrusted_issuer", "chain", f"{cause}.", remedy)


def _intermediate_missing(path: t.Sequence[Certificate], anchors: t.Sequence[Certificate]) -> bool:
    """A missing intermediate and a foreign CA look alike: the issuer is unknown. Tell them apart by what points to either.

    The default is a foreign CA, which is at least true: the issuer is unknown to the clients.
    """
    top = path[-1]
    aki = top.extension(_dep.x509.AuthorityKeyIdentifier)
    if aki is not None and aki.authority_cert_issuer:
        # whoever issued our issuer: its own name again means that the issuer is a root
        issuers = [name.value.rfc4514_string() for name in aki.authority_cert_issuer if isinstance(name, _dep.x509.DirectoryName)]
        return top.issuer not in issuers
    if _ROOT.search(top.issuer):
        return False
    if top.extension(_dep.x509.AuthorityInformationAccess) is not None or _INTERMEDIATE.search(top.issuer):
        return True
    organisation = _organisations(top.x509.issuer)
    return bool(organisation) and any(organisation & _organisations(anchor.x509.subject) for anchor in anchors)


def _organisations(name: t.Any) -> t.Set[str]:
    return {str(attribute.value).casefold() for attribute in name.get_attributes_for_oid(_dep.x509.NameOID.ORGANIZATION_NAME)}
