# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration becomes flags; what cannot be served is refused by name."""

from __future__ import annotations

import subprocess
from typing import Any, Optional

import pytest

from ansible_collections.inferops.triton.plugins.module_utils._triton import config as backend
from ansible_collections.inferops.triton.tests.unit.support import triton

HELP = """Usage: tritonserver [options]
  --help
\tPrint usage

Server:
  --id <string>
\tIdentifier for this server.
  --log-verbose <integer>
\tSet verbose logging level. See
\t--log-info and
  --not-a-flag in a wrapped line of two blanks, as no help has it
  --log-info <boolean>
\tEnable.
  --model-repository <string>
\tPath.
  --strict-readiness <boolean>
\tIf true.
  --disable-auto-complete-config
\tIf set, disables.
  --load-model <string>
\tName; --load-model=* alone.
  --metrics-interval-ms <float>
\tMilliseconds.
  --grpc-port <integer>
\tPort.
  --grpc-address <string>
\tAddress.
  --http-port <integer>
\tPort.
  --http-address <string>
\tAddress.
  --metrics-port <integer>
\tPort.
  --grpc-use-ssl <boolean>
\tUse SSL.
  --grpc-use-ssl-mutual <boolean>
\tUse.
  --grpc-server-cert <string>
\tFile.
  --grpc-server-key <string>
\tFile.
  --grpc-root-cert <string>
\tFile.
  --grpc-restricted-protocol <<string>:<string>=<string>>
\tSpecify.
  --cache-config <<string>,<string>=<string>>
\tSpecify.
"""
TLS = {"cert_file": "tls/tls.crt", "key_file": "tls/tls.key"}
TLS_FLAGS = ["--grpc-use-ssl=true", "--grpc-server-cert=tls/tls.crt", "--grpc-server-key=tls/tls.key"]


