# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's HTTPS, by a real HAProxy before a real Triton: a good one is proved, and each fault is found by one check with its code."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import attempts, checks, exposure, frontend_checks, totals
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Files, load_endpoint
from ansible_collections.inferops.triton.plugins.module_utils._triton.report import files, terminal
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.figures import Thresholds
from ansible_collections.inferops.triton.tests.unit.conftest import Pki
from ansible_collections.inferops.triton.tests.unit.support.audits import Options, Result, found, one_way, value, verify
from ansible_collections.inferops.triton.tests.unit.support.certificates import CLIENT, Identity, issue
from ansible_collections.inferops.triton.tests.unit.support.gateway import (
    CLOSED_API,
    HSTS,
    Behind,
    Front,
    behind_gateway,
    https_gateway,
)
from ansible_collections.inferops.triton.tests.unit.support.triton import FAILING, IDENTITY, free_port

NAMES = [check.name for check in frontend_checks.CHECKS]
RULES = (HSTS, *CLOSED_API)
TODAY = "alpn h2,http/1.1 ssl-min-ver TLSv1.2"


@pytest.fixture(scope="module")
def one_way_behind(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Behind]:
    behind = behind_gateway(pki, tmp_path_factory.mktemp("behind"))
    with behind.triton:
        yield behind


@pytest.fixture(scope="module")
def mutual_behind(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Behind]:
    behind = behind_gateway(pki, tmp_path_factory.mktemp("behind-mutual"), mutual=True)
    with behind.triton:
        yield behind


def audit(
    pki: Pki, folder: Path, behind: Behind, rest: t.Optional[Front] = None, metrics: t.Optional[Front] = None, **more: t.Any
) -> Result:
    """The result of a gateway with one-way TLS; `more` are options of the endpoint, and `gateway` those of the expectation."""
    rest, metrics = rest or behind.rest(pki), metrics or behind.metrics(pki)
    expected = {"http_port": rest.port, "metrics_port": metrics.port, **more.pop("gateway", {})}
    with https_gateway(folder, behind.triton.port, rest, metrics) as port:
        return verify(one_way(pki, port, **{"model": "triton_identity", "gateway": expected, **more}))


