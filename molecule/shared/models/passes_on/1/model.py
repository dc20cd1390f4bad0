# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's model, as far as the scenarios need one: it answers with what it is sent."""

from __future__ import annotations

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """OUTPUT is INPUT."""

    def execute(self, requests):
        """Return one response for each request, in order."""
        inputs = (pb_utils.get_input_tensor_by_name(request, "INPUT") for request in requests)
        outputs = (pb_utils.Tensor.from_dlpack("OUTPUT", tensor.to_dlpack()) for tensor in inputs)
        return [pb_utils.InferenceResponse([output]) for output in outputs]
