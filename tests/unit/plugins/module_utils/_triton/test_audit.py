# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit against real servers, each with one fault: the right check fails, with the right code, and nothing else does."""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.inferops.triton.plugins.module_utils._triton import audit, checks
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support import servers
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue
from ansible_collections.inferops.triton.tests.unit.support.triton import CLOSED, Triton, free_port, tls_flags

Options = t.Dict[str, t.Any]
NAMES = [check.name for check in checks.CHECKS]


def verify(*specs: Options, **settings: t.Any) -> t.List[t.Dict[str, t.Any]]:
    results, summary = audit.verify(specs, audit.Settings(**{"timeout": 5.0, **settings}))
    assert len(results) == len(specs) == summary["endpoints"]
    assert summary["ok"] + summary["failed"] == len(specs)
    for result in results:
        assert [check["check"] for check in result["checks"]] == NAMES
        assert result["ok"] is (result["diagnosis"] is None)
    return results


def statuses(result: t.Dict[str, t.Any]) -> t.Dict[str, str]:
    return {check["check"]: check["status"] for check in result["checks"]}


def failed(result: t.Dict[str, t.Any]) -> t.Dict[str, str]:
    return {check["check"]: check["code"] for check in result["checks"] if check["status"] == "failed"}


@pytest.fixture(name="mutual")
def fixture_mutual(pki: Pki, triton: Triton) -> Options:
    return {
        "address": "127.0.0.1:{0}".format(triton.port),
        "ca_file": pki.ca_file,
        "client_cert": pki.client_cert,
        "client_key": pki.client_key,
        "model": "triton_identity",
    }


def test_mutual_endpoint_is_proved(pki: Pki, mutual: Options) -> None:
    installed = {"expected_fingerprint": pki.server.fingerprint, "expected_client_cas": pki.root.pem}
    (result,) = verify({**mutual, **installed, "max_latency": 4})
    assert result["ok"]
    assert {name for name, status in statuses(result).items() if status != "ok"} == {
        "devices",
        "expired_client_refused",
        "rest_exposed",
        "metrics_exposed",
    }
    assert {status for name, status in statuses(result).items()} == {"ok", "skipped"}
    assert 0 < result["latency"] < 4
    values = {check["check"]: check["value"] for check in result["checks"]}
    assert values["tls"] == "TLSv1.3"
    assert values["fingerprint"] == pki.server.fingerprint
    assert 89 < values["dates"] <= 90


def test_one_way_endpoint_is_proved(pki: Pki, triton_ready: Triton) -> None:
    address = "127.0.0.1:{0}".format(triton_ready.port)
    (result,) = verify({"address": address, "ca_file": pki.ca_file, "name": "one-way"})
    assert (result["ok"], result["name"]) == (True, "one-way")
    skipped = {name for name, status in statuses(result).items() if status == "skipped"}
    assert skipped == {
        "client_certificate_asked",
        "fingerprint",
        "model_ready",
        "inference",
        "devices",
        "latency",
        "no_client_certificate_refused",
        "foreign_client_refused",
        "expired_client_refused",
        "rest_exposed",
        "metrics_exposed",
    }


def test_mutual_expected_of_a_one_way_server(mutual: Options, triton_ready: Triton) -> None:
    options = {**mutual, "address": "127.0.0.1:{0}".format(triton_ready.port), "model": None}
    (result,) = verify(options)
    assert failed(result) == {
        "client_certificate_asked": "client_certificate_not_asked",
        "no_client_certificate_refused": "no_client_certificate_accepted",
        "foreign_client_refused": "foreign_client_accepted",
    }


