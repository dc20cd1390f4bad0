# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a certificate cover a name? Judged as gRPC clients judge it.

Sources: tsi_ssl_peer_matches_name in gRPC's ssl_transport_security.cc (to 1.67), HostNameCertificateVerifier in
grpc_tls_certificate_verifier.cc (1.85), and both tried. Where they differ from RFC 6125: a trailing dot is dropped, addresses are
compared as text (an IPv6 address must be written as inet_ntop writes it), a wildcard stands for exactly the first label and nothing
less, and without SANs the CN counts. Where the two releases differ, it is a warning.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import finding as f
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate


def is_address(name: str) -> bool:
    """Whether a name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def normalise(name: str) -> str:
    """A name as clients ask for it: brackets of an IPv6 literal off, internationalised labels in their ASCII form."""
    name = name.strip()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def matches(entry: str, name: str) -> bool:
    """Whether a DNS entry of a certificate covers a DNS name."""
    entry, name = _dotless(entry).casefold(), _dotless(name).casefold()
    if not entry or not name:
        return False
    if entry == name:
        return True
    first, _dot, rest = name.partition(".")
    return entry.startswith("*.") and bool(first) and bool(rest) and rest == entry[2:]


def _dotless(name: str) -> str:
    return name[:-1] if name.endswith(".") else name


def covers(certificate: Certificate, name: str) -> bool:
    """Whether the SANs of a certificate cover a name or an address, for gRPC of any release."""
    san = [entry.partition(":")[::2] for entry in certificate.san]
    if is_address(name):
        # gRPC compares text; an address written as DNS name counts
        return any(kind in ("IP", "DNS") and value == name for kind, value in san)
    return any(kind == "DNS" and matches(value, name) and not _top_level(value, name) for kind, value in san)


def _top_level(entry: str, name: str) -> bool:
    """Whether an entry is a wildcard for a top-level domain, "*.com", and covers the name as such."""
    return entry.startswith("*.") and "." not in _dotless(entry[2:]) and entry.casefold() != name.casefold()


def _half_covered(certificate: Certificate, name: str) -> t.Optional[t.Tuple[str, str]]:
    """Code and reason, where gRPC clients (at least new ones) accept a name that the SANs do not cover."""
    dns = [entry[4:] for entry in certificate.san if entry.startswith("DNS:")]
    if any(matches(entry, name) for entry in dns):
        return "name_by_release", "only by a wildcard for a top-level domain, which gRPC 1.67 refuses and 1.85 accepts"
    # 1.85: the CN counts where there is no DNS SAN; 1.67: where there is no SAN at all, and never for an address
    if dns or not any(matches(entry, name) for entry in certificate.common_names):
        return None
    if certificate.san or is_address(name):
        return "name_by_release", "only by its CN, which gRPC 1.67 refuses here and 1.85 accepts"
    return "cn_without_san", "only by its CN, which other clients than gRPC ignore"


def judge(certificate: Certificate, names: t.Iterable[str]) -> t.List[f.Finding]:
    """Findings for the names that a certificate does not cover, and for those it covers only by its CN."""
    findings: t.List[f.Finding] = []
    listed = ", ".join(certificate.san) or "none"
    wanted = [normalise(str(name)) for name in names]
    missing: t.List[str] = []
    for name in wanted:
        if covers(certificate, name):
            continue
        half = _half_covered(certificate, name)
        if half is None:
            missing.append(name)
            continue
        code, reason = half
        cause = f"The certificate '{certificate.label}' (SANs: {listed}) covers '{name}' {reason}."
        findings.append(f.make(code, "certificate", cause, f"Issue it with the SAN {_as_san(name)}."))
    if missing:
        quoted = ", ".join(f"'{name}'" for name in missing)
        findings.append(
            f.make(
                "hostname_mismatch",
                "certificate",
                f"The certificate '{certificate.label}' does not cover {quoted} (its SANs: {listed}).{_spelling(certificate, missing)}",
                f"Issue it with {', '.join(_as_san(name) for name in missing)}, or reach the server by a name that it covers.",
            )
        )
    underscored = [entry for entry in certificate.san if entry.startswith("DNS:") and "_" in entry]
    if underscored:
        cause = f"The certificate '{certificate.label}' has an underscore in {', '.join(underscored)}, which strict clients refuse."
        findings.append(f.make("underscore_in_name", "certificate", cause, "Use names of letters, digits and hyphens."))
    return findings


def _as_san(name: str) -> str:
    if is_address(name):
        return f"IP:{ipaddress.ip_address(name).compressed}"
    return f"DNS:{name}"


def _spelling(certificate: Certificate, missing: t.Sequence[str]) -> str:
    """gRPC refuses an address that is only written differently: say so, or the reader sees the address and is lost."""
    for name in missing:
        if is_address(name) and f"IP:{ipaddress.ip_address(name).compressed}" in certificate.san:
            return f" gRPC compares addresses as text: write '{ipaddress.ip_address(name).compressed}', not '{name}'."
    return ""
