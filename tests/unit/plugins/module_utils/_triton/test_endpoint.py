# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, names and files are judged before anything is sent."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import endpoint
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure
from ansible_collections.inferops.triton.tests.unit.conftest import Pki


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("gpu1.example:8001", "gpu1.example", 8001),
        (" gpu1.example:8001 ", "gpu1.example", 8001),
        ("GPU1.Example.:8001", "gpu1.example", 8001),
        ("192.0.2.7:1", "192.0.2.7", 1),
        ("[::1]:8001", "::1", 8001),
        ("[2001:DB8:0:0::1]:65535", "2001:db8::1", 65535),
        ("bücher.example:8001", "xn--bcher-kva.example", 8001),
        ("under_score:8001", "under_score", 8001),
    ],
)
def test_addresses(text: str, host: str, port: int) -> None:
    assert endpoint.parse_address(text) == endpoint.Address(host, port)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("https://gpu1:8001", "the scheme https://"),
        ("grpcs://gpu1:8001", "the scheme grpcs://"),
        ("dns:///gpu1:8001", "the scheme dns://"),
        ("", "the host is missing"),
        (":8001", "the host is missing"),
        ("gpu1", "the port is missing"),
        ("gpu1:", "the port is missing"),
        ("[::1]", "the port is missing"),
        ("gpu1:http", "the port 'http'"),
        ("gpu1:0", "the port '0'"),
        ("gpu1:65536", "the port '65536'"),
        ("gpu1:-1", "the port '-1'"),
        ("gpu1:٨", "the port '٨'"),
        ("::1:8001", "belongs in brackets"),
        ("fe80::1", "belongs in brackets"),
        ("[::1:8001", "is not closed"),
        ("[gpu1]:8001", "no IPv6 address"),
        ("[::1]8001", "':port'"),
        ("gpu 1:8001", "no valid host name"),
        ("gpu1/path:8001", "no valid host name"),
        ("-gpu:8001", "no valid host name"),
        ("300.1.1.1:8001", "no valid IPv4 address"),
        ("a..b:8001", "no valid"),
    ],
)
def test_malformed_addresses(text: str, named: str) -> None:
    with pytest.raises(Failure) as caught:
        endpoint.parse_address(text)
    assert caught.value.diagnosis.code == "invalid_address"
    assert named.replace("'", "") in str(caught.value).replace("'", "")


@pytest.fixture(name="files")
def fixture_files() -> endpoint.Files:
    return endpoint.Files()


def load(files: endpoint.Files, **options: t.Any) -> endpoint.Endpoint:
    return endpoint.load_endpoint({"address": "gpu1.example:8001", **options}, files)


def test_defaults(pki: Pki, files: endpoint.Files) -> None:
    found = load(files, ca_file=pki.ca_file)
    assert (found.name, found.server_name, found.mutual) == ("gpu1.example:8001", "gpu1.example", False)
    assert found.identity is None
    named = load(files, ca=pki.root.pem, client_cert=pki.client_cert, client_key=pki.client_key, name="a")
    assert (named.name, named.mutual) == ("a", True)
    assert named.ca == pki.root.pem.encode()
    assert "PRIVATE" not in repr(named)


def test_fingerprint_with_colons(pki: Pki, files: endpoint.Files) -> None:
    plain = pki.server.fingerprint
    colons = ":".join(plain[i : i + 2] for i in range(0, 64, 2)).upper()
    assert load(files, ca_file=pki.ca_file, expected_fingerprint=colons).expected_fingerprint == plain


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        ({"client_cert": "{client_cert}"}, "client_pair_incomplete", "not client_key"),
        ({"client_key": "{client_key}"}, "client_pair_incomplete", "not client_cert"),
        ({"mutual": True}, "client_pair_incomplete", "no client_cert"),
        ({"client_cert": "{client_cert}", "client_key": "{server_key}"}, "client_pair_mismatch", "server.key"),
        ({"client_cert": "{client_cert}", "client_key": "{client_cert}"}, "not_pem", "no private key"),
        ({"client_cert": "{client_cert}", "client_key": "{encrypted}"}, "key_encrypted", "encrypted.key"),
        ({"client_cert": "{client_key}", "client_key": "{client_key}"}, "not_pem", "no certificate"),
        ({"ca_file": None}, "ca_missing", "gpu1.example:8001"),
        ({"ca": "text"}, "invalid_option", "Both ca_file and ca"),
        ({"ca_file": None, "ca": ""}, "not_pem", "empty"),
        ({"ca_file": "/nonexistent/ca.crt"}, "file_unreadable", "/nonexistent/ca.crt"),
        ({"ca_file": "{folder}"}, "file_unreadable", "directory"),
        ({"ca_file": "{empty}"}, "not_pem", "empty"),
        ({"ca_file": "{der}"}, "not_pem", "DER"),
        ({"ca_file": "{bom}"}, "not_pem", "byte-order mark"),
        ({"ca_file": "{garbage}"}, "not_pem", "certificate 2"),
        ({"ca_file": "{server_key}"}, "not_pem", "no certificate"),
        ({"server_name": "no name"}, "invalid_option", "server_name"),
        ({"max_latency": 0}, "invalid_option", "max_latency"),
        ({"max_latency": -1.5}, "invalid_option", "max_latency"),
        ({"expected_fingerprint": "abc"}, "invalid_option", "expected_fingerprint"),
        ({"allow": ["expired", "everything"]}, "invalid_option", "everything"),
    ],
)
def test_bad_options(
    pki: Pki, files: endpoint.Files, tmp_path: Path, options: t.Dict[str, t.Any], code: str, named: str
) -> None:
    names = {**vars(pki), "empty": tmp_path / "empty", "der": tmp_path / "der", "bom": tmp_path / "bom"}
    names.update(garbage=tmp_path / "garbage", encrypted=tmp_path / "encrypted.key")
    names["empty"].touch()
    names["der"].write_bytes(bytes([0x30, 0x82, 0x01, 0x00]))
    names["bom"].write_bytes(b"\xef\xbb\xbf" + pki.root.pem.encode())
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    names["garbage"].write_text(pki.root.pem + broken)
    if options.get("client_key") == "{encrypted}":
        command = ["openssl", "pkcs8", "-topk8", "-in", pki.client_key, "-passout", "pass:secret"]
        subprocess.run([*command, "-out", str(names["encrypted"])], check=True)
    given = {key: value.format(**names) if isinstance(value, str) else value for key, value in options.items()}
    with pytest.raises(Failure) as caught:
        load(files, **{"ca_file": pki.ca_file, **given})
    assert caught.value.diagnosis.code == code
    assert named in str(caught.value)


def test_files_are_read_once(pki: Pki, files: endpoint.Files, tmp_path: Path) -> None:
    path = tmp_path / "ca.crt"
    path.write_text(pki.root.pem)
    first = files.certificates("ca_file", str(path))
    path.unlink()
    assert files.certificates("ca_file", str(path)) is first
