# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that must be refused, at gateways that let exactly one of them in."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.inferops.triton.plugins.module_utils._triton import probe
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Files, load_endpoint
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support.audits import (
    Options,
    both_ways,
    found,
    one_way,
    verify,
)
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue
from ansible_collections.inferops.triton.tests.unit.support.gateway import haproxy
from ansible_collections.inferops.triton.tests.unit.support.triton import Triton

# HAProxy sees to clients' certificates: it asks for them, and trusts the root.
MUTUAL = "verify required ca-file {ca_file}"


def test_old_tls_is_accepted_by_a_lax_gateway(pki: Pki, plain: int, tmp_path: Path) -> None:
    with haproxy(tmp_path, pki.server, plain, "ssl-min-ver TLSv1.1") as port:
        result = verify(one_way(pki, port))
        allowed = verify(one_way(pki, port, allow=["old_tls_accepted"]))
    assert found(result, "failed") == {"old_tls_refused": "old_tls_accepted"}
    assert allowed["ok"]
    assert found(allowed, "overridden") == {"old_tls_refused": "old_tls_accepted"}


def test_a_library_without_old_tls_proves_nothing(
    pki: Pki, triton_ready: Triton, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = probe.tls_context

    def modern(*arguments: t.Any) -> t.Any:
        context = made(*arguments)
        # OpenSSL 3 offers no TLS 1.1 above security level 0, as with the policies of RHEL.
        context.set_cipher_list(b"ALL:@SECLEVEL=2")
        return context

    monkeypatch.setattr(probe, "tls_context", modern)
    result = verify(one_way(pki, triton_ready.port))
    assert found(result, "inconclusive") == {"old_tls_refused": "control_failed"}
    assert "OpenSSL does not speak TLS 1.1" in result["diagnosis"]["cause"]


def test_plaintext_is_accepted_beside_tls(pki: Pki, plain: int, tmp_path: Path) -> None:
    with haproxy(tmp_path, pki.server, plain, plaintext=True) as port:
        result = verify(one_way(pki, port))
    assert found(result, "failed") == {"plaintext_refused": "plaintext_accepted"}


def _late(pki: Pki) -> Identity:
    return issue("late", pki.root, eku=[CLIENT], start_days=-9, end_days=-2)


def _authority(pki: Pki, folder: Path, passphrase: t.Optional[bytes] = None) -> t.Tuple[str, str]:
    certificate, key = pki.root.write(folder, "client-ca")
    if passphrase:
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        locked = pki.root.private_key.private_bytes(pem, pkcs8, serialization.BestAvailableEncryption(passphrase))
        Path(key).write_bytes(locked)
    return certificate, key


@pytest.mark.parametrize("way", ["supplied", "signed", "signed with an encrypted key"])
def test_expired_client(pki: Pki, triton: Triton, plain: int, tmp_path: Path, way: str) -> None:
    if way == "supplied":
        certificate, key = _late(pki).write(tmp_path, "late")
        given: Options = {"expired_client_cert": certificate, "expired_client_key": key}
    else:
        secret = "open sesame" if "encrypted" in way else None
        certificate, key = _authority(pki, tmp_path, secret.encode() if secret else None)
        given = {"client_ca_cert": certificate, "client_ca_key": key, "client_ca_passphrase": secret}
    good = verify(both_ways(pki, triton.port, **given))
    assert good["ok"], good["diagnosis"]
    assert found(good, "ok")["expired_client_refused"] is None
    lax = MUTUAL.format(ca_file=pki.ca_file) + " crt-ignore-err 10"  # X509_V_ERR_CERT_HAS_EXPIRED
    with haproxy(tmp_path, pki.server, plain, lax) as port:
        bad = verify(both_ways(pki, port, **given))
    assert found(bad, "failed") == {"expired_client_refused": "expired_client_accepted"}, bad


@pytest.mark.parametrize("client", ["foreign_client", "no_client_certificate"])
def test_clients_that_a_lax_gateway_lets_in(pki: Pki, plain: int, tmp_path: Path, client: str) -> None:
    ignored = {"foreign_client": "crt-ignore-err all ca-ignore-err all", "no_client_certificate": ""}[client]
    lax = MUTUAL.format(ca_file=pki.ca_file)
    lax = lax.replace("required", "optional") if client == "no_client_certificate" else lax
    with haproxy(tmp_path, pki.server, plain, "{0} {1}".format(lax, ignored)) as port:
        result = verify(both_ways(pki, port))
    assert found(result, "failed") == {client + "_refused": client + "_accepted"}, result


def test_without_an_expired_certificate_it_is_said(pki: Pki, triton: Triton) -> None:
    result = verify(both_ways(pki, triton.port))
    (check,) = [each for each in result["checks"] if each["check"] == "expired_client_refused"]
    assert check["status"] == "skipped"
    assert "neither an expired client certificate" in check["detail"]


@pytest.mark.parametrize(
    ("given", "code", "named"),
    [
        ({"expired_client_cert": "{late_cert}"}, "invalid_option", "expired_client_key"),
        ({"client_ca_key": "{ca_key}"}, "invalid_option", "client_ca_cert"),
        ({"expired_client_cert": "{client_cert}", "expired_client_key": "{client_key}"}, "invalid_option", "has not expired"),
        ({"expired_client_cert": "{alien_cert}", "expired_client_key": "{alien_key}"}, "invalid_option", "differ in more"),
        ({"client_ca_cert": "{other_cert}", "client_ca_key": "{other_key}"}, "invalid_option", "did not issue"),
        ({"client_ca_cert": "{ca_cert}", "client_ca_key": "{other_key}"}, "client_pair_mismatch", "other.key"),
        ({"client_ca_cert": "{ca_cert}", "client_ca_key": "{ca_key}", "client_ca_passphrase": "wrong"}, "not_pem", "passphrase"),
        ({"client_ca_cert": "{ca_cert}", "client_ca_key": "/nonexistent"}, "file_unreadable", "client_ca_key"),
    ],
)
def test_expired_clients_that_would_prove_nothing(
    pki: Pki, tmp_path: Path, given: Options, code: str, named: str
) -> None:
    names: t.Dict[str, t.Any] = dict(vars(pki))
    names["late_cert"], names["late_key"] = _late(pki).write(tmp_path, "late")
    alien = issue("alien", pki.stranger, eku=[CLIENT], start_days=-9, end_days=-2)
    names["alien_cert"], names["alien_key"] = alien.write(tmp_path, "alien")
    names["other_cert"], names["other_key"] = pki.stranger.write(tmp_path, "other")
    names["ca_cert"], names["ca_key"] = _authority(pki, tmp_path, b"right")
    if code == "client_pair_mismatch":
        names["ca_cert"], names["ca_key"] = _authority(pki, tmp_path)
    result = verify(both_ways(pki, 1, **{key: text.format(**names) for key, text in given.items()}))
    assert result["diagnosis"]["code"] == code, result
    assert named in result["diagnosis"]["cause"]
    assert "wrong" not in str(result["diagnosis"].values()), "a passphrase is shown to nobody"


def test_one_certificate_is_signed_for_all_endpoints(pki: Pki, tmp_path: Path) -> None:
    certificate, key = _authority(pki, tmp_path)
    files = Files()
    specs = [both_ways(pki, port, client_ca_cert=certificate, client_ca_key=key) for port in (1, 2)]
    first, second = [load_endpoint(spec, files) for spec in specs]
    assert first.expired is not None
    assert first.expired is second.expired
