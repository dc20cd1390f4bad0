# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many endpoints proved in one process over asyncio; a bad one holds up no other.

Two gates bound the work: a narrow one for endpoints that answer, and a wide one for those that hang: what takes long gives
its place at the narrow gate back. More at once would only wait for this machine's CPU, and run out of time that is meant
for the endpoint. The per-endpoint clock runs only inside the narrow gate.

TLS connections per endpoint, H (attempts.handshakes): five (probe, control, another CA, wrong name, old TLS), seven under
mutual TLS (no client certificate, foreign one), eight where an expired client certificate is at hand; and one without TLS.
frontends.py adds those of a gateway.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.inferops.triton.plugins.module_utils._triton import attempts, inference, latency
from ansible_collections.inferops.triton.plugins.module_utils._triton.attempts import Session, Stranger, look, make_stranger
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
from ansible_collections.inferops.triton.plugins.module_utils._triton.result import Result, add_proof, refused, report
from ansible_collections.inferops.triton.plugins.module_utils._triton.totals import Clock, summarize

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
        "stale_client_ca",
        "rpc_failed",
        "not_grpc",
        "not_tls",
        "control_failed",
        "not_judged",
        "inference_failed",
        "backend_unavailable",
        "http_failed",
        "metrics_missing",
    }
)
_PROBES = 512
_PATIENCE = 0.5  # seconds after which a probe counts as one that hangs
_SESSION_PATIENCE = 0.25  # the same for the rest, as a share of the timeout: a machine that is busy must not look like servers that hang
_RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0)

Spec = t.Mapping[str, t.Any]
# Called with (endpoints finished, all endpoints, finished ones that failed).
Progress = t.Callable[[int, int, int], None]


@dataclass(frozen=True)
class Settings:
    """Times in seconds. `timeout` is for one endpoint, `overall_timeout` for all (None: no bound), `ready_timeout` for
    retrying what a restart makes fail; `concurrency` bounds the endpoints that are audited at once. Over `watch`, each
    endpoint is audited again every `interval`. Latencies are those of
    `latency_samples` inferences, compared with those of `latency_hosts` others at most."""

    timeout: float = 10.0
    ready_timeout: float = 0.0
    overall_timeout: t.Optional[float] = None
    concurrency: int = 32
    watch: float = 0.0
    interval: float = 10.0
    latency_samples: int = 20
    latency_hosts: int = 10

    def check(self) -> None:
        """Failure invalid_option for a value that makes no sense, or two that contradict each other."""
        for name, value in (
            ("timeout", self.timeout),
            ("overall_timeout", 1.0 if self.overall_timeout is None else self.overall_timeout),
            ("concurrency", self.concurrency),
            ("interval", self.interval),
            ("latency_samples", self.latency_samples),
            ("latency_hosts", self.latency_hosts),
        ):
            if not value > 0:
                raise Failure(_invalid("{0} must be above 0, not {1}.".format(name, value)))
        for name, value in (("ready_timeout", self.ready_timeout), ("watch", self.watch)):
            if not 0 <= value < float("inf"):
                raise Failure(_invalid("{0} must not be negative or without end, it is {1}.".format(name, value)))
        if 0 < self.watch < self.interval:
            detail = "interval ({0:g} s) is longer than watch ({1:g} s).".format(self.interval, self.watch)
            raise Failure(_invalid(detail))
        if self.watch and self.overall_timeout is not None and self.overall_timeout <= self.watch:
            detail = "overall_timeout ({0:g} s) ends before watch ({1:g} s).".format(self.overall_timeout, self.watch)
            raise Failure(_invalid(detail))


def _invalid(detail: str) -> Diagnosis:
    return diagnose("invalid_option", address="any endpoint", detail=detail)


def verify(
    specs: t.Sequence[Spec], settings: Settings, progress: t.Optional[Progress] = None, reference: t.Sequence[Spec] = ()
) -> t.Tuple[t.List[Result], Result]:
    """Audit all endpoints: (results, in the order of `specs`; summary). Failure for settings, or no endpoints at all.

    Those of `reference` are not audited: the latency of an endpoint that has a `latency_factor` is compared with theirs.

    In the main thread, SIGINT and SIGTERM end the audit with what is finished; from then on this process ignores both,
    so that the results can still be returned and written.
    """
    settings.check()
    if not specs:
        raise Failure(_invalid("There are no endpoints, so nothing would be proved."))
    clock = Clock()
    run = _Audit(settings, progress or _no_progress)
    results = asyncio.run(run.run(specs, reference))
    summary = summarize(results, clock, run.interrupted)
    if run.handshakes is not None:
        summary["handshakes_per_endpoint"] = run.handshakes
    return results, summary


