# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What third parties find in the TLS of a host: sslyze (PyPI) and testssl.sh (the distribution's), each port in turn.

    tls_scan.py HOST --ca CA [--ports 8000 8001 8002] [--cert PAIR.crt --key PAIR.key] [--skip testssl]

Every finding of level low or worse is printed. The exit status is 1 where one of level medium or worse is left that ACCEPTED does not explain, 2 where a
scan did not come to its end. sslyze has no levels: what it finds against Mozilla's intermediate configuration is medium, a vulnerability is high.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL")
SECONDS = 900
# Findings of testssl.sh that say nothing about the server's TLS, and why. The chain is verified against the private CA by sslyze.
ACCEPTED = {
    "cert_chain_of_trust": "a private CA is in no browser's store; sslyze verifies the chain against it",
    "cert_revocation": "a private CA publishes no revocation; certificates are short-lived and replaced",
}
# What sslyze says about a server, by the field that must have the value.
SAFE: t.Dict[str, t.Tuple[str, t.Any]] = {
    "ssl_2_0_cipher_suites": ("is_tls_version_supported", False),
    "ssl_3_0_cipher_suites": ("is_tls_version_supported", False),
    "tls_1_0_cipher_suites": ("is_tls_version_supported", False),
    "tls_1_1_cipher_suites": ("is_tls_version_supported", False),
    "tls_1_2_cipher_suites": ("is_tls_version_supported", True),
    "tls_1_3_cipher_suites": ("is_tls_version_supported", True),
    "tls_compression": ("supports_compression", False),
    "openssl_ccs_injection": ("is_vulnerable_to_ccs_injection", False),
    "heartbleed": ("is_vulnerable_to_heartbleed", False),
    "robot": ("robot_result", "NOT_VULNERABLE_RSA_NOT_SUPPORTED"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that a tool found on a port; level is one of LEVELS."""

    port: int
    tool: str
    level: str
    name: str
    text: str

    @property
    def accepted(self) -> str:
        """Why it does not count, or nothing."""
        return ACCEPTED.get(self.name, "") if self.tool == "testssl" else ""

    @property
    def counts(self) -> bool:
        return LEVELS.index(self.level) >= LEVELS.index("MEDIUM") and not self.accepted

    def line(self) -> str:
        return f"{self.port} {self.tool} {self.level} {self.name}: {self.text}" + (f" [accepted: {self.accepted}]" if self.accepted else "")


class Unfinished(Exception):
    """A tool did not come to its end."""


def sslyze(options: argparse.Namespace, port: int, _folder: Path) -> t.Iterator[Finding]:
    import sslyze as library  # type: ignore[import-not-found]  # only the environment of make tls-scan has it
    from sslyze.mozilla_tls_profile import tls_config_checker as mozilla  # type: ignore[import-not-found]

    pair = library.ClientAuthenticationCredentials(Path(options.cert), Path(options.key)) if options.cert else None
    place = library.ServerNetworkLocation(options.host, port)
    authority = library.ScanCommandsExtraArguments(certificate_info=library.CertificateInfoExtraArgument(Path(options.ca)))

    network = library.ServerNetworkConfiguration(options.host, tls_client_auth_credentials=pair)
    scanner = library.Scanner()
    scanner.queue_scans([library.ServerScanRequest(place, network, scan_commands_extra_arguments=authority)])
    (found,) = scanner.get_results()
    if found.scan_result is None:
        raise Unfinished(f"sslyze, port {port}: cannot connect: {found.connectivity_error_trace}")
    for name, (field, value) in SAFE.items():
        attempt = getattr(found.scan_result, name)
        if attempt.result is None:
            raise Unfinished(f"sslyze, port {port}: {name} did not end: {attempt.error_trace}")
        if (told := getattr(attempt.result, field)) not in (value, getattr(type(told), str(value), value)):
            yield Finding(port, "sslyze", "HIGH", name, f"{field} is {told}")
    renegotiation = found.scan_result.session_renegotiation
    if renegotiation.result is None:
        yield Finding(port, "sslyze", "LOW", "session_renegotiation", f"not told: {renegotiation.error_reason}")
    elif renegotiation.result.is_vulnerable_to_client_renegotiation_dos:
        yield Finding(port, "sslyze", "HIGH", "session_renegotiation", "clients can renegotiate without end")
    for deployment in found.scan_result.certificate_info.result.certificate_deployments:
        ours = [each for each in deployment.path_validation_results if each.trust_store.path == Path(options.ca)]
        if not ours or not ours[0].was_validation_successful:
            yield Finding(port, "sslyze", "CRITICAL", "chain", f"not verified against {options.ca}")
    try:
        profile = mozilla.MozillaTlsConfiguration.get(mozilla.TlsConfigurationEnum.MOZILLA_INTERMEDIATE)
        mozilla.check_server_against_tls_configuration(found, profile)
    except mozilla.ServerNotCompliantWithTlsConfiguration as error:
        for name, text in error.issues.items():
            yield Finding(port, "sslyze", "MEDIUM", f"mozilla_{name}", text)
    except mozilla.ServerScanResultIncomplete as error:
        raise Unfinished(f"sslyze, port {port}: not comparable with Mozilla's profile: {error}") from None


def testssl(options: argparse.Namespace, port: int, folder: Path) -> t.Iterator[Finding]:
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    if program is None:
        raise Unfinished("testssl.sh is missing: apt-get install testssl.sh")
    report = folder / f"testssl-{port}.json"
    command = [program, "--quiet", "--color", "0", "--warnings", "off", f"--add-ca={options.ca}", "--jsonfile", str(report)]
    done = _run([*command, f"{options.host}:{port}"])
    try:
        found = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Unfinished(f"testssl, port {port}: {done.stdout[-2000:]}") from None
    names = {each["id"] for each in found}
    if not {"TLS1_3", "cipher_order", "LUCKY13"} <= names:
        raise Unfinished(f"testssl, port {port}: it saw too little ({len(names)} results): {done.stdout[-1500:]}")
    for each in found:
        if each["severity"] in LEVELS:
            yield Finding(port, "testssl", each["severity"], each["id"], each["finding"])


def _run(command: t.Sequence[str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            list(command), capture_output=True, text=True, errors="replace", timeout=SECONDS, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unfinished(f"{command[0]}: {error}") from None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("host")
    parser.add_argument("--ca", required=True)
    parser.add_argument("--ports", type=int, nargs="+", default=[8000, 8001, 8002])
    parser.add_argument("--cert", default="", help="under mutual TLS, a client's certificate with an RSA key; testssl.sh has no use for one")
    parser.add_argument("--key", default="")
    parser.add_argument("--skip", action="append", default=[], choices=["sslyze", "testssl"])
    options = parser.parse_args()
    tools = [tool for tool in (sslyze, testssl) if tool.__name__ not in options.skip]
    findings: t.List[Finding] = []
    with tempfile.TemporaryDirectory() as folder:
        for port in options.ports:
            for tool in tools:
                try:
                    now = list(tool(options, port, Path(folder)))
                except Unfinished as error:
                    print(error, file=sys.stderr)
                    return 2
                findings += now
                print(f"{port} {tool.__name__}: {len(now)} findings of level low or worse", flush=True)
                for finding in now:
                    print(f"  {finding.line()}", flush=True)
    bad = [finding for finding in findings if finding.counts]
    print(f"{len(bad)} findings of level medium or worse" + (", of which the first is: " + bad[0].line() if bad else ""))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
