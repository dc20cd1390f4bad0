# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity model of the test inference: OUTPUT is INPUT.

The tensor is handed on by DLPack and never touches NumPy: a Python backend built for NumPy 1 answers
OK with an empty tensor when ``as_numpy()`` meets NumPy 2.
"""

from __future__ import annotations

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """Answers each request with its own input."""

    def execute(self, requests):
        """Return one response for each request, in order."""
        responses = []
        for request in requests:
            tensor = pb_utils.get_input_tensor_by_name(request, "INPUT")
            output = pb_utils.Tensor.from_dlpack("OUTPUT", tensor.to_dlpack())
            responses.append(pb_utils.InferenceResponse(output_tensors=[output]))
        return responses
