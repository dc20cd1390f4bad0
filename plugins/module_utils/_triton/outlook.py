# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would change of a host's Triton, in words that are the same for hosts alike, and what it costs their clients. Knows no Ansible."""

from __future__ import annotations

import typing as t

START = "one start"
RESTART = "one restart"
BESIDE = "no interruption, for a second instance takes over"
# What a generation's description and files are called, where they differ.
_FILES = (("tls/", "the installed certificate, which is not served yet"), ("models/", "the test model"))
_CONFIGURED = ("triton_config.yaml", "start", "unit.conf")

Facts = t.Mapping[str, t.Any]


def outlook(facts: Facts) -> t.Dict[str, t.List[str]]:
    """{"changes": clauses, "cost": what clients notice, empty for nothing}.

    facts: `before` and `after` are descriptions of generations (`before` None without one), `differences` the files that differ and
    `repaired` what was altered behind our back; `id` is the generation that is to run, None where it is not known yet, and `running_id`,
    `committed`, `service_state`, `enabled` tell what does; `fetches`, `user`, `packages`, `models`, `unit` and `leftover` what is missing or
    left over on the host; `beside` whether a second instance may take over.
    """
    moves = facts["id"] is None or facts["id"] != facts["running_id"]
    active = facts["service_state"] == "active"
    found = [*_host(facts), *_generation(facts)]
    if not active and facts["committed"] is not None:
        found.append("start it, for it is {0}".format(facts["service_state"]))
    elif active and not moves and not facts["enabled"]:
        found.append("start it at boot")
    elif active and not moves and facts["committed"] != facts["id"]:
        found.append("prove what runs, which an earlier run left unproved")
    if facts["leftover"]:
        found.append("stop the instance that was replaced")
    cost = [] if active and not moves and not _restarts(facts) else [(BESIDE if facts["beside"] else RESTART) if active else START]
    return {"changes": found, "cost": cost}


def _restarts(facts: Facts) -> bool:
    """Whether files were altered under the process, which still runs what it read; permissions are put right without it."""
    return any(not each.endswith(" permissions") for each in facts["repaired"])


def _host(facts: Facts) -> t.List[str]:
    """What is missing beside the generation."""
    found = ["the user that runs Triton"] if facts["user"] else []
    found += ["packages {0}".format(", ".join(facts["packages"]))] if facts["packages"] else []
    found += ["send {0} folder(s) of models".format(len(facts["models"]))] if facts["models"] else []
    found += ["the systemd unit"] if facts["unit"] else []
    found += ["put right what was altered: {0}".format(", ".join(facts["repaired"]))] if facts["repaired"] else []
    return found


def _generation(facts: Facts) -> t.List[str]:
    """How what is to run differs from what does."""
    before, after = facts["before"], facts["after"]
    fetched = " (to be fetched)" if facts["fetches"] else ""
    if before is None:
        return ["Triton from {0}{1}".format(after.get("runs"), fetched)]
    found = []
    if before.get("runs") != after.get("runs"):
        found.append("{0} → {1}{2}".format(before.get("runs"), after.get("runs"), fetched))
    elif fetched:
        found.append("{0}{1}".format(after.get("runs"), fetched))
    elif after.get("engine_id") and before.get("engine_id") != after.get("engine_id"):
        found.append("another build of {0}".format(after.get("runs")))
    if before.get("models", []) != after.get("models", []):
        found.append("models {0}".format(_changed(before.get("models", []), after.get("models", []))))
    for key, words in (("mutual_tls", ("one-way TLS", "mutual TLS")), ("behind_gateway", ("no gateway before it", "a gateway before it"))):
        if bool(before.get(key)) != bool(after.get(key)):
            found.append(words[bool(after.get(key))])
    changed = facts["differences"]
    # The start script names what runs: with another image it differs in any case.
    configured = [path for path in changed if path in _CONFIGURED]
    if "triton_config.yaml" in configured or (configured and not found):
        found.append("configuration")
    return found + [text for prefix, text in _FILES if any(path.startswith(prefix) for path in changed)]


def _changed(old: t.Sequence[str], new: t.Sequence[str]) -> str:
    """Names with + and -; in another order, the order is the change."""
    marked = ["+" + name for name in new if name not in old] + ["-" + name for name in old if name not in new]
    return ", ".join(marked) if marked else "in another order"
