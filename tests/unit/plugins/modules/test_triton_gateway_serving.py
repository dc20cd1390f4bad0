# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module triton_gateway as it leads clients from one instance to the other."""

from __future__ import annotations

import contextlib
import ssl
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import gateways, https
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue
from ansible_collections.inferops.triton.tests.unit.support.gateway_hosts import (
    Fleet,
    ca,
    fleets,
    hosts,
    manager,
    runtime,
    served,
    sha1,
)


@pytest.fixture(scope="module")
def fleet(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with fleets(tmp_path_factory.mktemp("gateway"), pki) as made:
        yield made


@pytest.fixture
def host(fleet: Fleet) -> t.Iterator[gateways.Host]:
    with hosts(fleet) as made:
        yield made


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
