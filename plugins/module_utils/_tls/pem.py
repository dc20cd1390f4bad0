# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strict reading of PEM (RFC 7468), as strict as Triton's and gRPC's readers, and naming what they do not.

OpenSSL's and BoringSSL's readers skip what they do not understand, without a word: a glued or an indented block is then simply
not there. Such text is read here all the same and reported, so that the rest can be judged.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._tls import finding as f

CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
KEY_LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY")
# may stand beside a key: `openssl ecparam -genkey` writes the curve first
_HARMLESS_LABELS = ("EC PARAMETERS", "DH PARAMETERS")

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_MARKER = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_HEADER = re.compile(r"^\s*[A-Za-z][A-Za-z0-9-]*:.*$", re.MULTILINE)
_BARE_BASE64 = re.compile(r"\s*MII[A-Za-z0-9+/=\s]{60,}\s*\Z")
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

_WHAT = {"certificate": "certificate", "chain": "certificate", "key": "private key", "ca": "CA certificate"}


class Block(t.NamedTuple):
    """One PEM block."""

    label: str
    der: bytes

    def pem(self) -> str:
        """The block in its canonical form: 64 characters a line, LF."""
        text = base64.b64encode(self.der).decode("ascii")
        lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
        return f"-----BEGIN {self.label}-----\n{lines}\n-----END {self.label}-----\n"


class Reading(t.NamedTuple):
    """The blocks of the kind that was asked for, at least one, and what is wrong with the text around them."""

    blocks: t.List[Block]
    findings: t.List[f.Finding]


def read_certificates(data: t.Union[str, bytes], subject: f.Subject) -> Reading:
    """Every certificate in PEM text, in order. Raises MaterialError where there is none, or one that cannot be decoded."""
    blocks, findings = _read(data, subject)
    if any("PRIVATE KEY" in block.label for block in blocks):
        findings.append(
            f.make(
                "key_in_certificate",
                subject,
                f"A private key stands among the {_WHAT[subject]}s, which everyone may read.",
                "Keep the private key in a file of its own.",
            )
        )
    wanted = [block for block in blocks if block.label in CERTIFICATE_LABELS]
    if not wanted:
        raise _wrong_kind(subject, blocks)
    return Reading([Block("CERTIFICATE", block.der) for block in wanted], findings)


def read_key(data: t.Union[str, bytes]) -> Reading:
    """The private keys in PEM text, in order; servers use the first. Raises MaterialError, also for an encrypted key."""
    blocks, findings = _read(data, "key")
    if any(block.label == "ENCRYPTED PRIVATE KEY" for block in blocks):
        raise encrypted()
    wanted = [block for block in blocks if block.label in KEY_LABELS]
    if not wanted:
        raise _wrong_kind("key", blocks)
    if len(wanted) > 1:
        findings.append(
            f.make(
                "several_keys",
                "key",
                f"The key file holds {len(wanted)} private keys, of which the server uses the first.",
                "Keep the one key that belongs to the certificate.",
            )
        )
    return Reading(wanted, findings)


def encrypted() -> f.MaterialError:
    """The refusal of a key that is protected by a passphrase."""
    return f.fail(
        "key_encrypted",
        "key",
        "The private key is encrypted, and Triton cannot ask for a passphrase.",
        "Give its passphrase, or decrypt it with 'openssl pkey -in tls.key -out plain.key' and protect it by its mode (0400).",
    )


def _read(data: t.Union[str, bytes], subject: f.Subject) -> t.Tuple[t.List[Block], t.List[f.Finding]]:
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    what = _WHAT[subject]
    findings: t.List[f.Finding] = []
    if not raw.strip():
        raise f.fail("empty", subject, f"The {what} file is empty.", f"Give the {what} in PEM format.")
    if raw.startswith(_BOM):
        raw = raw[len(_BOM) :]
        # Triton's OpenSSL skips the mark, the BoringSSL of gRPC clients does not
        code, effect = ("bom", "which hides its first block from gRPC clients") if subject == "ca" else ("bom_harmless", "which Triton skips")
        cause = f"The {what} file starts with a byte-order mark, {effect}."
        findings.append(f.make(code, subject, cause, "Save the file as plain UTF-8 or ASCII, without byte-order mark."))
    if raw.startswith(_UTF16):
        raise f.fail("not_pem", subject, f"The {what} file is UTF-16 text.", "Save it as plain ASCII.")
    if b"-----BEGIN " not in raw:
        raise _no_block(raw, subject)
    text = raw.decode("utf-8", "replace")
    return _blocks(text, subject, findings), findings


