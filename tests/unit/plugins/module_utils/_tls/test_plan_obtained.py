# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan where somebody else's CA issues: requests and what comes back for them, ACME, and clients under mutual TLS."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.inferops.triton.plugins.filter.tls_plan import tls_plan
from ansible_collections.inferops.triton.plugins.filter.tls_public_ca import tls_public_ca
from ansible_collections.inferops.triton.plugins.module_utils._tls import bundle, public_ca
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls.plans import EMPTY, VERSION, code, installed, request
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, SERVER, Identity, issue
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CORPORATE = issue("Corporate Root", ca=True, end_days=3000)
ISSUING = issue("Corporate Issuing", issuer=CORPORATE, ca=True, end_days=2000)
OTHER_ROOT = issue("Other Root", ca=True, end_days=3000)
KEY, OLD_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def given(key: ec.EllipticCurvePrivateKey = KEY, **fields: Any) -> Identity:
    """A certificate of the organisation, by default what was asked for."""
    return issue("gpu1", **{"issuer": ISSUING, "names": ["gpu1"], "end_days": 364, "key": key, **fields})


def csr(key: Any, *names: str) -> str:
    alternatives = [x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gpu1")]))
    builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def host(folder: Path, identity: Identity | None = None, pending: Any = None, ca: str | None = CORPORATE.pem) -> Any:
    """What is seen of a host that has this bundle, and this key that waits for its certificate."""
    folder.mkdir(exist_ok=True)
    state = installed(folder / "tls", identity, ca)
    if pending is not None:
        public = pending.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(public)
        state |= {"pending_key": True, "pending_public_key_sha256": digest.finalize().hex()}
    return state


class Fleet:
    """The folder of the requests, as people fill it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.requests = folder, folder / "requests"
        (self.requests / "clients").mkdir(parents=True)

    def put(self, name: str, text: str) -> Fleet:
        (self.requests / name).write_text(text)
        return self

    def plan(self, state: Any, **options: Any) -> Any:
        return tls_plan(request(self.folder, source="external", **options), state, None, VERSION)


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_a_bare_host_asks_and_waits(tmp_path: Path, fleet: Fleet) -> None:
    found = fleet.plan(host(tmp_path))
    assert found["asks"] == ["there is none yet (there is no key for it yet)"]
    assert (found["reasons"], found["takes"], found["differences"]) == (["there is none yet"], False, [])
    (wait,) = found["waits"]
    for path in ("gpu1.csr", "gpu1.crt", "ca.crt"):
        assert str(fleet.requests / path) in wait


def test_waiting_changes_nothing(tmp_path: Path, fleet: Fleet) -> None:
    fleet.put("gpu1.csr", csr(KEY, "gpu1")).put("ca.crt", CORPORATE.pem)
    found = fleet.plan(host(tmp_path, pending=KEY))
    assert (found["asks"], found["refusals"], len(found["waits"])) == ([], [], 1)
    assert str(fleet.requests / "ca.crt") not in found["waits"][0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (csr(OLD_KEY, "gpu1"), "the request is for another key"),
        (csr(KEY, "gpu2"), "the request asks for other names"),
        ("garbage", "the request cannot be read"),
        (None, "there is no request yet"),
    ],
)
def test_a_request_that_is_not_the_one_is_written_again(tmp_path: Path, fleet: Fleet, text: str | None, says: str) -> None:
    if text is not None:
        fleet.put("gpu1.csr", text)
    (ask,) = fleet.plan(host(tmp_path, pending=KEY))["asks"]
    assert says in ask


def test_other_names_or_another_type_of_key_are_another_request(tmp_path: Path, fleet: Fleet) -> None:
    fleet.put("gpu1.csr", csr(KEY, "gpu1"))
    state = host(tmp_path, pending=KEY)
    assert "asks for other names" in fleet.plan(state, san=["DNS:gpu1", "IP:192.0.2.7"])["asks"][0]
    assert "is not rsa-2048" in fleet.plan(state, key_type="rsa-2048")["asks"][0]


def test_what_came_back_is_installed(tmp_path: Path, fleet: Fleet) -> None:
    fleet.put("gpu1.csr", csr(KEY, "gpu1")).put("ca.crt", CORPORATE.pem).put("gpu1.crt", given().chain_pem)
    found = fleet.plan(host(tmp_path, pending=KEY))
    assert found == EMPTY | {"takes": True}
    # And then it is left alone, with the file where it is.
    done = installed(tmp_path / "done", given(), CORPORATE.pem)
    fleet.put("gpu1.crt", done["certificate"])
    assert fleet.plan(done) == EMPTY


REFUSED: dict[str, tuple[str, str]] = {
    "another key": (given(OLD_KEY).chain_pem, "key_mismatch"),
    "another name": (given(names=["gpu2"]).chain_pem, "hostname_mismatch"),
    "for clients": (given(eku=[CLIENT]).chain_pem, "wrong_purpose"),
    "expired": (given(start_days=-20, end_days=-1).chain_pem, "expired"),
    "without its intermediate": (given().pem, "incomplete_chain"),
    "of another CA": (given(issuer=OTHER_ROOT).chain_pem, "untrusted_issuer"),
    "garbage": ("garbage", "not_pem"),
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_what_came_back_is_judged(tmp_path: Path, fleet: Fleet, text: str, expected: str) -> None:
    fleet.put("gpu1.csr", csr(KEY, "gpu1")).put("ca.crt", CORPORATE.pem).put("gpu1.crt", text)
    found = fleet.plan(host(tmp_path, pending=KEY))
    assert (found["takes"], [code(refusal) for refusal in found["refusals"]]) == (False, [expected])
    assert found["refusals"][0].startswith(f"tls_certificates_external_directory ({fleet.requests / 'gpu1.crt'}): ")


def test_more_names_and_purposes_than_asked_for_are_the_other_cas_business(tmp_path: Path, fleet: Fleet) -> None:
    generous = given(names=["gpu1", "www.gpu1"], eku=[SERVER, CLIENT])
    fleet.put("gpu1.csr", csr(KEY, "gpu1")).put("ca.crt", CORPORATE.pem).put("gpu1.crt", generous.chain_pem)
    assert fleet.plan(host(tmp_path, pending=KEY))["takes"] is True
    assert fleet.plan(installed(tmp_path / "later", generous, CORPORATE.pem)) == EMPTY


def test_without_the_ca_it_waits(tmp_path: Path, fleet: Fleet) -> None:
    fleet.put("gpu1.csr", csr(KEY, "gpu1")).put("gpu1.crt", given().chain_pem)
    found = fleet.plan(host(tmp_path, pending=KEY))
    assert (found["takes"], found["refusals"]) == (False, [])
    assert any("waits for the CA" in wait for wait in found["waits"])


def test_a_renewal_asks_for_a_new_key_and_keeps_what_is_served(tmp_path: Path, fleet: Fleet) -> None:
    old = given(OLD_KEY, start_days=-300, end_days=60)
    fleet.put("ca.crt", CORPORATE.pem).put("gpu1.csr", csr(OLD_KEY, "gpu1")).put("gpu1.crt", old.chain_pem)
    state = host(tmp_path, old)
    found = fleet.plan(state)
    assert (found["reasons"], found["reuse_key"], len(found["asks"])) == (["60 of its 360 days are left"], False, 1)
    asked = host(tmp_path / "asked", None, KEY) | {key: state[key] for key in ("certificate", "leaf", "chain", "key", "ca", "ca_certificates", "key_matches")}
    fleet.put("gpu1.csr", csr(KEY, "gpu1"))
    waiting = fleet.plan(asked)
    assert (waiting["asks"], waiting["refusals"], len(waiting["waits"])) == ([], [], 1)
    assert fleet.put("gpu1.crt", given().chain_pem).plan(asked)["takes"] is True


def test_a_renewal_with_the_key_that_the_host_has(tmp_path: Path, fleet: Fleet) -> None:
    old = given(start_days=-300, end_days=60)
    fleet.put("ca.crt", CORPORATE.pem).put("gpu1.csr", csr(KEY, "gpu1")).put("gpu1.crt", old.chain_pem)
    found = fleet.plan(host(tmp_path, old), key_reuse=True)
    assert (found["reuse_key"], found["asks"], len(found["waits"])) == (True, [], 1)
    fleet.put("gpu1.crt", given().chain_pem)
    assert fleet.plan(host(tmp_path / "again", old), key_reuse=True)["takes"] is True
    # Without that wish it is a certificate for the key that is to be replaced.
    refused = fleet.plan(host(tmp_path / "new", old))
    assert (refused["takes"], [code(remark) for remark in refused["remarks"]]) == (False, ["old_key"])


def test_a_certificate_that_came_before_it_was_due(tmp_path: Path, fleet: Fleet) -> None:
    """People may renew for the same request whenever they like."""
    fleet.put("ca.crt", CORPORATE.pem).put("gpu1.csr", csr(KEY, "gpu1")).put("gpu1.crt", given(end_days=700).chain_pem)
    assert fleet.plan(host(tmp_path, given())) == EMPTY | {"takes": True}


def test_another_ca(tmp_path: Path, fleet: Fleet) -> None:
    fleet.put("ca.crt", OTHER_ROOT.pem)
    assert "Corporate" in fleet.plan(host(tmp_path, given()))["reasons"][0]
    (fleet.requests / "ca.crt").unlink()
    assert "does not exist yet" in fleet.plan(host(tmp_path / "none", given()))["reasons"][0]


# ---- clients --------------------------------------------------------------------------------------------------------


def client(**fields: Any) -> Identity:
    return issue("verifier", **{"issuer": ISSUING, "names": ["verifier"], "eku": [CLIENT], "end_days": 364, **fields})


def test_clients_ask_under_mutual_tls_alone(tmp_path: Path, fleet: Fleet) -> None:
    fleet.put("ca.crt", CORPORATE.pem)
    state = host(tmp_path, given())
    assert fleet.plan(state) == EMPTY
    found = fleet.plan(state, mutual_tls=True)
    assert (found["client_asks"], found["client_new_keys"], found["client_reasons"]) == (["verifier"], ["verifier"], ["there is none yet"])
    assert str(fleet.requests / "clients" / "verifier.csr") in found["waits"][0]


def test_clients_wait_and_go_on(tmp_path: Path, fleet: Fleet) -> None:
    identity = client()
    (fleet.folder / "clients").mkdir()
    (fleet.folder / "clients" / "verifier.key.new").write_text(identity.key_pem)
    fleet.put("ca.crt", CORPORATE.pem).put("clients/verifier.csr", csr(identity.private_key, "verifier"))
    state = host(tmp_path, given())
    waiting = fleet.plan(state, mutual_tls=True)
    assert (waiting["client_asks"], waiting["client_takes"], len(waiting["waits"])) == ([], [], 1)
    found = fleet.put("clients/verifier.crt", identity.chain_pem).plan(state, mutual_tls=True)
    assert found == EMPTY | {"client_takes": ["verifier"]}
    (fleet.folder / "clients" / "verifier.key.new").rename(fleet.folder / "clients" / "verifier.key")
    (fleet.folder / "clients" / "verifier.crt").write_text(identity.chain_pem)
    assert fleet.plan(state, mutual_tls=True) == EMPTY


@pytest.mark.parametrize(
    ("identity", "says"),
    [
        (client(eku=[SERVER]), "clientAuth"),
        (client(names=["robot"]), "lacks DNS:verifier"),
        (client(issuer=OTHER_ROOT), "does not lead to a CA"),
    ],
)
def test_certificates_of_clients_are_judged(tmp_path: Path, fleet: Fleet, identity: Identity, says: str) -> None:
    (fleet.folder / "clients").mkdir()
    (fleet.folder / "clients" / "verifier.key.new").write_text(identity.key_pem)
    fleet.put("ca.crt", CORPORATE.pem).put("clients/verifier.crt", identity.chain_pem)
    (refusal,) = fleet.plan(host(tmp_path, given()), mutual_tls=True)["refusals"]
    assert says in refusal and code(refusal) == "client_certificate"


# ---- acme -----------------------------------------------------------------------------------------------------------


def acme(folder: Path, state: Any, **options: Any) -> Any:
    (folder / "root.crt").write_text(CORPORATE.pem)
    return tls_plan(request(folder, **{"source": "acme", "ca_file": str(folder / "root.crt"), **options}), state, None, VERSION)


def test_acme(tmp_path: Path) -> None:
    assert acme(tmp_path, bundle.nothing()) == EMPTY | {"reasons": ["there is none yet"]}
    state = host(tmp_path, given())
    assert acme(tmp_path, state) == EMPTY
    assert acme(tmp_path, state, san=["DNS:gpu2"])["reasons"] == ["it lacks DNS:gpu2"]
    assert acme(tmp_path, state, renewal_share=0.999)["reasons"] == ["364 of its 365 days are left"]
    assert acme(tmp_path, state, renewal_share=0.999, key_reuse=True)["reuse_key"] is True


def test_the_server_suggests_a_renewal(tmp_path: Path) -> None:
    found = acme(tmp_path, host(tmp_path, given()), renewal_info="The suggested window began.")
    assert found["reasons"] == ["its CA suggests a renewal: The suggested window began"]


def test_from_another_source_to_acme(tmp_path: Path) -> None:
    found = acme(tmp_path, host(tmp_path, issue("gpu1", issuer=OTHER_ROOT, names=["gpu1"], end_days=364)))
    assert "Other Root" in found["reasons"][0]
    public = acme(tmp_path, installed(tmp_path / "public", given(), CORPORATE.pem), ca_file="")
    assert "no CA that this controller trusts" in public["reasons"][0]


def test_a_ca_file_that_is_missing(tmp_path: Path) -> None:
    (refusal,) = acme(tmp_path, bundle.nothing(), ca_file="/nonexistent/root.crt")["refusals"]
    assert refusal.startswith("tls_certificates_acme_ca_file: ") and code(refusal) == "missing"


def test_under_mutual_tls_clients_are_the_own_cas(tmp_path: Path) -> None:
    own = issue("Triton CA", ca=True, end_days=3000)
    wrong = installed(tmp_path / "wrong", given(), CORPORATE.pem)
    found = acme(tmp_path, wrong, mutual_tls=True)
    assert (found["create_ca"], found["clients"], found["reasons"]) == (True, ["verifier"], [])
    state = host(tmp_path, given(), ca=own.pem)
    (refusal,) = acme(tmp_path, state, mutual_tls=True)["refusals"]
    assert code(refusal) == "ca_unknown", "the host would refuse the clients that the old CA of this name has issued"
    assert acme(tmp_path, state, mutual_tls=True, allow=["ca_unknown"])["create_ca"]
    own.write(tmp_path, "ca")
    issue("verifier", issuer=own, names=["verifier"], eku=[CLIENT], end_days=364).write(tmp_path / "clients", "verifier")
    assert acme(tmp_path, state, mutual_tls=True) == EMPTY
    assert acme(tmp_path, wrong, mutual_tls=True)["differences"] == ["the CA is another one"]


def test_public_cas(tmp_path: Path) -> None:
    store = tmp_path / "store.pem"
    store.write_text(OTHER_ROOT.pem + CORPORATE.pem)
    assert tls_public_ca(given().chain_pem, store=store) == CORPORATE.pem
    assert tls_public_ca(given().pem, store=store) == ""
    assert tls_public_ca("", store=store) == tls_public_ca("garbage", store=store) == ""
    assert public_ca.anchor(given().chain_pem, str(tmp_path / "none")) is None
