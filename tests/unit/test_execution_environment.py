# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment of examples/, as far as a machine without a registry can take it: what ansible-builder makes of its definition, and
what it will find in the collection while it builds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = ROOT / "examples" / "execution-environment" / "execution-environment.yml"
VERSION = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]


def call(*command: str, folder: Path) -> str:
    """Output of a program that is installed beside this Python."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    program = shutil.which(command[0], path=path)
    assert program, f"{command[0]} is not on PATH"
    environment = {**os.environ, "PATH": path, "ANSIBLE_HOME": str(folder / "ansible")}
    done = subprocess.run([program, *command[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The definition with the collection built beside it, and ansible-builder's context made of them."""
    folder = tmp_path_factory.mktemp("environment")
    shutil.copy(DEFINITION, folder)
    call("ansible-galaxy", "collection", "build", "--output-path", str(folder), str(ROOT), folder=folder)
    call("ansible-builder", "create", "--file", DEFINITION.name, "--context", "context", "--output-filename", "Containerfile", folder=folder)
    return folder


def test_the_context_holds_the_collection_that_is_to_be_installed(folder: Path) -> None:
    build = folder / "context" / "_build"
    (collection,) = yaml.safe_load((build / "requirements.yml").read_text())["collections"]
    assert collection == {"name": f"collections/inferops-triton-{VERSION}.tar.gz", "type": "file"}
    assert (build / collection["name"]).read_bytes() == (folder / f"inferops-triton-{VERSION}.tar.gz").read_bytes()


def test_the_containerfile_installs_it_and_asks_it_for_its_packages(folder: Path) -> None:
    text = (folder / "context" / "Containerfile").read_text()
    steps = [line for line in text.splitlines() if line.startswith(("FROM", "RUN", "COPY", "WORKDIR"))]
    installs = next(number for number, line in enumerate(steps) if "ansible-galaxy collection install" in line)
    asks = next(number for number, line in enumerate(steps) if "introspect.py introspect" in line)
    assert installs < asks and "COPY _build /build" in steps[:installs] and "WORKDIR /build" in steps[:installs]
    assert "-r requirements.yml" in steps[installs]
    assert any("install-from-bindep" in line for line in steps[asks:])
    (core,) = [line for line in text.splitlines() if line.startswith("ARG ANSIBLE_INSTALL_REFS=")]
    assert "ansible-core>=2.19" in core and "ansible-runner" in core


def test_the_collection_names_what_its_controller_needs(folder: Path) -> None:
    """ansible-builder's own script, as it runs in the image, over the collection as Galaxy unpacks it."""
    installed = folder / "installed"
    tarball = str(folder / f"inferops-triton-{VERSION}.tar.gz")
    call("ansible-galaxy", "collection", "install", tarball, "--force", "--no-deps", "--offline", "--collections-path", str(installed), folder=folder)
    script = folder / "context" / "_build" / "scripts" / "introspect.py"
    found = yaml.safe_load(call("python3", str(script), "introspect", str(installed), folder=folder))
    python = {line.split("#")[0].strip() for line in found["python"]}
    assert {"cryptography", "pyOpenSSL", "tritonclient[grpc]"} <= {line.split(">=")[0] for line in python}
    assert all("# from collection inferops.triton" in line for line in [*found["python"], *found["system"]])
    assert {line.split()[0] for line in found["system"]} == {"openssh-client", "openssh-clients", "rsync"}


def test_the_definition_is_of_this_version_and_of_the_core_that_is_supported() -> None:
    definition = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    assert definition["version"] == 3
    requires = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert definition["dependencies"]["ansible_core"]["package_pip"].startswith("ansible-core" + requires.split(",")[0].rstrip("0").rstrip("."))
