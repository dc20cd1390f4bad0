# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations of certificate material: what is given, and which codes are expected.

``client`` is what a real Triton with a real gRPC client (grpcio 1.67 and 1.85) did with the same files.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory as k
from cryptography import x509
from cryptography.hazmat.primitives.serialization import PrivateFormat

ROOT = k.issue("Test Root", ca=True, number=1, organisation="Example")
INTERMEDIATE = k.issue("Test Issuing CA", ROOT, ca=True, number=2, organisation="Example", path_length=1)
SECOND = k.issue("Test Second Issuing CA", INTERMEDIATE, ca=True, number=3, organisation="Example")
STRANGER = k.issue("Somebody", ca=True, number=4)
RSA_ROOT = k.issue("RSA Root", ca=True, kind="RSA-2048", number=1)
GOOD = k.issue(issuer=INTERMEDIATE, names=[k.NAME, k.ADDRESS, "2001:db8::1"], eku=[k.SERVER])

Client = t.Literal["accepts", "refuses"]


@dataclasses.dataclass(frozen=True)
class Situation:
    """client None: not a matter of the handshake (the material is judged before, or no file could express it)."""

    certificate: str | bytes
    key: str | bytes | None = None
    ca: str | None = ROOT.pem
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    terms: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    client: Client | None = None
    public_key_sha256: str | None = None


def _leaf(errors: t.Sequence[str] = (), warnings: t.Sequence[str] = (), client: Client | None = None, **fields: t.Any) -> Situation:
    """A leaf of the intermediate that differs in some fields."""
    terms = fields.pop("terms", {})
    fields = {"names": [k.NAME], "eku": [k.SERVER], **fields}
    leaf = k.issue(fields.pop("common_name", k.NAME), INTERMEDIATE, **fields)
    return Situation(leaf.pem + INTERMEDIATE.pem, leaf.key_pem, ROOT.pem, tuple(errors), tuple(warnings), terms, client)


def _ca(errors: t.Sequence[str] = (), warnings: t.Sequence[str] = (), client: Client | None = None, **fields: t.Any) -> Situation:
    """A good leaf of a root that differs in some fields."""
    terms = {"mutual": fields.pop("mutual", False)}
    root = k.issue("Odd Root", **{"ca": True, "number": 9, **fields})
    leaf = k.issue(issuer=root, names=[k.NAME], eku=[k.SERVER])
    return Situation(leaf.pem, leaf.key_pem, root.pem, tuple(errors), tuple(warnings), terms, client)


def _middle(errors: t.Sequence[str] = (), warnings: t.Sequence[str] = (), client: Client | None = None, **fields: t.Any) -> Situation:
    """A good leaf of an intermediate that differs in some fields."""
    root = fields.pop("issuer", ROOT)
    middle = k.issue("Odd Issuing CA", root, **{"ca": True, "number": 8, **fields})
    leaf = k.issue(issuer=middle, names=[k.NAME], eku=[k.SERVER])
    return Situation(leaf.pem + middle.pem, leaf.key_pem, root.pem, tuple(errors), tuple(warnings), {}, client)


def _named(asked: str, san: t.Sequence[str], errors: t.Sequence[str] = (), client: Client = "accepts", **fields: t.Any) -> Situation:
    warnings = fields.pop("warnings", ())
    return _leaf(errors, warnings, client, names=san, terms={"names": [asked]}, **fields)


def _text(errors: t.Sequence[str], certificate: str | bytes | None = None, **more: t.Any) -> Situation:
    chain = GOOD.pem + INTERMEDIATE.pem
    return Situation(**{"certificate": chain if certificate is None else certificate, "key": GOOD.key_pem, "errors": tuple(errors), **more})


