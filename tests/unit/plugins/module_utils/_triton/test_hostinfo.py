# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who listens on which port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Optional

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import hostinfo

CONTAINER = "803abe373f32bfb3136133c63287a42827c7b9910bebb046cc17b604d6e82379"


def listen(family: socket.AddressFamily, address: str) -> socket.socket:
    holder = socket.socket(family)
    holder.bind((address, 0))
    holder.listen()
    return holder


@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET, "127.1.2.3"), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::")],
)
def test_real_listeners(family: socket.AddressFamily, address: str) -> None:
    with listen(family, address) as holder:
        number = holder.getsockname()[1]
        assert hostinfo.listening(number)
        (found,) = hostinfo.listeners([number])
        assert (found.port, found.address, found.pid) == (number, address, os.getpid())
        assert found.process and found.process in open(f"/proc/{os.getpid()}/comm").read()
        assert f"process {os.getpid()}" in found.named()
    assert not hostinfo.listening(number) and hostinfo.listeners([number]) == []


def test_another_process_is_found() -> None:
    script = "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); print(s.getsockname()[1], flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        (found,) = hostinfo.listeners([int(process.stdout.readline())])
        assert found.pid == process.pid
        assert hostinfo.ancestors(process.pid)[:2] == [process.pid, os.getpid()]
        process.stdin.close()


def test_connected_and_bound_sockets_do_not_listen() -> None:
    with listen(socket.AF_INET, "127.0.0.1") as holder, socket.create_connection(holder.getsockname()) as client:
        assert hostinfo.listeners([client.getsockname()[1]]) == []


@pytest.mark.parametrize(
    ("held", "wanted", "clash"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("0.0.0.0", "10.0.0.1", True),
        ("::", "127.0.0.1", True),
        ("127.0.0.1", "[::]", True),
        ("::1", "[::1]", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("::1", "127.0.0.1", False),
    ],
)
def test_clashes(held: str, wanted: str, clash: bool) -> None:
    assert hostinfo.Listener(8001, held).clashes(wanted) is clash


@pytest.mark.parametrize(
    ("text", "unit", "container"),
    [
        ("", None, None),
        ("0::/init.scope\n", "init.scope", None),
        ("0::/system.slice/system-triton.slice/triton@blue.service\n", "triton@blue.service", None),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service\n", "foo.service", None),
        (f"0::/system.slice/docker-{CONTAINER}.scope\n", None, CONTAINER),
        (f"0::/machine.slice/libpod-{CONTAINER}.scope/container\n", None, CONTAINER),
        (f"0::/docker/{CONTAINER}\n", None, CONTAINER),
        # a host that is a container itself
        (f"0::/docker/{CONTAINER}/system.slice/triton@blue.service\n", "triton@blue.service", None),
        # cgroup v1
        (f"12:pids:/docker/{CONTAINER}\n1:name=systemd:/docker/{CONTAINER}\n", None, CONTAINER),
        ("3:cpu:/\n1:name=systemd:/system.slice/ssh.service\n", "ssh.service", None),
    ],
)
def test_place(text: str, unit: Optional[str], container: Optional[str]) -> None:
    assert hostinfo.place(text) == (unit, container)


def test_names() -> None:
    assert hostinfo.Listener(1, "::").named() == "another process"
    known = hostinfo.Listener(1, "::", 7, "haproxy", "haproxy.service", None)
    assert known.named() == "haproxy (process 7, unit haproxy.service)"
