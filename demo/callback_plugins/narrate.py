# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's output: what the playbook says, and nothing else. Ansible's own account of every task goes to the log."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: narrate
type: stdout
short_description: Print what the tasks with the tag V(say) say
description:
  - Prints the messages of debug tasks that have the tag V(say), and of a failure its one sentence. All else goes to the log file only.
author:
  - The inferops.triton authors
"""


class CallbackModule(CallbackBase):
    """Prints messages of the tasks tagged ``say``, failures as a sentence, and whether anything was changed."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "narrate"

    def _log(self, word: str, result: t.Any) -> None:
        text = self._text(result.result)
        self._display.display(f"{word}: {result.task.get_name()}: {text}", log_only=True)

    def _text(self, result: t.Mapping[str, t.Any]) -> str:
        shown = {key: value for key, value in result.items() if not key.startswith("_ansible")}
        return json.dumps(shown, default=str, ensure_ascii=False)

    def v2_runner_on_ok(self, result: t.Any) -> None:
        if "say" in result.task.tags:
            self._display.display("\n" + "\n".join(result.result["msg"]))
        else:
            self._log("changed" if result.result.get("changed") else "ok", result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._display.display(f"skipped: {result.task.get_name()}", log_only=True)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._log("failed", result)
        if not ignore_errors:
            self._display.display(f"\ndemo: {self._sentence(result.result)}\n(It failed at «{result.task.get_name()}».)", stderr=True)

    def _sentence(self, result: t.Mapping[str, t.Any]) -> str:
        """What went wrong, for somebody who has never seen Ansible."""
        everything = self._text(result)
        if any(reason in everything for reason in ("No space left on device", "Disk quota exceeded")):
            folder = os.environ.get("DEMO_DIRECTORY", "this folder")
            return f"the disk is full: free some space for {folder} (df -h {folder} shows how much there is), and run make demo again."
        message = " ".join(str(result.get("msg", "")).split()).removeprefix("localhost: ")
        if message.startswith("non-zero return code"):
            message = " ".join([message, *result.get("stderr_lines", [])[-1:]])
        return message

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self.v2_runner_on_failed(result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        failed = any(stats.failures.values()) or any(stats.dark.values())
        if not failed and not any(stats.changed.values()):
            self._display.display("\nThis run changed nothing and restarted nothing: everything was there already, and has just been proved again.")
