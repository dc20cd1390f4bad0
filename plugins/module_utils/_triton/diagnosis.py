# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every failure that a client can name: one table from code to cause and remedy.

Codes are stable: playbooks allow them, reports count them. docs/diagnosis.md is held equal to this table by a test.
"""

from __future__ import annotations

import string
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """A named cause of a failure, with its remedy; one sentence each. `raw` is what a library said."""

    code: str
    cause: str
    remedy: str
    raw: str = ""

    def as_dict(self) -> t.Dict[str, str]:
        """Plain data: code, cause, remedy, and raw where there is any."""
        result = {"code": self.code, "cause": self.cause, "remedy": self.remedy}
        if self.raw:
            result["raw"] = self.raw
        return result


class Failure(Exception):
    """An operation failed for a reason that has a name."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.cause + " " + diagnosis.remedy)
        self.diagnosis = diagnosis


@dataclass(frozen=True)
class Entry:
    """Cause and remedy of a code, with the names of facts in braces."""

    cause: str
    remedy: str

    @property
    def facts(self) -> t.FrozenSet[str]:
        """The names of the facts that the two sentences need."""
        formatter = string.Formatter()
        return frozenset(
            field
            for text in (self.cause, self.remedy)
            for _literal, field, _spec, _conversion in formatter.parse(text)
            if field
        )


