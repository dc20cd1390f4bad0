# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two instances of a host behind its gateway: what they really do, and faults for the one that starts next."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

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
