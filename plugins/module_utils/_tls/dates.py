# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validity periods, judged with margins in days."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import finding as f
from ansible_collections.inferops.triton.plugins.module_utils._tls.certificate import Certificate, iso

_UTC = datetime.timezone.utc


class Margins(t.NamedTuple):
    """now: the moment judged at. Fewer than ``error`` days left are an error, fewer than ``warn`` a warning."""

    now: datetime.datetime
    warn: float
    error: float


class Judged(t.NamedTuple):
    """A finding about dates; ``error``: it counts as one."""

    finding: f.Finding
    error: bool


def margins(now: t.Union[None, str, int, float, datetime.datetime], warn_days: float, error_days: float) -> Margins:
    """Margins from plain options; now is ISO 8601 (UTC where it names no zone), seconds since 1970, or None. Raises ValueError."""
    for option, value in (("warn_days", warn_days), ("error_days", error_days)):
        try:
            if float(value) < 0:
                raise ValueError
        except (TypeError, ValueError) as exc:
            raise ValueError(f"{option}: '{value}' is no number of days (0 or more).") from exc
    return Margins(moment(now), float(warn_days), float(error_days))


def moment(value: t.Union[None, str, int, float, datetime.datetime]) -> datetime.datetime:
    """A point in time in UTC. Raises ValueError."""
    if value is None:
        return datetime.datetime.now(_UTC)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.datetime.fromtimestamp(value, _UTC)
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        except ValueError as exc:
            raise ValueError(f"now: '{value}' is no date such as 2026-11-23T06:00:00Z.") from exc
    if not isinstance(value, datetime.datetime):
        raise ValueError(f"now: '{value}' is no date such as 2026-11-23T06:00:00Z.")
    return value.replace(tzinfo=_UTC) if value.tzinfo is None else value.astimezone(_UTC)


def judge(certificate: Certificate, subject: f.Subject, terms: Margins) -> t.Optional[Judged]:
    """The one finding about a certificate's dates, or None."""
    what = "CA" if subject == "ca" else "certificate"
    begin, end = certificate.not_before, certificate.not_after
    if terms.now < begin:
        cause = f"The {what} '{certificate.label}' is not valid before {iso(begin)} (it is {iso(terms.now)})."
        return Judged(f.make("not_yet_valid", subject, cause, "Check the clocks (NTP), or wait, or issue it again."), True)
    left = (end - terms.now).total_seconds() / 86400
    if left < 0:
        cause = f"The {what} '{certificate.label}' expired on {iso(end)} (it is {iso(terms.now)})."
        return Judged(f.make("expired", subject, cause, "Renew it."), True)
    if left < max(terms.warn, terms.error):
        error = left < terms.error
        margin = terms.error if error else terms.warn
        cause = f"The {what} '{certificate.label}' expires on {iso(end)}, in {left:.1f} days (the margin is {margin:g})."
        return Judged(f.make("expires_soon", subject, cause, "Renew it."), error)
    return None
