# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""``triton_config.yaml`` to the command line of ``tritonserver``.

Triton has no configuration file; this module turns ours into flags. Which flags exist, and of what type, is
read from the ``--help`` of the binary that will run; the tables below hold only what help cannot tell.

Facts about order, booleans and addresses were tried on tritonserver 2.51.0.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any, Optional


class ConfigError(ValueError):
    """A key, option or value that cannot be served; the text names it and says what to write instead."""


# A flag of the help text: two blanks of indentation; descriptions are indented by a tab and may mention flags.
_HELP_FLAG = re.compile(r"^ {2}--([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =]<(.*)>)?[ \t]*$", re.MULTILINE)

_PORTS = {"grpc_port": "grpc-port", "http_port": "http-port", "metrics_port": "metrics-port"}
_ADDRESSES = {"grpc_address": "grpc-address", "http_address": "http-address", "metrics_address": "metrics-address"}
_TLS_FILES = {"cert_file": "grpc-server-cert", "key_file": "grpc-server-key", "ca_file": "grpc-root-cert"}
_TLS_KEYS = (*_TLS_FILES, "mutual")
_KEYS = ("model_repository_path", *_PORTS, *_ADDRESSES, "tls", "options")

# Options that a key of the configuration sets: given as options they would contradict it, and for TLS their
# order decides whether the server speaks plaintext.
_SET_BY_KEY = {
    "model-repository": "model_repository_path",
    "model-store": "model_repository_path",
    **{flag: key for key, flag in _PORTS.items()},
    **{flag: key for key, flag in _ADDRESSES.items()},
    **{flag: f"tls.{key}" for key, flag in _TLS_FILES.items()},
    "grpc-use-ssl": "tls",
    "grpc-use-ssl-mutual": "tls.mutual",
}

# Flags without a value, for the case that no help text is given.
_BARE = frozenset({"disable-auto-complete-config", "allow-client-shm"})

# Options whose value is a secret, and options that can carry one (redis takes its password this way).
_SECRET = frozenset({"grpc-restricted-protocol", "http-restricted-api"})
_SECRET_PART = re.compile(r"\b(?:password|secret|token)=", re.IGNORECASE)

_WILDCARDS = ("", "0.0.0.0", "::")


def parse_help(text: str) -> dict[str, Optional[str]]:
    """Flags of a ``tritonserver --help`` text: name to type, None for a flag that takes no value.

    The type is the text between the outer angle brackets: ``boolean``, ``integer``, ``float``, ``string`` or a
    composite such as ``<string>,<string>=<string>``. Raises ConfigError where the text is no such help.
    """
    flags: dict[str, Optional[str]] = {name: kind or None for name, kind in _HELP_FLAG.findall(text)}
    if "model-repository" not in flags:
        raise ConfigError(
            "The help text is not that of a tritonserver: it has no --model-repository."
            " Point the engine at the server's own binary or image."
        )
    flags.pop("help", None)
    return flags


def server_args(
    config: Mapping[str, Any],
    help_text: Optional[str] = None,
    defaults: Optional[Mapping[str, Any]] = None,
    allow: Iterable[str] = (),
) -> list[str]:
    """The flags for a configuration, without the binary.

    config: the mapping of ``triton_config.yaml``. help_text: output of the binary's ``--help``; without it the
    names and types of options are not checked. defaults: options below those of the configuration; the ones
    that the binary does not know are dropped. allow: codes of refusals to override
    (``health_restricted``, ``unknown_option``).
    Raises ConfigError naming the key or option.
    """
    if not isinstance(config, Mapping):
        raise ConfigError(f"The configuration must be a mapping, not {_kind(config)}.")
    _known_keys(config, _KEYS, "configuration key")
    flags = None if help_text is None else parse_help(help_text)

    args = [_arg("model-repository", path) for path in _repositories(config)]
    args += _network(config)
    tls, mutual = _tls(config.get("tls"))
    args += tls
    for arg in [*args, *mutual]:
        _supported(arg, flags)
    args += _options(_merged(config, flags, defaults), flags, frozenset(allow))
    # Last, and only when it is wanted: --grpc-use-ssl-mutual=false turns TLS on all the same, and a later
    # --grpc-use-ssl=false would turn TLS off.
    return args + mutual


