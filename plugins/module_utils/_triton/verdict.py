# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check answers, and what it judges."""

from __future__ import annotations

import datetime
import functools
import typing as t
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate
from ansible_collections.inferops.triton.plugins.module_utils._triton import classification
from ansible_collections.inferops.triton.plugins.module_utils._triton.attempts import Evidence
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Diagnosis, diagnose

OK = "ok"
FAILED = "failed"
INCONCLUSIVE = "inconclusive"
OVERRIDDEN = "overridden"
SKIPPED = "skipped"

PROOF = "proof"
REFUSAL = "refusal"
EXPOSURE = "exposure"

Value = t.Union[None, str, int, float]


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check; a diagnosis goes with failed, inconclusive and overridden."""

    status: str
    detail: str
    value: Value = None
    diagnosis: t.Optional[Diagnosis] = None


def passed(detail: str, value: Value = None) -> Verdict:
    """The check holds."""
    return Verdict(OK, detail, value)


def failed(diagnosis: Diagnosis, value: Value = None) -> Verdict:
    """The check does not hold, for the reason given."""
    return Verdict(FAILED, diagnosis.cause, value, diagnosis)


def overridden(verdict: Verdict) -> Verdict:
    """The same, allowed: shown, and not counted."""
    return Verdict(OVERRIDDEN, verdict.detail, verdict.value, verdict.diagnosis)


def skipped(why: str) -> Verdict:
    """The check was not asked for."""
    return Verdict(SKIPPED, why)


def unjudged(case: "Case", why: str) -> Verdict:
    """The check was asked for, but something before it failed: not ok even where that failure is allowed."""
    return Verdict(INCONCLUSIVE, why, None, diagnose("not_judged", address=case.endpoint.address, detail=why))


class Case:
    """The evidence of one endpoint with what several checks derive from it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.endpoint = evidence.endpoint
        self.seen = evidence.seen
        self.control = evidence.control

    @functools.cached_property
    def sent(self) -> t.List[Certificate]:
        """The served chain."""
        return classification.served(self.seen)

    @functools.cached_property
    def connection_fault(self) -> t.Optional[Diagnosis]:
        """What is wrong with the TLS connection of the right client."""
        return classification.explain_observation(self.endpoint, self.seen, self.evidence.timeout, self.evidence.plaintext)

    @functools.cached_property
    def grpc_fault(self) -> t.Optional[Diagnosis]:
        """What kept the right gRPC client from an answer about readiness."""
        return self.control.fault if self.control else None

    @property
    def spoke_grpc(self) -> bool:
        """Whether the right gRPC client verified the server and got an answer."""
        return self.control is not None and self.control.verified

    @functools.cached_property
    def material(self) -> t.Optional[classification.Material]:
        """What the served chain is worth as certificate material; None where there is none, or no CA to hold it to."""
        return classification.judge_served(self.endpoint, self.sent)

    @functools.cached_property
    def first_end(self) -> datetime.datetime:
        """When the first certificate of the served chain expires. ValueError without one."""
        return min(certificate.not_after for certificate in self.sent)

    @property
    def days_left(self) -> float:
        """Days until then, negative after it."""
        return (self.first_end - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 86400
