# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections that an audit opens to one endpoint: the control, and clients that must be refused.

Every attempt dials the address that the probe reached, so that a refusal and its control meet the same server.
"""

from __future__ import annotations

import asyncio
import datetime
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inferops.triton.plugins.module_utils._triton import classification, inference
from ansible_collections.inferops.triton.plugins.module_utils._triton.client import Client, RpcError
from ansible_collections.inferops.triton.plugins.module_utils._triton.deps import (
    ExtendedKeyUsageOID,
    NameOID,
    ec,
    hashes,
    serialization,
    x509,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.diagnosis import (
    Diagnosis,
    Failure,
    diagnose,
)
from ansible_collections.inferops.triton.plugins.module_utils._triton.endpoint import Address, Endpoint, Identity
from ansible_collections.inferops.triton.plugins.module_utils._triton.probe import Observation, Problem, Prober, Stage

# RFC 6761: nothing resolves under .invalid, so no certificate authority vouches for it.
WRONG_NAME = "not-this-server.invalid"


@dataclass(frozen=True)
class Stranger:
    """A CA that no server knows and a client certificate of it, kept in memory alone."""

    ca: bytes
    identity: Identity


def make_stranger() -> Stranger:
    """A throwaway CA and client certificate, valid for a day; nothing of it touches a disk."""
    now = datetime.datetime.now(datetime.timezone.utc)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def build(common_name: str, public_key: t.Any, ca: bool) -> t.Any:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throwaway CA of an audit")]))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    root = build("Throwaway CA of an audit", ca_key.public_key(), True).sign(ca_key, hashes.SHA256())
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    leaf = build("foreign client", key.public_key(), False).add_extension(usage, critical=False)
    signed = leaf.sign(ca_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = (pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Stranger(root.public_bytes(pem), Identity(signed.public_bytes(pem), key.private_bytes(*plain)))


class Outcome:
    """What became of a client that must be refused."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Attempt:
    """The outcome of one such client, and how it showed."""

    outcome: str
    detail: str


@dataclass
class Control:
    """What the right client got over gRPC. A field stays None where the session did not come that far."""

    verified: bool = False
    fault: t.Optional[Diagnosis] = None
    ready: t.Optional[bool] = None
    model_fault: t.Optional[Diagnosis] = None
    model_ready: t.Optional[bool] = None
    inference_fault: t.Optional[Diagnosis] = None
    answer: t.Optional[inference.Answer] = None


@dataclass
class Evidence:
    """Everything that was seen of one endpoint; the checks judge it."""

    endpoint: Endpoint
    seen: Observation
    timeout: float
    plaintext: t.Optional[Observation] = None
    control: t.Optional[Control] = None
    refusals: t.Dict[str, Attempt] = field(default_factory=dict)

    @property
    def peer(self) -> Address:
        """The address that the probe reached. RuntimeError where it reached none."""
        if self.seen.peer is None:
            raise RuntimeError("{0} was not reached".format(self.endpoint.address))
        return self.seen.peer


async def look(prober: Prober, endpoint: Endpoint, timeout: float) -> Evidence:
    """Probe an endpoint as the right client, in at most `timeout` seconds. Where TLS finds no answer, try without it."""
    seen = await prober.tls(endpoint.address, endpoint.server_name, endpoint.identity, timeout)
    evidence = Evidence(endpoint, seen, timeout)
    if seen.peer and seen.stage is Stage.HANDSHAKE and seen.problem is Problem.CLOSED and not seen.refused:
        evidence.plaintext = await prober.plaintext(seen.peer, max(0.05, timeout - seen.seconds))
    return evidence


