# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options about the service manager that runs the instances."""

from __future__ import annotations


class ModuleDocFragment:
    """Shared by triton_generation and triton_generation_info."""

    DOCUMENTATION = r"""
options:
  path:
    description: Root folder of generations, instances and commit marks.
    type: path
    default: /etc/triton
  service_manager:
    description: What runs the instances.
    type: str
    choices: [systemd, supervisor]
    default: systemd
  unit_directory:
    description: Folder of systemd's units, where the drop-ins of the instances lie.
    type: path
    default: /etc/systemd/system
  supervisor_config:
    description:
      - Configuration file that supervisord runs with; an instance is its program C(triton-<instance>).
      - Required if O(service_manager=supervisor) and a service is looked at.
    type: path
  run_directory:
    description: Folder in which the start script of an instance notes the generation that it really runs, in C(<instance>/generation).
    type: path
    default: /run/triton
"""
