# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No private key and no passphrase is where it does not belong: in output at -vvv, in an argument list, in what a killed run leaves."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host import Host

ROLE = str(Path(__file__).resolve().parents[2] / "certificates" / "role.yml")
INSTALL = "Install certificate, key and CA as one"
PASSPHRASE = "correct horse battery staple"
# Where Ansible and its modules put files on a host, and on the controller.
ON_HOST = "/root/.ansible /tmp /var/tmp /dev/shm"
HERE = Path.home() / ".ansible"


def variables(host: Host, folder: Path, **others: Any) -> dict[str, Any]:
    """A bundle and a CA apart from the ones that serve."""
    return {
        "tls_certificates_directory": f"/srv/{folder.name}",
        "tls_certificates_ca_directory": str(folder / "ca"),
        "tls_certificates_client_directory": str(folder / "clients"),
        "tls_certificates_names": [host.name],
        **others,
    }


def body(key: str) -> list[str]:
    """The lines of a key file that give it away: not the last one of each, which is of the public key and in the certificate, too."""
    blocks = [block.split("-----")[1] for block in key.split("-----BEGIN")[1:]]
    return [line for block in blocks for line in block.split()[:-1]]


def secrets(host: Host, folder: Path) -> list[str]:
    """Lines of every key that the run has made: the host's, and those of the controller."""
    keys = [host.shell(f"cat /srv/{folder.name}/tls.key")] + [path.read_text() for path in folder.rglob("*.key")]
    return [line for key in keys for line in body(key)]


@contextlib.contextmanager
def argument_lists() -> Iterator[set[bytes]]:
    """All argument lists that any process of this machine has meanwhile, those of the bed's hosts included."""
    seen: set[bytes] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    seen.add(path.read_bytes())
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


@contextlib.contextmanager
def files_that_hold(host: Host, needles: list[str]) -> Iterator[set[str]]:
    """All files of Ansible's on the host that hold a needle at any moment meanwhile."""
    seen: set[str] = set()
    look = f"cat > /run/needles; while [ -e /run/needles ]; do grep -rlsF -f /run/needles {ON_HOST}; done"
    command = ["docker", "exec", "-i", host.container, "sh", "-c", look]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n".join(needles) + "\n")
        process.stdin.close()
        try:
            yield seen
        finally:
            host.shell("rm -f /run/needles")
            seen.update(process.stdout.read().split())


def leaks(needles: list[str], output: str, seen: set[bytes]) -> list[str]:
    """Where a needle shows, by its place and its first letters."""
    blanks = output.replace(" ", "")
    found = [f"output: {needle[:6]}…" for needle in needles if needle.replace(" ", "") in blanks]
    return found + [f"arguments: {needle[:6]}…" for needle in needles if any(needle.encode() in each for each in seen)]


def make_pair(folder: Path, name: str) -> dict[str, Any]:
    """Certificate, key and CA as somebody has them on the controller."""
    folder.mkdir(parents=True, exist_ok=True)
    script = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=CA -addext basicConstraints=critical,CA:TRUE"
        f" -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.crt &&"
        f" openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -addext subjectAltName=DNS:{name}"
        f" -keyout given.key -out given.csr &&"
        f" openssl x509 -req -days 90 -copy_extensions copyall -in given.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out given.crt"
    )
    subprocess.run(["sh", "-c", script], cwd=folder, check=True, capture_output=True)
    return {
        "tls_certificates_source": "provided",
        "tls_certificates_provided": {
            part: {"file": str(folder / file)} for part, file in (("certificate", "given.crt"), ("key", "given.key"), ("ca", "ca.crt"))
        },
    }


