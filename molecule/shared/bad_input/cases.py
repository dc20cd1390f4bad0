# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of bad input: what is given to a host that serves, and what the one error must say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping


@dataclass(frozen=True)
class Case:
    """name: what is wrong; variables: extra variables of the run; says: regular expressions that the output must hold, beside the host's name.

    bundle: kind of materials.py to hand in as `provided`; only: for hosts of this engine or TLS mode (docker, native, mutual, one_way);
    before, after: shell on the host, to set the stage and to clear it; returns: the run changes the host, fails, and must bring it back
    to the generation that was verified last (else the host must be untouched, its process included)."""

    name: str
    says: list[str]
    variables: Mapping[str, Any] = field(default_factory=dict)
    bundle: str = ""
    only: str = ""
    before: str = ""
    after: str = ""
    returns: bool = False


# Refused on the controller, by tls_validate, before any host changes.
MATERIAL = [
    Case("key of another certificate", ["key_mismatch|does not (match|belong)|is not the key"], bundle="other_key"),
    Case("encrypted key", ["encrypted", "without a passphrase|[Dd]ecrypt"], bundle="encrypted_key"),
    Case("DER instead of PEM", ["DER", "PEM"], bundle="der"),
    Case("garbage", ["tls.crt|certificate", "PEM"], bundle="garbage"),
    Case("empty file", ["empty"], bundle="empty"),
    Case("expired", ["expired", r"20\d\d-\d\d-\d\d"], bundle="expired"),
    Case("not yet valid", ["not valid before", r"20\d\d-\d\d-\d\d"], bundle="not_yet_valid"),
    Case("SAN without the host's name", ["other[.]example"], bundle="other_name"),
    Case("wrong EKU", ["serverAuth"], bundle="client_purpose"),
    Case("missing intermediate", ["intermediate", "Bed issuing CA"], bundle="no_intermediate"),
    Case("chain in the wrong order", ["order|first"], bundle="wrong_order"),
    Case("CA file that is no CA", ["CA", "ca[.]example"], bundle="ca_is_leaf"),
    Case("Ed25519 key", ["Ed25519"], bundle="ed25519"),
    Case("P-521 key", ["P-521|secp521r1"], bundle="p521"),
    Case("RSA 1024 key", ["1024"], bundle="rsa1024"),
]

# Refused by the roles' preflight, before any host changes.
CONFIGURATION = [
    Case(
        "unknown configuration key",
        ["triton_server_grpc_prt", "triton_server_grpc_port"],
        {"triton_server_grpc_prt": 8001},
    ),
    Case(
        "flag that the binary does not know",
        ["grpc-infer-thread-cout|no-such-flag"],
        {"triton_server_options": {"no-such-flag": 1}},
    ),
    Case(
        "flag that a key of the configuration sets",
        ["grpc-use-ssl"],
        {"triton_server_options": {"grpc-use-ssl": False}},
    ),
    Case(
        "model folder missing on the host",
        ["/srv/none", "does not exist|is not there|missing"],
        {"triton_server_models": [{"path": "/srv/none"}]},
    ),
    Case(
        "model folder missing on the controller",
        ["/nonexistent/models"],
        {"triton_server_models": [{"folder": "/nonexistent/models"}]},
    ),
    Case(
        "ports that collide",
        ["8001", "triton_server_http_port"],
        {"triton_server_http_port": 8001},
    ),
    Case(
        "scheme in the address",
        ["https://", "host:port"],
        {"triton_verify_address": "https://triton.example:8001"},
    ),
    Case(
        "only one of client key and certificate",
        ["client_cert", "client_key"],
        {"triton_verify_client_key": ""},
        only="mutual",
    ),
]


def python_model(name: str, body: str) -> str:
    """A script that puts a model repository with this one model under /srv/bad; body: its model.py."""
    config = f"""name: "{name}"
backend: "python"
max_batch_size: 0
input [{{ name: "INPUT" data_type: TYPE_FP32 dims: [ -1 ] }}]
output [{{ name: "OUTPUT" data_type: TYPE_FP32 dims: [ -1 ] }}]
"""
    return f"""mkdir -p /srv/bad/{name}/1
cat > /srv/bad/{name}/config.pbtxt <<'END'
{config}END
cat > /srv/bad/{name}/1/model.py <<'END'
{body}END
"""