def _no_progress(_done: int, _total: int, _failed: int) -> None:
    """Nobody wants to know."""


class _Audit:
    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self._prober = Prober()
        self._stranger: Stranger = make_stranger()
        self._files = Files()
        self._done = self._failed = 0
        self.interrupted = False
        self.handshakes: t.Optional[int] = None

    async def run(self, specs: t.Sequence[Spec], reference: t.Sequence[Spec]) -> t.List[Result]:
        """One result for each spec."""
        self._wide = asyncio.Semaphore(_PROBES)
        self._narrow = asyncio.Semaphore(self._settings.concurrency)
        self._over = asyncio.Event()
        previous = self._listen()
        try:
            tasks = [asyncio.ensure_future(self._counted(spec, len(specs))) for spec in specs]
            everything = asyncio.ensure_future(asyncio.wait(tasks))
            over = asyncio.ensure_future(self._over.wait())
            await asyncio.wait(
                (everything, over), timeout=self._settings.overall_timeout, return_when=asyncio.FIRST_COMPLETED
            )
            for task in (over, *tasks):
                task.cancel()
            await everything
            results = [self._unfinished(spec) if task.cancelled() else task.result() for spec, task in zip(specs, tasks)]
            await self._compare(specs, results, reference)
        finally:
            self._unlisten(previous)
        return results

    async def _compare(self, specs: t.Sequence[Spec], results: t.Sequence[Result], reference: t.Sequence[Spec]) -> None:
        """Hold the endpoints that are proved, and are to be compared, to the latency of the others."""
        held = [(load_endpoint(spec, self._files), result) for spec, result in zip(specs, results) if result["ok"] and spec.get("latency_factor")]
        if not held:
            return
        endpoints = [endpoint for endpoint, _result in held]
        wanted = self._settings
        others = latency.chosen(endpoints, self._loadable(reference), wanted.latency_hosts)
        comparing = asyncio.ensure_future(latency.compare(endpoints, others, wanted.latency_samples, wanted.timeout, self._prober))
        over = asyncio.ensure_future(self._over.wait())
        await asyncio.wait((comparing, over), timeout=self._settings.overall_timeout, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if comparing.done():
            verdicts = comparing.result()
        else:
            comparing.cancel()
            verdicts = [latency.unfinished(endpoint, "the comparison of latencies was not finished in time") for endpoint in endpoints]
        for (endpoint, result), verdict in zip(held, verdicts):
            add_proof(result, latency.CHECK, verdict, endpoint.allow)

    def _loadable(self, reference: t.Sequence[Spec]) -> t.List[Endpoint]:
        """Those that can be asked; one whose CA is not there yet serves nobody, either."""
        found = []
        for spec in reference:
            try:
                found.append(load_endpoint(spec, self._files))
            except Failure:
                continue
        return found

    def _listen(self) -> t.Dict[signal.Signals, t.Any]:
        """Let the signals that ask a process to end interrupt the audit; what they did before."""
        if threading.current_thread() is not threading.main_thread():
            return {}
        previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in previous:
            # Unlike signal.signal() this wakes the loop also where a thread of gRPC's gets the signal.
            asyncio.get_running_loop().add_signal_handler(number, self._interrupt)
        return previous

    def _unlisten(self, previous: t.Mapping[signal.Signals, t.Any]) -> None:
        for number, handler in previous.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN if self.interrupted else handler)

    def _interrupt(self) -> None:
        self.interrupted = True
        self._over.set()

    def _unfinished(self, spec: t.Mapping[str, t.Any]) -> Result:
        if self.interrupted:
            return refused(spec, diagnose("interrupted", address=spec.get("address")))
        seconds = "{0:g}".format(self._settings.overall_timeout or 0)
        detail = "the time for all endpoints was over"
        return refused(spec, diagnose("timeout", address=spec.get("address"), seconds=seconds, detail=detail))

    async def _counted(self, spec: t.Mapping[str, t.Any], total: int) -> Result:
        result = await self._guarded(spec)
        self._done += 1
        self._failed += not result["ok"]
        self._progress(self._done, total, self._failed)
        return result

    async def _guarded(self, spec: t.Mapping[str, t.Any]) -> Result:
        try:
            endpoint = load_endpoint(spec, self._files)
            inference.check_options(endpoint)
            self._count_handshakes(endpoint)
            return await self._watched(endpoint)
        except Failure as failure:
            return refused(spec, failure.diagnosis)
        except Exception as error:  # the other endpoints' results must not be lost to a fault in this one
            detail = "{0}: {1}".format(type(error).__name__, error)
            return refused(spec, diagnose("internal_error", detail, address=spec.get("address"), detail=detail))

    def _count_handshakes(self, endpoint: Endpoint) -> None:
        """Note the most TLS connections that an endpoint of this audit can take."""
        self.handshakes = max(self.handshakes or 0, attempts.handshakes(endpoint))

    async def _watched(self, endpoint: Endpoint) -> Result:
        """Audit every `interval` until `watch` is over or a round fails: that round's result, else the slowest one's.

        A server may still be starting in the first round; later, to try again would hide what is looked for.
        """
        started = time.monotonic()
        result = await self._until_ready(endpoint)
        rounds, first, slowest = 1, time.monotonic(), result
        seconds = result["seconds"]
        while result["ok"] and first + rounds * self._settings.interval <= first + self._settings.watch:
            await asyncio.sleep(max(0.0, first + rounds * self._settings.interval - time.monotonic()))
            result = await self._audit(endpoint)
            rounds += 1
            seconds += result["seconds"]
            if (result["latency"] or 0) > (slowest["latency"] or 0):
                slowest = result
        if result["ok"]:
            result = slowest
        elif self._settings.watch:
            cause = "Round {0} of the watch, {1:.0f} s after its start: {2}"
            diagnosis = result["diagnosis"]
            diagnosis["cause"] = cause.format(rounds, time.monotonic() - started, diagnosis["cause"])
        latency = max((each["latency"] for each in (result, slowest) if each["latency"] is not None), default=None)
        return {**result, "latency": latency, "seconds": round(seconds, 6), "rounds": rounds}

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
        """One round; its `seconds` leave out the time spent waiting for a turn."""
        timeout = self._settings.timeout
        turn = _Turn(self._narrow)
        try:
            async with self._wide:
                await turn.take(_PATIENCE)
                evidence = await look(self._prober, endpoint, timeout)
            seconds = evidence.seen.seconds + (evidence.plaintext.seconds if evidence.plaintext else 0.0)
            # A gateway's HTTPS is looked at also where gRPC is refused, for it may be the whole host's fault or gRPC's alone.
            if evidence.seen.accepted or (endpoint.gateway is not None and evidence.seen.peer is not None):
                await turn.take(_SESSION_PATIENCE * timeout)
                started = time.monotonic()
                session = Session(evidence, self._prober, started + timeout - evidence.seen.seconds)
                if evidence.seen.accepted:
                    evidence.control = await session.control()
                # At once, so that one that hangs takes no time from the other.
                evidence.refusals, evidence.gateway = await asyncio.gather(
                    session.refusals(self._stranger), session.gateway(self._stranger)
                )
                seconds += time.monotonic() - started
        finally:
            turn.give_back()
        return {**report(evidence), "seconds": seconds}


class _Turn:
    """A place at a gate, which is given back before its time by who takes too long."""

    def __init__(self, gate: asyncio.Semaphore) -> None:
        self._gate = gate
        self._patience: t.Optional[asyncio.TimerHandle] = None

    async def take(self, patience: float) -> None:
        """Wait for a place, unless it is held already; it is lost after so many seconds."""
        if self._patience is None:
            await self._gate.acquire()
        else:
            self._patience.cancel()
        self._patience = asyncio.get_running_loop().call_later(patience, self.give_back)

    def give_back(self) -> None:
        """Let someone else in, unless that is done already."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
            self._gate.release()
