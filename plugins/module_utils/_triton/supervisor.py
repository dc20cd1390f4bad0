# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as programs of Supervisor (PyPI), for machines without systemd.

Speaks Supervisor's XML-RPC interface, as supervisorctl does, without the third of a second that each call of
supervisorctl takes. Source: supervisor 4, rpcinterface.py and options.py.
"""

from __future__ import annotations

import configparser
import http.client
import os
import socket
import time
import xmlrpc.client
from typing import Any, Optional
from urllib.parse import urlsplit

from . import manager
from .errors import HostError
from .hostinfo import Listener, ancestors

_STATES = {
    "STOPPED": manager.STOPPED,
    "EXITED": manager.FAILED,
    "STARTING": manager.STARTING,
    "RUNNING": manager.RUNNING,
    "BACKOFF": manager.FAILED,
    "STOPPING": manager.STOPPING,
    "FATAL": manager.FAILED,
}
_BAD_NAME = 10
_LOG_BYTES = 128 * 1024
_SECONDS = 10.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(self._path)


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket, with Supervisor's basic authentication where it is set."""

    def __init__(self, path: str, headers: list[tuple[str, str]]) -> None:
        super().__init__(headers=headers)
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)


class Supervisor:
    """One instance under supervisord: the program ``triton-<instance>``. There is nothing to enable."""

    def __init__(self, instance: str, config: str, program: str = "") -> None:
        """config: path of the configuration file that supervisord runs with."""
        self.instance = instance
        self.service = program or f"triton-{instance}"
        self._config = config
        self._offset: dict[str, int] = {}
        self._added = False

    def status(self) -> manager.Status:
        try:
            info = self._info()
        except HostError as error:
            return manager.Status(manager.UNKNOWN, words=error.cause)
        if info is None:
            return manager.Status(manager.MISSING, words="no such program")
        state = _STATES.get(info["statename"], manager.UNKNOWN)
        words = info["statename"]
        if state == manager.FAILED:
            words += f", exit status {info['exitstatus']}" if info["exitstatus"] else f", {info['spawnerr'] or 'ended'}"
        run = f"{info['pid']}-{info['start']}" if info["pid"] else None
        return manager.Status(state, pid=info["pid"] or None, run=run, words=words)

    def enabled(self) -> bool:
        return True

    def require(self) -> None:
        self._call("getState")  # raises where supervisord does not answer

    def prepared(self) -> bool:
        return self.status().state != manager.MISSING

    def prepare(self, reload: bool) -> None:
        """Has supervisord read its file again and take up this program, where it is new or has changed."""
        self._remember_log()
        added, changed, _removed = self._call("reloadConfig")[0]
        if self.service in changed:
            self._call("stopProcessGroup", self.service)
            self._call("removeProcessGroup", self.service)
        if self.service in added or self.service in changed:
            self._call("addProcessGroup", self.service)  # starts it where the program says autostart
            self._added = True
        if self._info() is None:
            raise HostError(
                "program_missing",
                f"supervisord does not know the program {self.service}.",
                f"Add [program:{self.service}] to {self._config}.",
            )

    def enable(self) -> None:
        """Nothing to do: supervisord starts its programs."""

    def restart(self, timeout: float) -> None:
        state = self.status().state
        if self._added and state in (manager.STARTING, manager.RUNNING):
            return
        if state in (manager.STARTING, manager.RUNNING, manager.STOPPING) or self._backing_off():
            self.stop(timeout)
        self._remember_log()
        try:
            self._call("startProcess", self.service, False)
        except HostError as error:
            if "SPAWN_ERROR" not in error.cause:  # the status tells of that one
                raise

    def stop(self, timeout: float) -> bool:
        info = self._info()
        if info is None or info["statename"] in ("STOPPED", "EXITED", "FATAL"):
            return False
        if info["statename"] != "STOPPING":
            self._call("stopProcess", self.service, False)
        deadline = time.monotonic() + timeout
        while self.status().state not in (manager.STOPPED, manager.FAILED):
            if time.monotonic() > deadline:
                raise HostError(
                    "stop_timeout",
                    f"{self.service} did not stop within {timeout:g} s.",
                    "Raise stop_timeout above the server's exit-timeout-secs, or look at its log.",
                )
            time.sleep(0.1)
        return True

    def reread(self) -> None:
        """Has supervisord read its file again."""
        self.prepare(True)

    def reload(self, timeout: float) -> None:
        """Has the program read its configuration again, without a restart, as HAProxy's master does at SIGUSR2."""
        self._call("signalProcess", self.service, "USR2")

    def log(self, run: Optional[str]) -> str:
        """What the program wrote since its last start by this object, else the end of its log."""
        info = self._info() or {}
        texts = []
        for path in dict.fromkeys((info.get("stdout_logfile"), info.get("stderr_logfile"))):
            if not path:
                continue
            try:
                with open(path, "rb") as stream:
                    size = os.fstat(stream.fileno()).st_size
                    start = self._offset.get(path, 0)
                    stream.seek(max(start if start <= size else 0, size - _LOG_BYTES))
                    texts.append(stream.read().decode(errors="replace"))
            except OSError:
                continue
        if info.get("spawnerr"):
            texts.append(info["spawnerr"])
        return "\n".join(texts)

    def owns(self, listener: Listener) -> bool:
        pid = self.status().pid
        return bool(pid and listener.pid and pid in ancestors(listener.pid))

    def _backing_off(self) -> bool:
        return (self._info() or {}).get("statename") == "BACKOFF"

    def _remember_log(self) -> None:
        info = self._info() or {}
        for path in (info.get("stdout_logfile"), info.get("stderr_logfile")):
            if path and os.path.exists(path):
                self._offset[path] = os.path.getsize(path)

    def _info(self) -> Optional[dict[str, Any]]:
        try:
            info: dict[str, Any] = self._call("getProcessInfo", self.service)
        except _BadName:
            return None
        return info

    def _call(self, method: str, *arguments: Any) -> Any:
        url, user, password = _server(self._config)
        try:
            with _proxy(url, user, password) as proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == _BAD_NAME:
                raise _BadName(
                    "program_missing",
                    f"supervisord does not know the program {self.service}.",
                    f"Add [program:{self.service}] to {self._config}.",
                ) from None
            raise HostError(
                "service_manager_failed",
                f"supervisord refused {method} for {self.service}: {fault.faultString}.",
                f"Look at [program:{self.service}] in {self._config} and at supervisord's log.",
            ) from None
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise HostError(
                "service_manager_missing",
                f"supervisord does not answer at {url} ({error}).",
                f"Start it: supervisord -c {self._config}.",
            ) from None


