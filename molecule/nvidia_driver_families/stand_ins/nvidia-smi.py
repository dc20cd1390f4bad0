# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in for nvidia-smi: answers for a Tesla T4 with the version that is «loaded», or as nvidia-smi does when none is."""

from __future__ import annotations

import sys

try:
    with open("/sys/module/nvidia/version", encoding="ascii") as stream:
        version = stream.read().strip()
except OSError:
    sys.exit("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")
print(
    f"""<?xml version="1.0" ?>
<nvidia_smi_log><driver_version>{version}</driver_version><cuda_version>13.0</cuda_version><attached_gpus>1</attached_gpus>
<gpu id="00000000:00:1E.0"><product_name>Tesla T4</product_name><uuid>GPU-5fd4a1a2-0000-0000-0000-000000000000</uuid>
<persistence_mode>Enabled</persistence_mode><mig_mode><current_mig>N/A</current_mig></mig_mode><mig_devices>None</mig_devices>
<fb_memory_usage><total>15360 MiB</total></fb_memory_usage></gpu></nvidia_smi_log>"""
)
