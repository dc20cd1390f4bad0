# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run make targets ("stages") in lanes: one after the other within a lane, the lanes at once.

Usage: stages.py --logs FOLDER STAGE... [-- STAGE...]...

A stage is a make target, with make variables after colons (``molecule:SCENARIO=native``). Its output goes to a log of
its own and is shown only where the stage failed, so that lanes never mix; of a stage that passed, pytest's closing line
is shown. The last line is ``N passed, N failed``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PYTEST_SUMMARY = re.compile(r"^=* ?(\d+ (?:passed|failed|error|skipped|xfailed).* in [\d.]+s.*?)(?: =*)?$", re.MULTILINE)
_OUTPUT = threading.Lock()


def say(text: str) -> None:
    with _OUTPUT:
        print(text, flush=True)


def run_stage(stage: str, logs: Path) -> bool:
    """Run one stage to its end and report it; True where it passed."""
    target, *variables = stage.split(":")
    name = "-".join([target, *(variable.partition("=")[2] for variable in variables)])
    log = logs / f"{name}.log"
    say(f"[ .... ] {name}")
    started = time.monotonic()
    # MAKEFLAGS of the make that called would tie the lanes together.
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    with log.open("wb") as output:
        passed = (
            subprocess.run(
                ["make", "--no-print-directory", target, *variables],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                check=False,
            ).returncode
            == 0
        )
    seconds = time.monotonic() - started
    text = log.read_text(encoding="utf-8", errors="replace")
    if passed:
        summary = "".join(f"\n         {line}" for line in PYTEST_SUMMARY.findall(text))
        say(f"[passed] {name} in {seconds:.0f} s{summary}")
    else:
        rule = "-" * 100
        say(f"[FAILED] {name} after {seconds:.0f} s; its output ({log}):\n{rule}\n{text.rstrip()}\n{rule}")
    return passed


def run_lane(stages: list[str], logs: Path) -> list[bool]:
    return [run_stage(stage, logs) for stage in stages]


def split_lanes(arguments: list[str]) -> list[list[str]]:
    lanes: list[list[str]] = [[]]
    for argument in arguments:
        if argument == "--":
            lanes.append([])
        else:
            lanes[-1].append(argument)
    return [lane for lane in lanes if lane]


def main(arguments: list[str]) -> int:
    if len(arguments) < 3 or arguments[0] != "--logs":
        print(__doc__, file=sys.stderr)
        return 2
    logs = Path(arguments[1])
    logs.mkdir(parents=True, exist_ok=True)
    lanes = split_lanes(arguments[2:])
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=len(lanes)) as pool:
        results = [passed for lane in pool.map(lambda lane: run_lane(lane, logs), lanes) for passed in lane]
    failed = results.count(False)
    say(f"{len(results)} stages in {time.monotonic() - started:.0f} s")
    say(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
