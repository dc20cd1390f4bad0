#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A Tesla T4 in this container's sysfs, with an NVSwitch beside it where /srv/nvswitch is, and a modprobe that notes in it what it was asked to load.
set -eu
device=/srv/sys/devices/0000:00:1e.0
mkdir -p "$device" /srv/sys/module
echo 0x10de >"$device/vendor"
echo 0x1eb8 >"$device/device"
echo 0x030200 >"$device/class"
if [ -e /srv/nvswitch ]; then
  switch=/srv/sys/devices/0000:00:1f.0
  mkdir -p "$switch"
  echo 0x10de >"$switch/vendor"
  echo 0x22a3 >"$switch/device"
  echo 0x068000 >"$switch/class"
fi
mount --bind /srv/sys/devices /sys/bus/pci/devices
mount --bind /srv/sys/module /sys/module
rm -f /usr/sbin/modprobe /sbin/modprobe
cat >/usr/sbin/modprobe <<'SH'
#!/bin/sh
# Stand-in: the machine's kernel is not this container's.
case "$*" in *nvidia*)
  version=$(modinfo -F version "$(find /lib/modules -name 'nvidia.ko' | head -n 1)") || exit 1
  mkdir -p /sys/module/nvidia && echo "$version" >/sys/module/nvidia/version ;;
esac
SH
chmod 0755 /usr/sbin/modprobe
