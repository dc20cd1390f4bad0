# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports as files. What cannot be written is reported, never raised: the results matter more."""

from __future__ import annotations

import os
import tempfile
import typing as t

from ansible_collections.inferops.triton.plugins.module_utils._triton.report import document, junit, page, prometheus
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.failures import Result
from ansible_collections.inferops.triton.plugins.module_utils._triton.report.figures import Thresholds

FILES = {"json": "report.json", "junit": "report.xml", "html": "report.html", "prom": "triton_tls.prom"}


def write(
    directory: str,
    results: t.Sequence[Result],
    summary: t.Mapping[str, t.Any],
    formats: t.Sequence[str] = tuple(FILES),
    thresholds: Thresholds = Thresholds(),
) -> t.Tuple[t.List[t.Dict[str, str]], t.List[str]]:
    """Write the reports of an audit into `directory`, which is made if it is missing.

    Returns (written, problems): ``{"path", "format"}`` for each file, and a sentence with cause and remedy for each that is
    missing. A file is replaced as a whole or not at all. `thresholds` are what the timeline of report.html marks.
    """
    written: t.List[t.Dict[str, str]] = []
    problems: t.List[str] = []
    renderers: t.Dict[str, t.Callable[[], str]] = {
        "json": lambda: document.render(results, summary),
        "junit": lambda: junit.render(results, summary),
        "html": lambda: page.render(results, summary, thresholds),
        "prom": lambda: prometheus.render(results, summary),
    }
    for name in dict.fromkeys(formats):
        if name not in renderers:
            problems.append(f"There is no report format '{name}'. Choose from {', '.join(FILES)}.")
            continue
        path = os.path.join(directory, FILES[name])
        try:
            _replace(path, renderers[name]())
            written.append({"path": path, "format": name})
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL
            why = getattr(error, "strerror", None) or str(error)
            problems.append(f"The report {path} cannot be written: {why}. Give a folder that this user may write to, with space left on its disk.")
        except Exception as error:  # one report's fault must cost neither the others nor the results
            problems.append(f"The report {path} cannot be made: {type(error).__name__}: {error}. Report this with the results.")
    return written, problems


def _replace(path: str, text: str) -> None:
    """Put `text` at `path` at once: a reader, such as node_exporter, sees the old file or the new one. OSError."""
    directory = os.path.dirname(path) or os.curdir
    if not os.path.isdir(directory):
        os.makedirs(directory, mode=0o755)
    # The name does not end in .prom, which the textfile collector would read.
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=f".{os.path.basename(path)}.", suffix=".new")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            os.fchmod(stream.fileno(), 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
