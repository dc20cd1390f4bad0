# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this material fit to serve? Certificate, key and CA judged together, on the controller.

The measure is what gRPC clients accept and what Triton loads: nothing they accept is more than a warning, nothing they refuse passes.
"""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import (
    _dep,
    certificate as c,
    chain,
    constraints,
    dates,
    finding as f,
    keys,
    names as n,
    strength,
)

# BoringSSL's limit for the certificates of a handshake (SSL_MAX_CERT_LIST_DEFAULT), bytes
MAX_CHAIN_BYTES = 100 * 1024
Text = t.Union[str, bytes]


class Bundle(t.TypedDict, total=False):
    """What is judged. PEM text; public_key_sha256 (hex, of the SubjectPublicKeyInfo) stands for a key that stays on its host.
    key_passphrase opens a key that is encrypted."""

    certificate: t.Optional[Text]
    ca: t.Optional[Text]
    key: t.Optional[Text]
    key_passphrase: t.Optional[str]
    public_key_sha256: t.Optional[str]


class Verdict(t.TypedDict):
    """ok: no error is left. chain: the certificates above the leaf, as served."""

    ok: bool
    errors: t.List[f.Finding]
    warnings: t.List[f.Finding]
    overridden: t.List[f.Finding]
    leaf: t.Optional[c.Description]
    chain: t.List[c.Description]
    ca: t.List[c.Description]


class Terms(t.NamedTuple):
    """Under which terms the material is judged."""

    names: t.Sequence[str]
    mutual: bool
    self_signed: bool
    margins: dates.Margins
    allow: t.FrozenSet[str]


def validate(bundle: Bundle, terms: Terms) -> Verdict:
    """Judge a bundle. Never raises for bad material; raises MissingCryptography where the library is too old to verify signatures."""
    _dep.require(42)
    judge = _Judge(terms)
    judge.run(bundle)
    return judge.verdict()


class _Judge:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.findings: t.List[f.Finding] = []
        self.errors_by_margin: t.List[f.Finding] = []
        self.served: t.List[c.Certificate] = []
        self.anchors: t.List[c.Certificate] = []
        self.leaf: t.Optional[c.Certificate] = None

    def run(self, bundle: Bundle) -> None:
        self.served = self._read(bundle.get("certificate"), "certificate")
        ca = bundle.get("ca")
        self.anchors = [] if ca is None else self._read(ca, "ca")
        key = self._read_key(bundle.get("key"), bundle.get("key_passphrase"))
        if self.terms.mutual and ca is None:
            cause = "Mutual TLS is asked for without a CA, so the server would refuse every client."
            self._add(f.make("ca_missing", "ca", cause, "Give the CA that issues the clients' certificates."))
        self._judge_ca()
        if not self.served:
            return
        self.leaf = self._find_leaf(key, bundle.get("public_key_sha256"))
        self._judge_leaf(self.leaf)
        if ca is None or self.anchors:
            self._judge_chain(self.leaf)

    def verdict(self) -> Verdict:
        allow = self.terms.allow
        levels = {id(finding): self._level(finding) for finding in self.findings}
        errors = [each for each in self.findings if levels[id(each)] == "error"]
        overridden = [each for each in errors if each["code"] in allow]
        errors = [each for each in errors if each["code"] not in allow]
        return {
            "ok": not errors,
            "errors": errors,
            "warnings": [each for each in self.findings if levels[id(each)] == "warning"],
            "overridden": overridden,
            "leaf": self.leaf.describe() if self.leaf else None,
            "chain": [each.describe() for each in self.served if each is not self.leaf],
            "ca": [each.describe() for each in self.anchors],
        }

    def _level(self, finding: f.Finding) -> str:
        level = f.CODES[finding["code"]].level
        if level == "both":
            return "error" if any(finding is each for each in self.errors_by_margin) else "warning"
        return level

    def _add(self, *findings: f.Finding) -> None:
        self.findings.extend(findings)

    def _read(self, text: t.Optional[Text], subject: f.Subject) -> t.List[c.Certificate]:
        if text is None:
            self._add(f.make("missing", subject, "No certificate is given.", "Give the certificate in PEM format."))
            return []
        try:
            certificates, findings = c.load(text, subject)
        except f.MaterialError as exc:
            self._add(exc.finding)
            return []
        self._add(*findings)
        return certificates

    def _read_key(self, text: t.Optional[Text], passphrase: t.Optional[str]) -> t.Optional[keys.PrivateKey]:
        if text is None:
            return None
        try:
            key, findings = keys.load(text, passphrase)
        except f.MaterialError as exc:
            self._add(exc.finding)
            return None
        self._add(*findings)
        return key

    def _find_leaf(self, key: t.Optional[keys.PrivateKey], public_key_sha256: t.Optional[str]) -> c.Certificate:
        """The leaf stands first. Where it does not, say so, and judge the right one, so that one fault is one finding."""
        first = self.served[0]
        wanted = key.public_key_sha256 if key else (public_key_sha256 or "").lower().replace(":", "")
        owners = [each for each in self.served if each.public_key_sha256 == wanted or (key and keys.matches(each.spki, key.spki))]
        if wanted and not owners:
            self._add(keys.mismatch(first.label, first.public_key_sha256, wanted))
        ends = [each for each in self.served if not each.is_ca]
        leaf = first
        if owners and first not in owners:
            leaf = owners[0]
        elif not wanted and first.is_ca and len(ends) == 1:
            leaf = ends[0]
        if leaf is not first:
            cause = f"The chain starts with '{first.label}', not with the server's certificate '{leaf.label}'."
            remedy = "Put the server's certificate first, then the intermediates, each followed by its issuer."
            self._add(f.make("chain_order", "chain", cause, remedy))
        return leaf

    def _judge_leaf(self, leaf: c.Certificate) -> None:
        if leaf.malformed:
            cause = f"The extensions of the certificate '{leaf.label}' cannot be read: {leaf.malformed}."
            self._add(f.make("malformed_certificate", "certificate", cause, "Issue the certificate again."))
        self._add(*n.judge(leaf, self.terms.names))
        self._add(*strength.judge_key(leaf, "certificate", leaf=True))
        self._add(*constraints.judge_leaf(leaf))
        self._judge_dates(leaf, "certificate")
        # RFC 8446 section 4.4.2: a length and an (empty) list of extensions before and after each certificate
        size = 4 + sum(len(each.der) + 5 for each in self.served)
        if size > MAX_CHAIN_BYTES:
            cause = f"Certificate '{leaf.label}' and its chain take {size} bytes; gRPC clients accept at most {MAX_CHAIN_BYTES} in a handshake."
            self._add(f.make("too_large", "chain", cause, "Issue it with fewer names, or leave needless certificates out of the chain."))

    def _judge_dates(self, certificate: c.Certificate, subject: f.Subject) -> None:
        judged = dates.judge(certificate, subject, self.terms.margins)
        if judged is not None:
            self._add(judged.finding)
            if judged.error:
                self.errors_by_margin.append(judged.finding)

    def _judge_ca(self) -> None:
        cas = [each for each in self.anchors if chain.may_sign(each)]
        others = [each for each in self.anchors if each not in cas]
        if others and not cas:
            self._judge_no_ca(others[0])
        elif others:
            cause = f"The CA file holds '{others[0].label}' beside its CAs, which is no CA."
            self._add(f.make("ca_contains_leaf", "ca", cause, "Keep only CAs in it."))
        if self.terms.mutual:
            for each in cas:
                if each.eku and c.CLIENT_AUTH not in each.eku:
                    cause = f"The CA '{each.label}' may issue only for {', '.join(each.eku)}, so Triton refuses every client of it."
                    self._add(f.make("wrong_purpose", "ca", cause, "Give a CA without extended key usage, or with clientAuth."))
        self._add(*constraints.duplicates(self.anchors, self.terms.margins.now))

    def _judge_no_ca(self, other: c.Certificate) -> None:
        cause = f"'{other.label}' in the CA file is no CA: it lacks basicConstraints CA:TRUE or keyUsage keyCertSign."
        issues = [each for each in self.served if each != other and each.issued_by(other) and chain.may_sign(other, anchor=True)]
        if self.terms.mutual or not (other in self.served or issues):
            self._add(f.make("ca_not_ca", "ca", cause, "Give the certificate of the CA, not one that it has issued."))
        elif issues:
            cause = f"{cause} gRPC clients do not check this in a trust anchor, others do."
            self._add(f.make("ca_limits", "ca", cause, "Issue the CA again with basicConstraints CA:TRUE."))
        elif not self.terms.self_signed:
            cause = f"Clients trust the certificate '{other.label}' itself; they must be given every new one before it is served."
            self._add(f.make("pinned_leaf", "ca", cause, "Give the CA instead, where there is one."))

    def _judge_chain(self, leaf: c.Certificate) -> None:
        anchors = [*self.anchors, leaf] if self.terms.self_signed else self.anchors
        if any(finding["code"] == "ca_not_ca" for finding in self.findings) and not self.terms.self_signed:
            return
        rest = [each for each in self.served if each is not leaf]
        if anchors or leaf.self_signed:
            # of two certificates of one CA, the one that is valid longer
            path = chain.build(leaf, rest, sorted(anchors, key=lambda each: each.not_after, reverse=True))
        else:
            path = chain.links(leaf, rest)
            cause = f"No CA is given, so the chain of '{leaf.label}' could not be followed to one."
            self._add(f.make("ca_unknown", "chain", cause, "Give the CA that the clients trust."))
        self._add(*path.findings)
        above = path.certificates[1:]
        for each in above:
            subject: f.Subject = "ca" if each in self.anchors else "chain"
            self._judge_dates(each, subject)
            self._add(*strength.judge_key(each, subject, leaf=False))
        # the signature of a trust anchor is never checked
        for each in path.certificates[: -1 if path.anchored else None]:
            if not each.self_signed:
                self._add(*strength.judge_signature(each, "certificate" if each is leaf else "chain"))
        self._add(*constraints.judge_path(path.certificates, path.anchored))
        self._add(*constraints.oddities(path, rest, self.anchors))
        self._judge_unused(path.certificates)

    def _judge_unused(self, path: t.Sequence[c.Certificate]) -> None:
        now = self.terms.margins.now
        used = {each.spki for each in path}
        for each in self.anchors:
            if each.spki not in used and each.not_after < now:
                cause = f"The CA '{each.label}' in the CA file expired on {c.iso(each.not_after)}; the chain does not use it."
                self._add(f.make("ca_expired", "ca", cause, "Remove it from the CA file."))


def terms(
    names: t.Sequence[str] = (),
    mutual: bool = False,
    self_signed: bool = False,
    now: t.Union[None, str, int, float, datetime.datetime] = None,
    warn_days: float = 30,
    error_days: float = 0,
    allow: t.Sequence[str] = (),
) -> Terms:
    """Terms from plain options. Raises ValueError, naming the option at fault."""
    for option, value in (("names", names), ("allow", allow)):
        if isinstance(value, (str, bytes)):
            raise ValueError(f"{option}: a list is needed, not the text '{value!s}'.")
    return Terms([str(name) for name in names], bool(mutual), bool(self_signed), dates.margins(now, warn_days, error_days), f.check_allow(allow))
