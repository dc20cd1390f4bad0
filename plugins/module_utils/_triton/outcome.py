# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a client that must not get in."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Observation, Problem, Stage


class Outcome:
    """Whether such a client got in; unclear where neither can be told."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Attempt:
    """The outcome of one such client, and how it showed."""

    outcome: str
    detail: str


def of_old_client(seen: Observation) -> Attempt:
    """Of a client that knows TLS 1.1 at most."""
    # HTTP/2 forbids old versions (RFC 9113, 9.2), so a server may hang up after a handshake that it should not have made.
    if seen.stage in (Stage.HTTP2, Stage.DONE) or seen.chain:
        return Attempt(Outcome.ACCEPTED, "it agreed on {0}".format(seen.tls_version))
    if seen.problem is Problem.TLS and not seen.banner:
        detail = "OpenSSL does not speak TLS 1.1 on the machine that the check runs on ({0})".format(seen.detail)
        return Attempt(Outcome.UNCLEAR, detail)
    if seen.stage is Stage.HANDSHAKE and seen.problem in (Problem.ALERT, Problem.CLOSED):
        return Attempt(Outcome.REFUSED, seen.alert and "alert '{0}'".format(seen.alert) or seen.detail)
    return Attempt(Outcome.UNCLEAR, seen.detail or "no answer")


def of_client_certificate(seen: Observation) -> Attempt:
    """Of a client that shows the wrong certificate, or none."""
    if seen.accepted:
        return Attempt(Outcome.ACCEPTED, "it was answered")
    if seen.refused:
        return Attempt(Outcome.REFUSED, seen.alert and "alert '{0}'".format(seen.alert) or seen.detail)
    return Attempt(Outcome.UNCLEAR, seen.detail or "no answer")