CHAIN = GOOD.pem + INTERMEDIATE.pem
CURVE = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
SELF_SIGNED = k.issue(names=[k.NAME], ca=None, key_usage=None, number=5)
EXPLICIT_LEAF = k.with_explicit_curve(k.issue(issuer=INTERMEDIATE, names=[k.NAME], eku=[k.SERVER]), INTERMEDIATE)
PSS_LEAF = k.with_pss_key(k.issue(issuer=INTERMEDIATE, kind="RSA-2048", names=[k.NAME], eku=[k.SERVER]), INTERMEDIATE)
WEAK_ROOT = k.issue("Weak Root", ca=True, kind="RSA-2048", number=2, signature="sha1")
OF_RSA_ROOT = k.issue(issuer=RSA_ROOT, names=[k.NAME], eku=[k.SERVER])
DEEP = k.issue(issuer=SECOND, names=[k.NAME], eku=[k.SERVER])
ROOT_AGAIN = k.issue("Test Root", ca=True, number=1, organisation="Example", end=3000)
ROOT_EXPIRED = k.issue("Test Root", ca=True, number=1, organisation="Example", start=-300, end=-3)
NAMESAKE = k.issue("Test Root", ca=True, number=6, organisation="Example")
OF_STRANGER = k.issue(issuer=STRANGER, names=[k.NAME], eku=[k.SERVER])
MERE = k.issue("Mere leaf", ROOT, number=7)
MERE2 = k.issue("Mere leaf", ROOT, number=7, ca=None, key_usage=None)
OF_NON_CA2 = k.issue(issuer=MERE2, names=[k.NAME], eku=[k.SERVER])
LONG_LINE = "".join(f"-----BEGIN CERTIFICATE-----\n{''.join(each.pem.splitlines()[1:-1])}\n-----END CERTIFICATE-----\n" for each in (GOOD, INTERMEDIATE))
LARGE = k.issue(issuer=INTERMEDIATE, names=[k.NAME, *(f"{number:050d}.example.com" for number in range(1400))], eku=[k.SERVER])
LARGER = k.issue(issuer=INTERMEDIATE, names=[k.NAME, *(f"{number:050d}.example.com" for number in range(1610))], eku=[k.SERVER])
OF_NON_CA = k.issue(issuer=MERE, names=[k.NAME], eku=[k.SERVER])
TOO_LARGE = k.issue(issuer=INTERMEDIATE, names=[k.NAME, *(f"{number:050d}.example.com" for number in range(1800))], eku=[k.SERVER])
MANY_NAMES = k.issue(issuer=INTERMEDIATE, names=[k.NAME, *(f"{number:03d}.example.com" for number in range(500))], eku=[k.SERVER])
DOWN = k.issue("Constrained CA", ROOT, ca=True, number=11, constraints=x509.NameConstraints([x509.DNSName("example.org")], None))
DOWN_IP = k.issue(
    "Constrained CA for addresses", ROOT, ca=True, number=12,
    constraints=x509.NameConstraints(None, [x509.IPAddress(ipaddress.ip_network("192.0.2.0/24"))]),
)  # fmt: skip
DOTTED = k.issue("Dotted CA", ROOT, ca=True, number=16, constraints=x509.NameConstraints([x509.DNSName(".example.org")], None))
SHORT = k.issue("Short Root", ca=True, number=17, path_length=0)
INTERMEDIATE2 = k.issue("Below the short one", SHORT, ca=True, number=18)
NARROW = k.issue("Narrow Root", ca=True, number=19, constraints=x509.NameConstraints([x509.DNSName("example.org")], None))
PATHLEN0 = k.issue("Last CA", ROOT, ca=True, number=13, path_length=0)
BEYOND = k.issue("Beyond the last", PATHLEN0, ca=True, number=14)


def _of(issuer: k.Issued, *chain: k.Issued, **more: t.Any) -> Situation:
    """A good leaf of an issuer, served with these intermediates."""
    leaf = k.issue(issuer=issuer, names=more.pop("names", [k.NAME]), eku=[k.SERVER])
    return Situation(leaf.pem + "".join(each.pem for each in chain), leaf.key_pem, **more)


