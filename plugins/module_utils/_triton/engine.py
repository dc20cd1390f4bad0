# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine is and which flags its server knows: a binary on the host, or an image.

Asking costs a process, and a container for an image; the answer is kept by the engine's id.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .config import ConfigError, parse_help
from .errors import HostError
from .disk import disk_errors
from .hostinfo import environment

_SECONDS = 60.0


@dataclass(frozen=True)
class Engine:
    """present: it is on the host and its server answers; problem says why not; id: sha256 of the binary, or the image's id."""

    present: bool
    id: Optional[str] = None
    help: Optional[str] = None
    problem: Optional[str] = None

    def plain(self) -> dict[str, Any]:
        """As a dictionary of plain data."""
        return {"present": self.present, "id": self.id, "help": self.help, "problem": self.problem}


def inspect(engine: Mapping[str, Any], cache: str, write_cache: bool) -> Engine:
    """Looks at an engine: ``type`` native (``binary``, ``environment``), docker or podman (``image``).

    cache: folder for help texts. Nothing is pulled; a missing engine is an answer, no error.
    """
    if engine["type"] == "native":
        found, command, extra = _binary(engine["binary"]), [engine["binary"], "--help"], engine.get("environment")
    else:
        found, extra = _image(engine["type"], engine["image"]), None
        command = [engine["type"], "run", "--rm", "--network", "none", "--pull", "never", "--entrypoint", "tritonserver"]
        command += [found.id or "", "--help"]
    if found.id is None:
        return found
    path = os.path.join(cache, f"help-{found.id.rpartition(':')[2][:20]}.txt")
    text = _cached(path)
    if text is None:
        text, problem = _ask(command, extra)
        if text is None:
            return Engine(False, found.id, None, problem)
        if write_cache:
            _keep(path, text)
    return Engine(True, found.id, text)


def _binary(path: str) -> Engine:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    except OSError as error:
        return Engine(False, problem=f"{path}: {os.strerror(error.errno or 0)}")
    if not os.access(path, os.X_OK):
        return Engine(False, problem=f"{path}: not executable")
    return Engine(True, digest.hexdigest())


def _image(client: str, image: str) -> Engine:
    done, problem = _run([client, "image", "inspect", "--format", "{{.Id}}", image], None)
    if done is None:
        return Engine(False, problem=problem)
    if done.returncode != 0:
        return Engine(False, problem=_last_line(done.stderr) or f"no image {image}")
    identity = done.stdout.strip()
    return Engine(True, identity if ":" in identity else f"sha256:{identity}")


def _ask(command: list[str], extra: Optional[Mapping[str, str]]) -> tuple[Optional[str], Optional[str]]:
    """The help text, or the problem. tritonserver prints its help to standard error and exits with 1."""
    done, problem = _run(command, extra)
    if done is None:
        return None, problem
    for text in (done.stderr, done.stdout):
        try:
            parse_help(text)
        except ConfigError:
            continue
        # What precedes the help (notices of an image's entry point) is none of its flags.
        return text[max(text.find("Usage:"), 0) :], None
    return None, _last_line(done.stderr) or _last_line(done.stdout) or f"exit status {done.returncode}"


def _run(
    command: list[str], extra: Optional[Mapping[str, str]]
) -> tuple[Optional[subprocess.CompletedProcess[str]], Optional[str]]:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            env=environment(extra),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"{command[0]} did not answer within {_SECONDS:g} s"
    except OSError as error:
        return None, f"{command[0]}: {os.strerror(error.errno or 0)}"
    return done, None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and "--help' for more" not in line]
    return lines[-1] if lines else ""


def _cached(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        parse_help(text)
    except (OSError, ValueError):
        return None
    return text


def _keep(path: str, text: str) -> None:
    """Best effort: without the cache the next run asks again."""
    temporary = f"{path}.{os.getpid()}"
    try:
        with disk_errors(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            with open(temporary, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
    except HostError:
        if os.path.exists(temporary):
            os.unlink(temporary)
