# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failed starts, each provoked with the real server, and what their logs are translated into."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.inferops.triton.plugins.module_utils._triton import startlog, tlsfiles
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import triton
from ansible_collections.inferops.triton.tests.unit.support.certificates import issue

FAILING = """
class TritonPythonModel:
    def initialize(self, args):
        raise RuntimeError("weights are missing")
"""


@pytest.fixture(scope="module")
def folder(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's working folder: no models, good TLS files, and bad ones beside them."""
    folder = tmp_path_factory.mktemp("start")
    (folder / "models").mkdir()
    triton.backends(folder)
    tls = folder / "tls"
    tls.mkdir()
    (tls / "tls.crt").write_bytes(Path(pki.server_cert).read_bytes())
    (tls / "tls.key").write_bytes(Path(pki.server_key).read_bytes())
    (tls / "other.key").write_text(issue("other").key_pem)
    key = serialization.load_pem_private_key((tls / "tls.key").read_bytes(), None)
    (tls / "der.key").write_bytes(
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    encryption = serialization.BestAvailableEncryption(b"x")
    (tls / "encrypted.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    )
    (tls / "empty.crt").write_text("")
    _weak(tls)
    for name, model in (("failing", FAILING), ("importing", "import nosuchmodule\n")):
        triton.IDENTITY.write(folder / name)
        (folder / name / "triton_identity" / "1" / "model.py").write_text(model)
    for name, old, new in (
        ("badconfig", "backend", "foo: 1\nbackend"),
        ("misnamed", "triton_identity", "other"),
        ("nobackend", '"python"', '"onnxruntime"'),
        ("gpu", "KIND_CPU", "KIND_GPU"),
    ):
        triton.IDENTITY.write(folder / name)
        config = folder / name / "triton_identity" / "config.pbtxt"
        config.write_text(config.read_text().replace(old, new))
    triton.IDENTITY.write(folder / "noversion")
    (folder / "noversion" / "triton_identity" / "1" / "model.py").unlink()
    (folder / "noversion" / "triton_identity" / "1").rmdir()
    return folder


def _weak(tls: Path) -> None:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9))
    (tls / "weak.crt").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (tls / "weak.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.fixture(scope="module")
def held() -> Iterator[int]:
    """A port that someone else listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


def fail(folder: Path, **changes: Any) -> str:
    """The log of a server that must end by itself; changes are flags, with underscores."""
    home = triton.wheel()
    flags = {
        "model-repository": "models",
        "backend-directory": "backends",
        "grpc-address": "127.0.0.1",
        "grpc-port": triton.free_port(),
        "http-address": "127.0.0.1",
        "http-port": triton.free_port(),
        "allow-metrics": "false",
        "grpc-use-ssl": "true",
        "grpc-server-cert": "tls/tls.crt",
        "grpc-server-key": "tls/tls.key",
        "exit-timeout-secs": 1,
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    command: list[Any] = [home / "pytriton/tritonserver/bin/tritonserver", "--disable-auto-complete-config"]
    command += [f"--{name}={value}" for name, value in flags.items()]
    done = subprocess.run(
        command,
        cwd=folder,
        env=triton.environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    return done.stdout.decode(errors="replace")


@pytest.mark.parametrize(
    ("changes", "code", "cause"),
    [
        ({"no_such_flag": 1}, "unknown_flag", "The server does not know the flag --no-such-flag."),
        ({"log_verbose": "abc"}, "bad_flag_value", "The server refused the value of --log-verbose: Invalid option value. Got abc."),
        ({"strict_readiness": "yes"}, "bad_flag_value", "The server refused the value of --strict-readiness: invalid value for bool option: yes."),
        ({"model_repository": "/no/such"}, "model_repository_missing", "The model repository /no/such does not exist"),
        ({"model_repository": "failing"}, "model_load_failed", "The model triton_identity (version 1) failed to load: RuntimeError: weights are missing."),
        ({"model_repository": "importing"}, "model_load_failed", "ModuleNotFoundError: No module named 'nosuchmodule'."),
        ({"model_repository": "noversion"}, "model_load_failed", "at least one version must be available"),
        ({"model_repository": "badconfig"}, "model_config_invalid", 'triton_identity is invalid: 2:4: Message type "inference.ModelConfig" has no'),
        ({"model_repository": "misnamed"}, "model_config_invalid", "directory name must equal model name"),
        ({"model_repository": "nobackend"}, "backend_missing", "The model triton_identity needs the backend onnxruntime"),
        ({"model_repository": "gpu"}, "gpu_missing", "The model triton_identity wants a GPU"),
        ({"grpc_address": "203.0.113.9"}, "address_unavailable", "The server cannot listen on 203.0.113.9:"),
        ({"grpc_server_key": "tls/missing.key"}, "key_invalid", "could not use its private key"),
        ({"grpc_server_key": "tls/other.key"}, "key_invalid", "could not use its private key"),
        ({"grpc_server_key": "tls/encrypted.key"}, "key_invalid", "could not use its private key"),
        ({"grpc_server_key": "tls/der.key"}, "key_invalid", "could not use its private key"),
        ({"grpc_server_cert": "tls/missing.crt"}, "certificate_invalid", "could not use its certificate"),
        ({"grpc_server_cert": "tls/empty.crt"}, "certificate_invalid", "could not use its certificate"),
        ({"grpc_server_cert": "tls/weak.crt", "grpc_server_key": "tls/weak.key"}, "certificate_invalid", "shorter than 2048"),
        ({"cache_config": "nosuch,size=1"}, "start_failed", "The server refused to start: unable to find"),
    ],
)
def test_the_real_server(folder: Path, changes: dict[str, Any], code: str, cause: str) -> None:
    log = fail(folder, **changes)
    found = startlog.explain(log)
    assert found is not None, log
    assert (found.code, cause in found.cause) == (code, True), found
    assert found.remedy.endswith(".") and "{" not in found.cause + found.remedy
    assert 0 < len(found.log) <= startlog.LOG_LINES
    assert not any("pinned_memory" in line or line.startswith(("+-", "| ")) for line in found.log)


@pytest.mark.parametrize("port", ["grpc_port", "http_port"])
def test_a_held_port(folder: Path, held: int, port: str) -> None:
    found = startlog.explain(fail(folder, **{port: held}))
    assert found is not None and found.code == "port_in_use"
    assert f"127.0.0.1:{held}" in found.cause


@pytest.mark.parametrize(
    ("certificate", "key", "code"),
    [
        ("tls.crt", "missing.key", "key_missing"),
        ("missing.crt", "tls.key", "certificate_missing"),
        ("tls.crt", "other.key", "key_mismatch"),
        ("tls.crt", "encrypted.key", "key_encrypted"),
        ("tls.crt", "der.key", "key_invalid"),
        ("empty.crt", "tls.key", "certificate_invalid"),
        ("weak.crt", "weak.key", "weak_key"),
        ("tls.crt", "tls.key", "key_unreadable"),
    ],
)
def test_the_files_tell_what_the_log_does_not(folder: Path, certificate: str, key: str, code: str) -> None:
    (folder / "start").write_text(
        f"#!/bin/sh\nexec tritonserver --grpc-use-ssl=true '--grpc-server-cert=tls/{certificate}' \\\n --grpc-server-key=tls/{key}\n"
    )
    found = tlsfiles.examine(str(folder))
    assert found is not None and found[0] == code
    assert found[1].endswith(".") and found[2].endswith(".")


def test_without_a_start_script_nothing_is_said(tmp_path: Path) -> None:
    assert tlsfiles.examine(str(tmp_path)) is None


# What Docker Engine 28, Podman 4.3 and 5.4 and systemd 252 wrote.
@pytest.mark.parametrize(
    ("log", "code", "part"),
    [
        (
            "docker: Error response from daemon: No such image: registry.example/triton:1",
            "image_missing",
            "registry.example/triton:1",
        ),
        (
            "Unable to find image 'nosuch.invalid:5000/triton:1' locally\n"
            'docker: Error response from daemon: Get "https://nosuch.invalid:5000/v2/": dial tcp: lookup nosuch.invalid: no such host',
            "image_missing",
            "nosuch.invalid:5000/triton:1",
        ),
        (
            "Unable to find image 'triton:1' locally\n1: Pulling from triton\nStatus: Downloaded newer image for triton:1\n"
            'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]]',
            "gpu_runtime_missing",
            "GPU",
        ),
        (
            "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "engine_down",
            "unix:///var/run/docker.sock.",
        ),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get",
            "engine_denied",
            "may not talk",
        ),
        (
            'docker: Error response from daemon: Conflict. The container name "/triton-blue" is already in use by container '
            '"803abe373f32bfb3136133c63287a42827c7b9910bebb046cc17b604d6e82379". You have to remove',
            "container_name_conflict",
            "triton-blue",
        ),
        (
            "docker: Error response from daemon: driver failed programming external connectivity on endpoint x (0a14): "
            "Error starting userland proxy: listen tcp4 0.0.0.0:8001: bind: address already in use",
            "port_in_use",
            "0.0.0.0:8001",
        ),
        (
            'docker: Error response from daemon: invalid mount config for type "bind": bind source path does not exist: /srv/models',
            "mount_missing",
            "/srv/models",
        ),
        ("Error: statfs /srv/models: no such file or directory", "mount_missing", "/srv/models, which"),
        ("Error: sha256:6b801f3ef2ec: image not known", "image_missing", "The image sha256:6b801f3ef2ec is"),
        ("Error: setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=7", "gpu_runtime_missing", "GPU"),
        ("Error: unable to find user triton: no matching entries in passwd file", "user_unknown", "triton"),
        (
            'Error: creating container storage: the container name "triton-blue" is already in use by 406f898ff0ae6fa0fb214a99cd4326bcb7314c31e796'
            "ca7c9e349872f2e2b326. You have to remove that container to be able to reuse that name: that name is already in use, or use --replace",
            "container_name_conflict",
            "triton-blue",
        ),
        (
            "docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable "
            'to start container process: exec: "tritonserver": executable file not found in $PATH: unknown',
            "binary_missing",
            "tritonserver",
        ),
        ("docker: Error response from daemon: unable to find user triton: no matching entries in passwd file", "user_unknown", "triton"),
        ("nvidia-container-cli: initialization error: nvml error: driver not loaded: unknown", "gpu_missing", "driver not loaded"),
        (
            "triton@blue.service: Failed to determine user credentials: No such process\n"
            "triton@blue.service: Failed at step USER spawning /etc/triton/instances/blue/start: No such process",
            "user_unknown",
            "does not exist",
        ),
        (
            "triton@blue.service: Failed to set up mount namespacing: /run/systemd/unit-root/srv/x: No such file or directory",
            "sandbox_failed",
            "/srv/x",
        ),
        ("/etc/triton/instances/blue/start: 6: exec: /opt/triton/tritonserver: not found", "binary_missing", "/opt/triton/tritonserver"),
        ("./start: line 6: /opt/triton/tritonserver: Permission denied", "binary_missing", "/opt/triton/tritonserver"),
        (
            "triton@blue.service: Failed to execute /etc/triton/instances/blue/start: No such file or directory",
            "start_missing",
            "/etc/triton/instances/blue/start",
        ),
        (
            "tritonserver: error while loading shared libraries: libdcgm.so.3: cannot open shared object file",
            "library_missing",
            "libdcgm.so.3",
        ),
        ("triton@blue.service: A process of this unit has been killed by the OOM killer.\nresult oom-kill", "out_of_memory", "memory"),
    ],
)
def test_engines_and_systemd(log: str, code: str, part: str) -> None:
    found = startlog.explain(log)
    assert found is not None
    assert found.code == code and part in found.cause
    assert "{" not in found.cause + found.remedy and "  " not in found.cause


def test_what_nobody_knows_is_said_to_be_unknown() -> None:
    assert startlog.explain("I1123 06:26:56.118615 6752 server.cc:604] all is well") is None
    assert startlog.explain("", "failed (failed), result oom-kill") is not None
    assert startlog.telling_lines("") == []
    assert startlog.telling_lines("hello\n\nworld") == ["hello", "world"]
