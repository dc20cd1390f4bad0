# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a certificate of ours is issued again, and when it is left alone."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter import tls_renewal as plugin
from ansible_collections.inferops.triton.plugins.module_utils._tls import renewal
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, SERVER, issue

NAMES = ("gpu1.example.com", "192.0.2.7", "2001:db8::1")
SAN = ["DNS:gpu1.example.com", "IP:192.0.2.7", "IP:2001:db8::1"]
CA = issue("Test CA", ca=True, start_days=-400, end_days=3000)
NAMESAKE = issue("Test CA", ca=True, end_days=3000)
DYING_CA = issue("Test CA", ca=True, end_days=10)


@dataclass
class Case:
    """A certificate, what is asked for, and the codes expected."""

    expected: list[str]
    certificate: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)


CASES = {
    "as asked": Case([]),
    "names in another order": Case([], {"names": NAMES[::-1]}),
    "IPv6 written at length": Case([], {"names": (*NAMES[:2], "2001:db8:0:0:0:0:0:1")}),
    "name in capitals": Case([], {"names": ("GPU1.Example.COM", *NAMES[1:])}),
    "name missing": Case(["names"], {"names": NAMES[:2]}),
    "name to spare": Case(["names"], {"names": (*NAMES, "gpu2")}),
    "no names at all": Case(["names"], {"names": ()}),
    "for clients": Case(["purpose"], {"eku": [CLIENT]}),
    "for servers and clients": Case(["purpose"], {"eku": [SERVER, CLIENT]}),
    "for anything": Case(["purpose"], {"eku": [], "ca": True}),
    "client as asked": Case([], {"eku": [CLIENT]}, {"purpose": "client"}),
    "another type of key": Case(["key_type"], {}, {"key_type": "rsa-2048"}),
    "another curve": Case(["key_type"], {}, {"key_type": "ecdsa-p384"}),
    "another CA": Case(["issuer"], {"issuer": issue("Other CA", ca=True, end_days=3000)}),
    "another CA of that name": Case(["issuer"], {"issuer": NAMESAKE}),
    "self-signed where a CA is asked": Case(["issuer"], {"issuer": None}),
    "outlives its CA": Case(["outlives_ca"], {"issuer": DYING_CA}, {"ca": DYING_CA.pem}),
    "self-signed as asked": Case([], {"issuer": None}, {"ca": None}),
    "by a CA where self-signed is asked": Case(["issuer"], {}, {"ca": None}),
    "expired": Case(["expired"], {"start_days": -100, "end_days": -1}),
    "two thirds left": Case([], {"start_days": -30, "end_days": 60}),
    "a third left": Case([], {"start_days": -60, "end_days": 31}),
    "less than a third left": Case(["renewal"], {"start_days": -61, "end_days": 29}),
    "renewed later": Case([], {"start_days": -61, "end_days": 29}, {"share": 0.1}),
    "everything at once": Case(
        ["issuer", "names", "purpose", "key_type", "renewal"],
        {"issuer": NAMESAKE, "names": (), "eku": [CLIENT], "start_days": -90, "end_days": 1},
        {"key_type": "rsa-4096"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_reasons(case: Case) -> None:
    made: dict[str, Any] = {"names": NAMES, "issuer": CA, "start_days": -1, "end_days": 364} | case.certificate
    asked: dict[str, Any] = {"san": SAN, "ca": CA.pem} | case.asked
    certificate = issue("gpu1", **made)
    assert [reason["code"] for reason in plugin.tls_renewal(certificate.chain_pem, **asked)] == case.expected


@pytest.mark.parametrize(("text", "expected"), [("", "absent"), (None, "absent"), ("garbage", "unreadable"), (CA.key_pem, "unreadable")])
def test_without_a_certificate(text: str | None, expected: str) -> None:
    assert [reason["code"] for reason in plugin.tls_renewal(text, san=SAN, ca=CA.pem)] == [expected]


def test_texts_name_what_differs() -> None:
    certificate = issue("gpu1", issuer=NAMESAKE, names=("old",), start_days=-90, end_days=10)
    texts = {reason["code"]: reason["text"] for reason in plugin.tls_renewal(certificate.pem, san=["DNS:new"], ca=CA.pem, key_type="rsa-2048")}
    assert texts == {
        "issuer": "it was issued by CN=Test CA, not by the CA CN=Test CA of the controller",
        "names": "it lacks DNS:new and no longer needs DNS:old",
        "key_type": "its key is ECDSA P-256, asked for is rsa-2048",
        "renewal": "10 of its 100 days are left",
    }


def test_the_clock_can_be_given() -> None:
    certificate = issue("gpu1", issuer=CA, names=NAMES)
    policy = renewal.Policy(frozenset(SAN), CA.pem, "ecdsa-p256", "server", 0.33)
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=91)
    assert [reason["code"] for reason in renewal.reasons(certificate.pem, policy)] == []
    assert [reason["code"] for reason in renewal.reasons(certificate.pem, policy, later)] == ["expired"]


def test_an_unknown_type_of_key_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="'ed25519' is none of ecdsa-p256"):
        plugin.FilterModule().filters()["tls_renewal"]("", san=SAN, key_type="ed25519")
