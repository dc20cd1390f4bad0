#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove many Triton endpoints in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: triton_verify
short_description: Prove that Triton endpoints are what they claim to be
version_added: 0.1.0
description:
  - Audits any number of endpoints in one call, from the client's side of the network.
  - B(Proofs) must succeed - the endpoint is reachable, speaks TLS 1.2 or later and HTTP/2, its certificate leads to the given CA, is for the expected
    name, valid long enough, strong and the installed one, the server and the model are ready over the secured port, and a test inference returns the
    right outputs, on the right devices and in time.
  - B(Refusals) must be refused - a client without TLS, one that trusts another CA, one that expects another name, one that knows TLS 1.1 at most and,
    under mutual TLS, one without a certificate, one with a certificate of an unknown CA and one with an expired certificate of the right one. A refusal
    counts only beside its control, the same connection put right, in the same run; else it is C(inconclusive), which is not ok.
  - B(Exposure) is what must not be open beside it - REST and metrics in the clear on other than loopback, and control of models, shared memory, trace and
    log settings for every client that may infer.
  - With O(endpoints[].latency_factor), the test inference is timed at the endpoints and at those of O(reference), in turn, by the same client, once all else
    is proved; an endpoint whose median is more than so many times the median of the others' fails.
  - With O(endpoints[].gateway), REST and metrics over HTTPS are held to the same - each port has proofs, refusals and their controls of its own - and the
    ports behind the gateway must be closed to everyone else.
  - The module does not fail for endpoints that fail. Look at RV(results) and assert.
  - Interrupted by SIGINT or SIGTERM, the module returns what is finished; the other endpoints fail with the code C(interrupted).
  - Codes, causes and remedies are explained in C(docs/diagnosis.md).
author:
  - The inferops.triton authors (@inferops)
extends_documentation_fragment:
  - inferops.triton.attributes
  - inferops.triton.attributes.info_module
  - inferops.triton.endpoint.timeout
  - inferops.triton.audit
