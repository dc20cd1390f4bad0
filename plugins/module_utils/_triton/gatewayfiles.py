# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the gateway: its configuration, and what HAProxy reads of the generation that serves. Free of Ansible."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from .commands import read, run
from .disk import write_text
from .errors import HostError
from .generation import Store

_SECONDS = 30.0
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_BIND = re.compile(r"^\s*bind\s+(?:\S*:)?(\d+)(?:\s|$)", re.MULTILINE)
_SAID = re.compile(r"\[(ALERT|WARNING|NOTICE|EMERG)\]\s+\(\d+\) : (?:config : )?(.*)")
_FOLLOWS = ("Some protocols failed", "Fatal errors found", "exited with code", "exit-on-failure", "Error(s) found in configuration")
# The environment variable by which the configuration names the run directory.
RUN_VARIABLE = "TRITON_GATEWAY_RUN"

# The unit runs it as root before HAProxy starts and at each reload; the module runs it after a change. The run directory is root's, so
# that nobody can lead what is written there elsewhere; `control` in it belongs to the user that HAProxy runs as.
PREPARE = """#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# prepare ROOT RUN_DIRECTORY : what HAProxy reads of the instance that serves. Written by inferops.triton, module triton_gateway.
set -eu
umask 077
run=$2
cd -P -- "$1"
colour=$(basename -- "$(readlink active || echo instances/blue)")
# Of one generation, even if the symlink is turned meanwhile.
cd -P -- "instances/$colour/tls"

put() {
  chown --reference="$run/control" -- "$run/$1.new"
  mv -f -- "$run/$1.new" "$run/$1"
}

# Key and certificate in one file, for HAProxy never to see the key of one and the certificate of another.
{ cat tls.key; echo; cat tls.crt; } >"$run/tls.pem.new"
put tls.pem
if [ -e ca.crt ]; then
  cat ca.crt >"$run/ca.crt.new"
  put ca.crt
else
  rm -f -- "$run/ca.crt"
fi
echo "colour $colour" >"$run/colour.map.new"
put colour.map
"""


@dataclass(frozen=True)
class Bundle:
    """What an instance's generation serves: key and chain (pem), the CA that it trusts, and their SHA-1 as HAProxy prints them."""

    instance: str
    folder: str
    pem: str
    ca: str

    @property
    def leaf(self) -> str:
        """Of the first certificate."""
        found = _sha1s(self.pem)
        return found[0] if found else ""

    @property
    def authorities(self) -> list[str]:
        """Of every CA, sorted."""
        return sorted(_sha1s(self.ca))


class Files:
    """Where the files of a host's gateway lie."""

    def __init__(self, root: str, run_directory: str) -> None:
        self.root = root
        self.run_directory = run_directory
        self.folder = os.path.join(root, "gateway")
        self.config = os.path.join(self.folder, "haproxy.cfg")
        self.candidate = os.path.join(self.folder, "candidate.cfg")
        self.prepare_script = os.path.join(self.folder, "prepare")
        self.pem = os.path.join(run_directory, "tls.pem")
        self.ca = os.path.join(run_directory, "ca.crt")
        self.map = os.path.join(run_directory, "colour.map")

    def is_committed(self, texts: Mapping[str, Optional[str]]) -> bool:
        """Whether these are the texts, by path, that were verified last; the script that comes with the module does not count."""
        return all(read(self._verified(path)) == text for path, text in texts.items() if path != self.prepare_script)

    def commit(self, texts: Mapping[str, str]) -> None:
        """Keeps texts as verified, the configuration last, for it is what counts."""
        for path in sorted(texts, key=lambda path: path == self.config):
            write_text(self._verified(path), texts[path])

    def committed(self, unit_file: str) -> Optional[tuple[str, Optional[str]]]:
        """Configuration and unit that were verified last; None where none was."""
        config = read(self._verified(self.config))
        return None if config is None else (config, read(self._verified(unit_file)))

    def _verified(self, path: str) -> str:
        return os.path.join(self.folder, "committed", os.path.basename(path))

    def loaded(self, path: str) -> str:
        """The text of a file that HAProxy reads, as Bundle has it; empty where there is none."""
        return _plain(read(path) or "")

    def prepare(self) -> None:
        """Derives what HAProxy reads from the instance that serves. Raises HostError prepare_failed."""
        done = run(["/bin/sh", "-c", PREPARE, "prepare", self.root, self.run_directory], _SECONDS)
        if done.returncode != 0:
            raise HostError(
                "prepare_failed",
                f"What HAProxy reads could not be put into {self.run_directory}: {done.stderr.strip() or f'exit status {done.returncode}'}.",
                "Check that the folder exists and that the module runs as root (become: true).",
            )