BROKEN = python_model("broken", 'raise RuntimeError("weights are missing")\n')
# Answers with the right shape and one wrong number.
WRONG = python_model(
    "wrong",
    """import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        return [pb.InferenceResponse([self.answer(request)]) for request in requests]

    def answer(self, request):
        import numpy

        return pb.Tensor("OUTPUT", numpy.array([1, 2, 4], numpy.float32))
""",
)

# Fails on the host or in the verification: the host goes back to what was verified last.
HOST = [
    Case(
        "model that fails to load",
        ["broken", "weights are missing|failed to load"],
        {"triton_server_models": [{"path": "/srv/bad"}]},
        before=BROKEN,
        after="rm -rf /srv/bad",
        returns=True,
    ),
    Case(
        "model that answers wrongly",
        ["wrong", "output_mismatch|output_empty|answered w"],
        {"triton_server_models": [{"path": "/srv/bad"}], "triton_verify_model": "wrong"},
        before=WRONG,
        after="rm -rf /srv/bad",
        returns=True,
    ),
    Case(
        "port in use",
        ["9001", "held|in use"],
        {"triton_server_http_port": 9001},
        before="systemd-run --quiet --unit=holder python3 -m http.server --bind 127.0.0.1 9001; until ss -Hltn 'sport = 9001' | grep -q .; do sleep 0.2; done",
        after="systemctl stop holder",
        returns=True,
    ),
    Case(
        "disk full while staging",
        ["[Nn]o space|full"],
        {"triton_server_options": {"log-verbose": 2}},
        # The same generations on a file system with hardly a block left.
        before=(
            "mkdir -p /mnt/full && mount -t tmpfs -o size=512k tmpfs /mnt/full && cp -a /etc/triton/generations/. /mnt/full/ && "
            "mount --bind /mnt/full /etc/triton/generations && { cat /dev/zero > /mnt/full/filler || true; }"
        ),
        after="umount /etc/triton/generations && umount /mnt/full",
    ),
    Case(
        "key unreadable by the service's user",
        ["cannot read|unreadable|key_unreadable", "triton"],
        {"triton_server_options": {"log-verbose": 2}},
        before="chmod 0700 /etc/triton",
        after="chmod 0755 /etc/triton",
    ),
    Case(
        "unreachable host",
        ["[.]250:8001", "cannot be reached|did not answer"],
        {"triton_verify_address": "{{ bed.gateway | regex_replace('[0-9]+$', '250') }}:8001", "triton_verify_timeout": 3, "triton_verify_ready_timeout": 0},
        returns=True,
    ),
    Case(
        "REST in the clear",
        ["rest_exposed", "8000"],
        {"triton_server_http_address": "0.0.0.0"},
        returns=True,
    ),
    Case(
        "log settings open to anyone",
        ["control_exposed", "log"],
        {"triton_server_restricted_protocols": ["shared-memory", "trace"]},
        returns=True,
    ),
    Case(
        "image missing",
        ["tritonserver:00[.]00", "registry|pull|manifest"],
        {"triton_server_image": "{{ bed.registry }}/tritonserver:00.00-py3"},
        only="docker",
        returns=True,
    ),
    Case(
        "no registry",
        ["127[.]0[.]0[.]1:5999", "registry|pull|refused"],
        {"triton_server_image": "127.0.0.1:5999/tritonserver:24.10-py3"},
        only="docker",
        returns=True,
    ),
    Case(
        "binary missing",
        ["/opt/none/tritonserver"],
        {"triton_server_native_binary": "/opt/none/tritonserver"},
        only="native",
    ),
]

# Steps of `site` at which the controller is killed; the next run finishes the job.
KILLED = [Case(task, []) for task in ("Stage a generation", "Run the generation", "Prove the endpoints", "Mark what was verified")]