options:
  endpoints:
    description:
      - What to audit. The order is that of RV(results).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: How the results call the endpoint. The default is O(endpoints[].address).
        type: str
      address:
        description: Host and port of Triton's gRPC service, V(host:port) without a scheme; an IPv6 address in brackets.
        type: str
        required: true
      server_name:
        description: Name or address that the certificate must carry. The default is the host in O(endpoints[].address).
        type: str
      ca_file:
        description: PEM file with the CA to verify with. One of O(endpoints[].ca_file) and O(endpoints[].ca) is needed.
        type: path
      ca:
        description: The same as PEM text.
        type: str
      client_cert:
        description: PEM file with the client's certificate, for mutual TLS. Given together with O(endpoints[].client_key) or not at all.
        type: path
      client_key:
        description: PEM file with the client's private key, not encrypted.
        type: path
      mutual:
        description: Whether the server must insist on client certificates. The default is V(true) where O(endpoints[].client_cert) is given.
        type: bool
      expected_client_cas:
        description: PEM text of the CAs that are installed there, whose names the server must ask clients for under mutual TLS.
        type: str
      expected_fingerprint:
        description: SHA-256 of the installed certificate, hex, which must be the one that is served.
        type: str
      model:
        description: Model of the test inference. Without it, no inference is made.
        type: str
      model_version:
        description: Version of the model; the server chooses where none is given.
        type: str
      inputs:
        description: Inputs by name, as in M(inferops.triton.triton_infer).
        type: dict
      outputs:
        description: Expected outputs by name, as in M(inferops.triton.triton_infer).
        type: dict
      max_latency:
        description: Seconds that the inference may take.
        type: float
      latency_factor:
        description:
          - How many times as long as at the endpoints of O(reference) the inference may take, at least 1. Compared are medians (p50) of O(latency_samples)
            inferences. The check C(fleet_latency) is part of the result only where this is given and everything else is proved.
        type: float
      latency_group:
        description:
          - Only endpoints with the same group, model and inputs are compared. Give hosts of other hardware, or on another network, a group of their own.
        type: str
        default: ""
      devices:
        description: What the model must run on, judged from its instance groups. Needs O(endpoints[].model).
        type: dict
        suboptions:
          kind:
            description: GPUs or the CPU.
            type: str
            choices: [cpu, gpu]
            required: true
          count:
            description: At least how many - distinct GPUs of all instance groups, or instances on the CPU.
            type: int
            default: 1
      warn_days:
        description: Days before a certificate of the chain expires from which on C(warnings) say so.
        type: float
        default: 30.0
      error_days:
        description: Days before that from which on the endpoint fails, at most O(endpoints[].warn_days).
        type: float
        default: 0.0
      expired_client_cert:
        description:
          - PEM file with an expired client certificate of the CA that issued O(endpoints[].client_cert), which the server must refuse.
            Given together with O(endpoints[].expired_client_key) or not at all.
        type: path
      expired_client_key:
        description: PEM file with its private key, not encrypted.
        type: path
      client_ca_cert:
        description:
          - PEM file with the CA that issued O(endpoints[].client_cert). With it, and without O(endpoints[].expired_client_cert), a client certificate that
            expired yesterday is signed in memory, once for all endpoints. Given together with O(endpoints[].client_ca_key) or not at all.
        type: path
      client_ca_key:
        description: PEM file with the private key of that CA.
        type: path
      client_ca_passphrase:
        description: Passphrase of O(endpoints[].client_ca_key), where it is encrypted.
        type: str
      exposure:
        description: Whether to look for what is open beside the endpoint. With V(false) these checks are C(skipped).
        type: bool
        default: true
      http_port:
        description: Port of Triton's REST service, which must not answer in the clear on other than loopback; V(0) where there is none.
        type: int
        default: 8000
      metrics_port:
        description: The same for Triton's metrics.
        type: int
        default: 8002
      gateway:
        description:
          - What offers REST and metrics over HTTPS at the host of O(endpoints[].address), with a certificate of the same name and CA. Its checks are part of
            the result only where this is given.
          - O(endpoints[].http_port) and O(endpoints[].metrics_port) are not looked at where they are the gateway's.
        type: dict
        suboptions:
          http_port:
            description: Port of REST; V(0) where it is not offered.
            type: int
            default: 8000
          metrics_port:
            description: Port of the metrics; V(0) where they are not offered.
            type: int
            default: 8002
          mutual:
            description: Whether REST must insist on client certificates. The default is what is expected of gRPC.
            type: bool
          metrics_mutual:
            description: Whether the metrics must insist on client certificates.
            type: bool
            default: false
          closed_ports:
            description:
              - Ports that only the gateway may reach, such as those of the instances behind it and its own statistics. They must not take connections
                at the address of the endpoint.
            type: list
            elements: int
            default: []
          open_apis:
            description: REST APIs that control the server and are meant to be open. They are not tried.
            type: list
            elements: str
            choices: [model-repository, shared-memory, trace, logging]
            default: []
      allow:
        description: Diagnosis codes that do not make the endpoint fail. The checks show them as C(overridden).
        type: list
        elements: str
        default: []
  reference:
    description:
      - Endpoints that are not audited, with the keys of O(endpoints). Latencies are compared with theirs, the first O(latency_hosts) of each kind; what
        does not answer is left out.
    type: list
    elements: dict
    default: []
requirements:
  - tritonclient[grpc] >= 2.73
  - pyOpenSSL >= 25.1
  - cryptography >= 45
seealso:
  - module: inferops.triton.triton_infer
  - module: inferops.triton.triton_endpoint_info
"""

EXAMPLES = r"""
- name: Prove two endpoints from here
  inferops.triton.triton_verify:
    endpoints:
      - address: gpu1.example:8001
        ca_file: /etc/pki/fleet-ca.crt
        model: triton_identity
      - address: gpu2.example:8001
        ca_file: /etc/pki/fleet-ca.crt
        client_cert: verifier.crt
        client_key: verifier.key
        model: resnet
        max_latency: 0.2
  delegate_to: localhost
  become: false
  register: audit

- name: Hold them to it
  ansible.builtin.assert:
    that: audit.summary.failed == 0
    fail_msg: "{{ audit.results | rejectattr('ok') | map(attribute='diagnosis') | list }}"
