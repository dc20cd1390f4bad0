# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters as Ansible calls them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.inferops.triton.plugins.filter import triton_server_args as args
from ansible_collections.inferops.triton.plugins.filter import triton_server_secret_options as secret

HELP = "  --model-repository <string>\n\tPath.\n  --log-verbose <integer>\n\tLevel.\n"
CONFIG: dict[str, Any] = {"model_repository_path": "models", "tls": False}


def test_args() -> None:
    function = args.FilterModule().filters()["triton_server_args"]
    flags = function({**CONFIG, "options": {"log-verbose": 2}}, help=HELP, defaults={"allow-client-shm": False})
    assert flags == ["--model-repository=models", "--log-verbose=2"]


def test_errors_are_ansibles() -> None:
    function = args.FilterModule().filters()["triton_server_args"]
    with pytest.raises(AnsibleFilterError, match="Did you mean 'log-verbose'"):
        function({**CONFIG, "options": {"log-verbos": 2}}, help=HELP)


def test_secret_options() -> None:
    function = secret.FilterModule().filters()["triton_server_secret_options"]
    assert function({"http-restricted-api": "trace:a=b"}) == ["http-restricted-api"]
    with pytest.raises(AnsibleFilterError, match="needs a mapping"):
        function(["x"])
