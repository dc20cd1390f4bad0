# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of HAProxy while it reloads; all else is asked of a real one in the tests of the module triton_gateway."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import haproxy


def test_a_master_that_reloads_is_asked_again(tmp_path: Path) -> None:
    """Its socket is there and refuses, until it has executed itself anew."""
    (tmp_path / "control").mkdir()
    with socket.socket(socket.AF_UNIX) as master:
        master.bind(str(tmp_path / haproxy.MASTER_SOCKET))

        def serve() -> None:
            time.sleep(0.5)
            master.listen()
            connection, _address = master.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"#<PID> <type>\n1 master\n12 worker 0\n11 worker 1\n")

        serving = threading.Thread(target=serve)
        serving.start()
        assert haproxy.Runtime(str(tmp_path)).workers() == ["12", "11"]
        serving.join()


def test_a_master_that_is_not_there_is_down_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(haproxy.HaproxyDown, match="No such file"):
        haproxy.Runtime(str(tmp_path)).workers()
    assert time.monotonic() - began < haproxy.SECONDS
