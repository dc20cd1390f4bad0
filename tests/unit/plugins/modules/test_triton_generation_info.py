# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at a host."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from ansible_collections.inferops.triton.tests.unit.support import hostmodule, triton
from ansible_collections.inferops.triton.tests.unit.support.supervised import Supervised


def test_a_bare_host(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    result = hostmodule.run(
        "triton_generation_info",
        {
            "path": str(tmp_path / "triton"),
            "engine": {"type": "native", "binary": missing},
            "user": "no-such-user",
            "ports": [triton.free_port()],
            "paths": [missing],
            "instances": ["blue"],
            "service_manager": "supervisor",
            "supervisor_config": missing,
        },
    )
    assert not result["changed"]
    assert (result["generations"], result["committed"], result["previous"], result["user"]) == ([], None, None, None)
    assert result["listeners"] == []
    assert result["instances"]["blue"] == {"id": None, "running_id": None, "service_state": "unknown", "enabled": False}
    assert result["engine"] == {"present": False, "id": None, "help": None, "problem": f"{missing}: No such file or directory"}
    assert result["paths"] == {missing: {"exists": False, "directory": False, "sha256": None}}
    assert not (tmp_path / "triton").exists()


def test_a_host_at_work(tmp_path: Path) -> None:
    binary = str(triton.wheel() / "pytriton" / "tritonserver" / "bin" / "tritonserver")
    with Supervised(tmp_path) as host, socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        first, second = host.stage("one")["id"], host.stage("two")["id"]
        host.activate(first)
        hostmodule.run("triton_generation", host.options(state="committed"))
        options = host.options(
            engine={"type": "native", "binary": binary}, user="root", ports=[port, host.port], paths=[str(host.config), "/"]
        )
        del options["instance"]
        assert hostmodule.run("triton_generation_info", options, check=True)["engine"]["present"]
        assert not (host.root / "cache").exists()
        result = hostmodule.run("triton_generation_info", options)
        assert [path.name for path in (host.root / "cache").iterdir()] == [f"help-{result['engine']['id'][:20]}.txt"]
    assert [(item["id"], item["committed"], item["active_in"]) for item in result["generations"]] == [
        (first, True, ["blue"]),
        (second, False, []),
    ]
    assert result["generations"][0]["created"].endswith("Z")
    assert result["instances"] == {"blue": {"id": first, "running_id": first, "service_state": "active", "enabled": True}}
    assert result["committed"] == first
    assert "--grpc-use-ssl-mutual" in result["engine"]["help"]
    assert result["user"] == {"name": "root", "uid": 0, "gid": 0}
    held = {item["port"]: item["pid"] for item in result["listeners"]}
    assert held[port] == os.getpid() and held[host.port] not in (None, os.getpid())
    assert result["paths"]["/"] == {"exists": True, "directory": True, "sha256": None}
    assert len(result["paths"][str(host.config)]["sha256"]) == 64


def test_an_engine_needs_its_option(tmp_path: Path) -> None:
    result = hostmodule.run("triton_generation_info", {"path": str(tmp_path), "engine": {"type": "docker"}})
    assert result["failed"] and "image" in result["msg"]