"""

RETURN = r"""
results:
  description: One entry for each of O(endpoints), in the same order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The endpoint's name.
      type: str
    address:
      description: The endpoint's address.
      type: str
    ok:
      description: Whether no check failed and none was inconclusive.
      type: bool
    diagnosis:
      description: The first thing that is wrong, with C(code), C(cause), C(remedy) and, where a library said something, C(raw). None where all is well.
      type: dict
    checks:
      description:
        - Every check with C(check), C(kind) (V(proof), V(refusal) or V(exposure)), C(status) (V(ok), V(failed), V(inconclusive), V(overridden), V(skipped)),
          C(code), C(detail) and C(value), a figure or text where there is one.
      type: list
      elements: dict
    warnings:
      description: What gRPC clients accept and best practice would not, each with C(code), C(cause) and C(remedy). Never makes RV(results[].ok) false.
      type: list
      elements: dict
    certificate:
      description:
        - The served certificate with C(subject), C(issuer), C(san), C(not_before), C(not_after), C(fingerprint_sha256) and C(days_left), which counts to the
          first end of the chain's dates. None where none was served.
      type: dict
    tls:
      description: The connection's C(version), C(cipher) and C(alpn). None where there was no TLS.
      type: dict
    latency:
      description: Seconds that the inference took; with O(watch), the worst round's.
      type: float
    seconds:
      description: Seconds that the audit of this endpoint took, without the time in which it waited for its turn.
      type: float
    rounds:
      description: How often it was audited; more than once with O(watch) only. V(0) where it was not.
      type: int
lines:
  description: The failures by cause, worst first, what was tolerated, and the totals, for people. The last line begins with PROVED or NOT PROVED.
  returned: success
  type: list
  elements: str
reports:
  description: The reports that were written, each with C(path) and C(format).
  returned: success
  type: list
  elements: dict
report_problems:
  description: What kept reports from being written.
  returned: success
  type: list
  elements: str
summary:
  description: Totals.
  returned: success
  type: dict
  contains:
    endpoints:
      description: How many there are.
      type: int
    ok:
      description: How many of them are proved.
      type: int
    failed:
      description: How many are not.
      type: int
    warnings:
      description: Endpoints with warnings.
      type: int
    seconds:
      description: Seconds that it all took.
      type: float
    started:
      description: When it began, ISO 8601 in UTC.
      type: str
    finished:
      description: When it ended, ISO 8601 in UTC.
      type: str
    interrupted:
      description: Whether a signal ended it early.
      type: bool
    handshakes_per_endpoint:
      description: The most TLS connections that an endpoint took.
      type: int
    by_code:
      description: Failures grouped by the C(code) of their diagnosis with C(count) and the names of the C(endpoints), the most frequent first.
      type: list
      elements: dict
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.inferops.triton.plugins.module_utils._triton import argspec, audit, progress
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure
from ansible_collections.inferops.triton.plugins.module_utils._triton.report import files, terminal
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.figures import Thresholds
from ansible_collections.inferops.triton.plugins.module_utils._triton.result import Result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "endpoints": {"type": "list", "elements": "dict", "required": True, "options": argspec.audited_options()},
            "reference": {"type": "list", "elements": "dict", "default": []},
            **argspec.timeout_option(),
            **argspec.audit_options(list(files.FILES)),
        },
        supports_check_mode=True,
    )
    argspec.require_libraries(module)
    names = ("timeout", "ready_timeout", "overall_timeout", "concurrency", "watch", "interval", "latency_samples", "latency_hosts")
    path = module.params["progress_file"]
    try:
        settings = audit.Settings(**{name: module.params[name] for name in names})
        tell = progress.ProgressFile(path) if path else None
        results, summary = audit.verify(module.params["endpoints"], settings, tell, module.params["reference"])
    except Failure as failure:
        argspec.fail(module, failure.diagnosis)
    # An interrupted audit ends here as well: what is finished is reported.
    written, problems = _write_reports(module.params, results, summary)
    for problem in problems:
        module.warn(problem)
    lines = terminal.lines(results, summary)
    module.exit_json(changed=False, results=results, summary=summary, lines=lines, reports=written, report_problems=problems)


def _write_reports(
    params: t.Mapping[str, t.Any], results: t.Sequence[Result], summary: Result
) -> t.Tuple[t.List[t.Dict[str, str]], t.List[str]]:
    """What was written where, and what kept the rest from it. The timeline marks the widest margins asked for."""
    if not params["report_directory"]:
        return [], []
    margins = [max(float(endpoint[name]) for endpoint in params["endpoints"]) for name in ("warn_days", "error_days")]
    return files.write(params["report_directory"], results, summary, params["report_formats"], Thresholds(*margins))


if __name__ == "__main__":
    main()
