# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module as Ansible would, in this process."""

from __future__ import annotations

import contextlib
import io
import json
import typing as t

from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args


def run(main: t.Callable[[], None], options: t.Dict[str, t.Any], check: bool = False) -> t.Dict[str, t.Any]:
    """The result of a module's main() with `options`, in check mode if asked."""
    output = io.StringIO()
    with patch_module_args({**options, "_ansible_check_mode": check}), contextlib.redirect_stdout(output):
        try:
            main()
        except SystemExit:
            pass
        finally:
            # AnsibleModule keeps what it registered for no_log between modules of one process.
            basic._ANSIBLE_ARGS = None
    result: t.Dict[str, t.Any] = json.loads(output.getvalue().strip().splitlines()[-1])
    return result