def _no_block(raw: bytes, subject: f.Subject) -> f.MaterialError:
    what = _WHAT[subject]
    if raw[0] == 0x30 and len(raw) > 2 and (raw[1] & 0x80 or len(raw) == raw[1] + 2):
        pkcs12 = raw[2:7].endswith(b"\x02\x01\x03")
        kind, command = ("PKCS#12", "pkcs12 -nodes") if pkcs12 else ("DER", "pkey -inform der" if subject == "key" else "x509 -inform der")
        return f.fail("der", subject, f"The {what} file is in {kind} format, not PEM.", f"Convert it with 'openssl {command} -in FILE'.")
    if _BARE_BASE64.match(raw.decode("utf-8", "replace")):
        cause = f"The {what} file holds bare base64, without the lines '-----BEGIN …-----' and '-----END …-----'."
        return f.fail("not_pem", subject, cause, "Add the PEM lines around it.")
    return f.fail("not_pem", subject, f"The {what} file holds no PEM block.", f"Give the {what} in PEM format.")


def _blocks(text: str, subject: f.Subject, findings: t.List[f.Finding]) -> t.List[Block]:
    what = _WHAT[subject]
    blocks: t.List[Block] = []
    glued = indented = False
    for number, match in enumerate(_BLOCK.finditer(text), start=1):
        label, body = match.groups()
        if "\\n" in body:
            cause = f"Block {number} of the {what} file contains the two characters '\\n' where lines should end."
            raise f.fail("garbage", subject, cause, "Write real line breaks (in YAML, use a block scalar: 'key: |').")
        if _HEADER.search(body) and "ENCRYPTED" in body:
            raise encrypted()
        before = text[: match.start()].rpartition("\n")[2]
        after = text[match.end() :].partition("\n")[0]
        last = body.rpartition("\n")[2]
        if (before.strip() or after.strip() or last.strip()) or ("\n" not in body) or body.partition("\n")[0].strip():
            glued = True
        elif before or any(line[:1] in (" ", "\t") for line in body.split("\n")[1:]) or last:
            indented = True
        blocks.append(Block(label, _decode(body, number, subject)))
    if len(_MARKER.findall(text)) != 2 * len(blocks):
        raise f.fail(
            "truncated",
            subject,
            f"The {what} file has a PEM block that does not end (or does not begin) properly, after {len(blocks)} whole ones.",
            "Copy the file again, with every BEGIN and END line.",
        )
    if glued:
        cause = f"PEM markers in the {what} file do not stand on lines of their own, which hides blocks from Triton and gRPC."
        findings.append(f.make("pem_glued", subject, cause, "Put every BEGIN and END marker on a line of its own."))
    if indented:
        cause = f"PEM blocks in the {what} file are indented, which hides them from Triton and gRPC."
        findings.append(f.make("pem_indented", subject, cause, "Remove the white space in front of the lines."))
    return blocks


def _decode(body: str, number: int, subject: f.Subject) -> bytes:
    try:
        der = base64.b64decode("".join(_HEADER.sub("", body).split()), validate=True)
    except (binascii.Error, ValueError):
        der = b""
    if not der:
        raise garbage(subject, number)
    return der


def garbage(subject: f.Subject, number: int, reason: str = "it is not valid base64") -> f.MaterialError:
    """The refusal of a PEM block whose content is broken; number counts from 1."""
    what = _WHAT[subject]
    return f.fail("garbage", subject, f"Block {number} of the {what} file is broken: {reason}.", "Copy or issue it again.")


def _wrong_kind(subject: f.Subject, blocks: t.List[Block]) -> f.MaterialError:
    labels = sorted({block.label for block in blocks if block.label not in _HARMLESS_LABELS} or {block.label for block in blocks})
    what = _WHAT[subject]
    openssh = "OPENSSH PRIVATE KEY" in labels and subject == "key"
    remedy = "Convert it with 'ssh-keygen -p -m PEM -f FILE'." if openssh else f"Give a {what} instead."
    return f.fail("wrong_kind", subject, f"The {what} file holds {' and '.join(labels)}, no {what}.", remedy)