def config(**changes: Any) -> dict[str, Any]:
    """A sound configuration with some keys changed; None takes a key away."""
    return {key: value for key, value in {"model_repository_path": "models", "tls": TLS, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        (config(), ["--model-repository=models", *TLS_FLAGS]),
        (config(model_repository_path=["a", "s3://b/c"]), ["--model-repository=a", "--model-repository=s3://b/c", *TLS_FLAGS]),
        (
            config(grpc_port=8001, http_port="8000", metrics_port=8002),
            ["--model-repository=models", "--grpc-port=8001", "--http-port=8000", "--metrics-port=8002", *TLS_FLAGS],
        ),
        (config(grpc_address="::"), ["--model-repository=models", "--grpc-address=[::]", *TLS_FLAGS]),
        (config(grpc_address="[::1]"), ["--model-repository=models", "--grpc-address=[::1]", *TLS_FLAGS]),
        (config(grpc_address="localhost"), ["--model-repository=models", "--grpc-address=localhost", *TLS_FLAGS]),
        # one port on two addresses
        (
            config(grpc_port=8001, grpc_address="10.0.0.1", http_port=8001, http_address="127.0.0.1"),
            [
                "--model-repository=models",
                "--grpc-address=10.0.0.1",
                "--grpc-port=8001",
                "--http-address=127.0.0.1",
                "--http-port=8001",
                *TLS_FLAGS,
            ],
        ),
        (config(tls={**TLS, "ca_file": "ca", "mutual": False}), ["--model-repository=models", *TLS_FLAGS, "--grpc-root-cert=ca"]),
        # mutual comes after every option
        (
            config(tls={**TLS, "ca_file": "ca", "mutual": True}, options={"strict-readiness": True}),
            [
                "--model-repository=models",
                *TLS_FLAGS,
                "--grpc-root-cert=ca",
                "--strict-readiness=true",
                "--grpc-use-ssl-mutual=true",
            ],
        ),
        (config(tls=False), ["--model-repository=models"]),
        (config(options={"strict-readiness": False}), ["--model-repository=models", *TLS_FLAGS, "--strict-readiness=false"]),
        (
            config(options={"disable-auto-complete-config": True}),
            ["--model-repository=models", *TLS_FLAGS, "--disable-auto-complete-config"],
        ),
        (config(options={"disable-auto-complete-config": False}), ["--model-repository=models", *TLS_FLAGS]),
        (
            config(options={"load-model": ["a", "b"], "id": "x y"}),
            ["--model-repository=models", *TLS_FLAGS, "--id=x y", "--load-model=a", "--load-model=b"],
        ),
        (config(options={"load-model": []}), ["--model-repository=models", *TLS_FLAGS]),
        (config(options={"metrics-interval-ms": 0.5}), ["--model-repository=models", *TLS_FLAGS, "--metrics-interval-ms=0.5"]),
        (
            config(options={"grpc-restricted-protocol": "model-repository,logging:admin=s3cr3t"}),
            ["--model-repository=models", *TLS_FLAGS, "--grpc-restricted-protocol=model-repository,logging:admin=s3cr3t"],
        ),
    ],
)
@pytest.mark.parametrize("help_text", [HELP, None])
def test_flags(given: dict[str, Any], flags: list[str], help_text: Optional[str]) -> None:
    assert backend.server_args(given, help_text) == flags


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("text", "must be a mapping"),
        (config(model_repository_path=None), "'model_repository_path' is missing"),
        (config(model_repository_path=[]), "'model_repository_path' is missing"),
        (config(model_repository_path=["a", "a"]), "names 'a' twice"),
        (config(model_repository_path=["a", 3]), "must be a path, not 3"),
        (config(model_repository_path="a\nb"), "line break or a NUL"),
        (config(model_repository_path="a\0b"), "line break or a NUL"),
        (config(grpc_prot=8001), "Unknown configuration key 'grpc_prot'. Did you mean 'grpc_port'?"),
        (config(**{"grpc-port": 8001}), "Did you mean 'grpc_port'?"),
        (config(zzz=1), "goes under 'options'"),
        (config(grpc_port=0), "'grpc_port' must be a port number"),
        (config(grpc_port=65536), "must be a port number"),
        (config(grpc_port=True), "must be a port number"),
        (config(grpc_port="80a"), "must be a port number"),
        (config(grpc_port=8000, http_port=8000), "'http_port' and 'grpc_port' are both 8000"),
        (config(grpc_address="10.0.0.1:8001"), "The port goes into 'grpc_port'"),
        (config(grpc_address="https://host"), "must be an IP address or a host name"),
        (config(grpc_address=7), "must be an address"),
        (config(tls=None), "'tls' is missing"),
        (config(tls={}), "'tls' is missing"),
        (config(tls=True), "must be a mapping"),
        (config(tls={"cert_file": "x"}), "'tls.key_file' is missing"),
        (config(tls={"key_file": "x"}), "'tls.cert_file' is missing"),
        (config(tls={**TLS, "mutal": True}), "Did you mean 'mutual'?"),
        (config(tls={**TLS, "mutual": "yes"}), "'tls.mutual' must be true or false"),
        (config(tls={**TLS, "mutual": True}), "the server refuses every client"),
        (config(options=[]), "'options' must be a mapping"),
        (config(options={"grpc-port": 1}), "contradicts the key 'grpc_port'"),
        (config(options={"grpc-use-ssl": False}), "contradicts the key 'tls'"),
        (config(options={"grpc-use-ssl-mutual": False}), "contradicts the key 'tls.mutual'"),
        (config(options={"grpc-root-cert": "x"}), "contradicts the key 'tls.ca_file'"),
        (config(options={"model-store": "x"}), "contradicts the key 'model_repository_path'"),
        (config(options={"log-verbos": 1}), "does not know the option 'log-verbos'. Did you mean 'log-verbose'?"),
        (config(options={"log_verbose": 1}), "Did you mean 'log-verbose'?"),
        (config(options={"--log-verbose": 1}), "without the leading dashes. Did you mean 'log-verbose'?"),
        (config(options={"not-a-flag": 1}), "does not know the option 'not-a-flag'"),
        (config(options={"help": True}), "does not know the option 'help'"),
        (config(options={7: 1}), "is not the name of an option"),
        (config(options={"log-verbose": "abc"}), "'log-verbose' must be a whole number, not 'abc'"),
        (config(options={"log-verbose": True}), "must be a whole number"),
        (config(options={"log-verbose": 1.5}), "must be a whole number"),
        (config(options={"strict-readiness": "yes"}), "must be true or false, not 'yes'"),
        (config(options={"metrics-interval-ms": "fast"}), "must be a number"),
        (config(options={"disable-auto-complete-config": "x"}), "takes no value"),
        (config(options={"cache-config": {"local": {"size": 1}}}), "not a mapping within"),
        (config(options={"load-model": ["a", ["b"]]}), "not a list within"),
        (config(options={"id": "a\nb"}), "line break or a NUL"),
        (config(options={"grpc-restricted-protocol": "logging,admin=hunter2"}), "with a colon"),
        (config(options={"grpc-restricted-protocol": "health,logging:admin=hunter2"}), "breaks every readiness probe"),
        (config(metrics_address="::1"), "does not know --metrics-address, which the key 'metrics_address' sets"),
    ],
)
def test_refusals(given: Any, message: str) -> None:
    with pytest.raises(backend.ConfigError) as caught:
        backend.server_args(given, HELP)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_health_may_be_restricted_on_purpose() -> None:
    given = config(options={"grpc-restricted-protocol": "health:a=b"})
    assert "--grpc-restricted-protocol=health:a=b" in backend.server_args(given, HELP, allow=["health_restricted"])


