# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the shared library of this Python for Triton's Python backend, which embeds it, and link it into a folder.

Usage: libpython.py FOLDER

Prints JSON: ``library`` (where it really lies) and ``changed``. Where the interpreter came without one, as Debian's does
until libpython3.X is installed, the package is fetched and unpacked below FOLDER; that needs no root. Exits with a
sentence that tells what to install where nothing helps.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from typing import Optional

MINOR = "{0}.{1}".format(*sys.version_info)
NAME = f"libpython{MINOR}.so.1.0"
PACKAGE = f"libpython{MINOR}"


def loads(library: str) -> bool:
    """Whether the dynamic loader takes a library, found by its name or its path; tried in a process of its own."""
    code = f"import ctypes; ctypes.CDLL({library!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def installed() -> Iterator[str]:
    """Where this interpreter's own library may lie."""
    for folder in (sysconfig.get_config_var("LIBDIR"), os.path.join(sys.base_prefix, "lib")):
        if folder:
            yield os.path.join(folder, NAME)
            yield from sorted(glob.glob(os.path.join(folder, "*", NAME)))


def unpacked(folder: str) -> Iterator[str]:
    """Where the package's library lies once it was unpacked below the folder."""
    yield from sorted(glob.glob(os.path.join(folder, PACKAGE, "usr", "lib", "*", NAME)))


def fetch(folder: str) -> str:
    """Fetch and unpack Debian's package as an ordinary user; returns why that failed, empty where it did not."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return "there is no apt-get to fetch it with"
    with tempfile.TemporaryDirectory(dir=folder) as work:
        done = subprocess.run(["apt-get", "-qq", "download", PACKAGE], cwd=work, capture_output=True, text=True, check=False)
        packages = glob.glob(os.path.join(work, "*.deb"))
        if done.returncode != 0 or not packages:
            return (done.stderr.strip().splitlines() or ["apt-get download gave nothing"])[-1]
        target = os.path.join(work, PACKAGE)
        done = subprocess.run(["dpkg-deb", "-x", packages[0], target], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return (done.stderr.strip().splitlines() or ["dpkg-deb failed"])[-1]
        shutil.rmtree(os.path.join(folder, PACKAGE), ignore_errors=True)
        os.rename(target, os.path.join(folder, PACKAGE))
    return ""


def find(folder: str) -> Optional[str]:
    """The first library that loads."""
    return next((path for paths in (installed(), unpacked(folder)) for path in paths if loads(path)), None)


def link(folder: str, library: str) -> bool:
    """Link the library into the folder; True if that was new."""
    path = os.path.join(folder, NAME)
    if os.path.islink(path) and os.readlink(path) == library:
        return False
    temporary = f"{path}.new"
    if os.path.lexists(temporary):
        os.unlink(temporary)
    os.symlink(library, temporary)
    os.replace(temporary, path)
    return True


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = os.path.abspath(arguments[0])
    os.makedirs(folder, exist_ok=True)
    library, why = find(folder), ""
    if library is None:
        why = fetch(folder)
        library = find(folder)
    if library is None:
        print(
            f"Triton's Python backend needs the shared library of Python {MINOR}, {NAME}, which this machine does not have ({why}): "
            f"install it (Debian, Ubuntu: apt-get install {PACKAGE}; pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared), "
            "and run make demo again; or try another Python: make clean, then make demo PYTHON=/path/to/python3.",
            file=sys.stderr,
        )
        return 1
    print(json.dumps({"library": library, "changed": link(folder, library)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
