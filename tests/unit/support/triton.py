# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real tritonserver, from the nvidia-pytriton wheel, for tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

WHEEL = "nvidia-pytriton==0.7.0"
REPOSITORY = Path(__file__).resolve().parents[3]

# Passing tensors on by DLPack keeps the model independent of the NumPy version.
_IDENTITY = """
import time
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def execute(self, requests):
        time.sleep({delay})
        responses = []
        for request in requests:
            responses.append(pb_utils.InferenceResponse([{outputs}]))
        return responses
"""
_PASS_ON = (
    'pb_utils.Tensor.from_dlpack("OUTPUT", '
    'pb_utils.get_input_tensor_by_name(request, "INPUT").to_dlpack())'
)


@dataclass(frozen=True)
class Model:
    """A Python-backend model with one INPUT and one OUTPUT of one datatype."""

    name: str
    datatype: str = "TYPE_FP32"
    dims: str = "-1"
    delay: float = 0.0
    outputs: str = _PASS_ON

    def write(self, repository: Path) -> None:
        """Write the model's folder as Triton expects it."""
        folder = repository / self.name / "1"
        folder.mkdir(parents=True)
        (folder / "model.py").write_text(_IDENTITY.format(delay=self.delay, outputs=self.outputs))
        tensor = "data_type: {0} dims: [ {1} ]".format(self.datatype, self.dims)
        (repository / self.name / "config.pbtxt").write_text(
            'name: "{0}"\nbackend: "python"\nmax_batch_size: 0\n'
            'input [ {{ name: "INPUT" {1} }} ]\noutput [ {{ name: "OUTPUT" {1} }} ]\n'
            "instance_group [ {{ kind: KIND_CPU count: 1 }} ]\n".format(self.name, tensor)
        )


IDENTITY = Model("triton_identity")
SLOW = Model("slow", delay=0.2)
# Answers OK with no output at all, as Triton lets a model do.
BROKEN = Model("broken", outputs="")
# Fails to load, because its Python is none.
FAILING = Model("failing", outputs="(")
WHOLE = Model("whole", datatype="TYPE_INT64", dims="2, 3")
HALF = Model("half", datatype="TYPE_FP16", dims="2")


_GIVEN: t.Set[int] = set()


def free_port() -> int:
    """A TCP port that was free on 127.0.0.1 a moment ago, and that this process was not given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _GIVEN:
            _GIVEN.add(port)
            return port


def wheel() -> Path:
    """The unpacked wheel: TRITON_WHEEL_DIR, or .build/pytriton, installed there if missing."""
    given = os.environ.get("TRITON_WHEEL_DIR")
    if given:
        return Path(given)
    target = REPOSITORY / ".build" / "pytriton"
    if not (target / "pytriton").is_dir():
        uv = shutil.which("uv")
        pip = [uv, "pip"] if uv else [sys.executable, "-m", "pip"]
        subprocess.run([*pip, "install", "--target", str(target), "--no-deps", WHEEL], check=True)
    return target


def _library_folder() -> str:
    """The folder of this interpreter's libpython, which the Python backend's stub links."""
    name = "libpython{0}.{1}.so.1.0".format(*sys.version_info[:2])
    multiarch = str(sysconfig.get_config_var("MULTIARCH"))
    for folder in (
        str(sysconfig.get_config_var("LIBDIR")),
        "/usr/lib/" + multiarch,
        os.path.join(sys.base_prefix, "lib"),
    ):
        if os.path.exists(os.path.join(folder, name)):
            return folder
    raise RuntimeError("no {0} found: install this Python's shared library".format(name))


def backends(folder: Path) -> Path:
    """A backend folder with the Python backend and the stub of this Python's minor version."""
    root = wheel() / "pytriton" / "tritonserver"
    python = folder / "backends" / "python"
    python.mkdir(parents=True)
    for item in (root / "backends" / "python").iterdir():
        if item.name != "triton_python_backend_stub":
            (python / item.name).symlink_to(item)
    minor = "{0}.{1}".format(*sys.version_info[:2])
    stub = root / "python_backend_stubs" / minor / "triton_python_backend_stub"
    # A copy: beside the wheel its RPATH would win over LD_LIBRARY_PATH.
    shutil.copy(stub, python / stub.name)
    return python.parent