TABLE: t.Dict[str, Entry] = {
    # What was asked for.
    "invalid_option": Entry("{detail}", "Correct the option and check {address} again."),
    "invalid_address": Entry(
        "The address '{address}' is not host:port: {detail}.",
        "Give host:port without a scheme, for example gpu1.example:8001 or [2001:db8::1]:8001.",
    ),
    "client_pair_incomplete": Entry(
        "{detail}.",
        "Give both client_cert and client_key, or neither for one-way TLS.",
    ),
    "client_pair_mismatch": Entry(
        "The key {key} does not belong to the certificate {certificate}.",
        "Give the private key from which the client certificate was issued.",
    ),
    "file_unreadable": Entry(
        "{option} {path} cannot be read: {detail}.",
        "Put the file there, readable by the user that runs the check.",
    ),
    "not_pem": Entry(
        "{option} {path} holds no usable PEM: {detail}.",
        "Give the file in PEM form, from BEGIN to END line, with nothing glued to them.",
    ),
    "key_encrypted": Entry(
        "The client key {path} is encrypted and gRPC takes no passphrase.",
        "Give a key without a passphrase, readable by its owner alone.",
    ),
    "ca_missing": Entry(
        "No CA was given to verify {address} with.",
        "Give ca_file or ca; for a public CA name the system's bundle, such as /etc/ssl/certs/ca-certificates.crt.",
    ),
    # The way there.
    "dns": Entry(
        "The name {host} of {address} does not resolve: {detail}.",
        "Correct the name, or the resolver of the machine that the check runs on.",
    ),
    "connection_refused": Entry(
        "Nothing listens on {address}: the connection was refused.",
        "Look at the Triton unit's log on that host, and check the port.",
    ),
    "unreachable": Entry(
        "{address} cannot be reached: {detail}.",
        "Check that the host is up and that routes and firewalls let this machine in.",
    ),
    "timeout": Entry(
        "{address} did not answer within {seconds} s: {detail}.",
        "Check firewalls and the host's load; raise the timeout only if the service is known to be slow.",
    ),
    # What speaks there.
    "plaintext_server": Entry(
        "{address} speaks gRPC in the clear.",
        "Turn TLS on; --grpc-use-ssl=false after --grpc-use-ssl-mutual=true turns it off again.",
    ),
    "not_tls": Entry(
        "{address} does not speak TLS: {detail}.",
        "Check the port: Triton's gRPC listens on 8001 by default, and REST (8000) and metrics (8002) have no TLS.",
    ),
    "tls_too_old": Entry(
        "{address} offers no TLS version from 1.2 on: {detail}.",
        "Update what terminates TLS there; Triton itself speaks TLS 1.2 and 1.3 only.",
    ),
    "tls_failed": Entry(
        "The TLS handshake with {address} failed: {detail}.",
        "Compare the server's TLS settings and its log with what this client offers (TLS 1.2 and 1.3, h2).",
    ),
    "no_alpn_h2": Entry(
        "{address} does not agree on HTTP/2 by ALPN (it chose {detail}), which gRPC clients insist on.",
        "Let the proxy there offer ALPN h2, or pass TLS through to Triton.",
    ),
    "not_grpc": Entry(
        "{address} speaks TLS but is no Triton gRPC service: {detail}.",
        "Check the port, and what a proxy there passes the connection on to.",
    ),
    # The server's certificate.
    "untrusted_issuer": Entry(
        "The certificate of {address} ({subject}) was issued by {issuer}, which the given CA does not cover.",
        "Give the CA that issued it; if {issuer} is an intermediate of your CA, let the server send that certificate too.",
    ),
    "self_signed": Entry(
        "The certificate of {address} ({subject}) is self-signed and not the trusted one.",
        "Issue one from your CA, or give this certificate itself as ca_file.",
    ),
    "incomplete_chain": Entry(
        "{address} does not send the intermediate certificate {issuer} that issued {subject}.",
        "Serve the leaf followed by its intermediates in one file.",
    ),
    "expired": Entry(
        "The certificate {subject} of {address} expired on {date}.",
        "Renew it and restart Triton, which never re-reads certificates; check this machine's clock.",
    ),
    "not_yet_valid": Entry(
        "The certificate {subject} of {address} is valid only from {date} on.",
        "Check the clocks of both machines (NTP), or issue a certificate that is valid now.",
    ),
    "expires_soon": Entry(
        "{address} serves a certificate that expires too soon: {detail}.",
        "Renew it and restart Triton, which never re-reads certificates; error_days is the margin.",
    ),
    "hostname_mismatch": Entry(
        "The certificate of {address} is not for {name}, but for {names}.",
        "Issue it with {name} among its SANs, or give the name that it has as server_name.",
    ),
    "wrong_purpose": Entry(
        "The certificate {subject} of {address} is not meant for servers: {detail}.",
        "Reissue it with the extended key usage serverAuth.",
    ),
    "weak_key": Entry(
        "A key in the chain of {address} is too weak: {detail}.",
        "Reissue the certificate with ECDSA P-256, ECDSA P-384 or RSA 2048 to 4096.",
    ),
    "weak_signature": Entry(
        "A certificate in the chain of {address} has a weak signature: {detail}.",
        "Have it signed with SHA-256 or better.",
    ),
    "certificate_rejected": Entry(
        "The client rejects the certificate {subject} of {address}: {detail}.",
        "Reissue the certificate so that gRPC clients accept it (P-256, P-384 or RSA from 2048 bits).",
    ),
    "stale_certificate": Entry(
        "{address} serves the certificate {served}, not the installed {expected}.",
        "Restart Triton there, for it never re-reads certificates, or reload its gateway; the playbook rotate_certificates does, and proves it.",
    ),
    # The client's certificate.
    "client_certificate_required": Entry(
        "{address} refuses clients without a certificate.",
        "Give client_cert and client_key, issued by a CA that the server trusts ({names}).",
    ),
    "client_certificate_refused": Entry(
        "{address} refused the client certificate {subject}: {detail}.",
        "Give a valid certificate with the usage clientAuth from a CA that the server trusts ({names}).",
    ),
    "client_ca_unexpected": Entry(
        "{address} asks for certificates of {names}, but the client's was issued by {issuer}.",
        "Give a client certificate of one of those CAs, or correct Triton's --grpc-root-cert and restart it.",
    ),
    "client_ca_missing_on_server": Entry(
        "{address} asks for client certificates but trusts no CA for them, so it refuses everyone.",
        "Give Triton a readable --grpc-root-cert and restart it.",
    ),
    "stale_client_ca": Entry(
        "{address} asks for certificates of {names}, but what is installed there is {expected}.",
        "Restart Triton there, for it never re-reads its CA file; the playbook rotate_certificates does, and proves it.",
    ),
    "client_certificate_not_asked": Entry(
        "{address} does not ask clients for a certificate, although mutual TLS is expected.",
        "Start Triton with --grpc-use-ssl-mutual=true after its other TLS flags.",
    ),
    # Refusals that did not happen.
    "plaintext_accepted": Entry(
        "{address} accepts gRPC in the clear beside TLS.",
        "Close the unencrypted way in; nothing may listen there without TLS.",
    ),
    "other_ca_accepted": Entry(
        "A client that trusts only another CA accepted {address}.",
        "Report this: the client's own verification failed.",
    ),
    "wrong_name_accepted": Entry(
        "A client that expected the name {name} accepted {address}.",
        "Reissue the certificate without a name that covers everything.",
    ),
    "old_tls_accepted": Entry(
        "{address} accepts a client that knows TLS 1.1 at most.",
        "Set TLS 1.2 as the lowest version of what terminates TLS there; Triton itself speaks 1.2 and 1.3 only.",
    ),
    "no_client_certificate_accepted": Entry(
        "{address} serves clients that show no certificate, although mutual TLS is expected.",
        "Start Triton with --grpc-use-ssl-mutual=true after its other TLS flags; let a gateway's HTTPS insist on certificates, too.",
    ),
    "foreign_client_accepted": Entry(
        "{address} serves a client whose certificate comes from an unknown CA.",
        "Give Triton the right --grpc-root-cert, and a gateway's HTTPS the same CA; let no other proxy answer for them.",
    ),
    "expired_client_accepted": Entry(
        "{address} serves a client whose certificate has expired.",
        "Let what terminates TLS there check the dates of client certificates, as Triton itself does.",
    ),
    "control_failed": Entry(
        "The refusal at {address} proves nothing, because its control failed: {detail}.",
        "Solve the control's failure first; a dead host refuses everyone.",
    ),
    "not_judged": Entry(
        "A check of {address} could not be made: {detail}.",
        "Solve what failed before it first.",
    ),
    # What is served.
    "not_ready": Entry(
        "The server at {address} is not ready: {detail}.",
        "Wait for its models to load, or look for the one that failed in its log.",
    ),
    "model_unknown": Entry(
        "{address} does not know the model {model}.",
        "Check the name and version, the model repository, and whether loading it failed.",
    ),
    "model_not_ready": Entry(
        "The model {model} at {address} is not ready: {detail}.",
        "Wait until it has loaded, or look for its error in the server's log.",
    ),
    "inference_failed": Entry(
        "The inference with {model} at {address} failed: {detail}.",
        "Compare the inputs with the model's metadata, and look at the server's log.",
    ),
    "output_mismatch": Entry(
        "The model {model} at {address} answered wrongly: {detail}.",
        "Check the model and its version; if it is right, correct the expected outputs or the tolerance.",
    ),
    "output_empty": Entry(
        "The model {model} at {address} answered without data: {detail}.",
        "Check the model; a Python model under a NumPy it was not built for answers empty tensors.",
    ),
    "latency": Entry(
        "The inference with {model} at {address} took {seconds} s, more than the {limit} s allowed.",
        "Look at the host's load and the model's device, or raise max_latency.",
    ),
    "slower_than_fleet": Entry(
        "The inference with {model} at {address} takes {seconds} s (p50 of {samples}), {ratio} times the {fleet} s of {others} other(s) of the fleet, "
        "and {factor} times is allowed.",
        "Compare the models and their devices on that host with the others', or raise latency_factor; put hosts of other hardware into a latency_group.",
    ),
    "device_missing": Entry(
        "The model {model} at {address} does not run on {expected}: {detail}.",
        "Check the driver and the GPUs of that host, and instance_group in the model's configuration.",
    ),
    # What is open beside it.
    "rest_exposed": Entry(
        "REST is open in the clear beside {address}: {detail}.",
        "Bind it to loopback (--http-address=127.0.0.1), turn it off (--allow-http=false), or put TLS before it.",
    ),
    "metrics_exposed": Entry(
        "Metrics are open in the clear beside {address}: {detail}.",
        "Bind them to loopback (--metrics-address=127.0.0.1), turn them off (--allow-metrics=false), or put TLS before them.",
    ),
    "control_exposed": Entry(
        "{address} lets every client that may infer control the server: {detail}.",
        "Restrict them (--grpc-restricted-protocol=shared-memory,trace,logging:key=value) and start with --model-control-mode=none.",
    ),
    # A gateway beside it.
    "http_failed": Entry(
        "An HTTPS request to {address} failed: {detail}.",
        "Look at the gateway's log on that host, and at the rules by which it lets requests through.",
    ),
    "backend_unavailable": Entry(
        "The gateway at {address} gets no answer from a Triton behind it: {detail}.",
        "Look at the Triton unit's log on that host, and at which instance the gateway passes requests on to.",
    ),
    "metrics_missing": Entry(
        "{address} serves no metrics of Triton: {detail}.",
        "Start Triton with --allow-metrics=true, and let the gateway pass GET /metrics on to its metrics port.",
    ),
    "hsts_missing": Entry(
        "{address} does not tell browsers to insist on HTTPS: {detail}.",
        "Let the gateway send Strict-Transport-Security with a max-age above 0 (RFC 6797).",
    ),
    "rest_control_exposed": Entry(
        "{address} lets every REST client that may infer control the server: {detail}.",
        "Close these paths in the gateway, restrict them in Triton (--http-restricted-api) and start it with --model-control-mode=none.",
    ),
    "instance_port_exposed": Entry(
        "Ports that only the gateway of {address} may reach are open at {host}: {detail}.",
        "Bind Triton's instances and the gateway's statistics to loopback (--grpc-address, --http-address, --metrics-address=127.0.0.1).",
    ),
    "rpc_failed": Entry(
        "A call to {address} failed: {detail}.",
        "Look at the server's log.",
    ),
    "interrupted": Entry(
        "The audit was interrupted before {address} was proved.",
        "Run it again; endpoints that were finished by then keep their results.",
    ),
    "internal_error": Entry(
        "The check of {address} itself broke: {detail}.",
        "Report this with the endpoint's options; the other endpoints are not affected.",
    ),
    "restricted": Entry(
        "{address} restricts the protocol that this check needs: {detail}.",
        "Leave health, metadata and inference unrestricted for the verifier (--grpc-restricted-protocol).",
    ),
}


def diagnose(code: str, raw: str = "", **facts: object) -> Diagnosis:
    """The entry of `code` with `facts` put in. KeyError for an unknown code or a fact that is not given."""
    entry = TABLE[code]
    return Diagnosis(code, entry.cause.format(**facts), entry.remedy.format(**facts), raw)