def test_a_run_that_issues_shows_no_key(host: Host, tmp_path: Path) -> None:
    asked = variables(host, tmp_path, tls_certificates_ca_passphrase=PASSPHRASE)
    with argument_lists() as seen:
        # What a user types is not this role's to hide: variables come from a file, as they should.
        (tmp_path / "vars.json").write_text(json.dumps(asked))
        run = host.run(ROLE, {}, ["--extra-vars", f"@{tmp_path / 'vars.json'}", "-vvv", "--diff"])
    assert run.status == 0 and run.changed(), run.output
    needles = secrets(host, tmp_path) + [PASSPHRASE]
    assert len(needles) > 10 and any(b"ansible-playbook" in each for each in seen)
    assert leaks(needles, run.output, seen) == []
    assert all("ENCRYPTED" in (tmp_path / "ca" / name).read_text() for name in ("ca.key", "issuing.key"))
    assert not [path for path in tmp_path.rglob("*.key") if path.stat().st_mode & 0o077]
    assert host.shell(f"stat -Lc '%a %U' /srv/{tmp_path.name}/tls.key") == "400 root\n"


def encrypt(key: Path) -> None:
    """Protect the key file by the passphrase."""
    command = ["openssl", "pkey", "-aes256", "-in", str(key), "-out", str(key) + ".new", "-passout", f"pass:{PASSPHRASE}"]
    subprocess.run(command, check=True)
    key.with_name(key.name + ".new").replace(key)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_run_that_installs_a_given_key_shows_none(host: Host, tmp_path: Path, encrypted: bool) -> None:
    """With connections that would write modules, arguments and all, into files of the host; and the passphrase of the key as little."""
    asked = variables(host, tmp_path, **make_pair(tmp_path / "given", host.name))
    key = tmp_path / "given" / "given.key"
    needles = body(key.read_text())
    if encrypted:
        encrypt(key)
        needles += [*body(key.read_text()), PASSPHRASE]
        asked["tls_certificates_provided_passphrase"] = PASSPHRASE
    (tmp_path / "vars.json").write_text(json.dumps(asked))
    writing = Host(**{**vars(host), "environment": {**host.environment, "ANSIBLE_PIPELINING": "false"}})
    with argument_lists() as seen, files_that_hold(host, needles) as files:
        run = writing.run(ROLE, {}, ["--extra-vars", f"@{tmp_path / 'vars.json'}", "-vvv", "--diff"])
    assert run.status == 0 and run.changed(), run.output
    assert leaks(needles, run.output, seen) == []
    assert files == set()
    assert "ENCRYPTED" not in host.shell(f"cat /srv/{tmp_path.name}/tls.key")