def test_an_option_that_help_does_not_list_may_be_passed_on_purpose() -> None:
    given = config(options={"secret-switch": "on"})
    with pytest.raises(backend.ConfigError, match="does not know the option 'secret-switch'"):
        backend.server_args(given, HELP)
    assert "--secret-switch=on" in backend.server_args(given, HELP, allow=["unknown_option"])


def test_defaults_lie_below_and_unknown_ones_are_dropped() -> None:
    defaults = {"strict-readiness": True, "allow-client-shm": False, "log-info": False, "log-verbose": 1}
    given = config(options={"log-info": True, "log-verbose": None})
    assert backend.server_args(given, HELP, defaults)[len(TLS_FLAGS) + 1 :] == ["--log-info=true", "--strict-readiness=true"]


def test_help_is_parsed_by_its_indentation() -> None:
    flags = backend.parse_help(HELP)
    assert "not-a-flag" not in flags and "help" not in flags
    assert flags["disable-auto-complete-config"] is None
    assert flags["cache-config"] == "<string>,<string>=<string>"


@pytest.mark.parametrize("text", ["", "Usage: python3 [option]\n  --check <string>\n"])
def test_another_programs_help_is_refused(text: str) -> None:
    with pytest.raises(backend.ConfigError, match="not that of a tritonserver"):
        backend.parse_help(text)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, []),
        ({"log-verbose": 1, "id": None}, []),
        ({"grpc-restricted-protocol": "logging:a=b", "http-restricted-api": None}, ["grpc-restricted-protocol"]),
        ({"cache-config": ["redis,host=a", "redis,password=b"]}, ["cache-config"]),
        ({"cache-config": "local,size=1"}, []),
    ],
)
def test_secret_options(options: dict[str, Any], names: list[str]) -> None:
    assert backend.secret_options(options) == names


def test_the_real_server_takes_the_flags() -> None:
    """The help of the real binary is understood, and the binary does not complain of any flag made from it."""
    home = triton.wheel() / "pytriton" / "tritonserver"
    binary = home / "bin" / "tritonserver"
    help_text = subprocess.run([binary, "--help"], capture_output=True, text=True, check=False).stderr
    flags = backend.parse_help(help_text)
    assert flags["grpc-use-ssl"] == "boolean" and flags["disable-auto-complete-config"] is None
    given = config(
        model_repository_path="/nonexistent/models",
        grpc_address="::1",
        grpc_port=triton.free_port(),
        tls={**TLS, "ca_file": "ca", "mutual": True},
        options={
            "strict-readiness": True,
            "log-verbose": 1,
            "metrics-interval-ms": 100,
            "disable-auto-complete-config": True,
            "grpc-restricted-protocol": ["logging:a=b", "trace,statistics:c=d"],
            "cache-config": "local,size=1048576",
            "cache-directory": str(home / "caches"),
        },
    )
    done = subprocess.run([binary, *backend.server_args(given, help_text)], capture_output=True, text=True, timeout=60, check=False)
    assert "failed to stat file /nonexistent/models" in done.stderr + done.stdout
