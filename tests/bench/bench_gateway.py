# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway costs: gRPC through it beside gRPC to Triton itself, REST over HTTPS through it beside Triton's plain REST and beside nginx.

A real Triton with the identity model, the configuration that the role renders, nginx set up the usual way (baseline/nginx.conf). Both write a line for each
request into a file; what the journal costs on a host is not measured. Clients are processes of their own, each with one kept connection for REST and one
channel with four calls in flight for gRPC. The five ways are measured in turn, half a second each, round after round, so that other load on the machine meets
all of them; a ratio is the median of the rounds' own. Beside it stands what a request costs HAProxy and nginx in CPU time, which other load hardly changes.
The last line is JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import struct
import subprocess
import tempfile
import time
import typing as t
from multiprocessing.connection import Connection
from pathlib import Path

from ansible_collections.inferops.triton.plugins.module_utils._triton.hostinfo import listening
from ansible_collections.inferops.triton.tests.unit.support import gateways, https, triton
from ansible_collections.inferops.triton.tests.unit.support.certificates import issue

ROUNDS = int(os.environ.get("ROUNDS", "40"))
SECONDS = 0.5
CLIENTS = 2
IN_FLIGHT = 4
BASELINE = Path(__file__).with_name("baseline") / "nginx.conf"
Way = t.Tuple[str, int]  # kind (grpc, https, http) and port


def worker(pipe: Connection, ca: str) -> None:
    """Waits for a way and seconds, sends the number of inferences that it got an answer to; ends at None."""
    while True:
        order = pipe.recv()
        if order is None:
            return
        kind, port, seconds = order
        pipe.send(asyncio.run(over_grpc(port, ca, seconds)) if kind == "grpc" else over_rest(kind, port, ca, seconds))


