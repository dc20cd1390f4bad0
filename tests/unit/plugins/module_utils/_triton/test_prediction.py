# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller predicts is what the module would say in check mode."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inferops.triton.plugins.filter.triton_prediction import triton_prediction
from ansible_collections.inferops.triton.plugins.module_utils._triton.generation import Store
from ansible_collections.inferops.triton.plugins.module_utils._triton.readable import Account
from ansible_collections.inferops.triton.tests.unit.support import hostmodule

from .generations import KEY, OTHER_KEY

DESCRIBE = {"engine": "native", "listens": {"blue": [{"port": 8001, "address": "0.0.0.0"}]}, "mutual_tls": True}


class Host:
    """A folder that stands for a host: a certificate and a key on it, and what a controller wants to stage."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "triton"
        self.certificate, self.key = folder / "tls.crt", folder / "tls.key"
        self.certificate.write_text("a certificate\n", encoding="utf-8")
        self.key.write_text(KEY, encoding="utf-8")
        self.describe: dict[str, Any] = dict(DESCRIBE)
        self.files: list[dict[str, Any]] = [
            {"path": "triton_config.yaml", "content": "a: 1\n"},
            {"path": "start", "secret": "#!/bin/sh\n", "mode": "0555"},
            {"path": "tls/tls.crt", "source": str(self.certificate)},
            {"path": "tls/tls.key", "source": str(self.key), "private": True},
        ]

    def module(self, check: bool) -> dict[str, Any]:
        """What triton_generation says."""
        options = {"state": "staged", "path": str(self.root), "files": self.files, "describe": self.describe, "instance": "blue"}
        result = hostmodule.run("triton_generation", {**options, "owner": str(os.getuid()), "group": str(os.getgid())}, check=check)
        return {key: result.get(key) for key in ("changed", "id", "differences", "repaired", "msg")}

    def predicted(self) -> dict[str, Any]:
        """What the controller makes of one look."""
        asked = {
            "path": str(self.root),
            "user": str(os.getuid()),
            "group": str(os.getgid()),
            "files": [{key: file[key] for key in ("path", "source", "private") if key in file} for file in self.files if "source" in file],
            "instances": ["blue"],
            "service_manager": "supervisor",
            "supervisor_config": str(self.root / "none"),
        }
        return {**triton_prediction(self.files, self.describe, hostmodule.run("triton_generation_info", asked)), "msg": None}

    def runs(self) -> None:
        """Stage what is wanted, and let the instance and the commit name it."""
        staged = self.module(check=False)["id"]
        store = Store(str(self.root))
        store.point("instances/blue", staged)
        store.point("committed", staged)

    def generation(self, name: str) -> Path:
        return Path(Store(str(self.root)).folder(self.module(check=True)["id"]), name)


def wants(change: Callable[[Host], object]) -> Callable[[Host], object]:
    """A change after the host runs what was wanted before."""

    def after(host: Host) -> None:
        host.runs()
        change(host)

    return after


def overwrite(path: Path, text: str) -> None:
    path.chmod(0o644)
    path.write_text(text, encoding="utf-8")


def loosen(*paths: Path) -> None:
    for path in paths:
        path.chmod(0o644)


CASES: dict[str, Callable[[Host], object]] = {
    "nothing there": lambda host: None,
    "nothing to do": Host.runs,
    "another configuration": wants(lambda host: host.files[0].update(content="a: 2\n")),
    "another secret": wants(lambda host: host.files[1].update(secret="#!/bin/bash\n")),
    "another mode": wants(lambda host: host.files[0].update(mode="0555")),
    "another file": wants(lambda host: host.files.append({"path": "models/m/1/model.py", "content": "pass\n"})),
    "a file less": wants(lambda host: host.files.pop(0)),
    "another description": wants(lambda host: host.describe.update(mutual_tls=False)),
    "another certificate": wants(lambda host: host.certificate.write_text("another one\n", encoding="utf-8")),
    "another key": wants(lambda host: host.key.write_text(OTHER_KEY, encoding="utf-8")),
    "the same key, written otherwise": wants(lambda host: host.key.write_text(KEY + "\n", encoding="utf-8")),
    "staged, and run no more": wants(lambda host: Store(str(host.root)).unpoint("instances/blue")),
    "altered": wants(lambda host: overwrite(host.generation("triton_config.yaml"), "a: 3\n")),
    "a file added": wants(lambda host: host.generation("core").write_text("")),
    "a file missing": wants(lambda host: host.generation("start").unlink()),
    "permissions": wants(lambda host: loosen(host.generation("tls/tls.key"), host.generation("generation.json"))),
}


@pytest.mark.parametrize("name", CASES)
def test_as_the_module_would_say(tmp_path: Path, name: str) -> None:
    host = Host(tmp_path)
    CASES[name](host)
    assert host.predicted() == host.module(check=True)


def test_what_the_cases_are_about(tmp_path: Path) -> None:
    """So that equal answers above are no equal silence."""
    host = Host(tmp_path)
    host.runs()
    assert not host.predicted()["changed"]
    host.generation("tls/tls.key").chmod(0o444)
    assert host.predicted()["repaired"] == ["tls/tls.key permissions"]
    host.files[0]["content"] = "a: 2\n"
    assert host.predicted()["differences"] == ["triton_config.yaml"]


@pytest.mark.parametrize(
    "spoil",
    [lambda host: host.certificate.unlink(), lambda host: host.key.write_text("-----BEGIN PRIVATE KEY-----")],
    ids=["missing", "no key"],
)
def test_a_file_that_is_still_to_come(tmp_path: Path, spoil: Callable[[Host], object]) -> None:
    host = Host(tmp_path)
    host.runs()
    spoil(host)
    predicted = host.predicted()
    assert (predicted["changed"], predicted["id"], predicted["differences"]) == (True, None, [])


def test_a_file_that_cannot_be_part_of_a_generation(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.files[0]["path"] = "../etc/passwd"
    with pytest.raises(AnsibleFilterError, match="not a relative path within a generation"):
        host.predicted()


def test_a_generation_of_another_user_is_not_judged_by_nobody(tmp_path: Path) -> None:
    """A user that does not exist yet owns nothing."""
    host = Host(tmp_path)
    host.runs()
    store = Store(str(host.root))
    assert store.altered(store.ids()[0], Account()) == []
