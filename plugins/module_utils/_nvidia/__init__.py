# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""NVIDIA GPUs, their driver and what it must be for a Triton release; knows nothing of Ansible.

On the host: pci, driver, smi, users, packages, apt_sources, survey. On the controller: versions, plan, compatibility, diagnosis.
"""

from __future__ import annotations
