# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt says is understood, and a mirror of it is the same bytes each time. The programs themselves run in the scenario airgap."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from ansible_collections.inferops.triton.plugins.module_utils._offline import apt, tree

DIGEST = "SHA256:" + "a" * 64


@pytest.mark.parametrize(
    ("line", "name", "version", "place"),
    [
        pytest.param(
            "'http://deb.example.com/debian/pool/main/g/gcc-12/gcc-12-base_12.2.0-14%2bdeb12u1_amd64.deb' "
            f"gcc-12-base_12.2.0-14+deb12u1_amd64.deb 37596 {DIGEST}",
            "gcc-12-base",
            "12.2.0-14+deb12u1",
            "deb.example.com/debian/pool/main/g/gcc-12/gcc-12-base_12.2.0-14+deb12u1_amd64.deb",
            id="an escape in the address",
        ),
        pytest.param(
            f"'https://u:p@mirror.example.com:8443//docker/docker-ce_27_amd64.deb' docker-ce_5%3a27.0_amd64.deb 1 {DIGEST}",
            "docker-ce",
            "5:27.0",
            "mirror.example.com:8443/docker/docker-ce_27_amd64.deb",
            id="an epoch, a port, credentials",
        ),
        pytest.param(f"'file:/srv/mirror/x_1_all.deb' x_1_all.deb 1 {DIGEST}", "x", "1", "srv/mirror/x_1_all.deb", id="a folder of the host"),
    ],
)
def test_downloads(line: str, name: str, version: str, place: str) -> None:
    (found,) = apt.downloads(f"Reading package lists...\n{line}\n")
    assert (found.name, found.version, found.place, found.hash) == (name, version, place, DIGEST)


def test_a_download_without_a_sha256_is_none() -> None:
    assert apt.downloads("'http://deb.example.com/x_1_all.deb' x_1_all.deb 1 MD5Sum:ab40b7d3c7dd743f16d0d24ce3373270\n") == []


def record(*fields: str) -> str:
    return "\x1e" + "\x1f".join(fields) + "\n"


def test_indices() -> None:
    """Of a suite, of a flat repository with a key of several lines; lists of other things are passed over."""
    key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----"
    base = "http://deb.example.com/debian/dists/bookworm/"
    output = (
        record("Packages", "main/binary-amd64/Packages", base, "http://deb.example.com/debian/", "bookworm", "main", "amd64",
               "/lists/deb.example.com_debian_dists_bookworm_main_binary-amd64_Packages.lz4", "$(SIGNED_BY)")
        + record("Translations", "main/i18n/Translation-en", base, "http://deb.example.com/debian/", "bookworm", "main", "amd64", "/lists/x", "")
        + record("Packages", "Packages", "https://example.com/deb/", "https://example.com/deb/", "/", "$(COMPONENT)", "amd64",
                 "/lists/example.com_deb_Packages", key)
    )  # fmt: skip
    suite, flat = apt.indices(output)
    assert (suite.prefix, suite.signed_by, suite.release) == ("/lists/deb.example.com_debian_dists_bookworm_", "", "bookworm")
    assert (flat.prefix, flat.component, flat.signed_by) == ("/lists/example.com_deb_", "", key)


def test_a_tree_is_the_same_bytes_whenever_it_is_packed(tmp_path: Path) -> None:
    for number, names in enumerate((["b", "a/c"], ["a/c", "b"])):
        for name in names:
            tree.put(str(tmp_path / f"tree{number}" / name), name.encode())
        tree.pack(str(tmp_path / f"tree{number}"), str(tmp_path / f"{number}.tar"))
    assert (tmp_path / "0.tar").read_bytes() == (tmp_path / "1.tar").read_bytes()
    with tarfile.open(tmp_path / "0.tar") as archive:
        assert {(member.name, member.mode, member.uid, member.mtime) for member in archive} == {("b", 0o644, 0, 0), ("a/c", 0o644, 0, 0)}
