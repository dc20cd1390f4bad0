# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one CA to the next: order, what is trusted at each step, and SIGKILL at every change of the disk."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.inferops.triton.plugins.filter.tls_authority import tls_authority
from ansible_collections.inferops.triton.plugins.module_utils._tls import authority, rollover
from ansible_collections.inferops.triton.tests.unit.support import hostmodule, killed
from ansible_collections.inferops.triton.tests.unit.support.certificates import Identity, issue

OLD = issue("Triton CA", ca=True, end_days=900)
OLD_ISSUING = issue("Triton CA issuing", issuer=OLD, ca=True, end_days=800)
NEW = issue("Triton CA G2", ca=True, end_days=3000)
NEW_ISSUING = issue("Triton CA G2 issuing", issuer=NEW, ca=True, end_days=1800)
PARTNER = issue("Partner CA", ca=True, end_days=900)
OLD_RENEWED = issue("Triton CA", ca=True, end_days=2000, key=OLD.private_key)


def write(folder: Path, root: Identity, issuing: Identity | None = None) -> None:
    root.write(folder, "ca")
    if issuing is not None:
        (folder / "issuing.crt").write_text(issuing.pem)
        (folder / "issuing.key").write_text(issuing.key_pem)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "ca", OLD, OLD_ISSUING)
    return tmp_path / "ca"


def take(folder: Path, step: str) -> bool:
    """Take a step as the role does; whether it changed anything."""
    if step == "trust" and rollover.phase(str(folder)) == "none":
        write(folder / "next", NEW, NEW_ISSUING)
    result = hostmodule.run("tls_ca_rollover", {"path": str(folder), "step": step})
    assert not result.get("failed"), result
    return bool(result["changed"])


def state(folder: Path) -> tuple[str, str, list[str]]:
    """Phase, the subject of what signs, and of what is trusted."""
    found = tls_authority(rollover.view(str(folder)).directory)
    trust = authority.certificates(str(folder / "ca.crt"))
    return rollover.phase(str(folder)), found["subject"], [each.subject.removeprefix("CN=") for each in trust]


def test_three_steps(folder: Path) -> None:
    assert state(folder) == ("none", "CN=Triton CA issuing", ["Triton CA"])
    assert take(folder, "trust") and not take(folder, "trust")
    assert state(folder) == ("trust", "CN=Triton CA issuing", ["Triton CA", "Triton CA G2"])
    assert take(folder, "issue") and not take(folder, "issue")
    assert state(folder) == ("issue", "CN=Triton CA G2 issuing", ["Triton CA G2", "Triton CA"])
    assert (folder / "previous" / "issuing.key").read_text() == OLD_ISSUING.key_pem
    assert take(folder, "retire") and not take(folder, "retire")
    assert state(folder) == ("none", "CN=Triton CA G2 issuing", ["Triton CA G2"])
    (kept,) = (folder / "retired").iterdir()
    assert (kept / "ca.key").read_text() == OLD.key_pem
    assert not {"next", "previous", "previous.new", "next.done"} & {path.name for path in folder.iterdir()}
    assert {path.name for path in folder.rglob("*.key") if path.stat().st_mode & 0o077} == set()


def test_from_a_root_that_signs_itself_to_an_issuing_ca(tmp_path: Path) -> None:
    """The CA of the first release of this collection, and the one of today after it."""
    write(tmp_path, OLD)
    for step in rollover.STEPS:
        assert take(tmp_path, step)
    assert state(tmp_path) == ("none", "CN=Triton CA G2 issuing", ["Triton CA G2"])
    assert tls_authority(tmp_path)["findings"] == []


def test_to_a_root_that_signs_itself(folder: Path) -> None:
    write(folder / "next", NEW)
    for step in rollover.STEPS:
        assert take(folder, step)
    assert state(folder) == ("none", "CN=Triton CA G2", ["Triton CA G2"])


def test_the_root_keys_may_be_away(folder: Path) -> None:
    (folder / "ca.key").unlink()
    take(folder, "trust")
    (folder / "next" / "ca.key").unlink()
    take(folder, "issue")
    assert state(folder)[1] == "CN=Triton CA G2 issuing"
    assert not (folder / "ca.key").exists()


def test_others_that_are_trusted_stay(folder: Path) -> None:
    (folder / "ca.crt").write_text(OLD.pem + PARTNER.pem)
    for step, trusted in (
        ("trust", ["Triton CA", "Partner CA", "Triton CA G2"]),
        ("issue", ["Triton CA G2", "Triton CA", "Partner CA"]),
        ("retire", ["Triton CA G2", "Partner CA"]),
    ):
        take(folder, step)
        assert state(folder)[2] == trusted


