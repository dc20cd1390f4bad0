#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# fake_driver.sh VERSION : a host of the bed looks as if that driver were loaded: /proc/driver/nvidia, libcuda and nvidia-smi, all stand-ins.
# Another version takes the place of the one before, as an upgrade does.
set -eu
mountpoint -q /proc/driver || mount -t tmpfs -o mode=755 tmpfs /proc/driver
mkdir -p /proc/driver/nvidia
echo "NVRM version: NVIDIA UNIX x86_64 Kernel Module  $1  Thu Jun  5 00:00:00 UTC 2025" > /proc/driver/nvidia/version
rm -f /usr/lib/x86_64-linux-gnu/libcuda.so.*
: > "/usr/lib/x86_64-linux-gnu/libcuda.so.$1"
cat > /usr/bin/nvidia-smi <<'SMI'
#!/bin/sh
[ -e /dev/nvidia0 ] || [ ! -e /run/.containerenv -a ! -e /.dockerenv ] || { echo 'Failed to initialize NVML: Unknown Error'; exit 255; }
echo 'GPU 0: Stand-in (UUID: GPU-00000000-0000-0000-0000-000000000000)'
SMI
chmod 0755 /usr/bin/nvidia-smi
