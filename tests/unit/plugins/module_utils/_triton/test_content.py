# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A generation's id is of its content; files that do not suit one are refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.inferops.triton.plugins.module_utils._triton import content as contents
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.tests.unit.plugins.module_utils._triton.generations import KEY, OTHER_KEY, compose


def test_the_id_is_of_the_content() -> None:
    first = compose(release="24.10")
    assert len(first.id) == contents.ID_LENGTH and first.id == compose(release="24.10").id
    different = [
        compose(release="24.11"),
        compose([{"path": "x", "content": "y"}], release="24.10"),
        compose(key=OTHER_KEY, release="24.10"),
        contents.compose([{"path": "start", "content": "#!/bin/sh\n"}], {"release": "24.10"}),
    ]
    assert len({first.id, *(item.id for item in different)}) == len(different) + 1


def test_a_key_counts_by_its_public_key() -> None:
    key = serialization.load_pem_private_key(KEY.encode(), None)
    traditional = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
    assert traditional != KEY
    assert compose(key=traditional).id == compose().id
    assert KEY.splitlines()[1].encode() not in compose().manifest


def test_another_secret_counts_by_a_slow_digest() -> None:
    content = compose([{"path": "env", "secret": "TOKEN=abc"}])
    manifest = json.loads(content.manifest)
    assert manifest["files"]["env"]["digest"].startswith("secret:")
    assert content.id != compose([{"path": "env", "secret": "TOKEN=abd"}]).id


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        ({"path": "/etc/passwd", "content": ""}, "invalid_file", "not a relative path"),
        ({"path": "../x", "content": ""}, "invalid_file", "not a relative path"),
        ({"path": "a//b", "content": ""}, "invalid_file", "not a relative path"),
        ({"path": "", "content": ""}, "invalid_file", "not a relative path"),
        ({"path": "a\nb", "content": ""}, "invalid_file", "not a relative path"),
        ({"path": "generation.json", "content": ""}, "invalid_file", "written by the module"),
        ({"path": "x"}, "invalid_file", "no content"),
        ({"path": "x", "content": "", "source": "/x"}, "invalid_file", "content and source"),
        ({"path": "start", "content": ""}, "invalid_file", "listed twice"),
        ({"path": "start/x", "content": ""}, "invalid_file", "is the folder of start/x"),
        ({"path": "x", "content": "", "mode": "0644"}, "invalid_file", "never change"),
        ({"path": "x", "content": "", "mode": "rwx"}, "invalid_file", "never change"),
        ({"path": "x", "content": "", "private": True}, "invalid_file", "which is logged"),
        ({"path": "x", "content": KEY}, "invalid_file", "is not private"),
        ({"path": "x", "source": "/nonexistent/x"}, "source_missing", "does not exist"),
        ({"path": "x", "source": "/"}, "invalid_file", "cannot be read"),
        ({"path": "x", "secret": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "key_invalid", "cannot be read"),
    ],
)
def test_bad_files_are_refused(spec: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(HostError) as caught:
        assert compose([spec]).id
    assert caught.value.code == code
    assert message in caught.value.cause
    assert caught.value.remedy.endswith(".")


def test_an_encrypted_key_is_refused() -> None:
    key = serialization.load_pem_private_key(KEY.encode(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    ).decode()
    with pytest.raises(HostError, match="encrypted") as caught:
        assert compose(key=encrypted).id
    assert caught.value.code == "key_encrypted"