@pytest.mark.parametrize(
    ("given", "code", "check"),
    [
        ({"ca_file": "{stranger_file}"}, "untrusted_issuer", "chain"),
        ({"server_name": "other.example"}, "hostname_mismatch", "name"),
        ({"expected_fingerprint": "0" * 64}, "stale_certificate", "fingerprint"),
        ({"expected_client_cas": "{stranger.pem}"}, "stale_client_ca", "client_certificate_asked"),
        ({"model": "nobody"}, "model_unknown", "model_ready"),
        ({"outputs": {"OUTPUT": {"data": [9, 9, 9]}}}, "output_mismatch", "inference"),
        ({"model": "broken"}, "output_empty", "inference"),
        ({"model": "slow", "max_latency": 0.01}, "latency", "latency"),
        ({"client_cert": None, "client_key": None}, "client_certificate_required", "client_accepted"),
        ({"client_cert": "{foreign_cert}", "client_key": "{foreign_key}"}, "client_ca_unexpected", "client_accepted"),
        ({"client_cert": "{late_cert}", "client_key": "{late_key}"}, "client_certificate_refused", "client_accepted"),
        ({"client_cert": "{wrong_cert}", "client_key": "{wrong_key}"}, "client_certificate_refused", "client_accepted"),
    ],
)
def test_faults_at_a_good_server(
    pki: Pki, mutual: Options, tmp_path: Path, given: Options, code: str, check: str
) -> None:
    names: t.Dict[str, t.Any] = dict(vars(pki))
    for stem, identity in {
        "foreign": issue("foreign", pki.stranger, eku=[CLIENT]),
        "late": issue("late", pki.root, eku=[CLIENT], start_days=-9, end_days=-2),
        "wrong": issue("wrong", pki.root),
    }.items():
        names[stem + "_cert"], names[stem + "_key"] = identity.write(tmp_path, stem)
    filled = {key: value.format(**names) if isinstance(value, str) else value for key, value in given.items()}
    (result,) = verify({**mutual, **filled})
    assert result["diagnosis"]["code"] == code, result
    assert failed(result) == {check: code}
    assert all(result["diagnosis"][part].endswith(".") for part in ("cause", "remedy"))
    found = statuses(result)
    if check in ("chain", "name", "client_accepted"):
        assert found["other_ca_refused"] == found["server_ready"] == "inconclusive"
    if check == "client_accepted":
        assert found["plaintext_refused"] == "inconclusive"
        assert found["chain"] == found["name"] == found["dates"] == "ok"


def _served(pki: Pki) -> t.Dict[str, t.Tuple[Identity, str]]:
    """Certificates with one fault each, and the code that names it."""
    names = ["localhost", "127.0.0.1"]
    complete = issue("triton", pki.intermediate, names)
    return {
        "expired": (issue("triton", pki.root, names, start_days=-9, end_days=-2), "expired"),
        "early": (issue("triton", pki.root, names, start_days=2), "not_yet_valid"),
        "client only": (issue("triton", pki.root, names, eku=[CLIENT]), "wrong_purpose"),
        "self-signed": (issue("triton", None, names), "self_signed"),
        "leaf alone": (Identity(complete.certificate, complete.private_key), "incomplete_chain"),
        "foreign": (issue("triton", pki.stranger, names), "untrusted_issuer"),
        "P-521": (issue("triton", pki.root, names, curve=ec.SECP521R1()), "certificate_rejected"),
        "no names": (issue("triton", pki.root), "hostname_mismatch"),
    }


@pytest.mark.parametrize(
    "case", ["expired", "early", "client only", "self-signed", "leaf alone", "foreign", "P-521", "no names"]
)
def test_faults_of_the_served_certificate(pki: Pki, tmp_path: Path, case: str) -> None:
    identity, code = _served(pki)[case]
    flags = [*CLOSED, *tls_flags(*identity.write(tmp_path, "server"))]
    with Triton(tmp_path / "triton", models=(), arguments=flags) as server:
        (result,) = verify({"address": "127.0.0.1:{0}".format(server.port), "ca_file": pki.ca_file})
    assert result["diagnosis"]["code"] == code, result
    assert code in failed(result).values()
    assert statuses(result)["plaintext_refused"] == "ok"
    assert statuses(result)["wrong_name_refused"] == "inconclusive"


