# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan with an issuing CA below the root, with keys that are kept, and in a CA rollover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.inferops.triton.plugins.filter.tls_plan import tls_plan
from ansible_collections.inferops.triton.plugins.module_utils._tls import bundle, rollover
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls.plans import EMPTY, VERSION, code, installed, request
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue

ROOT = issue("Triton CA", ca=True, end_days=3000)
ISSUING = issue("Triton CA issuing", issuer=ROOT, ca=True, end_days=1800)
ISSUING_LATER = issue("Triton CA issuing", issuer=ROOT, ca=True, end_days=1900, key=ISSUING.private_key)
ISSUING_OLD = issue("Triton CA issuing", issuer=ROOT, ca=True, start_days=-1000, end_days=400, key=ISSUING.private_key)
FOREIGN = issue("Triton CA issuing", issuer=issue("Triton CA", ca=True), ca=True, end_days=1800)
GOOD = issue("gpu1", issuer=ISSUING, names=["gpu1"], end_days=364)
VERIFIER = issue("verifier", issuer=ISSUING, names=["verifier"], eku=[CLIENT], end_days=364)
NEW = issue("Triton CA G2", ca=True, end_days=3000)
NEW_ISSUING = issue("Triton CA G2 issuing", issuer=NEW, ca=True, end_days=1800)
REISSUED = issue("gpu1", issuer=NEW_ISSUING, names=["gpu1"], end_days=364)
NEW_VERIFIER = issue("verifier", issuer=NEW_ISSUING, names=["verifier"], eku=[CLIENT], end_days=364)


def write(folder: Path, root: Identity, issuing: Identity) -> None:
    root.write(folder, "ca")
    (folder / "issuing.crt").write_text(issuing.pem)
    (folder / "issuing.key").write_text(issuing.key_pem)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    write(tmp_path / "ca", ROOT, ISSUING)
    VERIFIER.write(tmp_path / "ca" / "clients", "verifier")
    return tmp_path / "ca"


def plan(authority: Path, state: Any, **options: Any) -> Any:
    return tls_plan(request(authority, **options), state, None, VERSION)


def test_nothing_is_due(tmp_path: Path, authority: Path) -> None:
    assert plan(authority, installed(tmp_path / "tls", GOOD, ROOT.pem)) == EMPTY


def test_nothing_is_due_without_any_key_of_the_ca(tmp_path: Path, authority: Path) -> None:
    for name in ("ca.key", "issuing.key"):
        (authority / name).unlink()
    assert plan(authority, installed(tmp_path / "tls", GOOD, ROOT.pem)) == EMPTY


def test_leaves_are_issued_without_the_key_of_the_root(authority: Path) -> None:
    (authority / "ca.key").unlink()
    found = plan(authority, bundle.nothing())
    assert (found["reasons"], found["refusals"], found["remarks"]) == (["there is none yet"], [], [])


def test_a_root_that_signs_itself_goes_on(tmp_path: Path) -> None:
    """A folder of this collection's first release."""
    ROOT.write(tmp_path / "ca", "ca")
    issue("verifier", issuer=ROOT, names=["verifier"], eku=[CLIENT], end_days=364).write(tmp_path / "ca" / "clients", "verifier")
    leaf = issue("gpu1", issuer=ROOT, names=["gpu1"], end_days=364)
    assert plan(tmp_path / "ca", installed(tmp_path / "tls", leaf, ROOT.pem)) == EMPTY


def test_an_issuing_ca_that_was_signed_again_is_served_without_a_new_certificate(tmp_path: Path, authority: Path) -> None:
    (authority / "issuing.crt").write_text(ISSUING_LATER.pem)
    VERIFIER.write(authority / "clients", "verifier")
    found = plan(authority, installed(tmp_path / "tls", GOOD, ROOT.pem))
    assert (found["reasons"], found["differences"]) == ([], ["the certificates that follow it are other ones"])
    assert found["client_reasons"] == ["the certificates that follow it are not those of its CA"]
    assert found["client_new_keys"] == []


def test_an_issuing_ca_is_signed_again_in_time(tmp_path: Path, authority: Path) -> None:
    (authority / "issuing.crt").write_text(ISSUING_OLD.pem)
    found = plan(authority, installed(tmp_path / "tls", GOOD, ROOT.pem), clients=[])
    assert found["issuing"] == ["400 of its 1400 days are left"]
    assert found["refusals"] == []