class Session:
    """The attempts at one endpoint that follow a probe; `deadline` is of time.monotonic()."""

    def __init__(self, evidence: Evidence, prober: Prober, deadline: float) -> None:
        self._evidence = evidence
        self._endpoint = evidence.endpoint
        self._prober = prober
        self._deadline = deadline
        self._peer = evidence.peer

    def _left(self) -> float:
        return max(0.05, self._deadline - time.monotonic())

    def _client(self, server_name: str, ca: t.Optional[bytes]) -> Client:
        return Client(self._peer, server_name, ca, self._endpoint.identity, self._left())

    async def control(self) -> Control:
        """The right client: readiness, the model, the inference."""
        endpoint, seen, timeout = self._endpoint, self._evidence.seen, self._evidence.timeout
        result = Control()
        async with self._client(endpoint.server_name, endpoint.ca) as client:
            try:
                result.ready = await client.server_ready()
            except RpcError as error:
                result.fault = classification.explain_rpc(endpoint, error, seen, timeout)
                result.verified = result.fault.code == "restricted"
                return result
            result.verified = True
            if endpoint.model is None:
                return result
            try:
                result.model_ready = await client.model_ready(endpoint.model, endpoint.model_version)
                if not result.model_ready:
                    await client.model_metadata(endpoint.model, endpoint.model_version)
                    facts: t.Dict[str, t.Any] = {"address": endpoint.address, "model": endpoint.model}
                    result.model_fault = diagnose("model_not_ready", detail="it has no ready version", **facts)
                    return result
            except RpcError as error:
                result.model_ready = False
                result.model_fault = classification.explain_model(endpoint, error, seen, timeout)
                return result
            try:
                result.answer = await inference.infer(client, endpoint)
                inference.check_outputs(endpoint, result.answer)
            except RpcError as error:
                result.inference_fault = classification.explain_model(endpoint, error, seen, timeout)
            except Failure as failure:
                result.inference_fault = failure.diagnosis
        return result

    async def refusals(self, stranger: Stranger) -> t.Dict[str, Attempt]:
        """The clients that must be refused, all at once."""
        names = [name for name, attempt in REFUSALS.items() if self._endpoint.mutual or not attempt.mutual]
        found = await asyncio.gather(*(REFUSALS[name].run(self, stranger) for name in names))
        return dict(zip(names, found))

    async def plaintext(self, _stranger: Stranger) -> Attempt:
        """A gRPC client without TLS."""
        seen = await self._prober.plaintext(self._peer, self._left())
        if seen.accepted:
            return Attempt(Outcome.ACCEPTED, "it answered HTTP/2 without TLS")
        if seen.problem in (Problem.CLOSED, Problem.NOT_HTTP2):
            return Attempt(Outcome.REFUSED, "the connection was closed" if seen.problem is Problem.CLOSED else seen.detail)
        return Attempt(Outcome.UNCLEAR, seen.detail or "no answer to the client without TLS")

    async def other_ca(self, stranger: Stranger) -> Attempt:
        """A client that trusts another CA; it is the client that refuses."""
        meaning = "a client that trusts another CA does not accept the certificate's issuer"
        return await self._grpc(self._endpoint.server_name, stranger.ca, classification.chain_refused, meaning)

    async def wrong_name(self, _stranger: Stranger) -> Attempt:
        """A client that expects another name."""
        meaning = "a client that asks for {0} does not accept the certificate's names".format(WRONG_NAME)
        return await self._grpc(WRONG_NAME, self._endpoint.ca, _wrong_name_refused, meaning)

    async def _grpc(
        self, server_name: str, ca: t.Optional[bytes], refused: t.Callable[[RpcError], bool], meaning: str
    ) -> Attempt:
        async with self._client(server_name, ca) as client:
            try:
                await client.server_ready()
            except RpcError as error:
                if refused(error):
                    return Attempt(Outcome.REFUSED, meaning)
                return Attempt(Outcome.UNCLEAR, error.details.rpartition("last error: ")[2])
        return Attempt(Outcome.ACCEPTED, "the server answered")

    async def no_certificate(self, _stranger: Stranger) -> Attempt:
        """A client that shows no certificate."""
        return await self._shows(None)

    async def foreign_certificate(self, stranger: Stranger) -> Attempt:
        """A client whose certificate comes from a CA that the server does not know."""
        return await self._shows(stranger.identity)

    async def _shows(self, identity: t.Optional[Identity]) -> Attempt:
        seen = await self._prober.tls(self._peer, self._endpoint.server_name, identity, self._left())
        if seen.accepted:
            return Attempt(Outcome.ACCEPTED, "it answered HTTP/2")
        if seen.refused:
            return Attempt(Outcome.REFUSED, seen.alert and "alert '{0}'".format(seen.alert) or seen.detail)
        return Attempt(Outcome.UNCLEAR, seen.detail or "no answer")


def _wrong_name_refused(error: RpcError) -> bool:
    """gRPC refuses the name itself; a gateway that routes by SNI hangs up in the handshake."""
    lower = error.details.lower()
    return classification.name_refused(error) or "handshake failed" in lower or "socket closed" in lower


@dataclass(frozen=True)
class RefusalAttempt:
    """How a client that must be refused is tried; `mutual` ones make sense under mutual TLS only."""

    run: t.Callable[[Session, Stranger], t.Awaitable[Attempt]]
    mutual: bool = False


REFUSALS: t.Dict[str, RefusalAttempt] = {
    "plaintext": RefusalAttempt(Session.plaintext),
    "other_ca": RefusalAttempt(Session.other_ca),
    "wrong_name": RefusalAttempt(Session.wrong_name),
    "no_client_certificate": RefusalAttempt(Session.no_certificate, mutual=True),
    "foreign_client": RefusalAttempt(Session.foreign_certificate, mutual=True),
}
