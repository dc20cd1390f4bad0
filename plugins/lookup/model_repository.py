# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lookup ``model_repository``: judge folders of models on the controller and name them by their content."""

from __future__ import annotations

DOCUMENTATION = r"""
name: model_repository
author: The inferops.triton authors (@inferops)
short_description: Judge folders of models on the controller and name them by their content
version_added: 0.1.0
description:
  - Reads a Triton model repository on the controller, says where Triton would not load it as one, and returns a digest of its content.
  - The role P(inferops.triton.triton_server#role) keeps such a folder on the host under that digest, so that what an earlier generation
    serves never changes under it.
options:
  _terms:
    description: Folders on the controller, each a model repository, that is a folder with one folder for each model.
    required: true
  under:
    description: The folder on the host under which RV(_raw[].target) lies.
    type: path
    required: true
notes:
  - Every file is read. Very large models are better mounted on the host, or given by URL.
"""

EXAMPLES = r"""
- name: Show what would be sent
  ansible.builtin.debug:
    msg: "{{ query('inferops.triton.model_repository', 'files/models', under='/var/lib/triton/models') }}"
"""

RETURN = r"""
_raw:
  description: One dictionary for each folder, in order.
  type: list
  elements: dict
  contains:
    path:
      description: Absolute path on the controller.
      type: str
    digest:
      description: First 20 hexadecimal digits of a SHA-256 over names and contents.
      type: str
    target:
      description: Where the folder lies on the host.
      type: str
    models:
      description: Names of the models.
      type: list
      elements: str
    problem:
      description: Why Triton would not load the folder, with the remedy. Empty for a good one.
      type: str
"""

import hashlib
import os
from typing import Any

from ansible.plugins.lookup import LookupBase


def judge(path: str) -> list[str]:
    """Return the names of the models under ``path``; raise ValueError (cause and remedy) where Triton would see no repository."""
    if not os.path.isdir(path):
        raise ValueError(f"the folder {path} (triton_server_models) does not exist on the controller; correct its path")
    models = sorted(entry.name for entry in os.scandir(path) if entry.is_dir() and not entry.name.startswith("."))
    if not models:
        raise ValueError(f"the folder {path} holds no model: a model repository has one folder for each model, with config.pbtxt and a folder 1 in it")
    for model in models:
        folder = os.path.join(path, model)
        if not os.path.isfile(os.path.join(folder, "config.pbtxt")):
            raise ValueError(f"the model {folder} has no config.pbtxt, and Triton is told not to guess one; write it")
        if not any(entry.is_dir() and entry.name.isdigit() for entry in os.scandir(folder)):
            raise ValueError(f"the model {folder} has no version: put it into a folder named by a number, such as {folder}/1")
    return models


def digest(path: str) -> str:
    """Return the first 20 hexadecimal digits of a SHA-256 over the relative names and contents of all files under ``path``."""
    total = hashlib.sha256()
    for folder, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            full = os.path.join(folder, name)
            content = hashlib.sha256()
            with open(full, "rb") as stream:
                for block in iter(lambda: stream.read(1 << 20), b""):
                    content.update(block)
            total.update(f"{os.path.relpath(full, path)}\0{content.hexdigest()}\n".encode())
        for name in folders:
            total.update(f"{os.path.relpath(os.path.join(folder, name), path)}/\n".encode())
    return total.hexdigest()[:20]


class LookupModule(LookupBase):
    """The Ansible side of the lookup."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return a description of each folder, with the reason where it is no model repository."""
        self.set_options(var_options=variables, direct=kwargs)
        under = self.get_option("under")
        results = []
        for term in terms:
            path = self.find_file_in_search_path(variables, "files", term, ignore_missing=True) or os.path.abspath(term)
            models, name, problem = [], "", ""
            try:
                models, name = judge(path), digest(path)
            except (ValueError, OSError) as error:
                problem = f"{error}."
            results.append({"path": path, "digest": name, "target": os.path.join(under, name), "models": models, "problem": problem})
        return results