def secret_options(options: Mapping[str, Any]) -> list[str]:
    """Names of the options whose values are secrets, sorted."""
    return sorted(
        name
        for name, value in options.items()
        if value is not None and (name in _SECRET or any(_SECRET_PART.search(str(item)) for item in _items(value)))
    )


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "a mapping"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), type(value).__name__)


def _suggest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    # Most slips are the other kind of dash, or the dashes of the command line.
    plain = name.lstrip("-").replace("_", "-")
    for candidate in (plain, plain.replace("-", "_")):
        if candidate in known and candidate != name:
            return f" Did you mean {candidate!r}?"
    close = difflib.get_close_matches(plain, known, n=1) or difflib.get_close_matches(
        plain.replace("-", "_"), known, n=1
    )
    return f" Did you mean {close[0]!r}?" if close else ""


def _known_keys(mapping: Mapping[str, Any], known: Iterable[str], what: str, extra: str = "") -> None:
    for key in mapping:
        if key not in known:
            hint = _suggest(str(key), known) or extra or f" Known are {', '.join(known)}."
            if what == "configuration key" and not hint.startswith(" Did"):
                hint += " Any other flag of the server goes under 'options'."
            raise ConfigError(f"Unknown {what} {key!r}.{hint}")


def _text(name: str, value: Any) -> str:
    text = str(value)
    if any(char in text for char in "\n\r\0"):
        raise ConfigError(f"The value of {name!r} has a line break or a NUL in it. Write it on one line.")
    return text


