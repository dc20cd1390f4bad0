# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries, packages, keys, GPUs and containers of a host."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._nvidia import pci
from ansible_collections.inferops.triton.plugins.module_utils._runtime import containers, openpgp, packages, registries
from ansible_collections.inferops.triton.plugins.module_utils._triton import commands
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.plugins.module_utils._triton.packages import Package

NOTHING: dict[str, Any] = {"registry_cas": [], "registry_mirrors": [], "registry_credentials": []}
ROBOT = {"registry": "r.example:5000", "username": "robot", "password": "pass:word"}
AUTH = "cm9ib3Q6cGFzczp3b3Jk"


def credentials(engine: str, home: Path, *items: dict[str, str]) -> registries.File:
    (file,) = registries.files(engine, {**NOTHING, "registry_credentials": list(items)}, str(home))
    return file


def test_where_things_belong(tmp_path: Path) -> None:
    cas = [{"registry": "r.example:5000", "ca": "PEM\n"}]
    params = {**NOTHING, "registry_cas": cas, "registry_mirrors": [{"registry": "nvcr.io", "mirrors": ["m.example/nv"]}]}
    assert [file.path for file in registries.files("docker", params, str(tmp_path))] == ["/etc/docker/certs.d/r.example:5000/ca.crt"]
    ca, mirrors = registries.files("podman", params, str(tmp_path))
    assert (ca.path, ca.text, ca.mode) == ("/etc/containers/certs.d/r.example:5000/ca.crt", "PEM\n", 0o644)
    assert mirrors.text.splitlines()[2:] == ["[[registry]]", 'location = "nvcr.io"', "[[registry.mirror]]", 'location = "m.example/nv"']


def test_docker_mirrors_its_hub_alone() -> None:
    assert registries.hub_mirrors([{"registry": "docker.io", "mirrors": ["a", "b/c"]}]) == ["https://a", "https://b/c"]
    with pytest.raises(HostError) as caught:
        registries.hub_mirrors([{"registry": "nvcr.io", "mirrors": ["a"]}])
    assert caught.value.code == "mirror_unsupported" and "nvcr.io" in caught.value.cause


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_credentials_beside_those_of_others(tmp_path: Path, engine: str) -> None:
    path = tmp_path / registries.CREDENTIALS[engine]
    path.parent.mkdir(parents=True)
    path.write_text('{"auths": {"other": {"auth": "eA=="}, "r.example:5000": {"auth": "old"}}, "psFormat": "x"}')
    file = credentials(engine, tmp_path, ROBOT)
    assert json.loads(file.text) == {"auths": {"other": {"auth": "eA=="}, "r.example:5000": {"auth": AUTH}}, "psFormat": "x"}
    assert file.private and file.mode == 0o600 and file.differs()
    commands.write(file.path, file.text, file.mode, 0o700)
    assert not credentials(engine, tmp_path, ROBOT).differs()
    path.chmod(0o640)
    assert credentials(engine, tmp_path, ROBOT).differs()


def test_the_hub_has_a_name_of_its_own(tmp_path: Path) -> None:
    hub = {**ROBOT, "registry": "docker.io"}
    assert list(json.loads(credentials("docker", tmp_path, hub).text)["auths"]) == ["https://index.docker.io/v1/"]
    assert list(json.loads(credentials("podman", tmp_path, hub).text)["auths"]) == ["docker.io"]


@pytest.mark.parametrize(
    ("text", "code"),
    [('{"credsStore": "pass"}', "credential_helper"), ('{"credHelpers": {"r.example:5000": "ecr"}}', "credential_helper"), ("{", "credentials_invalid")],
)
def test_credentials_that_would_not_be_read(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / registries.CREDENTIALS["docker"]
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(HostError) as caught:
        credentials("docker", tmp_path, ROBOT)
    assert caught.value.code == code


def test_a_file_keeps_its_owner_and_a_stricter_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    commands.write(str(tmp_path / "link"), "new")
    assert path.read_text() == "new" and oct(path.stat().st_mode & 0o777) == "0o640"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "link"]


def test_dpkg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    states = {"a": "installed", "b": "half-configured", "c": "config-files", "d": "triggers-pending", "e": "half-installed"}
    monkeypatch.setattr(packages, "database", lambda: "dpkg")
    monkeypatch.setattr(packages, "listing", lambda: [Package(name, "1:1-1", state) for name, state in states.items()])
    monkeypatch.setattr(packages, "_DPKG_UPDATES", str(tmp_path))
    found, unfinished = packages.installed(["a", "b", "c", "d", "x"])
    assert found == {"a": "1:1-1", "b": None, "c": None, "d": "1:1-1", "x": None}
    assert unfinished == ["b (half-configured)", "e (half-installed)"]


def test_dpkg_was_interrupted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "database", lambda: "dpkg")
    monkeypatch.setattr(packages, "listing", lambda: [Package("a", "1-1")])
    monkeypatch.setattr(packages, "_DPKG_UPDATES", str(tmp_path))
    (tmp_path / "tmp.i").touch()
    assert packages.installed([])[1] == []
    (tmp_path / "0001").touch()
    assert packages.installed([])[1] == ["dpkg's journal"]


