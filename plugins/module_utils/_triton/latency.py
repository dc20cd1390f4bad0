# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether endpoints are slower than others of the fleet: the test inference, timed at both by one client at the same time.

A figure of yesterday, or of another client, would compare networks and loads as well. So every endpoint is asked once, then
every endpoint a second time, and so on, over connections that are open and have been used before. Compared are medians:
one late answer of twenty says nothing of a release.
"""

from __future__ import annotations

import asyncio
import json
import math
import statistics
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton import inference
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import Client, RpcError
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import Failure, diagnose
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Endpoint
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Prober
from ansible_collections.inferops.triton.plugins.module_utils._triton.verdict import INCONCLUSIVE, Verdict, failed, passed, skipped

CHECK = "fleet_latency"
# Inferences that are not counted: the first ones on a connection, and of a model that has just been loaded, take longer.
_WARM_UP = 3
# Requests under way at once. More would wait for this machine, and each other, and be timed for it.
_AT_ONCE = 4
_CONNECTIONS = 32

Seconds = t.List[float]


def percentile(seconds: t.Sequence[float], share: float) -> float:
    """The smallest of the figures that so large a share of them does not exceed (nearest rank)."""
    return sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]


def chosen(endpoints: t.Sequence[Endpoint], reference: t.Sequence[Endpoint], most: int) -> t.List[Endpoint]:
    """Of `reference` the first `most` of each kind that is among `endpoints`."""
    left = {_alike(endpoint): most for endpoint in endpoints}
    found = []
    for endpoint in reference:
        kind = _alike(endpoint)
        if left.get(kind):
            left[kind] -= 1
            found.append(endpoint)
    return found


async def compare(
    endpoints: t.Sequence[Endpoint], reference: t.Sequence[Endpoint], samples: int, timeout: float, prober: Prober
) -> t.List[Verdict]:
    """A verdict for each of `endpoints`, in their order, by its `latency_factor`.

    Its others are those of `reference` with the same model, inputs and `latency_group`. An endpoint without any is not judged: skipped.
    `timeout` in seconds is for each inference.
    """
    taken = await _times([*endpoints, *reference], samples, timeout, prober)
    others: t.Dict[t.Tuple[str, ...], Seconds] = {}
    for endpoint, found in zip(reference, taken[len(endpoints) :]):
        if isinstance(found, list):
            others.setdefault(_alike(endpoint), []).append(statistics.median(found))
    return [_judge(endpoint, found, others.get(_alike(endpoint), [])) for endpoint, found in zip(endpoints, taken)]


def unfinished(endpoint: Endpoint, why: str) -> Verdict:
    """The verdict where no figures came: asked for, and not proved."""
    diagnosis = diagnose("not_judged", address=endpoint.address, detail=why)
    return Verdict(INCONCLUSIVE, diagnosis.cause, None, diagnosis)


def _alike(endpoint: Endpoint) -> t.Tuple[str, ...]:
    """What two endpoints must share for their latencies to be comparable."""
    inputs = json.dumps(inference.expected_tensors(endpoint)[0], sort_keys=True, default=str)
    return (endpoint.model or "", endpoint.model_version, inputs, endpoint.latency_group)


def _judge(endpoint: Endpoint, found: t.Union[Seconds, str], others: Seconds) -> Verdict:
    if isinstance(found, str):
        return unfinished(endpoint, found)
    if not others:
        return skipped("there is no other endpoint with the same model, inputs and latency_group to compare it with")
    own, fleet, factor = statistics.median(found), statistics.median(others), endpoint.latency_factor or 1.0
    facts = {
        "seconds": "{0:.4f}".format(own),
        "p95": "{0:.4f}".format(percentile(found, 0.95)),
        "samples": str(len(found)),
        "fleet": "{0:.4f}".format(fleet),
        "others": str(len(others)),
        "ratio": "{0:.2f}".format(own / fleet),
        "factor": "{0:g}".format(factor),
    }
    if own > factor * fleet:
        return failed(diagnose("slower_than_fleet", address=endpoint.address, model=endpoint.model, **facts), round(own, 6))
    text = "p50 {seconds} s (p95 {p95} s, {samples} samples) beside {fleet} s, the p50 of {others} other(s): {ratio} times as long, {factor} allowed"
    return passed(text.format(**facts), round(own, 6))


async def _times(endpoints: t.Sequence[Endpoint], samples: int, timeout: float, prober: Prober) -> t.List[t.Union[Seconds, str]]:
    """Seconds of `samples` inferences at each endpoint, or why there are none."""
    connecting, asking = asyncio.Semaphore(_CONNECTIONS), asyncio.Semaphore(_AT_ONCE)
    timed = [_Timed(endpoint, timeout, samples + _WARM_UP) for endpoint in endpoints]
    try:
        await asyncio.gather(*(each.connect(prober, connecting) for each in timed))
        for _round in range(samples + _WARM_UP):
            await asyncio.gather(*(each.ask(asking) for each in timed))
    finally:
        await asyncio.gather(*(each.close() for each in timed))
    return [each.fault or each.seconds[_WARM_UP:] for each in timed]


class _Timed:
    """One endpoint that is asked again and again; after a fault no more."""

    def __init__(self, endpoint: Endpoint, timeout: float, times: int) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._times = times
        self._client: t.Optional[Client] = None
        self.seconds: Seconds = []
        self.fault: t.Optional[str] = None

    async def connect(self, prober: Prober, gate: asyncio.Semaphore) -> None:
        """Find the address that answers, and open a channel to it."""
        async with gate:
            seen = await prober.tls(self._endpoint.address, self._endpoint.server_name, self._endpoint.identity, self._timeout)
        if seen.peer is None or not seen.accepted:
            self.fault = "the endpoint did not let the client in when its latency was to be measured"
            return
        endpoint = self._endpoint
        self._client = Client(seen.peer, endpoint.server_name, endpoint.ca, endpoint.identity, self._timeout * self._times)

    async def ask(self, gate: asyncio.Semaphore) -> None:
        """One inference, timed once it is its turn."""
        if self._client is None or self.fault is not None:
            return
        async with gate:
            try:
                answer = await asyncio.wait_for(inference.infer(self._client, self._endpoint), self._timeout)
            except (RpcError, Failure) as error:
                self.fault = "an inference failed while its latency was measured: {0}".format(error)
            except asyncio.TimeoutError:
                self.fault = "an inference took more than {0:g} s while its latency was measured".format(self._timeout)
            else:
                self.seconds.append(answer.latency)

    async def close(self) -> None:
        """End the connection, if there is one."""
        if self._client is not None:
            await self._client.__aexit__()
