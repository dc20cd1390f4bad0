# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module triton_gateway: a real HAProxy under a real supervisord, and small servers in the place of Triton."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import ssl
import threading
import time
import typing as t
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.inferops.triton.plugins.module_utils._triton import candidate, gatewayfiles
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.plugins.module_utils._triton.haproxy import Runtime
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import gateways, https
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue

VARIANTS: t.Dict[str, t.Dict[str, t.Any]] = {
    "usual": {},
    "mutual": {"triton_gateway_mutual_tls": True},
    "other": {"triton_gateway_hsts_seconds": 60},
    "taken": {"triton_gateway_stats_port": 1},  # of another's, set below
    "wrong": {"triton_gateway_tls_ciphers": ["NO-SUCH-CIPHER"]},
    "no_limits": {
        "triton_gateway_max_body_bytes": 0,
        "triton_gateway_client_max_connections": 0,
        "triton_gateway_client_connection_rate": 0,
        "triton_gateway_client_request_rate": 0,
        "triton_gateway_address": "::1",
        "triton_gateway_log_requests": "failed",
    },
}
NAMES = ["localhost", "127.0.0.1"]


class Fleet:
    """Texts of the role, and certificates for blue and green."""

    def __init__(self, folder: Path, pki: Pki) -> None:
        self.ports = gateways.Ports()
        self.run_directory = folder / "host" / "run"
        self.taken = socket.create_server(("127.0.0.1", 0))
        VARIANTS["taken"]["triton_gateway_stats_port"] = self.taken.getsockname()[1]
        self.texts = gateways.render(
            folder / "rendered", {name: {**self.ports.variables(self.run_directory), **variables} for name, variables in VARIANTS.items()}
        )
        self.root = pki.root
        self.blue, self.green, self.third = (issue(name, pki.root, NAMES) for name in ("blue", "green", "third"))


