# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of an audit: files for programs and people, and lines for the terminal. Knows nothing of Ansible or gRPC.

`files.write` writes the files, `terminal.lines` makes the lines. Both take what `audit.verify` returns; docs/reports.md
describes what they make of it.
"""

from __future__ import annotations
