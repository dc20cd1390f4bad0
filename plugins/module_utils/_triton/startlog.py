# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a start failed: the log of one invocation, translated into a cause and a remedy.

The patterns were taken from logs that tritonserver 2.51.0, Docker Engine 28, Podman 4.3 and 5.4 and systemd 252 wrote when each
failure was provoked. Triton's last line misleads: every failure of the gRPC service, a bad key included, ends in
"Socket ... already in use"; so the causes come first in the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

LOG_LINES = 12


@dataclass(frozen=True)
class Explanation:
    """A failed start: code, cause and remedy (one sentence each), and the lines of the log that say so."""

    code: str
    cause: str
    remedy: str
    log: list[str]


@dataclass(frozen=True)
class _Rule:
    code: str
    pattern: re.Pattern[str]
    cause: str
    remedy: str


def _rule(code: str, pattern: str, cause: str, remedy: str) -> _Rule:
    return _Rule(code, re.compile(pattern, re.MULTILINE), cause, remedy)


# The first rule that matches wins. {0} is the first group of the pattern, and so on.
_RULES = (
    _rule(
        "unknown_flag",
        r"unrecognized option '(--[^'=]+)",
        "The server does not know the flag {0}.",
        "Remove it from 'options', or use a release that knows it.",
    ),
    _rule(
        "bad_flag_value",
        r'Bad option: "(--[^"]+)"\.\s+(.*)',
        "The server refused the value of {0}: {1}.",
        "Correct it under 'options'; booleans are true or false.",
    ),
    _rule(
        "bad_flag_value",
        r"option '(--[^']+)' (requires an argument|doesn't allow an argument)",
        "The server refused {0}: the flag {1}.",
        "Correct it under 'options'.",
    ),
    _rule(
        "model_repository_missing",
        r"failed to stat file (\S+)|--model-repository must be specified()",
        "The model repository {0} does not exist, or the service's user may not enter it.",
        "Create it, mount it, or correct 'model_repository_path'.",
    ),
    _rule(
        "gpu_missing",
        r"model (\S+) has kind KIND_GPU but no GPUs are available",
        "The model {0} wants a GPU and the server sees none.",
        "Check the driver and the container toolkit with nvidia-smi, or give the model an instance of KIND_CPU.",
    ),
    _rule(
        "backend_missing",
        r"failed to load '([^']+)' version \d+: .*unable to find backend library for backend '([^']+)'",
        "The model {0} needs the backend {1}, which this server does not have.",
        "Use an engine that has it, or correct 'backend' in the model's config.pbtxt and backend-directory.",
    ),
    _rule(
        "model_config_invalid",
        r"Error parsing text-format inference\.ModelConfig: ([^\n]*)[\s\S]*?Poll failed for model directory '([^']+)'",
        "The config.pbtxt of the model {1} is invalid: {0}",
        "Correct it at that line and column.",
    ),
    _rule(
        "model_config_invalid",
        r"Poll failed for model directory '([^']+)': ([^\n\"]*)",
        "The model {0} cannot be read: {1}.",
        "Correct its config.pbtxt or its folder.",
    ),
    _rule(
        "model_load_failed",
        r"failed to load '([^']+)' version (\d+): (?:Internal: )?([^\n\"]*?)(?:\\n|\"|$)",
        "The model {0} (version {1}) failed to load: {2}.",
        "Correct the model; the log has the rest.",
    ),
    _rule(
        "model_load_failed",
        r"failed to load model '([^']+)': ([^\n\"]*)",
        "The model {0} failed to load: {1}.",
        "Correct the model's folder.",
    ),
    _rule(
        "model_load_failed",
        r"creating server: Internal - failed to load all models",
        "A model failed to load.",
        "Correct the model; the log names it.",
    ),
    _rule(
        "key_invalid",
        r"Invalid private key",
        "The server could not use its private key: it is missing, unreadable, encrypted, no PEM, or not the certificate's.",
        "Install the unencrypted PEM key that belongs to the certificate.",
    ),
    _rule(
        "certificate_invalid",
        r"Invalid cert chain file",
        "The server could not use its certificate: it is missing, unreadable, no PEM, or its key is shorter than 2048 bits.",
        "Install the certificate as PEM, leaf first, with a key of P-256, P-384 or RSA 2048 and more.",
    ),
    _rule(
        "tls_invalid",
        r"Handshaker factory creation failed|Unable to create secure server",
        "The server could not set TLS up with its certificate, key and CA.",
        "Validate them with the filter tls_validate.",
    ),
    _rule(
        "address_unavailable",
        r"Cannot assign requested address[\s\S]*?Socket '([^']+)'",
        "The server cannot listen on {0}: the address is not one of this host's.",
        "Set the address to one of the host, or leave it out.",
    ),
    _rule(
        "port_in_use",
        r"failed to start (?:\w+) service: Unavailable - Socket '([^']+)' already in use",
        "The server cannot listen on {0}: the port is in use, or the address is not one of this host's.",
        "Stop what holds the port, or give the server another one.",
    ),
    _rule(
        "port_in_use",
        r"listen tcp\d? (\S+): bind: address already in use|address already in use()",
        "The container cannot publish {0}: the port is in use.",
        "Stop what holds the port, or give the server another one.",
    ),
    _rule(
        "engine_down",
        r"Cannot connect to the Docker daemon at (\S+)\. Is|failed to connect to the docker API at (\S+)",
        "The Docker daemon does not answer at {0}{1}.",
        "Start it: systemctl start docker.",
    ),
    _rule(
        "engine_denied",
        r"permission denied while trying to connect to the (?:Docker daemon socket|docker API)",
        "The service may not talk to the Docker daemon.",
        "Run the unit as root; the container itself runs as the service's user.",
    ),
    _rule(
        "container_name_conflict",
        r'The container name "/?([^"]+)" is already in use by container "([0-9a-f]{12})',
        "A container named {0} is there already ({1}).",
        "Remove it: docker rm -f {0}.",
    ),
    _rule(
        "container_name_conflict",
        r'the container name "([^"]+)" is already in use by ([0-9a-f]{12})',
        "A container named {0} is there already ({1}).",
        "Remove it: podman rm -f {0}.",
    ),
    _rule(
        "image_missing",
        r"No such image: ([^\s\"]+)|Unable to find image '([^']+)' locally(?![\s\S]*Status: Downloaded)|Error: (\S+): image not known",
        "The image {0}{1}{2} is not on this host and could not be pulled.",
        "Pull it, or check the registry, its address and the credentials.",
    ),
    _rule(
        "gpu_runtime_missing",
        r"could not select device driver \"[^\"]*\" with capabilities: \[\[gpu\]\]|unresolvable CDI devices? (\S+)",
        "The container engine cannot pass the GPU to the container.",
        "Install the NVIDIA Container Toolkit and configure the engine; the role container_runtime does.",
    ),
    _rule(
        "gpu_missing",
        r"nvidia-container-cli: ([^\n]*)",
        "The NVIDIA Container Toolkit failed: {0}.",
        "Check the driver with nvidia-smi; reboot after a driver upgrade.",
    ),
    _rule(
        "mount_missing",
        r"bind source path does not exist: ([^\s\"]+)|Error: statfs ([^\s:]+): no such file or directory",
        "{0}{1}, which the container mounts, does not exist.",
        "Create it, or remove the mount.",
    ),
    _rule(
        "user_unknown",
        r"unable to find user ([^\s:]+)|Failed to determine user credentials()|status=217/USER()",
        "The user {0} that the service runs as does not exist.",
        "Create the user, or pass its uid.",
    ),
    _rule(
        "binary_missing",
        r'exec: "([^"]+)": (?:executable file not found|stat [^\n]*no such file)',
        "The container's image has no {0}.",
        "Use an image of the Triton Inference Server.",
    ),
    _rule(
        "library_missing",
        r"error while loading shared libraries: ([^:\n]+)",
        "The server's binary lacks the shared library {0}.",
        "Install it, or name its folder in LD_LIBRARY_PATH.",
    ),
    _rule(
        "binary_missing",
        r"(?:\bexec|start: (?:line )?\d+): (?:exec: )?(\S+): (?:not found|No such file|Permission denied)",
        "The program {0} does not exist or may not be executed.",
        "Install the engine, or correct the path of its binary.",
    ),
    _rule(
        "start_missing",
        r"Failed (?:to execute|at step EXEC spawning) (\S+?): (?:No such file or directory|Permission denied)|status=203/EXEC()",
        "The unit could not execute {0}.",
        "Look whether the generation's start script and its interpreter are there and executable.",
    ),
    _rule(
        "sandbox_failed",
        r"Failed to set up mount namespacing: ([^\n]*)|status=226/NAMESPACE()",
        "systemd could not set the unit's sandbox up: {0}.",
        "Look whether every path that the unit names exists.",
    ),
    _rule(
        "out_of_memory",
        r"oom-kill|Out of memory|CUDA out of memory|CUDA_ERROR_OUT_OF_MEMORY|cannot allocate memory",
        "The server ran out of memory.",
        "Give it more, or load fewer models.",
    ),
    _rule(
        "start_failed",
        r"^error: creating server: (?:[A-Z][\w ]* - )?([^\n]+)",
        "The server refused to start: {0}.",
        "Correct what it names; the log has the rest.",
    ),
)