@pytest.fixture(scope="module")
def fleet(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet(tmp_path_factory.mktemp("gateway"), pki)
    with made.taken:
        yield made


@pytest.fixture
def host(fleet: Fleet) -> t.Iterator[gateways.Host]:
    """A host with generations for both colours and no gateway yet."""
    folder = fleet.run_directory.parent
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    made = gateways.Host(folder, fleet.ports)
    made.give("blue", fleet.blue, fleet.root.pem)
    made.give("green", fleet.green, fleet.root.pem)
    with made:
        yield made


def served(port: int, name: str = "localhost") -> str:
    """SHA-1 of the certificate that a port presents now."""
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with https.connect(port, tls, name) as connection:
        der = connection.getpeercert(binary_form=True)
    assert der
    return hashlib.sha1(der).hexdigest()


def sha1(identity: Identity) -> str:
    return hashlib.sha1(identity.certificate.public_bytes(Encoding.DER)).hexdigest()


def runtime(host: gateways.Host) -> Runtime:
    return Runtime(str(host.run_directory))


# present


def test_first_run_and_the_next(host: gateways.Host, fleet: Fleet) -> None:
    predicted = host.module("present", config=fleet.texts["usual"], check=True, diff=True)
    assert predicted["changed"] and predicted["started"] and not (host.root / "gateway").exists()
    assert {Path(each["after_header"]).name for each in predicted["diff"]} == {"haproxy.cfg", "prepare"}
    first = host.present(fleet.texts["usual"])
    assert (first["changed"], first["started"], first["reloaded"], first["instance"]) == (True, True, False, "blue")
    assert "diff" not in first
    assert served(fleet.ports.http) == served(fleet.ports.metrics) == sha1(fleet.blue)
    again = host.present(fleet.texts["usual"])
    assert (again["changed"], again["started"], again["reloaded"], again["reason"]) == (False, False, False, None)
    assert host.module("present", config=fleet.texts["usual"], check=True)["changed"] is False


def test_private_files_are_private(host: gateways.Host, fleet: Fleet) -> None:
    host.present(fleet.texts["usual"])
    assert oct((host.run_directory / "tls.pem").stat().st_mode & 0o777) == "0o600"
    assert "PRIVATE KEY" not in (host.root / "gateway" / "haproxy.cfg").read_text()
    for name in ("haproxy.sock", "master.sock"):
        assert oct((host.run_directory / "control" / name).stat().st_mode & 0o777) == "0o600"


def test_changed_configuration_is_reloaded(host: gateways.Host, fleet: Fleet) -> None:
    """Over a connection that lives on."""
    host.present(fleet.texts["usual"])
    worker = runtime(host).workers()[0]
    predicted = host.module("present", config=fleet.texts["other"], check=True)
    assert predicted["reloaded"] and runtime(host).workers() == [worker]
    with http_server(fleet.ports.instances["blue"]["http"]), https.connect(fleet.ports.http, https.context(str(ca(host, fleet)))) as kept:
        assert https.infer(kept).status == 200
        result = host.present(fleet.texts["other"])
        assert (result["started"], result["reloaded"], result["reason"]) == (False, True, "the configuration changed")
        assert https.infer(kept).status == 200  # by the worker that was replaced
        with https.connect(fleet.ports.http, https.context(str(ca(host, fleet)))) as fresh:
            assert https.infer(fresh).headers["strict-transport-security"] == "max-age=60"
    assert worker not in runtime(host).workers()[:1]
    assert host.present(fleet.texts["other"])["changed"] is False


def test_refused_configuration_changes_nothing(host: gateways.Host, fleet: Fleet) -> None:
    host.present(fleet.texts["usual"])
    before = (host.root / "gateway" / "haproxy.cfg").read_text()
    for check in (True, False):
        result = host.module("present", config=fleet.texts["wrong"], check=check)
        assert result["failed"] and result["diagnosis"] == "config_refused"
        assert "NO-SUCH-CIPHER" in result["cause"] and str(host.root / "gateway" / "haproxy.cfg") in result["cause"]
    assert (host.root / "gateway" / "haproxy.cfg").read_text() == before
    assert served(fleet.ports.http) == sha1(fleet.blue)
    assert host.present(fleet.texts["usual"])["changed"] is False


def test_port_of_another(host: gateways.Host, fleet: Fleet) -> None:
    result = host.module("present", config=fleet.texts["taken"])
    assert result["diagnosis"] == "port_in_use" and result["listener"]["pid"] == os.getpid()
    assert not (host.root / "gateway" / "haproxy.cfg").exists()


def test_reload_that_fails_is_put_back(host: gateways.Host, fleet: Fleet) -> None:
    """What `haproxy -c` does not see: an address that this host does not have."""
    host.present(fleet.texts["usual"])
    wrong = fleet.texts["other"].replace(f"bind 127.0.0.1:{fleet.ports.metrics} ", f"bind 192.0.2.1:{fleet.ports.metrics} ")
    result = host.module("present", config=wrong, ready_timeout=3)
    assert result["failed"] and result["diagnosis"] == "reload_failed", result
    assert "192.0.2.1" in result["cause"]
    assert served(fleet.ports.http) == sha1(fleet.blue)
    assert host.present(fleet.texts["usual"])["changed"] is False
    assert host.present(fleet.texts["other"])["reloaded"] and host.present(fleet.texts["other"])["changed"] is False


def test_start_that_fails(host: gateways.Host, fleet: Fleet) -> None:
    wrong = fleet.texts["usual"].replace(f"bind 127.0.0.1:{fleet.ports.metrics} ", f"bind 192.0.2.1:{fleet.ports.metrics} ")
    result = host.module("present", config=wrong, ready_timeout=3)
    assert result["diagnosis"] in ("start_failed", "start_timeout") and "192.0.2.1" in result["cause"]


def test_nothing_to_serve(fleet: Fleet, tmp_path: Path) -> None:
    with gateways.Host(tmp_path, fleet.ports) as bare:
        assert bare.module("present", config=fleet.texts["usual"], check=True)["reason"] == "there is no generation yet"
        assert bare.module("present", config=fleet.texts["usual"])["diagnosis"] == "nothing_to_serve"
        missing = bare.module("present", config=fleet.texts["usual"], executable="no-haproxy")
        assert missing["diagnosis"] == "haproxy_missing"
        assert bare.module("present", config=fleet.texts["usual"], executable="no-haproxy", check=True)["reason"] == "HAProxy is not installed yet"
        assert bare.module("serving", instance="green")["diagnosis"] == "nothing_to_serve"
        assert bare.module("serving", instance="../x")["diagnosis"] == "invalid_instance"


@pytest.mark.parametrize("at", range(1, 26, 3))
def test_killed_run_is_finished_by_the_next(host: gateways.Host, fleet: Fleet, at: int) -> None:
    host.present(fleet.texts["usual"])
    host.module("present", config=fleet.texts["other"], kill_at=at)
    host.present(fleet.texts["other"])
    assert host.present(fleet.texts["other"])["changed"] is False
    host.module("serving", instance="green", kill_at=at)
    host.module("serving", instance="green")
    assert served(fleet.ports.http) == sha1(fleet.green)
    assert host.module("serving", instance="green")["changed"] is False


# serving


def test_switch(host: gateways.Host, fleet: Fleet) -> None:
    host.present(fleet.texts["usual"])
    worker = runtime(host).workers()
    predicted = host.module("serving", instance="green", check=True)
    assert predicted["changed"] and predicted["replaced"] == ["the certificate", "the instance"] and host.store.serving() == "blue"
    result = host.module("serving", instance="green")
    assert (result["changed"], result["previous_instance"], result["running"]) == (True, "blue", True)
    assert served(fleet.ports.http) == sha1(fleet.green) and host.store.serving() == "green"
    assert runtime(host).workers() == worker
    assert (host.run_directory / "colour.map").read_text() == "colour green\n"
    assert host.module("serving", instance="green")["changed"] is False
    assert host.present(fleet.texts["usual"])["changed"] is False


def test_new_certificate_of_the_same_instance(host: gateways.Host, fleet: Fleet) -> None:
    """As after a restart with another generation: present brings it, and so does serving."""
    host.present(fleet.texts["usual"])
    host.give("blue", fleet.third, fleet.root.pem)
    assert host.module("serving", instance="blue")["replaced"] == ["the certificate"]
    assert served(fleet.ports.http) == sha1(fleet.third)
    host.give("blue", fleet.blue, fleet.root.pem)
    result = host.present(fleet.texts["usual"])
    assert (result["reloaded"], result["reason"]) == (False, "it did not serve the certificate that it should")
    assert served(fleet.ports.http) == sha1(fleet.blue)


def test_intermediate_alone_changes(host: gateways.Host, fleet: Fleet, pki: Pki) -> None:
    host.give("blue", pki.server, fleet.root.pem)
    host.present(fleet.texts["usual"])
    bare = Identity(pki.server.certificate, pki.server.private_key)
    host.give("blue", bare, fleet.root.pem)
    assert host.module("serving", instance="blue")["replaced"] == ["the certificate"]
    with pytest.raises(ssl.SSLError):
        https.connect(fleet.ports.http, https.context(str(ca(host, fleet))))


def test_refused_certificate(host: gateways.Host, fleet: Fleet) -> None:
    """A key of another: blue serves on, the truth on the disk says so, and a sound one is taken afterwards."""
    host.present(fleet.texts["usual"])
    host.give("green", Identity(fleet.green.certificate, fleet.third.private_key), fleet.root.pem)
    result = host.module("serving", instance="green")
    assert result["failed"] and result["diagnosis"] == "certificate_refused" and "blue serves on" in result["cause"]
    assert host.store.serving() == "blue" and served(fleet.ports.http) == sha1(fleet.blue)
    assert host.present(fleet.texts["usual"])["changed"] is False
    host.give("green", fleet.green, fleet.root.pem)
    assert host.module("serving", instance="green")["changed"] and served(fleet.ports.http) == sha1(fleet.green)


def test_refused_certificate_of_the_one_that_serves(host: gateways.Host, fleet: Fleet) -> None:
    host.present(fleet.texts["usual"])
    host.give("blue", Identity(fleet.blue.certificate, fleet.third.private_key), fleet.root.pem)
    assert host.module("serving", instance="blue")["diagnosis"] == "certificate_refused"
    assert host.module("present", config=fleet.texts["usual"])["diagnosis"] == "certificate_refused"
    assert served(fleet.ports.http) == sha1(fleet.blue)


def test_chain_too_long_for_the_socket(host: gateways.Host, fleet: Fleet) -> None:
    """Larger than HAProxy's buffer: by a reload, which drops nothing either."""
    host.present(fleet.texts["usual"])
    extra = tuple(issue(f"CA {number}", ca=True).certificate for number in range(30))
    host.give("green", Identity(fleet.green.certificate, fleet.green.private_key, extra), fleet.root.pem)
    assert host.module("serving", instance="green")["changed"]
    assert served(fleet.ports.http) == sha1(fleet.green)
    assert host.module("serving", instance="green")["changed"] is False


def test_clients_ca_follows(host: gateways.Host, fleet: Fleet, tmp_path: Path) -> None:
    """Under mutual TLS green trusts another CA: its clients are served after the switch, those of blue no more."""
    other = issue("Another CA", ca=True)
    host.give("green", fleet.green, other.pem)
    host.present(fleet.texts["mutual"])
    of_blue = issue("client", fleet.root, eku=[CLIENT]).write(tmp_path / "pairs", "blue")
    of_green = issue("client", other, eku=[CLIENT]).write(tmp_path / "pairs", "green")
    tried = {name: https.context(str(ca(host, fleet)), *pair) for name, pair in (("blue", of_blue), ("green", of_green))}

    def works(name: str) -> bool:
        try:
            return https.ask(fleet.ports.http, tried[name], "/v2/repository/index").status == 403
        except OSError:
            return False

    assert (works("blue"), works("green")) == (True, False)
    assert host.module("serving", instance="green")["replaced"] == ["the certificate", "the CA of clients", "the instance"]
    assert (works("blue"), works("green")) == (False, True)
    assert host.module("serving", instance="green")["changed"] is False
    host.give("green", fleet.green)
    assert host.module("serving", instance="green")["diagnosis"] == "certificate_refused"
    assert (works("blue"), works("green")) == (False, True)


def test_switch_while_haproxy_is_down(host: gateways.Host, fleet: Fleet) -> None:
    host.present(fleet.texts["usual"])
    manager("stop", host)
    result = host.module("serving", instance="green")
    assert (result["changed"], result["running"]) == (True, False)
    assert host.present(fleet.texts["usual"])["started"]
    assert served(fleet.ports.http) == sha1(fleet.green)


def test_crash_follows_the_symlink(host: gateways.Host, fleet: Fleet) -> None:
    """The master is killed between the symlink and the runtime; what comes back is what the files say."""
    host.present(fleet.texts["usual"])
    host.store.serve("green")
    manager("kill", host)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if served(fleet.ports.http) == sha1(fleet.green):
                break
        time.sleep(0.1)
    assert served(fleet.ports.http) == sha1(fleet.green)
    assert runtime(host).mapped(str(fleet.run_directory / "colour.map"), "colour") == "green"


# drained


def test_drained_counts_what_is_left(host: gateways.Host, fleet: Fleet) -> None:
    """Connections of a worker that a reload replaced count as well."""
    host.present(fleet.texts["usual"])
    with tcp_server(fleet.ports.instances["blue"]["grpc"]):
        with hello(fleet.ports.grpc):
            waited(lambda: host.module("drained", instance="blue", timeout=0)["sessions"] == 1)
            host.present(fleet.texts["other"])
            with hello(fleet.ports.grpc):
                waited(lambda: host.module("drained", instance="blue", timeout=0)["sessions"] == 2)
                host.module("serving", instance="green")
                left = host.module("drained", instance="blue", timeout=0.5)
                assert (left["sessions"], left["by_backend"]["grpc_blue"], left["changed"]) == (2, 2, False)
                assert 0.5 <= left["seconds"] < 3
                assert host.module("drained", instance="green", timeout=5)["sessions"] == 0
                assert host.module("drained", instance="blue", timeout=60, check=True)["sessions"] == 2
        done = host.module("drained", instance="blue", timeout=10)
        assert done["sessions"] == 0 and done["seconds"] < 10


# absent, candidate


def test_absent(host: gateways.Host, fleet: Fleet) -> None:
    host.present(fleet.texts["usual"])
    assert host.module("absent", check=True)["changed"] and (host.root / "gateway").exists()
    result = host.module("absent")
    assert result["changed"] and not (host.root / "gateway").exists() and not host.run_directory.exists()
    with pytest.raises(OSError):
        served(fleet.ports.http)
    assert host.module("absent")["changed"] is False
    assert host.store.running("blue")


def test_candidate_configuration(fleet: Fleet, tmp_path: Path) -> None:
    """Reached from the addresses that it names and from no other."""
    server = gatewayfiles.server(fleet.texts["usual"], "grpc_green")
    assert server == f"127.0.0.1:{fleet.ports.instances['green']['grpc']}"
    port = gateways.free_port()
    for sources, works in ((["192.0.2.0/24", "127.0.0.1"], True), (["192.0.2.1", "2001:db8::/64"], False)):
        text = candidate.config("green", server, "127.0.0.1", port, sources)
        with tcp_server(fleet.ports.instances["green"]["grpc"]), gateways.plain_haproxy(tmp_path, text, port):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(b"hello")
                assert (connection.recv(100) == b"hello") is works
                continue
            assert not works


@pytest.mark.parametrize("sources", [[], ["example.com"], ["10.0.0.0/33"], ["0.0.0.0/0; x"]])
def test_candidate_sources(sources: t.List[str]) -> None:
    with pytest.raises(HostError) as raised:
        candidate.config("green", "127.0.0.1:1", "*", 8003, sources)
    assert raised.value.code == "invalid_source"


@pytest.mark.parametrize("name", ["usual", "mutual", "no_limits"])
def test_configurations_are_sound(host: gateways.Host, fleet: Fleet, name: str) -> None:
    """Not even a warning."""
    files = gatewayfiles.Files(str(host.root), str(host.run_directory))
    assert gatewayfiles.judged(files, gateways.executable(), fleet.texts[name]) == (0, [])


# helpers


def ca(host: gateways.Host, fleet: Fleet) -> Path:
    path = host.folder / "root.crt"
    path.write_text(fleet.root.pem)
    return path


def manager(action: str, host: gateways.Host) -> None:
    from ansible_collections.inferops.triton.plugins.module_utils._triton.supervisor import Supervisor

    supervisor = Supervisor("gateway", str(host.supervisord), "triton-gateway")
    if action == "stop":
        supervisor.stop(20)
    else:
        pid = supervisor.status().pid
        assert pid
        os.kill(pid, 9)


def waited(happens: t.Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextlib.contextmanager
def hello(port: int) -> t.Iterator[socket.socket]:
    """A connection whose ClientHello was sent and that then stays."""
    tls = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = tls.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(outgoing.read())
        yield connection


@contextlib.contextmanager
def tcp_server(port: int) -> t.Iterator[None]:
    """Sends back what it gets."""
    with _serving(port, lambda data: data):
        yield


@contextlib.contextmanager
def http_server(port: int) -> t.Iterator[None]:
    """Answers each request that comes in one piece."""
    with _serving(port, lambda _data: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"):
        yield


@contextlib.contextmanager
def _serving(port: int, reply: t.Callable[[bytes], bytes]) -> t.Iterator[None]:
    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(reply(data))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", port)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