def test_two_certificates_of_one_root_are_never_left_together(folder: Path) -> None:
    (folder / "ca.crt").write_text(OLD.pem + OLD_RENEWED.pem)
    take(folder, "trust")
    assert [each.not_after for each in authority.certificates(str(folder / "ca.crt"))][0] == OLD_RENEWED.certificate.not_valid_after_utc
    assert state(folder)[2] == ["Triton CA", "Triton CA G2"]


REFUSED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "issue first": ((), "issue", "Begin with tls_certificates_ca_rollover: trust"),
    "retire first": ((), "retire", "Begin with tls_certificates_ca_rollover: trust"),
    "retire before the new one issues": (("trust",), "retire", "tls_certificates_ca_rollover: issue"),
    "trust before the old one is retired": (("trust", "issue"), "trust", "tls_certificates_ca_rollover: retire"),
    "issue after the end": (("trust", "issue", "retire"), "issue", "Begin with"),
}


@pytest.mark.parametrize(("before", "step", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_order(folder: Path, before: tuple[str, ...], step: str, says: str) -> None:
    for each in before:
        take(folder, each)
    was = state(folder)
    result = hostmodule.run("tls_ca_rollover", {"path": str(folder), "step": step})
    assert result["failed"] and result["diagnosis"] == "ca_rollover_order"
    assert says in result["msg"]
    assert state(folder) == was


def test_no_ca(tmp_path: Path) -> None:
    assert "There is no CA" in hostmodule.run("tls_ca_rollover", {"path": str(tmp_path), "step": "trust"})["msg"]


def half(folder: Path) -> None:
    write(folder / "next", NEW)
    (folder / "next" / "issuing.key").write_text(NEW_ISSUING.key_pem)


def same_key(folder: Path) -> None:
    write(folder / "next", OLD_RENEWED)


def garbage(folder: Path) -> None:
    write(folder / "next", NEW)
    (folder / "next" / "ca.crt").write_text("garbage")


@pytest.mark.parametrize(("prepare", "says"), [(half, "no complete CA"), (same_key, "has the key of the old one"), (garbage, "PEM")])
def test_a_new_ca_that_will_not_do(folder: Path, prepare: Callable[[Path], None], says: str) -> None:
    prepare(folder)
    result = hostmodule.run("tls_ca_rollover", {"path": str(folder), "step": "trust"})
    assert result["failed"] and says in result["msg"]
    assert state(folder)[2] == ["Triton CA"]


def test_check_mode_changes_nothing(folder: Path) -> None:
    write(folder / "next", NEW, NEW_ISSUING)
    result = hostmodule.run("tls_ca_rollover", {"path": str(folder), "step": "trust"}, check=True)
    assert result["changed"] and result["done"]
    assert state(folder)[2] == ["Triton CA"]


def killed_at(number: int, folder: Path, step: str) -> bool:
    """Whether a step, taken by a process of its own, was killed right before its n-th change of the disk."""
    child = os.fork()
    if child == 0:
        try:
            killed.before_change(number)
            rollover.advance(str(folder), step)
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


@pytest.mark.parametrize("step", rollover.STEPS)
def test_killed_anywhere(folder: Path, step: str, tmp_path: Path) -> None:
    """Whoever reads the folder afterwards finds the old CA or the new one whole; the same step, taken again, ends as it should."""
    for each in rollover.STEPS[: rollover.STEPS.index(step)]:
        take(folder, each)
    if step == "trust":
        write(folder / "next", NEW, NEW_ISSUING)
    before, whole = tls_authority(folder), tmp_path / "whole"
    shutil.copytree(folder, whole)
    take(whole, step)
    after = state(whole)
    for number in range(1, 200):
        tried = tmp_path / f"killed-{number}"
        shutil.copytree(folder, tried)
        if not killed_at(number, tried, step):
            break
        view = rollover.view(str(tried))
        found = tls_authority(view.directory)
        assert found["findings"] == [] and view.trust
        assert found["subject"] in (before["subject"], after[1])
        # What signs is trusted, at every moment.
        assert authority.roots(view.directory)[0].pem in view.trust
        rollover.advance(str(tried), step)
        assert state(tried) == after
        assert {path.name for path in tried.iterdir()} == {path.name for path in whole.iterdir()}
    assert number > 3


@pytest.mark.parametrize(
    ("base", "present", "expected"),
    [
        ("Triton CA", ["Triton CA"], "Triton CA G2"),
        ("Triton CA", ["Triton CA G2"], "Triton CA G3"),
        ("Triton CA", ["Triton CA G9", "Partner CA"], "Triton CA G10"),
        ("New CA", ["Triton CA"], "New CA"),
        ("Triton CA G7", ["Triton CA"], "Triton CA G2"),
        ("L" * 64, ["L" * 64], "L" * 61 + " G2"),
    ],
)
def test_names_of_cas_differ(tmp_path: Path, base: str, present: list[str], expected: str) -> None:
    (tmp_path / "ca.crt").write_text("".join(issue(name, ca=True).pem for name in present))
    assert rollover.next_name(base, str(tmp_path)) == expected