def test_client_ca_missing_on_the_server(pki: Pki, mutual: Options, tmp_path: Path) -> None:
    flags = tls_flags(pki.server_cert, pki.server_key, mutual=True)
    with Triton(tmp_path, models=(), arguments=flags) as server:
        (result,) = verify({**mutual, "address": "127.0.0.1:{0}".format(server.port)})
    assert failed(result) == {"client_accepted": "client_ca_missing_on_server"}


def test_server_and_model_that_are_not_ready(pki: Pki, triton_one_way: Triton) -> None:
    options = {"address": "127.0.0.1:{0}".format(triton_one_way.port), "ca_file": pki.ca_file}
    bare, model, failing = verify(
        options, {**options, "model": "triton_identity"}, {**options, "model": "failing"}
    )
    assert failed(bare) == {"server_ready": "not_ready"}
    assert statuses(model)["inference"] == "ok"
    assert failed(failing) == {"server_ready": "not_ready", "model_ready": "model_not_ready"}


def test_restricted_protocols(pki: Pki, tmp_path: Path) -> None:
    flags = [*tls_flags(pki.server_cert, pki.server_key), "--grpc-restricted-protocol=health,shared-memory,trace,logging:key=secret"]
    with Triton(tmp_path, models=(), arguments=flags) as server:
        (result,) = verify({"address": "127.0.0.1:{0}".format(server.port), "ca_file": pki.ca_file})
    assert failed(result) == {"server_ready": "restricted"}
    assert statuses(result)["chain"] == "ok"


Opened = t.ContextManager[int]


@pytest.mark.parametrize(
    ("open_server", "code"),
    [
        (lambda pki, _folder: servers.listener(servers.silent), "timeout"),
        (lambda pki, _folder: servers.listener(servers.endless_banner), "not_tls"),
        (lambda pki, _folder: servers.listener(servers.dripping), "timeout"),
        (lambda pki, _folder: servers.listener(servers.closing), "not_tls"),
        (lambda pki, _folder: servers.listener(servers.http_1), "not_tls"),
        (lambda pki, folder: servers.listener(servers.over_tls(folder, pki.server, servers.garbage_http2)), "not_grpc"),
        (
            lambda pki, folder: servers.listener(servers.over_tls(folder, pki.server, servers.settings_then_silence)),
            "timeout",
        ),
        (
            lambda pki, folder: servers.listener(servers.over_tls(folder, pki.server, servers.settings_then_garbage)),
            "rpc_failed",
        ),
        (
            lambda pki, folder: servers.listener(
                servers.over_tls(folder, pki.server, servers.settings_then_silence, alpn=False)
            ),
            "no_alpn_h2",
        ),
        (
            lambda pki, _folder: servers.s_server(
                pki.server_cert, pki.server_key, "-tls1_1", "-alpn", "h2", "-cipher", "ALL:@SECLEVEL=0"
            ),
            "tls_too_old",
        ),
        (lambda pki, _folder: servers.s_server(pki.server_cert, pki.server_key, "-alpn", "http/1.1"), "tls_failed"),
        (lambda pki, _folder: contextlib.nullcontext(free_port()), "connection_refused"),
    ],
)
def test_servers_that_are_no_triton(
    pki: Pki, mutual: Options, tmp_path: Path, open_server: t.Callable[[Pki, Path], Opened], code: str
) -> None:
    with open_server(pki, tmp_path) as port:
        started = time.monotonic()
        bad, good = verify({"address": "127.0.0.1:{0}".format(port), "ca_file": pki.ca_file}, mutual, timeout=1.0)
        assert time.monotonic() - started < 4
    assert bad["diagnosis"]["code"] == code, bad
    assert good["ok"], "a bad endpoint harms no other"
    assert not {"other_ca_refused", "wrong_name_refused"} & {n for n, status in statuses(bad).items() if status == "ok"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"address": "https://gpu1:8001"}, "invalid_address"),
        ({"address": "no-such-host.invalid:8001"}, "dns"),
        ({"client_key": None}, "client_pair_incomplete"),
        ({"ca_file": "/nonexistent"}, "file_unreadable"),
        ({"ca_file": None}, "ca_missing"),
        ({"inputs": {"INPUT": 1}}, "invalid_option"),
        ({"allow": ["nonsense"]}, "invalid_option"),
    ],
)
def test_bad_specs_stay_with_their_endpoint(mutual: Options, given: Options, code: str) -> None:
    first, bad, last = verify(mutual, {**mutual, **given}, mutual)
    assert first["ok"]
    assert last["ok"]
    assert bad["diagnosis"]["code"] == code


