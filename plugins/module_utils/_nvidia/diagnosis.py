# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a package manager's failure means: its output translated into cause and remedy.

Sources: apt's and dpkg's messages (apt-pkg/acquire-item.cc, methods/gpgv.cc, apt-pkg/deb/debsystem.cc, lib/dpkg/fsys-dir.c), dnf's (dnf/exceptions.py,
librepo), dkms's ("Bad return status for module build", exit code 10), errno 28 (ENOSPC).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

# Checked in this order: a full disk also makes builds fail, and a wrong key also makes versions unavailable.
_KNOWN: tuple[tuple[str, str, str, str], ...] = (
    (
        "disk_full",
        r"No space left on device|You don't have enough free space|Disk Requirements|needs \d+ ?[MG]B (?:more space )?on the",
        "The disk of the host is full.",
        "Free space (df -h; old kernels in /boot, apt-get clean), then run again: packages that are half installed are finished first.",
    ),
    (
        "locked",
        r"Could not get lock|Unable to acquire the dpkg frontend lock|Failed to lock apt|lockfile is held by another process"
        r"|Waiting for process with pid \d+ to finish",
        "Another package manager holds the lock of the host, and did not let go in nvidia_driver_lock_timeout seconds.",
        "See who it is (fuser -v /var/lib/dpkg/lock-frontend; often unattended-upgrades), wait for it, or raise nvidia_driver_lock_timeout.",
    ),
    (
        "key_wrong",
        r"NO_PUBKEY|The following signatures (?:couldn't be verified|were invalid)|is not signed|BADSIG|EXPKEYSIG|KEYEXPIRED|Sub-process /usr/bin/sqv returned"
        r"|GPG check FAILED"
        r"|Public key for .* is not installed|Missing key|repomd\.xml GPG signature verification error|The GPG keys listed .* are (?:already|not correct)",
        "A repository is not signed by the key that the host trusts for it.",
        "Correct nvidia_driver_repository_key (or, for the distribution's own packages, the host's keyring); a mirror needs the key of who signed its lists.",
    ),
    (
        "repository_unreachable",
        r"Could not (?:resolve|connect)|Temporary failure resolving|Failed to fetch|Unable to connect|Connection (?:refused|timed out|failed)|404 +Not Found"
        r"|No route to host|Cannot download repomd\.xml|Failed to download metadata|Couldn't resolve host|Curl error|Status code: 404"
        r"|Unable to fetch some archives|Certificate verification failed|does not have a Release file",
        "A repository cannot be reached from the host.",
        "Check the address (nvidia_driver_repository_url, the host's APT or DNF sources), the host's proxy and its network.",
    ),
    (
        "dkms_failed",
        r"Bad return status for module build|Error! (?:Bad return|Build of)|bad exit status: 10"
        r"|installed nvidia\S* package post-installation script subprocess returned error",
        "The kernel modules could not be built.",
        "Read the end of the build's log: often the kernel is newer than the driver knows. Name a newer nvidia_driver_version, or boot an older kernel.",
    ),
    (
        "version_unavailable",
        r"Version '?\S+'? for '?\S+'? was not found|no available installation candidate|has no installation candidate|Unable to locate package"
        r"|No package matching"
        r"|No package \S+ available|Unable to find a match|Failed to install some of the specified packages|No match for argument",
        "A package, or the version that is asked for, is in none of the host's repositories.",
        "Look at what there is (apt-cache policy, dnf list --showduplicates), and correct nvidia_driver_version or nvidia_driver_source.",
    ),
    (
        "dependency_missing",
        r"nothing provides|Depends: .* but it is not (?:installable|going to be installed)",
        "Something that the driver depends on is in none of the host's repositories.",
        "Enable the repository that has it: contrib on Debian; EPEL (nvidia_driver_prerequisites) and on RHEL also AppStream and CodeReady Builder.",
    ),
    (
        "conflict",
        r"Unmet dependencies|unmet dependencies|held broken packages|conflicting requests|Broken packages",
        "The packages cannot be installed together.",
        "Packages of two sources or of two branches are mixed; see which (apt-get install --simulate), and remove the others, or set nvidia_driver_replace.",
    ),
    (
        "half_installed",
        r"dpkg was interrupted|half-installed|half-configured|dependency problems - leaving unconfigured|very bad inconsistent state",
        "dpkg was interrupted on the host, and packages are half installed.",
        "Finish them on the host: dpkg --configure --pending, then apt-get --fix-broken install.",
    ),
)


def diagnose(said: str, log: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
    """code, cause and remedy of a failure, from all that the package manager said; the tail of the build's log where a build failed."""
    code, cause, remedy = "package_manager_failed", "The package manager failed.", "Read what it said, above."
    last = [line.strip() for line in said.strip().splitlines()[-5:]]
    lines = [line for line in evidence(said, r"(?i)error|fail|E:") if line not in last] + last
    for name, pattern, why, what in _KNOWN:
        if re.search(pattern, said):
            code, cause, remedy = name, why, what
            lines = evidence(said, pattern)
            break
    if code in ("dkms_failed", "package_manager_failed", "half_installed") and log and log.get("path"):
        code, cause, remedy = next((name, why, what) for name, _pattern, why, what in _KNOWN if name == "dkms_failed")
        lines = [f"{log['path']}:", *log.get("lines", [])]
    return {"code": code, "cause": cause, "remedy": remedy, "evidence": lines}


def evidence(said: str, pattern: str, most: int = 4) -> list[str]:
    """The lines that tell, each once."""
    found: list[str] = []
    for line in said.splitlines():
        if re.search(pattern, line) and line.strip() not in found:
            found.append(line.strip())
    return found[:most]


def joined(results: Sequence[Mapping[str, Any]]) -> str:
    """Everything that failed results of modules say."""
    parts = [str(result.get(name, "")) for result in results for name in ("msg", "stderr", "stdout", "module_stderr")]
    parts += [str(line) for result in results for name in ("failures", "results") for line in result.get(name) or []]
    return "\n".join(parts).replace("\\n", "\n")