# Tables and notices that every start prints, and the help that follows an error about a flag.
_NOISE = re.compile(
    r"^\s*$|^\+[-+]*\+?$|^\| |^ {2}--|^\t|^Usage: |NVML|DCGM|pinned_memory_manager|cuda_memory_manager|CudaDriverHelper|CPU metrics"
    r"|^[A-Z][\w /]+:$|server\.cc:\d+\] *$|tritonserver\.cc:\d+\] *$|Run 'docker run --help'|Non-graceful termination"
)
_TELLING = re.compile(r"^[EF]\d{4} |rror|ailed|nvalid|unrecognized|Bad option|denied|not found|already in use|Conflict")


def explain(log: str, status: str = "") -> Optional[Explanation]:
    """The explanation of a failed start, None where the log holds no known cause.

    log: text of this invocation alone. status: what the service manager says of the end, matched as well.
    """
    text = f"{log}\n{status}"
    for rule in _RULES:
        match = rule.pattern.search(text)
        if match:
            groups = [(group or "").strip().rstrip(".") for group in match.groups()]
            cause = re.sub(r" {2,}", " ", rule.cause.format(*groups)).replace(" :", ":")
            return Explanation(rule.code, cause, rule.remedy.format(*groups), telling_lines(log))
    return None


def telling_lines(log: str, count: int = LOG_LINES) -> list[str]:
    """The last lines that tell something, without the tables and notices of every start; each at most 400 characters."""
    lines = [line.rstrip() for line in log.splitlines() if not _NOISE.search(line)]
    telling = [line for line in lines if _TELLING.search(line)]
    return [line[:400] for line in (telling or lines)[-count:]]
