# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many endpoints proved in one process over asyncio; a bad one holds up no other.

Two gates bound the work: a wide one for the probe, which is cheap and where dead endpoints spend their time, and a
narrow one for the gRPC session and the refusals of endpoints that answer. The per-endpoint clock runs only inside them.

TLS connections per endpoint: six under mutual TLS (probe, control, another CA, wrong name, no client certificate, foreign
one), four without; and one without TLS.
"""

from __future__ import annotations

import asyncio
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._triton import checks, inference
from ansible_collections.inferops.triton.plugins.module_utils._triton.attempts import (
    Evidence,
    Session,
    Stranger,
    look,
    make_stranger,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import (
    Diagnosis,
    Failure,
    diagnose,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import (
    Endpoint,
    Files,
    load_endpoint,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Prober

# What a server that is just starting, or about to hand over to one that is, shows.
TRANSIENT = frozenset(
    {
        "connection_refused",
        "unreachable",
        "timeout",
        "not_ready",
        "model_not_ready",
        "model_unknown",
        "stale_certificate",
        "rpc_failed",
        "not_grpc",
        "not_tls",
        "control_failed",
        "not_judged",
        "inference_failed",
    }
)
_PROBES = 512
_RESOLVERS = 64
_RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0)

Result = t.Dict[str, t.Any]


@dataclass(frozen=True)
class Settings:
    """Times in seconds. `timeout` is for one endpoint, `overall_timeout` for all (None: no bound), `ready_timeout` for
    retrying what a restart makes fail; `concurrency` bounds the gRPC sessions that are open at once."""

    timeout: float = 10.0
    ready_timeout: float = 0.0
    overall_timeout: t.Optional[float] = None
    concurrency: int = 32

    def check(self) -> None:
        """Failure invalid_option for a value that makes no sense."""
        for name, value, low in (
            ("timeout", self.timeout, 0.0),
            ("overall_timeout", 1.0 if self.overall_timeout is None else self.overall_timeout, 0.0),
            ("concurrency", self.concurrency, 0),
        ):
            if not value > low:
                raise Failure(_invalid("{0} must be above 0, not {1}.".format(name, value)))
        if not self.ready_timeout >= 0:
            raise Failure(_invalid("ready_timeout must not be negative, it is {0}.".format(self.ready_timeout)))


def _invalid(detail: str) -> Diagnosis:
    return diagnose("invalid_option", address="any endpoint", detail=detail)


def verify(specs: t.Sequence[t.Mapping[str, t.Any]], settings: Settings) -> t.Tuple[t.List[Result], Result]:
    """Audit all endpoints: (results, in the order of `specs`; summary). Failure for settings, or no endpoints at all."""
    settings.check()
    if not specs:
        raise Failure(_invalid("There are no endpoints, so nothing would be proved."))
    started = time.monotonic()
    results = asyncio.run(_Audit(settings).run(specs))
    good = sum(result["ok"] for result in results)
    summary = {
        "endpoints": len(results),
        "ok": good,
        "failed": len(results) - good,
        "seconds": round(time.monotonic() - started, 3),
    }
    return results, summary


class _Audit:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._prober = Prober()
        self._stranger: Stranger = make_stranger()
        self._files = Files()

    async def run(self, specs: t.Sequence[t.Mapping[str, t.Any]]) -> t.List[Result]:
        """One result for each spec."""
        # Names are resolved in threads; the default of six would let a few dead names starve all others.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_RESOLVERS))
        self._wide = asyncio.Semaphore(_PROBES)
        self._narrow = asyncio.Semaphore(self._settings.concurrency)
        tasks = [asyncio.ensure_future(self._guarded(spec)) for spec in specs]
        _done, late = await asyncio.wait(tasks, timeout=self._settings.overall_timeout)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return [
            self._unfinished(spec) if task.cancelled() else task.result() for spec, task in zip(specs, tasks)
        ]

    def _unfinished(self, spec: t.Mapping[str, t.Any]) -> Result:
        seconds = "{0:g}".format(self._settings.overall_timeout or 0)
        detail = "the time for all endpoints was over"
        return refused(spec, diagnose("timeout", address=spec.get("address"), seconds=seconds, detail=detail))

    async def _guarded(self, spec: t.Mapping[str, t.Any]) -> Result:
        try:
            endpoint = load_endpoint(spec, self._files)
            inference.check_options(endpoint)
            return await self._until_ready(endpoint)
        except Failure as failure:
            return refused(spec, failure.diagnosis)
        except Exception as error:  # the other endpoints' results must not be lost to a fault in this one
            detail = "{0}: {1}".format(type(error).__name__, error)
            return refused(spec, diagnose("internal_error", detail, address=spec.get("address"), detail=detail))

    async def _until_ready(self, endpoint: Endpoint) -> Result:
        """Audit, again and again within ready_timeout while it fails as a starting server does."""
        deadline = time.monotonic() + self._settings.ready_timeout
        tries = 0
        while True:
            result = await self._audit(endpoint)
            code = (result["diagnosis"] or {}).get("code")
            pause = _RETRY_SECONDS[min(tries, len(_RETRY_SECONDS) - 1)]
            if result["ok"] or code not in TRANSIENT or time.monotonic() + pause > deadline:
                return result
            await asyncio.sleep(pause)
            tries += 1

    async def _audit(self, endpoint: Endpoint) -> Result:
        timeout = self._settings.timeout
        async with self._wide:
            evidence = await look(self._prober, endpoint, timeout)
        if evidence.seen.accepted:
            async with self._narrow:
                session = Session(evidence, self._prober, time.monotonic() + timeout - evidence.seen.seconds)
                evidence.control = await session.control()
                evidence.refusals = await session.refusals(self._stranger)
        return report(evidence)


def report(evidence: Evidence) -> Result:
    """The result of one endpoint as plain data; its diagnosis is that of the first check that failed, else was inconclusive."""
    endpoint = evidence.endpoint
    verdicts = checks.judge(evidence)
    bad = [v for status in (checks.FAILED, checks.INCONCLUSIVE) for _check, v in verdicts if v.status == status]
    answer = evidence.control.answer if evidence.control else None
    return {
        "name": endpoint.name,
        "address": str(endpoint.address),
        "ok": not bad,
        "diagnosis": bad[0].diagnosis.as_dict() if bad and bad[0].diagnosis else None,
        "checks": [
            {
                "check": check.name,
                "kind": check.kind,
                "status": verdict.status,
                "code": verdict.diagnosis.code if verdict.diagnosis else None,
                "detail": verdict.detail,
                "value": verdict.value,
            }
            for check, verdict in verdicts
        ],
        "latency": round(answer.latency, 6) if answer else None,
    }


def refused(spec: t.Mapping[str, t.Any], diagnosis: Diagnosis) -> Result:
    """The result of an endpoint that could not be audited: every check skipped, never ok."""
    address = str(spec.get("address") or "")
    skipped = {"status": checks.SKIPPED, "code": None, "detail": diagnosis.cause, "value": None}
    return {
        "name": str(spec.get("name") or address),
        "address": address,
        "ok": False,
        "diagnosis": diagnosis.as_dict(),
        "checks": [{"check": check.name, "kind": check.kind, **skipped} for check in checks.CHECKS],
        "latency": None,
    }
