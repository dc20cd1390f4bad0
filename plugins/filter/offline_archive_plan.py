# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does an offline archive hold what a host needs?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.inferops.triton.plugins.module_utils._offline import needs

DOCUMENTATION = r"""
name: offline_archive_plan
short_description: What a host gets from an offline archive, and what the archive lacks for it
version_added: 0.1.0
author:
  - The inferops.triton authors
description:
  - Compares what a host needs and has with the manifest of an archive.
positional: _input
options:
  _input:
    description:
      - What the host needs and has, a mapping of C(distribution), C(release), C(architecture), C(packages) (C(name) or C(name=version)),
        C(installed) (as M(ansible.builtin.package_facts) tells), C(engine), C(image) and C(wheel).
    type: dict
    required: true
  manifest:
    description: The manifest, as M(inferops.triton.offline_archive) returns it.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Refuse an archive that does not do
  ansible.builtin.assert:
    that: (needs | inferops.triton.offline_archive_plan(manifest=archive.manifest)).problems | length == 0
"""

RETURN = r"""
_value:
  description:
    - C(missing), the packages that the host does not have; C(packages) and C(image), the entries of the manifest that it gets, or nothing; C(problems),
      sentences without a full stop.
  type: dict
"""


def offline_archive_plan(host: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """See needs.plan."""
    return needs.plan(host, manifest)


class FilterModule:
    """The filters of this file, by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"offline_archive_plan": offline_archive_plan}