def test_and_waits_for_the_key_of_the_root(tmp_path: Path, authority: Path) -> None:
    (authority / "issuing.crt").write_text(ISSUING_OLD.pem)
    (authority / "ca.key").unlink()
    found = plan(authority, installed(tmp_path / "tls", GOOD, ROOT.pem), clients=[])
    assert (found["issuing"], found["refusals"]) == ([], [])
    assert [code(remark) for remark in found["remarks"]] == ["ca_root_away"]
    assert str(authority / "ca.key") in found["remarks"][0]


def test_a_ca_that_was_killed_while_it_was_made(authority: Path) -> None:
    (authority / "issuing.crt").unlink()
    found = plan(authority, bundle.nothing())
    assert (found["create_ca"], found["refusals"]) == (True, [])
    (authority / "ca.key").unlink()
    assert [code(refusal) for refusal in plan(authority, bundle.nothing())["refusals"]] == ["ca_root_away"]


def test_an_issuing_ca_of_another_root(authority: Path) -> None:
    write(authority, ROOT, FOREIGN)
    assert [code(refusal) for refusal in plan(authority, bundle.nothing())["refusals"]] == ["ca_not_of_root"]


# ---- whose CA it is --------------------------------------------------------------------------------------------------

OTHER = issue("Triton CA", ca=True, end_days=3000)
THEIRS = issue("gpu1", issuer=issue("Triton CA issuing", issuer=OTHER, ca=True), names=["gpu1"], end_days=364)


def test_another_ca_of_the_same_name_locks_nobody_out(tmp_path: Path, authority: Path) -> None:
    """The folder of another controller: with a certificate of its CA, clients of the host's would refuse it."""
    theirs = installed(tmp_path / "tls", THEIRS, OTHER.pem)
    (refusal,) = plan(authority, theirs)["refusals"]
    assert code(refusal) == "ca_unknown" and "another one of that name lies there" in refusal and str(authority) in refusal
    found = plan(authority, theirs, allow=["ca_unknown"])
    assert (found["refusals"], len(found["reasons"])) == ([], 1)
    assert found["remarks"][0].startswith("overridden by tls_certificates_allow: ")


@pytest.mark.parametrize("name", ["Triton CA", "Triton CA G2"])
def test_nor_does_a_ca_that_would_be_made_anew(tmp_path: Path, name: str) -> None:
    """A folder that was lost, or never was on this controller; the CA of the host may be the one after a rollover."""
    root = issue(name, ca=True, end_days=3000)
    theirs = installed(tmp_path / "tls", issue("gpu1", issuer=root, names=["gpu1"], end_days=364), root.pem)
    (refusal,) = plan(tmp_path / "ca", theirs)["refusals"]
    assert code(refusal) == "ca_unknown" and "no CA lies there" in refusal
    assert plan(tmp_path / "ca", theirs, allow=["ca_unknown"])["create_ca"]
    assert not plan(tmp_path / "ca", theirs, ca_common_name="GPU farm")["refusals"]


@pytest.mark.parametrize("folder", ["previous", "retired/0123456789abcdef"])
def test_a_ca_of_the_past_is_known(tmp_path: Path, folder: str) -> None:
    """A host that was away while the CA was replaced gets its new certificate."""
    write(tmp_path / "ca", NEW, NEW_ISSUING)
    (tmp_path / "ca" / folder).mkdir(parents=True)
    (tmp_path / "ca" / folder / "ca.crt").write_text(ROOT.pem)
    found = plan(tmp_path / "ca", installed(tmp_path / "tls", GOOD, ROOT.pem), clients=[])
    assert found["refusals"] == [] and found["reasons"]


# ---- keys -----------------------------------------------------------------------------------------------------------


def test_a_renewal_keeps_the_key_where_that_is_asked(tmp_path: Path, authority: Path) -> None:
    state = installed(tmp_path / "tls", GOOD, ROOT.pem)
    assert plan(authority, state, renewal_share=0.999)["reuse_key"] is False
    assert plan(authority, state, renewal_share=0.999, key_reuse=True)["reuse_key"] is True
    assert plan(authority, state, key_reuse=True) == EMPTY
    assert plan(authority, state, key_type="rsa-2048", key_reuse=True)["reuse_key"] is False
    assert plan(authority, bundle.nothing(), key_reuse=True)["reuse_key"] is False


def test_a_key_that_cannot_be_read_is_not_kept(tmp_path: Path, authority: Path) -> None:
    state = installed(tmp_path / "tls", GOOD, ROOT.pem, key="garbage")
    assert plan(authority, state, key_reuse=True)["reuse_key"] is False