async def over_grpc(port: int, ca: str, seconds: float) -> int:
    import grpc
    from tritonclient.grpc import service_pb2 as pb
    from tritonclient.grpc import service_pb2_grpc as pb_grpc

    tensor = pb.ModelInferRequest.InferInputTensor(name="INPUT", datatype="FP32", shape=[2])
    message = pb.ModelInferRequest(model_name="triton_identity", inputs=[tensor])
    message.raw_input_contents.append(struct.pack("<2f", 1, 2))
    credentials = grpc.ssl_channel_credentials(Path(ca).read_bytes())
    count = 0
    async with grpc.aio.secure_channel(f"localhost:{port}", credentials, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = pb_grpc.GRPCInferenceServiceStub(channel)
        await stub.ModelInfer(message)
        ends = time.monotonic() + seconds

        async def calls() -> None:
            nonlocal count
            while time.monotonic() < ends:
                answer = await stub.ModelInfer(message)
                if struct.unpack("<2f", answer.raw_output_contents[0]) != (1, 2):
                    raise RuntimeError("the model answered wrongly")
                count += 1

        await asyncio.gather(*(calls() for _number in range(IN_FLIGHT)))
    return count


def over_rest(kind: str, port: int, ca: str, seconds: float) -> int:
    plain = socket.create_connection((https.ADDRESS, port), timeout=10)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    secured = https.context(ca).wrap_socket(plain, server_hostname="localhost") if kind == "https" else plain
    message = https.request("/v2/models/triton_identity/infer", "POST", body=https.INFERENCE)
    count = 0
    with secured as connection:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            connection.sendall(message)
            answer = https.answer(connection)
            if answer.status != 200:
                raise RuntimeError(f"status {answer.status}: {answer.body!r}")
            count += 1
    return count


@contextlib.contextmanager
def nginx(folder: Path, target: int, certificate: str, key: str) -> t.Iterator[int]:
    """nginx before a Triton's REST; yields its port."""
    found = shutil.which("nginx", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"]))
    assert found, "nginx is missing: apt-get install nginx-light"
    folder.mkdir()
    folder.chmod(0o755)
    port = triton.free_port()
    text = BASELINE.read_text(encoding="utf-8")
    for name, value in {"FOLDER": folder, "PORT": port, "TRITON": target, "CERTIFICATE": certificate, "KEY": key}.items():
        text = text.replace(f"@{name}@", str(value))
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen([found, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    try:
        deadline = time.monotonic() + 10
        while not listening(port):
            assert process.poll() is None and time.monotonic() < deadline, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def workers(ca: str) -> t.Iterator[t.Callable[[Way, float], float]]:
    """Client processes; what is yielded measures a way: inferences a second of all together."""
    spawn = multiprocessing.get_context("spawn")  # gRPC does not survive a fork
    pairs = [spawn.Pipe() for _number in range(CLIENTS)]
    processes = [spawn.Process(target=worker, args=(theirs, ca), daemon=True) for _ours, theirs in pairs]
    for process in processes:
        process.start()

    def measure(way: Way, seconds: float) -> float:
        for ours, _theirs in pairs:
            ours.send((*way, seconds))
        return sum(t.cast(int, ours.recv()) for ours, _theirs in pairs) / seconds

    yield measure
    for ours, _theirs in pairs:
        ours.send(None)
    for process in processes:
        process.join(10)


def processor_seconds(name: str) -> float:
    """What all processes of this name that this one has started have used so far, in CPU seconds (proc(5), stat)."""
    parents: t.Dict[int, int] = {}
    used: t.Dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            before, _name, after = path.read_text().partition(f"({name})")
            fields = (after or path.read_text().rpartition(")")[2]).split()
            parents[int(path.parent.name)] = int(fields[1])
            if after:
                used[int(before)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_ours(pid: int) -> bool:
        while pid > 1 and pid != os.getpid():
            pid = parents.get(pid, 0)
        return pid == os.getpid()

    return sum(seconds for pid, seconds in used.items() if is_ours(pid))


class Material(t.NamedTuple):
    """What gateways.server wants to know of a hierarchy."""

    ca_file: str
    server_cert: str
    server_key: str


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-gateway-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        root = issue("bench CA", ca=True)
        (folder / "ca.crt").write_text(root.pem)
        identity = issue("bench", root, ["localhost"])
        certificate, key = identity.write(folder, "server")
        host = gateways.Host(folder / "host")
        host.give("blue", identity, root.pem)
        variables = {**host.ports.variables(host.run_directory), "triton_gateway_client_request_rate": 0}
        config = gateways.render(folder / "rendered", {"usual": variables})["usual"]
        blue = host.ports.instances["blue"]
        stack.enter_context(gateways.server(folder / "triton", blue, Material(str(folder / "ca.crt"), certificate, key)))
        stack.enter_context(host)
        host.present(config)
        beside = stack.enter_context(nginx(folder / "nginx", blue["http"], certificate, key))
        ways: t.Dict[str, Way] = {
            "grpc": ("grpc", blue["grpc"]),
            "grpc_gateway": ("grpc", host.ports.grpc),
            "rest": ("http", blue["http"]),
            "rest_gateway": ("https", host.ports.http),
            "rest_nginx": ("https", beside),
        }
        rates: t.Dict[str, t.List[float]] = {way: [] for way in ways}
        measure = stack.enter_context(workers(str(folder / "ca.crt")))
        for each in ways.values():
            measure(each, 0.5)
        spent = dict.fromkeys(ways, 0.0)
        for number in range(ROUNDS):
            # Forwards and backwards, so that a drift of the machine favours nobody.
            for way in list(ways) if number % 2 == 0 else reversed(ways):
                program = "nginx" if way == "rest_nginx" else "haproxy"
                before = processor_seconds(program)
                rates[way].append(measure(ways[way], SECONDS))
                spent[way] += processor_seconds(program) - before
            if (number + 1) % 10 == 0:
                print(f"round {number + 1}: " + ", ".join(f"{way} {found[-1]:.0f}/s" for way, found in rates.items()), flush=True)

    def ratio(way: str, other: str) -> float:
        return round(statistics.median(one / two for one, two in zip(rates[way], rates[other])), 3)

    print(
        json.dumps(
            {
                "grpc_ratio": ratio("grpc_gateway", "grpc"),
                "rest_ratio_plain": ratio("rest_gateway", "rest"),
                "rest_ratio_nginx": ratio("rest_gateway", "rest_nginx"),
                "rates": {way: round(statistics.median(found)) for way, found in rates.items()},
                "cpu_us": {way: round(spent[way] / SECONDS / sum(rates[way]) * 1e6) for way in ways if "_" in way},
                "rounds": ROUNDS,
                "cores": os.cpu_count(),
            }
        )
    )


if __name__ == "__main__":
    main()