SITUATIONS: dict[str, Situation] = {
    # ---- good -----------------------------------------------------------------------------------------------------
    "whole chain": _text([], terms={"names": [k.NAME, k.ADDRESS, "2001:db8::1"]}, client="accepts"),
    "two intermediates": Situation(DEEP.pem + SECOND.pem + INTERMEDIATE.pem, DEEP.key_pem, client="accepts"),
    "chain with its root": _text([], CHAIN + ROOT.pem, client="accepts"),
    "P-384": _leaf(kind="P-384", client="accepts"),
    "RSA 2048": _leaf(kind="RSA-2048", client="accepts"),
    "RSA 3072": _leaf(kind="RSA-3072", client="accepts"),
    "self-signed, trusted itself": Situation(
        SELF_SIGNED.pem, SELF_SIGNED.key_pem, SELF_SIGNED.pem, terms={"self_signed": True}, client="accepts"
    ),
    "self-signed, no CA file": Situation(SELF_SIGNED.pem, SELF_SIGNED.key_pem, None, terms={"self_signed": True}),
    "mutual": _text([], terms={"mutual": True}, client="accepts"),
    "500 names": Situation(MANY_NAMES.pem + INTERMEDIATE.pem, MANY_NAMES.key_pem, client="accepts"),
    "no EKU at all": _leaf(eku=[], client="accepts"),
    "server and client": _leaf(eku=[k.SERVER, k.CLIENT], client="accepts"),
    "no keyUsage": _leaf(key_usage=None, client="accepts"),
    "signed with RSA-PSS": Situation(
        (leaf := k.issue(issuer=RSA_ROOT, names=[k.NAME], signature="pss")).pem, leaf.key_pem, RSA_ROOT.pem, client="accepts"
    ),
    "Windows line ends": _text([], CHAIN.replace("\n", "\r\n"), client="accepts"),
    "text around the blocks": _text([], f"Issued for {k.NAME}\n{CHAIN}that is all\n", client="accepts"),
    "key in SEC1 form": _text([], key=GOOD.key_as(PrivateFormat.TraditionalOpenSSL), client="accepts"),
    "key by its digest": _text([], key=None, public_key_sha256="given"),
    "AKI with issuer and serial": _leaf(aki="serial", client="accepts"),
    "within name constraints": _of(DOWN, DOWN, names=["a.example.org"], terms={"names": ["a.example.org"]}, client="accepts"),
    # ---- text -----------------------------------------------------------------------------------------------------
    "empty certificate": _text(["empty"], "", client="refuses"),
    "blank certificate": _text(["empty"], " \n\n", client="refuses"),
    "DER certificate": _text(["der"], GOOD.der, client="refuses"),
    "not PEM": _text(["not_pem"], "hello", client="refuses"),
    "bare base64": _text(["not_pem"], "".join(GOOD.pem.splitlines()[1:-1]), client="refuses"),
    "UTF-16": _text(["not_pem"], CHAIN.encode("utf-16"), client="refuses"),
    "broken base64": _text(["garbage"], GOOD.pem.replace("MII", "M*I", 1), client="refuses"),
    "broken DER": _text(["garbage"], GOOD.pem.replace("MII", "AII", 1), client="refuses"),
    "escaped line breaks": _text(["garbage"], GOOD.pem.replace("\n", "\\n"), client="refuses"),
    "truncated": _text(["truncated"], CHAIN[: len(CHAIN) - 40], client="refuses"),
    "a request": _text(["wrong_kind"], GOOD.pem.replace("CERTIFICATE", "CERTIFICATE REQUEST"), client="refuses"),
    "byte-order mark": _text([], "\ufeff" + CHAIN, warnings=("bom_harmless",), client="accepts"),
    "glued blocks": _text(["pem_glued"], CHAIN.replace("-----\n-----", "----------"), client="refuses"),
    "all on one line": _text(["pem_glued"], CHAIN.replace("\n", " "), client="refuses"),
    "indented blocks": _text(["pem_indented"], k.indent(CHAIN), client="refuses"),
    "key among the certificates": _text([], CHAIN + GOOD.key_pem, warnings=("key_in_certificate",), client="accepts"),
    "empty key": _text(["empty"], key="", client="refuses"),
    "DER key": _text(["der"], key=b"0\x81\x87" + b"\0" * 135, client="refuses"),
    "garbage key": _text(["garbage"], key=GOOD.key_pem.replace("MI", "AI", 1), client="refuses"),
    "encrypted key": _text(["key_encrypted"], key=GOOD.key_as(PrivateFormat.PKCS8, b"secret"), client="refuses"),
    "encrypted key, old form": _text(["key_encrypted"], key=GOOD.key_as(PrivateFormat.TraditionalOpenSSL, b"secret"), client="refuses"),
    "OpenSSH key": _text(["wrong_kind"], key=GOOD.key_as(PrivateFormat.OpenSSH), client="refuses"),
    "certificate as key": _text(["wrong_kind"], key=GOOD.pem, client="refuses"),
    "two keys, the right first": _text([], key=GOOD.key_pem + STRANGER.key_pem, warnings=("several_keys",), client="accepts"),
    "two keys, the wrong first": _text(["key_mismatch"], key=STRANGER.key_pem + GOOD.key_pem, warnings=("several_keys",), client="refuses"),
    "indented key": _text(["pem_indented"], key=k.indent(GOOD.key_pem), client="refuses"),
    "empty CA": _text(["empty"], ca="", client="refuses"),
    "byte-order mark in the CA": _text(["bom"], ca="\ufeff" + ROOT.pem, client="refuses"),
    "indented CA": _text(["pem_indented"], ca=k.indent(ROOT.pem), client="refuses"),
    "broken certificate among the CAs": _text(["garbage"], ca=STRANGER.pem.replace("MII", "AII", 1) + ROOT.pem, client="refuses"),
    # ---- key and leaf ---------------------------------------------------------------------------------------------
    "key of another certificate": _text(["key_mismatch"], key=STRANGER.key_pem, client="refuses"),
    "digest of another key": _text(["key_mismatch"], key=None, public_key_sha256="ab" * 32),
    "Ed25519": _leaf(["unsupported_key"], kind="Ed25519", client="refuses"),
    "Ed448": _leaf(["unsupported_key"], kind="Ed448", client="refuses"),
    "P-224": _leaf(["unsupported_key"], kind="P-224", client="refuses"),
    "P-521": _leaf(["unsupported_key"], kind="P-521", client="refuses"),
    "secp256k1": _leaf(["unsupported_key"], kind="secp256k1", client="refuses"),
    "brainpool": _leaf(["unsupported_key"], kind="brainpool", client="refuses"),
    "DSA": _leaf(["unsupported_key"], kind="DSA-2048", client="refuses"),
    "RSASSA-PSS key": Situation(
        PSS_LEAF.pem + INTERMEDIATE.pem, PSS_LEAF.key_pem, errors=("unsupported_key",), client="refuses"
    ),
    "explicit curve parameters": Situation(
        EXPLICIT_LEAF.pem + INTERMEDIATE.pem, EXPLICIT_LEAF.key_pem, errors=("unsupported_key",), client="refuses"
    ),
    "RSA 1024": _leaf(["weak_key"], kind="RSA-1024", client="refuses"),
    "expired": _leaf(["expired"], start=-30, end=-1, client="refuses"),
    "not yet valid": _leaf(["not_yet_valid"], start=1, end=30, client="refuses"),
    "expires within the warning": _leaf([], ["expires_soon"], end=10, client="accepts"),
    "expires within the error": _leaf(["expires_soon"], [], end=10, terms={"error_days": 11}),
    "for clients only": _leaf(["wrong_purpose"], eku=[k.CLIENT], client="refuses"),
    "for any purpose": _leaf(["wrong_purpose"], eku=[k.ANY], client="refuses"),
    "no digitalSignature": _leaf(["key_usage"], key_usage=k.usage("key_agreement"), client="refuses"),
    "RSA for encipherment only": _leaf(["key_usage"], kind="RSA-2048", key_usage=k.usage("key_encipherment"), client="refuses"),
    "200 kB": Situation(TOO_LARGE.pem + INTERMEDIATE.pem, TOO_LARGE.key_pem, errors=("too_large",), client="refuses"),
    "leaf is a CA": _leaf([], ["leaf_is_ca"], ca=True, key_usage=k.usage("digital_signature", "key_cert_sign"), client="accepts"),
    # ---- names ----------------------------------------------------------------------------------------------------
    "name in capitals": _named("TRITON.example.com", [k.NAME]),
    "trailing dot": _named(k.NAME + ".", [k.NAME]),
    "wildcard": _named("a.example.com", ["*.example.com"]),
    "wildcard, two labels": _named("a.b.example.com", ["*.example.com"], ["hostname_mismatch"], "refuses"),
    "wildcard, no label": _named("example.com", ["*.example.com"], ["hostname_mismatch"], "refuses"),
    "wildcard for a top-level domain": _named("example.com", ["*.com"], warnings=("name_by_release",)),
    "partial wildcard": _named("gpu1.example.com", ["gpu*.example.com"], ["hostname_mismatch"], "refuses"),
    "wildcard inside": _named("a.b.example.com", ["a.*.example.com"], ["hostname_mismatch"], "refuses"),
    "another name": _named("other.example.com", [k.NAME], ["hostname_mismatch"], "refuses"),
    "address": _named(k.ADDRESS, [k.ADDRESS]),
    "address as DNS name": _leaf(
        [], [], "accepts", names=[], extra=[x509.SubjectAlternativeName([x509.DNSName(k.ADDRESS)])], terms={"names": [k.ADDRESS]}
    ),
    "another address": _named("192.0.2.8", [k.ADDRESS], ["hostname_mismatch"], "refuses"),
    "IPv6": _named("2001:db8::1", ["2001:db8::1"]),
    "IPv6 written at length": _named("2001:db8:0:0:0:0:0:1", ["2001:db8::1"], ["hostname_mismatch"], "refuses"),
    "CN alone": _named(k.NAME, [], warnings=("cn_without_san",)),
    "CN and another SAN": _named(k.NAME, ["other.example.com"], ["hostname_mismatch"], "refuses"),
    "CN and an address": _named(k.NAME, [k.ADDRESS], warnings=("name_by_release",)),
    "address in CN": _named(k.ADDRESS, [], warnings=("name_by_release",), common_name=k.ADDRESS),
    "underscore": _named("gpu_1.example.com", ["gpu_1.example.com"], warnings=("underscore_in_name",)),
    # ---- chain ----------------------------------------------------------------------------------------------------
    "intermediate missing": _text(["incomplete_chain"], GOOD.pem, client="refuses"),
    "second intermediate missing": Situation(DEEP.pem + SECOND.pem, DEEP.key_pem, errors=("incomplete_chain",), client="refuses"),
    "leaf last": _text(["chain_order"], INTERMEDIATE.pem + GOOD.pem, client="refuses"),
    "leaf last, key unknown": _text(["chain_order"], INTERMEDIATE.pem + GOOD.pem, key=None),
    "intermediates swapped": Situation(
        DEEP.pem + INTERMEDIATE.pem + SECOND.pem, DEEP.key_pem, warnings=("intermediates_order",), client="accepts"
    ),
    "foreign CA": Situation(OF_STRANGER.pem, OF_STRANGER.key_pem, errors=("untrusted_issuer",), client="refuses"),
    "foreign CA, served with its root": Situation(
        OF_STRANGER.pem + STRANGER.pem, OF_STRANGER.key_pem, errors=("untrusted_issuer",), client="refuses"
    ),
    "CA of the same name with another key": _text(["untrusted_issuer"], ca=NAMESAKE.pem, client="refuses"),
    "self-signed, not trusted": Situation(SELF_SIGNED.pem, SELF_SIGNED.key_pem, errors=("untrusted_issuer",), client="refuses"),
    "self-signed, no CA, not said": Situation(SELF_SIGNED.pem, SELF_SIGNED.key_pem, None, errors=("untrusted_issuer",)),
    "no CA given": _text([], ca=None, warnings=("ca_unknown",)),
    "AKI of another key": _leaf(["aki_mismatch"], aki="foreign", client="refuses"),
    "no AKI": _leaf([], ["aki_absent"], aki="absent", client="accepts"),
    "issuer that is no CA": Situation(
        OF_NON_CA.pem + MERE.pem, OF_NON_CA.key_pem, errors=("ca_not_ca",), client="refuses"
    ),
    "intermediate expired": _middle(["expired"], start=-30, end=-1, client="refuses"),
    "intermediate for clients": _middle(["wrong_purpose"], eku=[k.CLIENT], client="refuses"),
    "intermediate for servers": _middle(eku=[k.SERVER], client="accepts"),
    "intermediate of P-521": _middle(kind="P-521", client="accepts"),
    "intermediate of RSA 1024": _middle(["weak_key"], kind="RSA-1024", client="refuses"),
    "intermediate signed with SHA-1": _middle(["weak_signature"], issuer=RSA_ROOT, signature="sha1", client="refuses"),
    "pathlen exceeded": _of(BEYOND, BEYOND, PATHLEN0, errors=("path_length",), client="refuses"),
    "outside name constraints": _of(DOWN, DOWN, errors=("name_constraints",), client="refuses"),
    "address under a CA that excludes others": _of(DOWN_IP, DOWN_IP, names=[k.NAME, "198.51.100.1"], errors=("name_constraints",), client="refuses"),
    "no address under a CA that excludes some": _of(DOWN_IP, DOWN_IP, client="accepts"),
    "address under a CA for one domain": _of(DOWN, DOWN, names=["a.example.org", k.ADDRESS], terms={"names": ["a.example.org"]}, client="accepts"),
    "subdomain of a constraint with a dot": _of(DOTTED, DOTTED, names=["a.example.org"], terms={"names": ["a.example.org"]}, client="accepts"),
    "domain of a constraint with a dot": _of(
        DOTTED, DOTTED, names=["example.org"], terms={"names": ["example.org"]}, errors=("name_constraints",), client="refuses"
    ),
    "wildcard within name constraints": _of(DOWN, DOWN, names=["*.example.org"], terms={"names": ["a.example.org"]}, client="accepts"),
    "CN under name constraints": _of(DOWN, DOWN, names=[], errors=("name_constraints",), client="refuses"),
    "CA with a pathlen too short": _of(INTERMEDIATE2, INTERMEDIATE2, ca=SHORT.pem, warnings=("ca_limits",), client="accepts"),
    "CA with name constraints": _of(NARROW, ca=NARROW.pem, errors=("name_constraints",), client="refuses"),
    "excluded address": _of(DOWN_IP, DOWN_IP, names=[k.NAME, k.ADDRESS], errors=("name_constraints",), client="refuses"),
    "stray certificate in the chain": _text([], CHAIN + STRANGER.pem, warnings=("unrelated_certificate",), client="accepts"),
    "signed with SHA-1": Situation(
        (leaf := k.issue(issuer=RSA_ROOT, names=[k.NAME], signature="sha1")).pem, leaf.key_pem, RSA_ROOT.pem, ("weak_signature",), client="refuses"
    ),
    "signed with MD5": Situation(
        (leaf := k.issue(issuer=RSA_ROOT, names=[k.NAME], signature="md5")).pem, leaf.key_pem, RSA_ROOT.pem, ("weak_signature",), client="refuses"
    ),
    # ---- CA -------------------------------------------------------------------------------------------------------
    "CA of servers only under mutual": _ca(["wrong_purpose"], eku=[k.SERVER], mutual=True),
    "CA without basicConstraints under mutual": _ca(["ca_not_ca"], ca=None, key_usage=None, mutual=True),
    "CA missing under mutual": _text(["ca_missing"], ca=None, terms={"mutual": True}, warnings=("ca_unknown",)),
    "CA file holds another leaf": _text(["ca_not_ca"], ca=OF_STRANGER.pem, client="refuses"),
    "CA file holds the leaf": _text([], ca=GOOD.pem, warnings=("pinned_leaf", "unrelated_certificate"), client="accepts"),
    "CA file holds the leaf under mutual": _text(["ca_not_ca"], ca=GOOD.pem, terms={"mutual": True}),
    "CA file holds a leaf beside the CA": _text([], ca=ROOT.pem + OF_STRANGER.pem, warnings=("ca_contains_leaf",), client="accepts"),
    "CA file holds the intermediate alone": _text([], ca=INTERMEDIATE.pem, client="accepts"),
    "intermediate only in the CA file": _text([], GOOD.pem, ca=INTERMEDIATE.pem + ROOT.pem, warnings=("intermediate_in_ca",), client="accepts"),
    "CA without keyCertSign": _ca(["ca_not_ca"], key_usage=k.usage("crl_sign"), client="refuses"),
    "CA without basicConstraints": _ca([], ["ca_limits"], ca=None, key_usage=None, client="accepts"),
    "CA marked as none": _ca([], ["ca_limits"], ca=False, key_usage=k.usage("digital_signature", "key_cert_sign"), client="accepts"),
    "CA marked as none, without keyUsage": _ca([], ["ca_limits"], ca=False, key_usage=None, client="accepts"),
    "issuer in the CA file is no CA": Situation(OF_NON_CA.pem, OF_NON_CA.key_pem, MERE.pem, ("ca_not_ca",), client="refuses"),
    "issuer in the CA file is no CA, without keyUsage": Situation(
        OF_NON_CA2.pem, OF_NON_CA2.key_pem, MERE2.pem, warnings=("ca_limits",), client="accepts"
    ),
    "intermediate without basicConstraints": _middle(["ca_not_ca"], ca=None, key_usage=None, client="refuses"),
    "intermediate for any purpose": _middle(["wrong_purpose"], eku=[k.ANY], client="refuses"),
    "root renewed, both given, other order": _text(["ca_duplicate"], ca=ROOT_AGAIN.pem + ROOT_EXPIRED.pem),
    "root renewed, both valid": _text([], ca=ROOT_AGAIN.pem + ROOT.pem, warnings=("ca_twice",), client="accepts"),
    "byte-order mark before the key": _text([], key="\ufeff" + GOOD.key_pem, warnings=("bom_harmless",), client="accepts"),
    "signed with SHA-224": Situation(
        (leaf := k.issue(issuer=RSA_ROOT, names=[k.NAME], signature="sha224")).pem, leaf.key_pem, RSA_ROOT.pem, client="accepts"
    ),
    "blank line in a block": _text([], CHAIN.replace("-----\n", "-----\n\n", 1), client="accepts"),
    "blocks of one long line": _text([], LONG_LINE, client="accepts"),
    "text before a marker": _text(["pem_glued"], "x" + CHAIN, client="refuses"),
    "old name of the block": _text([], CHAIN.replace(" CERT", " X509 CERT"), client="accepts"),
    "old name of the block in the CA": _text([], ca=ROOT.pem.replace(" CERT", " X509 CERT"), client="accepts"),
    "OpenSSL's trusted certificate": _text(["wrong_kind"], CHAIN.replace(" CERT", " TRUSTED CERT"), client="refuses"),
    "curve before the key": _text([], key=CURVE + GOOD.key_as(PrivateFormat.TraditionalOpenSSL), client="accepts"),
    "certificate before the key": _text([], key=GOOD.pem + GOOD.key_pem, client="accepts"),
    "RSA 4096": _leaf(kind="RSA-4096", client="accepts"),
    "90 kB": Situation(LARGE.pem + INTERMEDIATE.pem, LARGE.key_pem, client="accepts"),
    "103 kB": Situation(LARGER.pem + INTERMEDIATE.pem, LARGER.key_pem, errors=("too_large",), client="refuses"),
    "CA expired": _ca(["expired"], start=-30, end=-1, client="refuses"),
    "CA for clients": _ca([], ["ca_limits"], eku=[k.CLIENT], client="accepts"),
    "CA without keyUsage": _ca([], ["ca_key_usage_absent"], key_usage=None, client="accepts"),
    "CA with uncritical basicConstraints": _ca([], ["basic_constraints_not_critical"], critical=False, client="accepts"),
    "CA of Ed25519": _ca(kind="Ed25519", client="accepts"),
    "CA of P-521": _ca(kind="P-521", client="accepts"),
    "CA of P-224": _ca(kind="P-224", client="accepts"),
    "CA of Ed448": _ca(["unsupported_key"], kind="Ed448", client="refuses"),
    "CA of secp256k1": _ca(["unsupported_key"], kind="secp256k1", client="refuses"),
    "CA of brainpool": _ca(["unsupported_key"], kind="brainpool", client="refuses"),
    "CA of DSA": _ca(["unsupported_key"], kind="DSA-2048", client="refuses"),
    "CA of RSA 1024": _ca(["weak_key"], kind="RSA-1024", client="refuses"),
    "root signed with SHA-1": _of(WEAK_ROOT, ca=WEAK_ROOT.pem, client="accepts"),
    "another CA expired": _text(
        [], ca=ROOT.pem + k.issue("Gone", ca=True, number=20, start=-30, end=-1).pem, warnings=("ca_expired",), client="accepts"
    ),
    "root renewed, both given": _text(["ca_duplicate"], ca=ROOT_EXPIRED.pem + ROOT_AGAIN.pem),
    "the same CA twice": _text([], ca=ROOT.pem + ROOT.pem, client="accepts"),
    "old CA beside the new": _text([], ca=STRANGER.pem + ROOT.pem, client="accepts"),
}