def test_clients_keep_their_keys_unless_new_ones_are_asked_for(tmp_path: Path, authority: Path) -> None:
    state = installed(tmp_path / "tls", GOOD, ROOT.pem)
    due = {"renewal_share": 0.999}
    assert plan(authority, state, **due)["client_new_keys"] == []
    assert plan(authority, state, client_key_reuse=False, **due)["client_new_keys"] == ["verifier"]
    assert plan(authority, state, client_key_type="rsa-2048")["client_new_keys"] == ["verifier"]


# ---- rollover -------------------------------------------------------------------------------------------------------


def begin(authority: Path, *steps: str) -> None:
    write(authority / "next", NEW, NEW_ISSUING)
    for step in steps:
        rollover.advance(str(authority), step)


def test_trust(tmp_path: Path, authority: Path) -> None:
    state = installed(tmp_path / "tls", GOOD, ROOT.pem)
    found = plan(authority, state, ca_rollover="trust")
    assert found == EMPTY | {
        "rollover": True, "ca_common_name": "Triton CA G2", "differences": ["the new CA is to be trusted beside the old one"],
    }  # fmt: skip
    begin(authority, "trust")
    assert plan(authority, state, ca_rollover="trust")["differences"] == ["the CA is another one"]
    # The next plain run brings a host along that was not there.
    assert plan(authority, state) == EMPTY | {"differences": ["the CA is another one"]}
    both = installed(tmp_path / "both", GOOD, ROOT.pem + NEW.pem)
    assert plan(authority, both) == EMPTY


def test_issue(tmp_path: Path, authority: Path) -> None:
    begin(authority, "trust")
    both = installed(tmp_path / "both", GOOD, ROOT.pem + NEW.pem)
    predicted = plan(authority, both, ca_rollover="issue")
    assert predicted["rollover"] is True
    rollover.advance(str(authority), "issue")
    found = plan(authority, both, ca_rollover="issue")
    for each in (predicted, found):
        assert each["reasons"][0] == "it was issued by CN=Triton CA issuing, not by the CA CN=Triton CA G2 issuing of the controller"
        assert each["clients"] == ["verifier"]
        assert each["refusals"] == []
    assert found["rollover"] is False
    NEW_VERIFIER.write(authority / "clients", "verifier")
    assert plan(authority, installed(tmp_path / "new", REISSUED, NEW.pem + ROOT.pem)) == EMPTY


def test_issue_is_refused_while_a_host_does_not_trust_the_new_ca(tmp_path: Path, authority: Path) -> None:
    begin(authority, "trust")
    (refusal,) = plan(authority, installed(tmp_path / "tls", GOOD, ROOT.pem), ca_rollover="issue")["refusals"]
    assert refusal.startswith("tls_certificates_ca_rollover: The CA file of this host does not hold the new CA 'CN=Triton CA G2' yet.")
    assert "trust" in refusal and code(refusal) == "ca_rollover_order"
    assert plan(authority, bundle.nothing(), ca_rollover="issue")["refusals"] == []


def test_retire(tmp_path: Path, authority: Path) -> None:
    begin(authority, "trust", "issue")
    late = installed(tmp_path / "late", GOOD, NEW.pem + ROOT.pem)
    refusals = plan(authority, late, ca_rollover="retire")["refusals"]
    assert [code(refusal) for refusal in refusals] == ["ca_rollover_order"] * 2
    assert "certificate of this host" in refusals[0] and "verifier" in refusals[1]
    NEW_VERIFIER.write(authority / "clients", "verifier")
    done = installed(tmp_path / "done", REISSUED, NEW.pem + ROOT.pem)
    predicted = plan(authority, done, ca_rollover="retire")
    assert predicted == EMPTY | {"rollover": True, "differences": ["the CA is another one"]}
    rollover.advance(str(authority), "retire")
    assert plan(authority, done) == EMPTY | {"differences": ["the CA is another one"]}
    assert plan(authority, installed(tmp_path / "new", REISSUED, NEW.pem), ca_rollover="retire") == EMPTY


@pytest.mark.parametrize("step", ["issue", "retire"])
def test_order(authority: Path, step: str) -> None:
    (refusal,) = plan(authority, bundle.nothing(), ca_rollover=step)["refusals"]
    assert refusal.startswith("tls_certificates_ca_rollover: ")
    assert code(refusal) == "ca_rollover_order"