def _arg(flag: str, value: str) -> str:
    return f"--{flag}={value}"


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _path(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{name!r} must be a path, not {value!r}.")
    return _text(name, value)


def _repositories(config: Mapping[str, Any]) -> list[str]:
    value = config.get("model_repository_path")
    paths = [_path("model_repository_path", item) for item in _items(value)] if value else []
    if not paths:
        raise ConfigError("'model_repository_path' is missing. Set it to the folder of the models, or to a list of them.")
    for path in paths:
        if paths.count(path) > 1:
            raise ConfigError(f"'model_repository_path' names {path!r} twice. Triton would refuse each model as ambiguous.")
    return paths


def _network(config: Mapping[str, Any]) -> list[str]:
    args = []
    bound: dict[int, list[tuple[str, str]]] = {}
    for key, flag in _PORTS.items():
        value = config.get(key)
        address_key = key.replace("_port", "_address")
        address = config.get(address_key)
        if address is not None:
            address = _address(address_key, address)
            args.append(_arg(_ADDRESSES[address_key], address))
        if value is None:
            continue
        number = int(value) if isinstance(value, str) and value.isdigit() else value
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 65535:
            raise ConfigError(f"{key!r} must be a port number from 1 to 65535, not {value!r}.")
        plain = (address or "").strip("[]")
        for other, other_address in bound.setdefault(number, []):
            if plain == other_address or plain in _WILDCARDS or other_address in _WILDCARDS:
                raise ConfigError(f"{key!r} and {other!r} are both {number}. Give each its own port.")
        bound[number].append((key, plain))
        args.append(_arg(flag, str(number)))
    return args


def _address(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{key!r} must be an address such as '127.0.0.1', not {value!r}.")
    text = _text(key, value)
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", text):
            port_key = key.replace("_address", "_port")
            raise ConfigError(
                f"{key!r} must be an IP address or a host name, not {value!r}. The port goes into {port_key!r}."
            ) from None
        return text
    # Triton fails on a bare IPv6 address: it appends the port to the text.
    return f"[{bare}]" if address.version == 6 else bare


def _tls(tls: Any) -> tuple[list[str], list[str]]:
    """The flags of TLS, and those that must come last. ``tls: false`` serves in the clear, on purpose."""
    if tls is False:
        return [], []
    if tls is None or tls == {}:
        raise ConfigError("'tls' is missing. Set cert_file and key_file, or 'tls: false' to serve gRPC in the clear on purpose.")
    if not isinstance(tls, Mapping):
        raise ConfigError(f"'tls' must be a mapping of {', '.join(_TLS_KEYS)}, not {_kind(tls)}.")
    _known_keys(tls, _TLS_KEYS, "key under 'tls':")
    mutual = tls.get("mutual", False)
    if mutual is None:
        mutual = False
    if not isinstance(mutual, bool):
        raise ConfigError(f"'tls.mutual' must be true or false, not {mutual!r}.")
    for key in ("cert_file", "key_file"):
        if not tls.get(key):
            raise ConfigError(f"'tls.{key}' is missing. TLS needs both cert_file and key_file.")
    if mutual and not tls.get("ca_file"):
        # The server would start, report ready, and refuse every client.
        raise ConfigError("'tls.ca_file' is missing. With 'tls.mutual' it names the CA of the clients; without it the server refuses every client.")
    args = ["--grpc-use-ssl=true"]
    args += [_arg(flag, _path(f"tls.{key}", tls[key])) for key, flag in _TLS_FILES.items() if tls.get(key)]
    return args, ["--grpc-use-ssl-mutual=true"] if mutual else []


def _supported(arg: str, flags: Optional[Mapping[str, Any]]) -> None:
    flag = arg[2:].partition("=")[0]
    if flags is not None and flag not in flags:
        raise ConfigError(
            f"This tritonserver does not know --{flag}, which the key {_SET_BY_KEY[flag]!r} sets. Remove the key or use a newer release."
        )


def _merged(
    config: Mapping[str, Any], flags: Optional[Mapping[str, Any]], defaults: Optional[Mapping[str, Any]]
) -> dict[str, Any]:
    options = config.get("options")
    if options is None:
        options = {}
    if not isinstance(options, Mapping):
        raise ConfigError(f"'options' must be a mapping of flag to value, not {_kind(options)}.")
    for name in (*options, *(defaults or {})):
        if name in _SET_BY_KEY:
            raise ConfigError(f"The option {name!r} contradicts the key {_SET_BY_KEY[name]!r}. Set the key instead.")
    known = {name: value for name, value in (defaults or {}).items() if flags is None or name in flags}
    return {**known, **options}


def _options(options: Mapping[str, Any], flags: Optional[Mapping[str, Any]], allow: frozenset[str]) -> list[str]:
    args = []
    for name in sorted(options, key=str):
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", name):
            raise ConfigError(
                f"{name!r} is not the name of an option. Write it as in 'tritonserver --help', without the leading dashes."
                + _suggest(str(name), flags or ())
            )
        unknown = flags is not None and name not in flags and "unknown_option" not in allow
        if name in ("help", "version") or unknown:
            raise ConfigError(f"This tritonserver does not know the option {name!r}.{_suggest(name, flags or ())}")
        kind = flags[name] if flags is not None and name in flags else (None if name in _BARE else "")
        value = options[name]
        if value is None:  # takes a default away
            continue
        if kind is None:
            if not isinstance(value, bool):
                raise ConfigError(f"The option {name!r} takes no value. Set it to true or false, not {value!r}.")
            args += [f"--{name}"] if value else []
            continue
        for item in _items(value):
            text = _value(name, kind, item)
            _restriction(name, text, allow)
            args.append(_arg(name, text))
    return args


def _value(name: str, kind: str, value: Any) -> str:
    shown = "its value" if name in _SECRET else repr(value)
    if value is None or isinstance(value, (Mapping, list, tuple)):
        raise ConfigError(f"The option {name!r} takes one value, or a list of them, not {_kind(value)} within.")
    # Triton takes 'true' and 'false'; it refuses 'yes', 'True' and the like.
    text = str(value).lower() if isinstance(value, bool) else _text(name, value)
    wrong = {
        "boolean": ("true or false", text not in ("true", "false", "1", "0")),
        "integer": ("a whole number", not re.fullmatch(r"[+-]?\d+", text)),
        "float": ("a number", not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text)),
    }
    wanted, is_wrong = wrong.get(kind, ("", False))
    if is_wrong:
        raise ConfigError(f"The option {name!r} must be {wanted}, not {shown}.")
    return text


def _restriction(name: str, text: str, allow: frozenset[str]) -> None:
    """A restricted protocol is ``<protocols>:<key>=<value>``: a colon, whatever the help of 2.51 says."""
    if name not in _SECRET:
        return
    match = re.fullmatch(r"([a-z,-]+):([^=]+)=(.+)", text)
    if not match:
        raise ConfigError(f"The option {name!r} must read '<protocols>:<key>=<value>', with a colon after the protocols.")
    if "health" in match.group(1).split(",") and "health_restricted" not in allow:
        raise ConfigError(f"The option {name!r} restricts 'health', which breaks every readiness probe. Leave 'health' out, or allow 'health_restricted'.")
