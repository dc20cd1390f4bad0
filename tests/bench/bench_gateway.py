# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gateway costs: gRPC through it beside gRPC to Triton itself, REST over HTTPS through it beside Triton's plain REST and beside nginx.

A real Triton with the identity model, the configuration that the role renders, nginx set up the usual way (baseline/nginx.conf). Both write a line for each
request into a file; what the journal costs on a host is not measured. REST's clients are wrk's, CONNECTIONS kept ones, with bodies of three sizes: two
numbers as JSON, and 64 KiB and an image's 588 KiB in the binary form of KServe's protocol. gRPC's are processes of their own, each with one channel and four
calls in flight. The ways of a size are measured in turn, a second each, round after round, so that other load on the machine meets all of them; a ratio is
the median of the rounds' own, its spread their quartiles. Beside it stands what a request costs HAProxy and nginx in CPU time, which other load hardly
changes. The last line is JSON: grpc_ratio, and of the small body rest_ratio_plain and rest_ratio_nginx; `rest` has them for each size.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import multiprocessing
import os
import re
import shutil
import statistics
import struct
import subprocess
import tempfile
import time
import typing as t
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from ansible_collections.inferops.triton.plugins.module_utils._triton.hostinfo import listening
from ansible_collections.inferops.triton.tests.unit.support import gateways, triton
from ansible_collections.inferops.triton.tests.unit.support.certificates import issue

ROUNDS = int(os.environ.get("ROUNDS", "40"))
SECONDS = 1
CLIENTS = 2
IN_FLIGHT = 4
CONNECTIONS = 16
PATH = "/v2/models/triton_identity/infer"
BASELINE = Path(__file__).with_name("baseline") / "nginx.conf"
# What REST's clients send: how many numbers. The first as JSON.
SIZES = {"small": 2, "64 KiB": 16 * 1024, "image": 3 * 224 * 224}
Measure = t.Callable[[int], float]  # of a port: inferences a second


def worker(pipe: Connection, ca: str) -> None:
    """Waits for a port, sends the number of inferences that it got an answer to over gRPC; ends at None."""
    while True:
        port = pipe.recv()
        if port is None:
            return
        pipe.send(asyncio.run(over_grpc(port, ca, SECONDS)))


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


def over_rest(port: int, scheme: str, script: Path) -> float:
    """Inferences a second over REST, by wrk; RuntimeError where one of them is not answered, or not with 200."""
    address = f"{scheme}://localhost:{port}{PATH}"
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{SECONDS}s", "--script", str(script), address]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    rate = re.search(r"Requests/sec: +([0-9.]+)", said)
    if rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    return float(rate[1])


def body(folder: Path, size: str) -> Path:
    """wrk's script for an inference of this size."""
    number = SIZES[size]
    tensor = {"name": "INPUT", "shape": [number], "datatype": "FP32"}
    if size == "small":
        headers = {"Content-Type": "application/json"}
        content = json.dumps({"inputs": [{**tensor, "data": [1.0] * number}]}).encode()
    else:
        binary = {**tensor, "parameters": {"binary_data_size": 4 * number}}
        head = json.dumps({"inputs": [binary], "outputs": [{"name": "OUTPUT", "parameters": {"binary_data": True}}]}).encode()
        headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
        content = head + struct.pack("<f", 1.0) * number
    file = folder / f"{number}.body"
    file.write_bytes(content)
    lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    script = folder / f"{number}.lua"
    script.write_text("\n".join(['wrk.method = "POST"', *lines, f'wrk.body = io.open("{file}", "rb"):read("*a")', ""]))
    return script


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
def grpc_clients(ca: str) -> t.Iterator[Measure]:
    """Client processes; what is yielded measures all of them together."""
    spawn = multiprocessing.get_context("spawn")  # gRPC does not survive a fork
    pairs = [spawn.Pipe() for _number in range(CLIENTS)]
    processes = [spawn.Process(target=worker, args=(theirs, ca), daemon=True) for _ours, theirs in pairs]
    for process in processes:
        process.start()

    def measure(port: int) -> float:
        for ours, _theirs in pairs:
            ours.send(port)
        return sum(t.cast(int, ours.recv()) for ours, _theirs in pairs) / SECONDS

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


@dataclass
class Way:
    """A way to Triton, what measures it, and what it came to in each round."""

    port: int
    measure: Measure
    rates: t.List[float] = field(default_factory=list)
    spent: float = 0.0

    def again(self) -> None:
        before = processor_seconds("haproxy") + processor_seconds("nginx")
        self.rates.append(self.measure(self.port))
        self.spent += processor_seconds("haproxy") + processor_seconds("nginx") - before

    def beside(self, other: "Way") -> t.List[float]:
        """First quartile, median and third quartile of the rounds' ratios."""
        ratios = [one / two for one, two in zip(self.rates, other.rates)]
        return [round(ratio, 3) for ratio in statistics.quantiles(ratios, n=4, method="inclusive")]

    def figures(self) -> t.Dict[str, int]:
        """Inferences a second, and microseconds of HAProxy's and nginx's CPU time for one."""
        return {"rate": round(statistics.median(self.rates)), "cpu_us": round(self.spent / SECONDS / sum(self.rates) * 1e6)}


def play(name: str, ways: t.Mapping[str, Way]) -> None:
    """All rounds of some ways, forwards and backwards, so that a drift of the machine favours none."""
    turn = list(ways.values())
    for way in turn:
        way.measure(way.port)
    for _round in range(ROUNDS):
        for way in turn:
            way.again()
        turn.reverse()
    print(f"{name}: " + ", ".join(f"{each} {way.figures()}" for each, way in ways.items()), flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-gateway-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)  # nginx keeps bodies there, as a user of its own
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
        over_channels = stack.enter_context(grpc_clients(str(folder / "ca.crt")))
        grpc = {"direct": Way(blue["grpc"], over_channels), "gateway": Way(host.ports.grpc, over_channels)}
        play("gRPC", grpc)
        rest: t.Dict[str, t.Dict[str, Way]] = {}
        for size in SIZES:
            script = body(folder, size)
            http, https = (functools.partial(over_rest, scheme=scheme, script=script) for scheme in ("http", "https"))
            rest[size] = {"plain": Way(blue["http"], http), "gateway": Way(host.ports.http, https), "nginx": Way(beside, https)}
            play(f"REST, {size}", rest[size])

    ratios = {size: {f"ratio_{other}": ways["gateway"].beside(ways[other]) for other in ("plain", "nginx")} for size, ways in rest.items()}
    print(
        json.dumps(
            {
                "grpc_ratio": grpc["gateway"].beside(grpc["direct"])[1],
                "rest_ratio_plain": ratios["small"]["ratio_plain"][1],
                "rest_ratio_nginx": ratios["small"]["ratio_nginx"][1],
                "rest": {size: {**ratios[size], **{each: way.figures() for each, way in ways.items()}} for size, ways in rest.items()},
                "rounds": ROUNDS,
                "cores": os.cpu_count(),
            }
        )
    )


if __name__ == "__main__":
    main()