def bundle(store: Store, instance: str) -> Bundle:
    """What an instance's generation serves. Raises HostError nothing_to_serve."""
    generation = store.running(instance)
    folder = os.path.join(store.folder(generation), "tls") if generation else ""
    texts = {name: read(os.path.join(folder, name)) for name in ("tls.key", "tls.crt", "ca.crt")} if generation else {}
    key, certificate = texts.get("tls.key"), texts.get("tls.crt")
    if key is None or certificate is None:
        raise HostError(
            "nothing_to_serve",
            f"The instance {instance} has no generation with a certificate and a key that can be read in {store.instances}.",
            "Stage and activate one first (role triton_server), and run as root (become: true).",
        )
    return Bundle(instance, folder, _plain(f"{key}\n{certificate}"), _plain(texts["ca.crt"] or ""))


def executable(name: str, required: bool) -> Optional[str]:
    """Path of haproxy. Raises HostError haproxy_missing where it is required."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if found is None and required:
        raise HostError(
            "haproxy_missing",
            f"There is no {name} on this host.",
            "Install the package haproxy; the role triton_gateway does (triton_gateway_manage_packages).",
        )
    return found


def alerts(files: Files, haproxy: str, text: str, served: Bundle) -> list[str]:
    """What HAProxy has against a configuration with what an instance serves, in its own words; nothing where both are sound."""
    status, words = judged(files, haproxy, text, served)
    if status == 0:
        return []
    return [line for level, line in words if level == "ALERT"] or [line for _level, line in words] or [f"exit status {status}"]


def judged(files: Files, haproxy: str, text: str, served: Bundle) -> tuple[int, list[tuple[str, str]]]:
    """The exit status of ``haproxy -c``, beside the one that runs, and what it says, each with its level (ALERT, WARNING)."""
    with tempfile.TemporaryDirectory(prefix="triton-gateway-") as folder:  # for its owner alone
        there = Files(files.root, folder)
        path = os.path.join(folder, "haproxy.cfg")
        contents = {path: text, there.pem: served.pem, there.ca: served.ca, there.map: f"colour {served.instance}\n"}
        for name, content in contents.items():
            if content:
                with open(name, "w", encoding="utf-8") as stream:
                    stream.write(content + "\n")
        done = run([haproxy, "-c", "-f", path], _SECONDS, {RUN_VARIABLE: folder})
        text = done.stderr.replace(path, files.config).replace(folder, files.run_directory)
    return done.returncode, said(text, ("ALERT", "WARNING"))


def said(text: str, levels: Sequence[str]) -> list[tuple[str, str]]:
    """What HAProxy said of these levels: level and words. Left out is what only follows from other lines."""
    found = (_SAID.match(line) for line in text.splitlines())
    words = [(match.group(1), match.group(2).strip()) for match in found if match and match.group(1) in levels]
    return [each for each in words if not any(noise in each[1] for noise in _FOLLOWS)]


def description(text: str) -> str:
    """By which a running HAProxy tells which configuration it runs: a digest of the text."""
    return "inferops.triton " + hashlib.sha256(text.encode()).hexdigest()[:20]


def with_description(text: str) -> str:
    """The configuration as it is written to the disk."""
    return f"# Written by inferops.triton, module triton_gateway.\nglobal\n  # Tells which configuration runs.\n  description {description(text)}\n\n{text}"


def without_description(text: str) -> str:
    """What with_description was given."""
    return text.partition("\n\n")[2]


def ports(text: str) -> list[int]:
    """The ports that a configuration binds, in its order."""
    return [int(port) for port in _BIND.findall(text)]


def server(text: str, backend: str) -> Optional[str]:
    """Address and port of the first server of a backend; None where there is none."""
    inside = False
    for line in text.splitlines():
        words = line.split()
        if words and not line[0].isspace() and not line.startswith("#"):
            inside = words[:2] == ["backend", backend]
        elif inside and len(words) > 2 and words[0] == "server":
            return words[2]
    return None


def _plain(text: str) -> str:
    """Without empty lines, which would end what is sent to HAProxy."""
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def _sha1s(pem: str) -> list[str]:
    """SHA-1 (hexadecimal, upper case) of each certificate's DER: a name that HAProxy gives them, not a safeguard."""
    found = []
    for block in _CERTIFICATE.findall(pem):
        with contextlib.suppress(ValueError):
            found.append(hashlib.sha1(ssl.PEM_cert_to_DER_cert(block)).hexdigest().upper())
    return found