def environment(folder: Path) -> t.Dict[str, str]:
    """The environment of a server whose folder this is: its libraries, and gRPC as talkative as it is by itself.

    Whoever imports the client side's dependencies has silenced gRPC in this process, and the server's reasons with it.
    """
    quiet = ("GRPC_VERBOSITY", "GLOG_minloglevel")
    inherited = {name: value for name, value in os.environ.items() if name not in quiet}
    inherited["PATH"] = os.path.dirname(sys.executable) + os.pathsep + inherited["PATH"]
    return {**inherited, "LD_LIBRARY_PATH": libraries(folder)}


def libraries(folder: Path) -> str:
    """LD_LIBRARY_PATH for the server and its stub.

    For Python 3.13 the wheel brings a libpython of its own, which lacks modules that Debian builds into its own
    (No module named '_struct'): this interpreter's stands in for it.
    """
    bundled = wheel() / "nvidia_pytriton.libs"
    own = _library_folder()
    instead = folder / "libraries"
    if not instead.is_dir():
        instead.mkdir()
        for library in bundled.glob("libpython3-*.{0}.so.1.0".format(sys.version_info[1])):
            (instead / library.name).symlink_to(Path(own) / "libpython{0}.{1}.so.1.0".format(*sys.version_info[:2]))
    return os.pathsep.join([str(instead), str(bundled), own])


@dataclass
class Triton:
    """A running tritonserver on loopback; `arguments` are flags as Triton takes them."""

    folder: Path
    models: t.Sequence[Model] = (IDENTITY,)
    arguments: t.Sequence[str] = ()
    port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    process: t.Optional["subprocess.Popen[bytes]"] = None

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return (self.folder / "triton.log").read_text(errors="replace")

    def start(self, ready_timeout: float = 30.0) -> "Triton":
        """Start the server and wait until gRPC listens; RuntimeError with the log if it ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        repository = self.folder / "models"
        for model in self.models:
            model.write(repository)
        repository.mkdir(exist_ok=True)
        base = wheel()
        with (self.folder / "triton.log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    str(base / "pytriton" / "tritonserver" / "bin" / "tritonserver"),
                    "--model-repository=" + str(repository),
                    "--backend-directory=" + str(backends(self.folder)),
                    "--grpc-port=" + str(self.port),
                    "--http-port=" + str(self.http_port),
                    "--http-address=127.0.0.1",
                    "--allow-metrics=false",
                    "--exit-timeout-secs=1",
                    "--disable-auto-complete-config",
                    "--exit-on-error=false",
                    *self.arguments,
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(self.folder),
            )
        deadline = time.monotonic() + ready_timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if "Started HTTPService" in self.log:
                return self
            time.sleep(0.05)
        self.stop()
        raise RuntimeError("tritonserver did not start:\n" + self.log[-4000:])

    def stop(self) -> None:
        """End the server and wait for it."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def __enter__(self) -> "Triton":
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()


# As the collection's role starts it: an open Triton lets every client change its shared memory, trace and log settings.
CLOSED = ("--grpc-restricted-protocol=shared-memory,trace,logging:admin-key=secret",)


def tls_flags(
    certificate: str, key: str, ca: t.Optional[str] = None, mutual: bool = False
) -> t.List[str]:
    """Triton's flags for TLS, mutual last: the server reads them in order."""
    flags = [
        "--grpc-use-ssl=true",
        "--grpc-server-cert=" + certificate,
        "--grpc-server-key=" + key,
    ]
    if ca:
        flags.append("--grpc-root-cert=" + ca)
    if mutual:
        flags.append("--grpc-use-ssl-mutual=true")
    return flags