class _BadName(HostError):
    pass


def _proxy(url: str, user: str, password: str) -> xmlrpc.client.ServerProxy:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        headers = [("Authorization", "Basic " + _basic(user, password))] if user else []
        return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(parts.path, headers))
    login = f"{user}:{password}@" if user else ""
    return xmlrpc.client.ServerProxy(f"{parts.scheme}://{login}{parts.netloc}/RPC2")


def _basic(user: str, password: str) -> str:
    import base64

    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _server(config: str) -> tuple[str, str, str]:
    """URL, user and password of supervisord, from the sections that supervisorctl reads."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    try:
        with open(config, encoding="utf-8") as stream:
            parser.read_file(stream)
    except (OSError, configparser.Error, UnicodeDecodeError) as error:
        raise HostError(
            "supervisor_config_invalid",
            f"The configuration of Supervisor {config} cannot be read: {error}.",
            "Set supervisor_config to the file that supervisord runs with.",
        ) from None
    section = dict(parser["supervisorctl"]) if parser.has_section("supervisorctl") else {}
    url = section.get("serverurl", "")
    if not url and parser.has_section("unix_http_server"):
        url = f"unix://{parser['unix_http_server'].get('file', '')}"
    if not url:
        raise HostError(
            "supervisor_config_invalid",
            f"{config} does not say where supervisord listens.",
            "Add [supervisorctl] with serverurl, and [unix_http_server].",
        )
    values = (url, section.get("username", ""), section.get("password", ""))
    here = os.path.dirname(os.path.abspath(config))
    expansions = {"here": here, **{f"ENV_{name}": value for name, value in os.environ.items()}}
    url, user, password = (value % expansions if "%(" in value else value for value in values)
    return url, user, password
