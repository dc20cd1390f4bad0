# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdicts beside those of `openssl verify` and of cryptography's path validation: where they differ is listed, and nowhere else."""

from __future__ import annotations

import ipaddress
import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls import factory, situations as s
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls.disagreements import DISAGREEMENTS, Disagreement
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._tls.test_validate import judge
from cryptography import x509
from cryptography.x509 import verification

DOCUMENT = Path(__file__).parents[5] / "docs" / "tls-findings.md"
AGREES = Disagreement(None, None, "")


def encoded(text: str | bytes | None) -> bytes:
    return text if isinstance(text, bytes) else (text or "").encode()


def names(situation: s.Situation) -> list[str]:
    return [str(name) for name in situation.terms.get("names", [])]


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def openssl_accepts(situation: s.Situation, folder: Path) -> bool:
    """As a user asks it: for a server, by these names, trusting this file alone."""
    served, trusted = folder / "served.pem", folder / "ca.pem"
    served.write_bytes(encoded(situation.certificate))
    trusted.write_bytes(encoded(situation.ca))
    command = ["openssl", "verify", "-purpose", "sslserver", "-no-CAfile", "-no-CApath", "-no-CAstore", "-CAfile", str(trusted), "-untrusted", str(served)]
    for name in names(situation):
        command += ["-verify_ip" if is_address(name) else "-verify_hostname", name]
    return subprocess.run([*command, str(served)], capture_output=True, check=False, timeout=60).returncode == 0


def cryptography_accepts(situation: s.Situation) -> bool:
    try:
        leaf, *rest = x509.load_pem_x509_certificates(encoded(situation.certificate))
        store = verification.Store(x509.load_pem_x509_certificates(encoded(situation.ca)))
        for name in names(situation) or [factory.NAME]:
            subject = x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)
            verification.PolicyBuilder().store(store).build_server_verifier(subject).verify(leaf, rest)
    except (ValueError, verification.VerificationError):
        return False
    return True


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", s.SITUATIONS)
def test_every_disagreement_is_listed(name: str, tmp_path: Path) -> None:
    situation = s.SITUATIONS[name]
    ours = judge(situation)["ok"]
    answers = [
        None if accepts == ours else "accepts" if accepts else "refuses"
        for accepts in (openssl_accepts(situation, tmp_path), cryptography_accepts(situation))
    ]
    listed = DISAGREEMENTS.get(name, AGREES)
    assert answers == [listed.openssl, listed.cryptography]


def test_every_disagreement_is_explained() -> None:
    assert set(DISAGREEMENTS) <= set(s.SITUATIONS)
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Beside other validators")[2]
    prose = " ".join(text.split())
    assert f"On the {len(s.SITUATIONS)} situations they differ from the verdicts here in {len(DISAGREEMENTS)}," in prose
    rows = re.findall(r"^\| (?!reason)(\w+) \| .* \|$", text, re.MULTILINE)
    assert sorted(rows) == sorted({each.reason for each in DISAGREEMENTS.values()})