def test_a_good_gateway_is_proved(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    result = audit(pki, tmp_path, one_way_behind, expected_fingerprint=pki.server.fingerprint)
    assert result["ok"], result["diagnosis"]
    assert [check["check"] for check in result["checks"]] == [check.name for check in checks.CHECKS] + NAMES
    proved = set(found(result, "ok"))
    clients = {side + name for side in ("rest_", "metrics_") for name in ("no_client_certificate_refused", "foreign_client_refused", "expired_client_refused")}
    assert set(NAMES) - proved == clients | {"instance_ports_closed"}
    assert value(result, "rest_tls") == "TLSv1.3"
    assert value(result, "metrics_fingerprint") == pki.server.fingerprint
    assert value(result, "metrics_served") > 10
    assert 0 < value(result, "rest_inference") < 5


def test_reports_have_the_gateway(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    result = audit(pki, tmp_path, one_way_behind, one_way_behind.rest(pki, identity=None))
    summary = totals.summarize([result], totals.Clock(), False)
    _written, problems = files.write(str(tmp_path), [result], summary, list(files.FILES), Thresholds(30.0, 0.0))
    assert problems == []
    schema = json.loads((Path(__file__).resolve().parents[5] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads((tmp_path / "report.json").read_text(encoding="utf-8")))
    suite = ElementTree.parse(tmp_path / "report.xml")
    assert {case.get("name") for case in suite.iter("testcase")} >= set(NAMES)
    assert [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None] == ["rest_plaintext_refused"]
    metrics = (tmp_path / "triton_tls.prom").read_text(encoding="utf-8")
    assert 'check="metrics_served"' in metrics
    assert "rest_control_exposed" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert any(line.startswith("FAILED rest_exposed (open)") for line in terminal.lines([result], summary))


def test_a_good_gateway_under_mutual_tls(pki: Pki, mutual_behind: Behind, tmp_path: Path) -> None:
    certificate, key = pki.root.write(tmp_path, "client-ca")
    options = "{0} verify required ca-file {1}".format(TODAY, pki.ca_file)
    rest, metrics = mutual_behind.rest(pki, options=options), mutual_behind.metrics(pki, options=options)
    more = {
        "client_cert": pki.client_cert,
        "client_key": pki.client_key,
        "client_ca_cert": certificate,
        "client_ca_key": key,
        "gateway": {"metrics_mutual": True},
    }
    result = audit(pki, tmp_path, mutual_behind, rest, metrics, **more)
    assert result["ok"], result["diagnosis"]
    assert {name for name in NAMES if name in found(result, "skipped")} == {"rest_fingerprint", "metrics_fingerprint", "instance_ports_closed"}


def test_without_a_gateway_nothing_is_added(pki: Pki, one_way_behind: Behind) -> None:
    spec = one_way(pki, one_way_behind.triton.port)
    result = verify(spec)
    assert [check["check"] for check in result["checks"]] == [check.name for check in checks.CHECKS]
    endpoint = load_endpoint(spec, Files())
    assert attempts.handshakes(endpoint) == 5


def test_models_that_json_cannot_say(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    spec: Options = {"model": "half", "inputs": {"INPUT": {"data": [1.5, -2.0]}}, "outputs": {"OUTPUT": {"data": [1.5, -2.0]}}}
    assert found(audit(pki, tmp_path, one_way_behind, **spec), "ok")["rest_inference"] is None
    endless: Options = {"inputs": {"INPUT": {"datatype": "FP32", "shape": [2], "data": ["nan", "inf"]}}, "outputs": {"OUTPUT": {"data": ["nan", "inf"]}}}
    assert found(audit(pki, tmp_path, one_way_behind, **endless), "ok")["rest_inference"] is None


def test_answers_that_are_long(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    """As JSON and beyond what is said in JSON; the probe's own bound on bytes is far below."""
    for count in (30_000, 400_000):
        result = audit(pki, tmp_path, one_way_behind, inputs={"INPUT": {"datatype": "FP32", "shape": [count]}}, outputs={})
        assert found(result, "ok").get("rest_inference", "") is None, result["diagnosis"]


def _aged(pki: Pki, **dates: float) -> Identity:
    return issue("triton", pki.intermediate, ["localhost", "127.0.0.1"], **dates)  # type: ignore[arg-type]


@pytest.mark.parametrize("side", ["rest", "metrics"])
@pytest.mark.parametrize(
    ("fault", "check", "code"),
    [
        ("expired", "certificate", "expired"),
        ("not yet", "certificate", "not_yet_valid"),
        ("stranger", "certificate", "untrusted_issuer"),
        ("itself", "certificate", "self_signed"),
        ("incomplete", "certificate", "incomplete_chain"),
        ("name", "certificate", "hostname_mismatch"),
        ("no SAN", "certificate", "hostname_mismatch"),
        ("client's", "certificate", "wrong_purpose"),
        ("soon", "certificate", "expires_soon"),
        ("stale", "fingerprint", "stale_certificate"),
    ],
)
def test_certificates_of_one_port(
    pki: Pki, one_way_behind: Behind, tmp_path: Path, side: str, fault: str, check: str, code: str
) -> None:
    names = ["localhost", "127.0.0.1"]
    wrong = {
        "expired": lambda: _aged(pki, start_days=-9, end_days=-2),
        "not yet": lambda: _aged(pki, start_days=2),
        "stranger": lambda: issue("triton", pki.stranger, names),
        "itself": lambda: issue("triton", None, names),
        "incomplete": lambda: replace(pki.server, intermediates=()),
        "name": lambda: issue("triton", pki.intermediate, ["other.example"]),
        "no SAN": lambda: issue("127.0.0.1", pki.intermediate),
        "client's": lambda: issue("triton", pki.intermediate, names, eku=[CLIENT]),
        "soon": lambda: _aged(pki, end_days=5),
        "stale": lambda: issue("triton", pki.intermediate, names),
    }[fault]()
    terms: Options = {"error_days": 9} if fault == "soon" else {}
    if fault == "stale":
        terms["expected_fingerprint"] = pki.server.fingerprint
    fronts = {side: getattr(one_way_behind, side)(pki, identity=wrong)}
    result = audit(pki, tmp_path, one_way_behind, **fronts, **terms)
    assert found(result, "failed") == {"{0}_{1}".format(side, check): code}, result["diagnosis"]
    assert ":{0} ".format(fronts[side].port) in result["diagnosis"]["cause"], "the port is named"
    assert found(result, "ok")["inference"] is None, "gRPC is not blamed"


@pytest.mark.parametrize(("side", "code"), [("rest", "rest_exposed"), ("metrics", "metrics_exposed")])
def test_a_port_without_tls(pki: Pki, one_way_behind: Behind, tmp_path: Path, side: str, code: str) -> None:
    fronts = {side: getattr(one_way_behind, side)(pki, identity=None)}
    result = audit(pki, tmp_path, one_way_behind, **fronts)
    assert found(result, "failed") == {side + "_plaintext_refused": code}
    assert result["diagnosis"]["code"] == code
    assert not set(found(result, "ok")) & {name for name in NAMES if name.startswith(side)}


def test_tls_of_yesterday(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    result = audit(pki, tmp_path, one_way_behind, one_way_behind.rest(pki, options="ssl-min-ver TLSv1.1"))
    assert found(result, "failed") == {"rest_old_tls_refused": "old_tls_accepted"}
    only = "ssl-min-ver TLSv1.1 ssl-max-ver TLSv1.1"
    result = audit(pki, tmp_path, one_way_behind, None, one_way_behind.metrics(pki, options=only), allow=["old_tls_accepted"])
    assert found(result, "failed") == {"metrics_tls": "tls_too_old"}
    assert found(result, "overridden") == {"metrics_old_tls_refused": "old_tls_accepted"}


@pytest.mark.parametrize(
    ("options", "rules", "failures"),
    [
        ("", (), {"rest_no_client_certificate_refused": "no_client_certificate_accepted"}),
        ("verify optional ca-file {ca}", (), {"rest_no_client_certificate_refused": "no_client_certificate_accepted"}),
        # Whoever issued it and whenever it ended: two causes.
        (
            "verify required ca-file {ca} crt-ignore-err all ca-ignore-err all",
            (),
            {"rest_foreign_client_refused": "foreign_client_accepted", "rest_expired_client_refused": "expired_client_accepted"},
        ),
        ("verify required ca-file {ca} crt-ignore-err 10", (), {"rest_expired_client_refused": "expired_client_accepted"}),
        # Refused in HTTP instead of TLS, as nginx does.
        ("verify optional ca-file {ca}", ("http-request deny deny_status 400 unless { ssl_c_used }",), {}),
    ],
)
def test_mutual_tls_that_is_not_insisted_on(
    pki: Pki, one_way_behind: Behind, tmp_path: Path, options: str, rules: t.Sequence[str], failures: t.Dict[str, str]
) -> None:
    certificate, key = pki.root.write(tmp_path, "client-ca")
    lax = one_way_behind.rest(pki, options="{0} {1}".format(TODAY, options.format(ca=pki.ca_file)), rules=(*RULES, *rules))
    more: Options = {"client_cert": pki.client_cert, "client_key": pki.client_key, "client_ca_cert": certificate, "client_ca_key": key}
    result = audit(pki, tmp_path, one_way_behind, lax, **more, mutual=False, gateway={"mutual": True})
    assert found(result, "failed") == failures, result["diagnosis"]
    assert result["ok"] is (not failures)


@pytest.mark.parametrize("shown", ["nothing", "foreign"])
def test_the_right_client_is_none(pki: Pki, one_way_behind: Behind, tmp_path: Path, shown: str) -> None:
    strict = one_way_behind.rest(pki, options="{0} verify required ca-file {1}".format(TODAY, pki.ca_file))
    more: Options = {"gateway": {"mutual": False}}
    if shown == "foreign":
        certificate, key = issue("who", pki.stranger, eku=[CLIENT]).write(tmp_path, "foreign")
        more = {"client_cert": certificate, "client_key": key, "mutual": False}
    result = audit(pki, tmp_path, one_way_behind, strict, **more)
    code = {"nothing": "client_certificate_required", "foreign": "client_ca_unexpected"}[shown]
    assert found(result, "failed") == {"rest_tls": code}


def test_nothing_behind_the_gateway(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    nowhere = replace(one_way_behind.rest(pki), triton=free_port()), replace(one_way_behind.metrics(pki), triton=free_port())
    result = audit(pki, tmp_path, one_way_behind, *nowhere)
    assert found(result, "failed") == {"rest_ready": "backend_unavailable", "metrics_served": "backend_unavailable"}
    assert "503" in result["diagnosis"]["cause"]
    assert set(found(result, "ok")) >= {"rest_tls", "rest_certificate", "rest_old_tls_refused", "rest_plaintext_refused"}


def test_nothing_listens(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    result = audit(pki, tmp_path, one_way_behind, gateway={"http_port": free_port()})
    assert found(result, "failed") == {"rest_tls": "connection_refused"}
    only_one = audit(pki, tmp_path, one_way_behind, gateway={"http_port": 0})
    assert only_one["ok"]
    assert {name for name in NAMES if name.startswith("rest")} <= set(found(only_one, "skipped"))


def test_a_server_that_is_not_ready(pki: Pki, tmp_path: Path) -> None:
    behind = behind_gateway(pki, tmp_path / "triton", models=(IDENTITY, FAILING))
    with behind.triton:
        result = audit(pki, tmp_path, behind)
    assert found(result, "failed") == {"server_ready": "not_ready", "rest_ready": "not_ready"}


@pytest.mark.parametrize(
    ("rules", "failures"),
    [
        (("http-request deny deny_status 404 if { path /metrics }", HSTS), {"metrics_served": "http_failed"}),
        (("http-request return status 200 content-type text/plain string up if { path /metrics }", HSTS), {"metrics_served": "metrics_missing"}),
        ((), {"metrics_hsts": "hsts_missing"}),
        ((HSTS.replace("31536000", "0"),), {"metrics_hsts": "hsts_missing"}),
    ],
)
def test_metrics(pki: Pki, one_way_behind: Behind, tmp_path: Path, rules: t.Sequence[str], failures: t.Dict[str, str]) -> None:
    result = audit(pki, tmp_path, one_way_behind, None, one_way_behind.metrics(pki, rules=rules))
    assert found(result, "failed") == failures, result["diagnosis"]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("http-request deny deny_status 413 if { path_end /infer }", "inference_failed"),
        ("http-request return status 200 content-type application/json string '{\"outputs\":[]}' if { path_end /infer }", "output_empty"),
        ("http-request return status 200 content-type application/json string '{}' if { path_end /infer }", "inference_failed"),
        ("http-request set-path /v2/models/half/infer if { path_end /infer }", "inference_failed"),
    ],
)
def test_inferences_that_fail_by_rest_alone(pki: Pki, one_way_behind: Behind, tmp_path: Path, rule: str, code: str) -> None:
    result = audit(pki, tmp_path, one_way_behind, one_way_behind.rest(pki, rules=(*RULES, rule)))
    assert found(result, "failed") == {"rest_inference": code}, result["diagnosis"]


@pytest.mark.parametrize(
    ("flags", "rules", "is_open"),
    [
        ((), (), "shared memory, trace settings, log settings"),
        (("--model-control-mode=explicit", "--load-model=*"), (), "model control, shared memory, trace settings, log settings"),
        (("--http-restricted-api=shared-memory,trace,logging:key=value",), (), None),
        # What rules forget: the model's own trace, and shared memory of the GPU.
        ((), CLOSED_API[:1] + CLOSED_API[2:], "trace settings"),
        ((), (CLOSED_API[0].replace("/v2/cudasharedmemory/", ""), *CLOSED_API[1:]), "shared memory"),
        # A request's target may be a whole URL.
        ((), (CLOSED_API[0].replace("/v2/logging", ""), *CLOSED_API[1:], "http-request deny if { url_beg /v2/logging }"), "log settings"),
        # A connection that is cut off is a refusal, too.
        ((), (*CLOSED_API[:2], "http-request reject if control"), None),
    ],
)
def test_controls_by_rest(
    pki: Pki, one_way_behind: Behind, tmp_path: Path, flags: t.Sequence[str], rules: t.Sequence[str], is_open: t.Optional[str]
) -> None:
    behind = behind_gateway(pki, tmp_path / "triton", *flags) if flags else one_way_behind
    front = behind.rest(pki, rules=(HSTS, *rules))
    if flags:
        behind.triton.start()
    try:
        result = audit(pki, tmp_path, behind, front, allow=["control_exposed"])
    finally:
        if flags:
            behind.triton.stop()
    assert found(result, "failed") == ({"rest_control_exposed": "rest_control_exposed"} if is_open else {}), result["diagnosis"]
    assert value(result, "rest_control_exposed") == is_open


def test_controls_that_are_meant_to_be_open(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    front = one_way_behind.rest(pki, rules=(HSTS,))
    agreed = ["shared-memory", "trace"]
    result = audit(pki, tmp_path, one_way_behind, front, gateway={"open_apis": agreed})
    assert value(result, "rest_control_exposed") == "log settings"
    assert audit(pki, tmp_path, one_way_behind, front, gateway={"open_apis": [*agreed, "logging"]})["ok"]


def test_ports_that_only_the_gateway_may_reach(
    pki: Pki, one_way_behind: Behind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests serve on loopback alone, which here stands for the host's address.
    monkeypatch.setattr(exposure, "is_local", lambda _host: False)
    inner, closed = one_way_behind.triton.http_port, free_port()
    options: Options = {"http_port": 0, "metrics_port": 0}
    result = audit(pki, tmp_path, one_way_behind, gateway={"closed_ports": [closed, inner]}, **options)
    assert found(result, "failed") == {"instance_ports_closed": "instance_port_exposed"}
    assert value(result, "instance_ports_closed") == str(inner)
    good = audit(pki, tmp_path, one_way_behind, gateway={"closed_ports": [closed]}, **options)
    assert found(good, "ok")["instance_ports_closed"] is None
    assert good["ok"], good["diagnosis"]
    unasked = audit(pki, tmp_path, one_way_behind, gateway={"closed_ports": [inner]}, exposure=False)
    assert unasked["ok"]
    assert set(found(unasked, "skipped")) >= {"instance_ports_closed", "rest_control_exposed"}


def test_the_https_ports_are_not_taken_for_rest_in_the_clear(
    pki: Pki, one_way_behind: Behind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposure, "is_local", lambda _host: False)
    rest, metrics = one_way_behind.rest(pki), one_way_behind.metrics(pki)
    result = audit(pki, tmp_path, one_way_behind, rest, metrics, http_port=rest.port, metrics_port=metrics.port)
    assert result["ok"], result["diagnosis"]
    assert set(found(result, "skipped")) >= {"rest_exposed", "metrics_exposed"}
    plain = replace(rest, identity=None)
    result = audit(pki, tmp_path, one_way_behind, plain, metrics, http_port=rest.port, metrics_port=metrics.port)
    assert found(result, "failed") == {"rest_plaintext_refused": "rest_exposed"}, "one cause, one finding"


def test_a_host_that_is_not_there(pki: Pki) -> None:
    result = verify(one_way(pki, free_port(), gateway={"http_port": free_port(), "metrics_port": free_port()}))
    assert found(result, "failed") == {"reachable": "connection_refused"}
    unjudged = found(result, "inconclusive")
    assert {unjudged.get(name) for name in NAMES if name != "instance_ports_closed"} == {"not_judged"}


def test_grpc_that_is_refused_leaves_https_judged(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    rest, metrics = one_way_behind.rest(pki), one_way_behind.metrics(pki)
    expected = {"http_port": rest.port, "metrics_port": metrics.port}
    with https_gateway(tmp_path, free_port(), rest, metrics) as port:
        result = verify(one_way(pki, port, model="triton_identity", gateway=expected))
    assert found(result, "failed") == {"tls": "not_tls"}
    assert set(found(result, "ok")) >= {"rest_ready", "rest_certificate", "metrics_served", "rest_control_exposed"}
    assert found(result, "inconclusive")["rest_inference"] == "not_judged"


def test_what_hangs_over_grpc_takes_no_time_from_https(pki: Pki, one_way_behind: Behind, tmp_path: Path) -> None:
    # HAProxy waits for more of a ClientHello that has no TLS 1.3 among its supported_versions (RFC 8446, 4.2.1).
    rules = ("tcp-request inspect-delay 20s", "tcp-request content accept if { req.payload(0,0),hex -m reg 002B00....(....)*0304 }")
    rest, metrics = one_way_behind.rest(pki), one_way_behind.metrics(pki)
    expected = {"http_port": rest.port, "metrics_port": metrics.port}
    with https_gateway(tmp_path, one_way_behind.triton.port, rest, metrics, rules) as port:
        result = verify(one_way(pki, port, model="triton_identity", gateway=expected), timeout=6)
    assert {name for name in found(result, "inconclusive") if name in NAMES} == set()
    assert "old_tls_refused" in found(result, "inconclusive")
    assert set(found(result, "ok")) >= {"rest_inference", "metrics_served", "rest_old_tls_refused"}


@pytest.mark.parametrize(
    ("gateway", "named"),
    [
        ({"http_port": 70000}, "gateway.http_port"),
        ({"metrics_port": -1}, "gateway.metrics_port"),
        ({"http_port": 0, "metrics_port": 0}, "neither"),
        ({"http_port": 8000, "metrics_port": 8000}, "both 8000"),
        ({"closed_ports": [18000, 0]}, "18000, 0"),
        ({"closed_ports": [8000]}, "itself offers"),
        ({"open_apis": ["logging", "everything"]}, "everything"),
        ({"mutual": True}, "no client_cert"),
        ({"metrics_mutual": True}, "no client_cert"),
    ],
)
def test_expectations_that_contradict(pki: Pki, gateway: Options, named: str) -> None:
    result = verify(one_way(pki, 1, gateway=gateway))
    assert result["diagnosis"]["code"] == "invalid_option"
    assert named in result["diagnosis"]["cause"]
    assert [check["check"] for check in result["checks"]] == [check.name for check in checks.CHECKS] + NAMES