def test_plaintext_server(pki: Pki, triton_plaintext: Triton) -> None:
    (result,) = verify({"address": "127.0.0.1:{0}".format(triton_plaintext.port), "ca_file": pki.ca_file})
    assert failed(result) == {"tls": "plaintext_server"}


def test_allowed_codes_are_overridden(mutual: Options) -> None:
    (result,) = verify({**mutual, "model": "slow", "max_latency": 0.01, "allow": ["latency"]})
    assert result["ok"]
    assert statuses(result)["latency"] == "overridden"


def test_allowing_a_failure_does_not_prove_what_it_prevents(mutual: Options) -> None:
    (result,) = verify({**mutual, "server_name": "other.example", "allow": ["hostname_mismatch"]})
    assert not result["ok"]
    assert statuses(result)["name"] == "overridden"
    assert statuses(result)["inference"] == "inconclusive"


def test_order_duplicates_and_loopback_addresses(mutual: Options) -> None:
    port = mutual["address"].rpartition(":")[2]
    specs = [{**mutual, "name": str(i), "address": "127.0.0.1:" + port} for i in range(20)]
    results = verify(*specs, concurrency=4)
    assert [result["name"] for result in results] == [str(i) for i in range(20)]
    assert all(result["ok"] for result in results)


def test_overall_timeout_keeps_what_is_done(pki: Pki, mutual: Options) -> None:
    with servers.listener(servers.silent) as port:
        hanging = {"address": "127.0.0.1:{0}".format(port), "ca_file": pki.ca_file}
        started = time.monotonic()
        late, good = verify(hanging, mutual, timeout=30, overall_timeout=1.5)
    assert time.monotonic() - started < 5
    assert good["ok"]
    assert late["diagnosis"]["code"] == "timeout"
    assert "all endpoints" in late["diagnosis"]["cause"]


def test_ready_timeout_waits_for_a_server_that_starts(pki: Pki, tmp_path: Path) -> None:
    server = Triton(tmp_path, arguments=[*CLOSED, *tls_flags(pki.server_cert, pki.server_key)])
    options = {"address": "127.0.0.1:{0}".format(server.port), "ca_file": pki.ca_file, "model": "triton_identity"}
    later = threading.Timer(0.6, server.start)
    later.start()
    try:
        (result,) = verify(options, ready_timeout=20)
    finally:
        later.join()
        server.stop()
    assert result["ok"], result["diagnosis"]


def test_ready_timeout_does_not_wait_for_what_time_does_not_heal(mutual: Options) -> None:
    started = time.monotonic()
    (result,) = verify({**mutual, "server_name": "other.example"}, ready_timeout=20)
    assert time.monotonic() - started < 5
    assert result["diagnosis"]["code"] == "hostname_mismatch"


@pytest.mark.parametrize(
    "settings",
    [{"timeout": 0}, {"timeout": -1}, {"overall_timeout": 0}, {"concurrency": 0}, {"ready_timeout": -1}],
)
def test_settings_that_make_no_sense(mutual: Options, settings: Options) -> None:
    with pytest.raises(Failure) as caught:
        verify(mutual, **settings)
    assert caught.value.diagnosis.code == "invalid_option"
    assert next(iter(settings)) in str(caught.value)


def test_no_endpoints_prove_nothing() -> None:
    with pytest.raises(Failure, match="no endpoints"):
        verify()