@pytest.mark.parametrize(("source", "task"), [("own_ca", "Make the key"), ("own_ca", INSTALL), ("provided", INSTALL)])
def test_a_killed_run_leaves_no_key(host: Host, tmp_path: Path, source: str, task: str) -> None:
    """Ansible's own folders after SIGKILL of the controller's processes, with connections that would write modules into files."""
    given = make_pair(tmp_path / "given", host.name) if source == "provided" else {}
    asked = variables(host, tmp_path, **given)
    without_pipelining = {**host.environment, "ANSIBLE_PIPELINING": "false"}
    killed = Host(**{**vars(host), "environment": without_pipelining})
    assert killed.run_and_kill(ROLE, asked, task)
    time.sleep(2)  # what the host was told is done by then
    keys = [host.shell(f"cat /srv/{tmp_path.name}/tls.key /srv/{tmp_path.name}/.pending/tls.key 2>/dev/null", check=False)]
    keys += [path.read_text() for path in tmp_path.rglob("*.key")]
    needles = [line for key in keys for line in body(key)]
    patterns = "\n".join(needles) + "\n"
    (tmp_path / "needles").write_text(patterns)
    on_host = subprocess.run(
        ["docker", "exec", "-i", host.container, "sh", "-c", f"cat > /run/needles; grep -rlF -f /run/needles {ON_HOST}; rm /run/needles"],
        input=patterns, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    assert on_host == ""
    left = [str(path) for path in HERE.rglob("*") if path.is_file() and "molecule." not in str(path) and holds(path, needles)]
    assert left == []
    run = host.run(ROLE, asked)
    assert run.status == 0, run.output
    assert host.shell(f"ls -d /srv/{tmp_path.name}/.pending 2>/dev/null || :") == ""


def holds(path: Path, needles: list[str]) -> bool:
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return any(needle.encode() in text for needle in needles)


def test_what_was_opened_is_closed_again_and_reported(host: Host, tmp_path: Path) -> None:
    asked = variables(host, tmp_path, **make_pair(tmp_path / "given", host.name))
    assert host.run(ROLE, asked).status == 0
    key = f"$(readlink -f /srv/{tmp_path.name}/tls.key)"
    host.shell(f"chmod 0644 {key}; chown nobody {key}")
    run = host.run(ROLE, asked)
    assert run.status == 0 and run.changed(), run.output
    assert "tls.key: mode 0644 -> 0400" in run.output and "tls.key: owner 65534:" in run.output
    assert host.shell(f"stat -Lc '%a %U:%G' /srv/{tmp_path.name}/tls.key") == "400 root:root\n"


def test_the_passphrase_comes_from_a_vault(host: Host, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("of the vault\n")
    (tmp_path / "vault.yml").write_text(f"vault_ca_passphrase: {PASSPHRASE}\n")
    vault = [str(Path(sys.executable).parent / "ansible-vault"), "encrypt", "--vault-password-file", str(tmp_path / "password")]
    subprocess.run([*vault, str(tmp_path / "vault.yml")], check=True, capture_output=True)
    asked = variables(host, tmp_path, tls_certificates_ca_passphrase="{{ vault_ca_passphrase }}")
    run = host.run(ROLE, asked, ["--vault-password-file", str(tmp_path / "password"), "--extra-vars", f"@{tmp_path / 'vault.yml'}", "-vvv"])
    assert run.status == 0, run.output
    assert PASSPHRASE not in run.output
    assert "ENCRYPTED" in (tmp_path / "ca" / "issuing.key").read_text()


def typed(host: Host, asked: dict[str, Any], prompt: bytes) -> None:
    """Run the role on a terminal, as a person meets it: what is typed is not shown, not even at -vvv."""
    command = host._command(ROLE, asked, ["-vvv"])  # pylint: disable=protected-access
    child, terminal = pty.fork()
    if child == 0:
        os.execve(command[0], command, dict(host.environment))
    output, answered = b"", False
    end = time.monotonic() + 300
    while time.monotonic() < end:
        try:
            output += os.read(terminal, 4096)
        except OSError:
            break
        if not answered and prompt in output:
            time.sleep(0.5)
            os.write(terminal, PASSPHRASE.encode() + b"\r")
            answered = True
    else:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert answered and status == 0, output.decode(errors="replace")
    assert PASSPHRASE.encode() not in output


def test_the_passphrase_of_the_ca_is_asked_for(host: Host, tmp_path: Path) -> None:
    typed(host, variables(host, tmp_path, tls_certificates_ca_passphrase_prompt=True), b"Passphrase of the CA")
    for name in ("ca.key", "issuing.key"):
        opened = ["openssl", "pkey", "-in", str(tmp_path / "ca" / name), "-passin", f"pass:{PASSPHRASE}", "-noout"]
        assert subprocess.run(opened, check=False).returncode == 0


def test_the_passphrase_of_a_given_key_is_asked_for(host: Host, tmp_path: Path) -> None:
    given = make_pair(tmp_path / "given", host.name)
    plain = (tmp_path / "given" / "given.key").read_text()
    encrypt(tmp_path / "given" / "given.key")
    typed(host, variables(host, tmp_path, **given, tls_certificates_provided_passphrase_prompt=True), b"Passphrase of the key")
    assert host.shell(f"cat /srv/{tmp_path.name}/tls.key") == plain
