# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of an endpoint that are plain values: margins, ports, devices and a gateway, checked on their own and against each other."""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure

Spec = t.Mapping[str, t.Any]
Wrong = t.Callable[[str], Failure]


@dataclass(frozen=True)
class Devices:
    """What the model must run on: at least `count` distinct GPUs (kind "gpu"), or instances on the CPU ("cpu")."""

    kind: str
    count: int

    def __str__(self) -> str:
        what = "GPU" if self.kind == "gpu" else "CPU instance"
        return "{0} {1}{2}".format(self.count, what, "" if self.count == 1 else "s")


def margins(spec: Spec, wrong: Wrong) -> t.Dict[str, float]:
    """Days before the end of a certificate from which on it is warned of, and refused."""
    found: t.Dict[str, float] = {}
    for option, default in (("warn_days", 30.0), ("error_days", 0.0)):
        value = default if spec.get(option) is None else float(spec[option])
        if not (math.isfinite(value) and value >= 0):
            raise wrong("{0} must be a number of days from 0 on, not {1:g}.".format(option, value))
        found[option] = value
    if found["error_days"] > found["warn_days"]:
        detail = "error_days ({error_days:g}) is more than warn_days ({warn_days:g}), so nothing would ever be warned of."
        raise wrong(detail.format(**found))
    return found


def port(spec: Spec, option: str, default: int, wrong: Wrong) -> int:
    """A TCP port, or 0."""
    number = default if spec.get(option) is None else int(spec[option])
    if not 0 <= number < 65536:
        raise wrong("{0} must be a port, or 0 for none, not {1}.".format(option, number))
    return number


def devices(given: t.Any, model: t.Optional[str], wrong: Wrong) -> t.Optional[Devices]:
    """The devices that the model must run on, None where nothing is said of them."""
    if not given:
        return None
    kind, count = given.get("kind"), 1 if given.get("count") is None else int(given["count"])
    if kind not in ("cpu", "gpu") or count < 1:
        raise wrong("devices wants the kind cpu or gpu and a count from 1 on, not {0} and {1}.".format(kind, count))
    if not model:
        raise wrong("devices are given, but no model that runs on them.")
    return Devices(kind, count)


# Triton's names of the REST APIs that control a server (--http-restricted-api).
CONTROL_APIS = ("model-repository", "shared-memory", "trace", "logging")


@dataclass(frozen=True)
class Gateway:
    """What terminates TLS for REST and metrics beside the endpoint. A port of 0 is not offered.

    `closed_ports` are those of the instances behind it and its own for statistics, which nobody else may reach; `open_apis`
    are calls that control the server, and are meant to be open.
    """

    http_port: int
    metrics_port: int
    mutual: bool
    metrics_mutual: bool
    closed_ports: t.Tuple[int, ...] = ()
    open_apis: t.FrozenSet[str] = frozenset()

    @property
    def asks(self) -> bool:
        """Whether a client certificate is needed somewhere."""
        return bool((self.http_port and self.mutual) or (self.metrics_port and self.metrics_mutual))


def gateway(given: t.Any, mutual: bool, identified: bool, wrong: Wrong) -> t.Optional[Gateway]:
    """The gateway that is expected, None where there is none; `mutual` is what gRPC expects, `identified` whether there is a client certificate."""
    if not given:
        return None
    closed = tuple(int(number) for number in given.get("closed_ports") or ())
    found = Gateway(
        http_port=port(given, "http_port", 8000, lambda text: wrong("gateway." + text)),
        metrics_port=port(given, "metrics_port", 8002, lambda text: wrong("gateway." + text)),
        mutual=mutual if given.get("mutual") is None else bool(given["mutual"]),
        metrics_mutual=bool(given.get("metrics_mutual")),
        closed_ports=closed,
        open_apis=frozenset(given.get("open_apis") or ()),
    )
    if not (found.http_port or found.metrics_port):
        raise wrong("gateway offers neither http_port nor metrics_port.")
    if found.http_port == found.metrics_port:
        raise wrong("gateway.http_port and gateway.metrics_port are both {0}.".format(found.http_port))
    if not all(0 < number < 65536 for number in closed):
        raise wrong("gateway.closed_ports must be ports, not {0}.".format(", ".join(str(number) for number in closed)))
    if {found.http_port, found.metrics_port} & set(closed):
        raise wrong("gateway.closed_ports names a port that the gateway itself offers.")
    if found.open_apis - set(CONTROL_APIS):
        detail = "gateway.open_apis names {0}; there are {1}."
        raise wrong(detail.format(", ".join(sorted(found.open_apis - set(CONTROL_APIS))), ", ".join(CONTROL_APIS)))
    if found.asks and not identified:
        raise wrong("gateway expects client certificates, but no client_cert is given.")
    return found
