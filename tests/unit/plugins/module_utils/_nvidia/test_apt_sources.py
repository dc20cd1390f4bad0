# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""APT sources of every shape: components are added where they belong, and nothing else changes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import apt_sources
from ansible_collections.inferops.triton.plugins.module_utils._nvidia.apt_sources import Release, deb822, one_line

NONFREE = ["contrib", "non-free", "non-free-firmware"]


@pytest.fixture(name="bookworm")
def _bookworm(tmp_path: Path) -> Release:
    return Release("bookworm", "Debian", ("oldstable",), str(tmp_path / "lists"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deb http://m.example/debian bookworm main", "deb http://m.example/debian bookworm main contrib non-free non-free-firmware"),
        (
            "deb http://m.example/debian/ oldstable main contrib",
            "deb http://m.example/debian/ oldstable main contrib non-free non-free-firmware",
        ),
        ("deb [arch=amd64 signed-by=/k.gpg] https://m.example/debian bookworm-updates main", None),
        ("deb  http://m.example/debian-security  bookworm-security  main   # security", None),
        ("deb-src http://m.example/debian bookworm main", None),
        ("deb cdrom:[Debian 12]/ bookworm main", "deb cdrom:[Debian 12]/ bookworm main"),
        ("# deb http://m.example/debian bookworm main", "# deb http://m.example/debian bookworm main"),
        ("deb http://m.example/debian bookworm-backports main", "deb http://m.example/debian bookworm-backports main"),
        ("deb http://m.example/debian trixie main", "deb http://m.example/debian trixie main"),
        ("deb https://apt.vendor.example/linux bookworm main", "deb https://apt.vendor.example/linux bookworm main"),
        ("deb https://download.example/linux/debian bookworm stable", "deb https://download.example/linux/debian bookworm stable"),
        (
            "deb http://m.example/debian bookworm main contrib non-free non-free-firmware",
            "deb http://m.example/debian bookworm main contrib non-free non-free-firmware",
        ),
        ("deb http://m.example/flat ./", "deb http://m.example/flat ./"),
        ("", ""),
    ],
)
def test_one_line(bookworm: Release, line: str, expected: str | None) -> None:
    after, _count = one_line(line + "\n", bookworm, NONFREE)
    if expected is None:
        head, _hash, comment = line.partition("   #")
        expected = head + " contrib non-free non-free-firmware" + ("   #" + comment if comment else "")
    assert after == expected + "\n"
    assert one_line(after, bookworm, NONFREE)[0] == after


def test_deb822(bookworm: Release) -> None:
    before = (
        "# written by the installer\nTypes: deb deb-src\nURIs: http://m.example/debian\nSuites: bookworm bookworm-updates\n"
        "Components: main\nSigned-By: /k.gpg\n"
        "\n \nTypes: deb\nURIs: http://m.example/debian-security/\nSuites: bookworm-security\ncomponents: main\n contrib\n"
        "\nEnabled: no\nTypes: deb\nURIs: http://old.example/debian\nSuites: bookworm\nComponents: main\n"
        "\nTypes: deb\nURIs: https://download.example/linux/debian\nSuites: bookworm\nComponents: stable\n"
        "Signed-By:\n -----BEGIN PGP-----\n .\n Components: main\n"
    )
    after, count = deb822(before, bookworm, NONFREE)
    assert count == 2
    expected = before.replace(
        "Components: main\nSigned-By: /k.gpg", "Components: main contrib non-free non-free-firmware\nSigned-By: /k.gpg"
    ).replace("components: main\n contrib", "components: main non-free non-free-firmware\n contrib")
    assert after == expected
    assert deb822(after, bookworm, NONFREE) == (after, 2)


def test_the_release_file_decides_whose_archive_it_is(bookworm: Release) -> None:
    lists = Path(bookworm.lists)
    lists.mkdir()
    (lists / "mirror.example_mirrors_d_dists_bookworm_InRelease").write_text(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nLabel: Debian\n"
    )
    (lists / "vendor.example_debian_dists_bookworm_Release").write_text("Origin: Vendor\nComponents: main\n")
    assert bookworm.owns("http://user:word@mirror.example/mirrors/d/", "bookworm")
    assert not bookworm.owns("https://vendor.example/debian", "bookworm")
    assert bookworm.owns("https://unseen.example/debian", "bookworm") and not bookworm.owns("https://unseen.example/apt", "bookworm")


def test_files_of_a_host(tmp_path: Path, bookworm: Release) -> None:
    folder = tmp_path / "etc/apt/sources.list.d"
    folder.mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list").write_text("deb http://m.example/debian bookworm main\n")
    (tmp_path / "etc/apt/sources.list").chmod(0o640)
    (folder / "debian.sources").write_text(
        "Types: deb\nURIs: http://m.example/debian-security\nSuites: bookworm-security\nComponents: main\n"
    )
    (folder / "vendor.list").write_text("deb https://vendor.example/apt bookworm main\n")
    (folder / "old.list.save").write_text("deb http://m.example/debian bookworm main\n")
    changes, count = apt_sources.plan(bookworm, NONFREE, str(tmp_path))
    assert [Path(change["path"]).name for change in changes] == ["sources.list", "debian.sources"] and count == 2
    for change in changes:
        apt_sources.write(change)
    assert apt_sources.plan(bookworm, NONFREE, str(tmp_path)) == ([], 2)
    assert stat.S_IMODE((tmp_path / "etc/apt/sources.list").stat().st_mode) == 0o640
    assert sorted(path.name for path in folder.iterdir()) == ["debian.sources", "old.list.save", "vendor.list"]


def test_a_link_stays_a_link(tmp_path: Path, bookworm: Release) -> None:
    (tmp_path / "etc/apt/sources.list.d").mkdir(parents=True)
    real = tmp_path / "managed.list"
    real.write_text("deb http://m.example/debian bookworm main\n")
    link = tmp_path / "etc/apt/sources.list"
    link.symlink_to(real)
    apt_sources.write(apt_sources.plan(bookworm, NONFREE, str(tmp_path))[0][0])
    assert link.is_symlink() and "non-free-firmware" in real.read_text()
