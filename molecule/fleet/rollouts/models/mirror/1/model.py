# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's model that a new release of Triton breaks, where /srv/wrong_on names that release: it answers OK, and wrongly."""

from __future__ import annotations

from pathlib import Path

import triton_python_backend_utils as pb_utils

WRONG_ON = Path("/srv/wrong_on")


class TritonPythonModel:
    """OUTPUT is INPUT, or INPUT and one."""

    def execute(self, requests):
        """Return one response for each request, in order."""
        wrong = WRONG_ON.exists() and WRONG_ON.read_text().strip() in pb_utils.__file__
        inputs = (pb_utils.get_input_tensor_by_name(request, "INPUT").as_numpy() for request in requests)
        return [pb_utils.InferenceResponse([pb_utils.Tensor("OUTPUT", values + 1 if wrong else values)]) for values in inputs]
