# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two instances of a host behind its gateway: what they really do, and faults for the one that starts next."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator

from fleet import Fleet


def active(fleet: Fleet, host: str) -> str:
    return fleet.shell(host, "basename $(readlink /etc/triton/active)").strip()


def idle(fleet: Fleet, host: str) -> str:
    return "green" if active(fleet, host) == "blue" else "blue"


def running(fleet: Fleet, host: str) -> dict[str, str]:
    """What the host really does: its colour, the generation its process wrote down, the certificates of gRPC and REST, how many instances run."""
    colour = active(fleet, host)
    return {
        "colour": colour,
        "generation": fleet.shell(host, f"cat /run/triton/{colour}/generation").strip(),
        "committed": fleet.shell(host, "basename $(readlink /etc/triton/committed)").strip(),
        "grpc": fleet.served(host),
        "rest": fleet.served(host, 8000),
        "instances": fleet.shell(host, "systemctl list-units --no-legend --state=active,activating 'triton@*' | wc -l").strip(),
    }


@contextlib.contextmanager
def never_ready(fleet: Fleet, host: str) -> Iterator[None]:
    """The instance that starts next waits for ever, as with a model that never loads."""
    with fleet.service(host, idle(fleet, host), "ExecStart=", "ExecStart=/bin/sleep infinity"):
        yield


WRONG_MODEL = """
import numpy
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [pb_utils.InferenceResponse([pb_utils.Tensor("OUTPUT", numpy.zeros(3, numpy.float32))]) for request in requests]
"""


@contextlib.contextmanager
def answers_wrongly(fleet: Fleet, host: str) -> Iterator[None]:
    """The instance that starts next has another model in the place of its own: it is ready, and answers wrongly."""
    colour, wrong = idle(fleet, host), "/var/tmp/wrong_model.py"
    fleet.shell(host, f"cat > {wrong} <<'END'\n{WRONG_MODEL}END")
    with fleet.service(host, colour, f"BindReadOnlyPaths={wrong}:/etc/triton/instances/{colour}/models/triton_identity/1/model.py"):
        yield


def no_rest_until_undone(fleet: Fleet, host: str) -> Callable[["subprocess.Popen[str]"], None]:
    """For `run_until`: HAProxy takes no more connections for REST, until the instance that now starts has been stopped."""
    colour = idle(fleet, host)

    def tell(command: str) -> None:
        socket = "/run/triton-gateway/control/haproxy.sock"
        script = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('{socket}'); s.sendall(b'{command}\\n'); s.recv(99)"
        fleet.shell(host, f'python3 -c "{script}"')

    def act(_process: "subprocess.Popen[str]") -> None:
        tell("disable frontend rest")
        try:
            fleet.soon(lambda: "inactive" in fleet.shell(host, f"systemctl is-active triton@{colour} || true"), 120)
        finally:
            tell("enable frontend rest")

    return act