def test_rpm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "database", lambda: "rpm")
    monkeypatch.setattr(packages, "listing", lambda names: [Package("a", "1.20.0-1"), Package("c", "3:580-1")])
    assert packages.installed(["a", "b", "c"]) == ({"a": "1.20.0-1", "b": None, "c": "580-1"}, [])


def test_fingerprints(tmp_path: Path) -> None:
    """Of keys that GnuPG makes, armored and not, one and two in a file."""
    gpg = ["gpg", "--homedir", str(tmp_path), "--batch", "--quiet"]
    tmp_path.chmod(0o700)
    wanted = []
    for kind in ("rsa2048", "ed25519"):
        subprocess.run([*gpg, "--passphrase", "", "--quick-generate-key", f"{kind}@example.com", kind, "sign", "never"], check=True, capture_output=True)
        listed = subprocess.run([*gpg, "--with-colons", "--list-keys", f"{kind}@example.com"], check=True, capture_output=True, text=True).stdout
        wanted.append(next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr")))
    for name, options in (("both.asc", ["--armor"]), ("both.gpg", [])):
        path = tmp_path / name
        path.write_bytes(subprocess.run([*gpg, *options, "--export"], check=True, capture_output=True).stdout)
        assert openpgp.fingerprints(str(path)) == wanted
        path.write_bytes(path.read_bytes()[:300])
        assert openpgp.fingerprints(str(path)) == []
    for data in (b"", b"<html>404</html>", b"\x00\x01", b"\xff" * 64):
        (tmp_path / "other").write_bytes(data)
        assert openpgp.fingerprints(str(tmp_path / "other")) == []
    assert openpgp.fingerprints(str(tmp_path / "missing")) == []


def test_gpus_by_pci(tmp_path: Path) -> None:
    devices = {"a": ("0x10de", "0x030200"), "b": ("0x10de", "0x030000"), "c": ("0x10de", "0x040300"), "d": ("0x10de", "0x068000"), "e": ("0x8086", "0x030000")}
    for name, (vendor, kind) in devices.items():
        folder = tmp_path / "bus" / "pci" / "devices" / name
        folder.mkdir(parents=True)
        (folder / "vendor").write_text(f"{vendor}\n")
        (folder / "class").write_text(f"{kind}\n")
    assert len(pci.scan(str(tmp_path))[0]) == 2
    assert len(pci.scan(str(tmp_path / "missing"))[0]) == 0


@pytest.mark.parametrize(
    ("script", "gpus", "problem"),
    [
        ("echo 'GPU 0: A (UUID: x)'; echo '  MIG 1g'; echo 'GPU 1: B'", 2, None),
        ("echo 'Failed to initialize NVML: Unknown Error'; exit 255", 0, "Failed to initialize NVML: Unknown Error"),
        ("echo 'WARNING: a remark of Docker' >&2; echo 'Failed to initialize NVML: Unknown Error'; exit 255", 0, "Failed to initialize NVML: Unknown Error"),
        ("echo 'OCI runtime exec failed: \"nvidia-smi\": executable file not found in $PATH' >&2; exit 127", None, None),
    ],
)
def test_gpus_in_containers(
    program: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, script: str, gpus: int | None, problem: str | None
) -> None:
    """Each container that got some is asked, whoever runs it; one that was given none is not disturbed."""
    listed = "printf 'triton-blue\\tsha256:1\\ntrainer\\ttorch\\nother\\tredis\\n'"
    program("docker", f"case $1 in ps) {listed};; inspect) printf '/triton-blue\\t7\\n/trainer\\t8\\n/other\\t9\\n';; exec) {script};; esac")
    monkeypatch.setattr(containers, "_has_nvidia_smi", lambda pid: pid in ("7", "8"))
    ours, trainer, other = containers.running("docker", {"triton-blue": "triton@blue.service"}, True)
    assert (ours.unit, ours.gpus, ours.problem) == ("triton@blue.service", gpus, problem)
    assert (trainer.unit, trainer.gpus, trainer.problem) == (None, gpus, problem)
    assert (other.name, other.image, other.unit, other.gpus) == ("other", "redis", None, None)
    assert [container.name for container in containers.without_gpus()] == (["triton-blue", "trainer"] if problem else [])


def test_a_container_got_gpus_if_nvidia_smi_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "7/root/usr/bin").mkdir(parents=True)
    (tmp_path / "7/root/usr/bin/nvidia-smi").symlink_to("/nowhere")
    assert containers._has_nvidia_smi("7", str(tmp_path))
    assert not containers._has_nvidia_smi("8", str(tmp_path)) and not containers._has_nvidia_smi("0", str(tmp_path))


def test_an_engine_that_does_not_answer_runs_nothing(program: Callable[[str, str], Path]) -> None:
    assert containers.running("docker", {}, True) == []
    program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    assert containers.running("docker", {}, True) == []


def test_lost() -> None:
    before = [containers.Container("a", "x", gpus=2), containers.Container("b", "x"), containers.Container("c", "x", gpus=1)]
    after = [containers.Container("a", "x", gpus=0, problem="NVML"), containers.Container("b", "x"), containers.Container("c", "x", gpus=1)]
    assert [container.name for container in containers.lost(before, after)] == ["a"]
