#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What either family has after a run, one line each: loaded module, package versions, holds or locks, services, sources, nouveau, how the initramfs
# was made, Fabric Manager where there is an NVSwitch.
cat /sys/module/nvidia/version
if [ -e /etc/redhat-release ]; then
  rpm --query --queryformat '%{EVR}\n' kmod-nvidia-open-dkms nvidia-driver-cuda nvidia-persistenced nvidia-fabricmanager libnvidia-nscq | sort -u | tr '\n' ' '
  echo
  grep -c '^[a-z].*-3:580' /etc/dnf/plugins/versionlock.list
  rpm --query --queryformat '%{SIGPGP:pgpsig}\n' gpg-pubkey >/dev/null && rpm --query gpg-pubkey | wc -l
else
  dpkg-query --show --showformat='${Version}\n' 'nvidia-*580*' 'libnvidia-*580*' | sort -u | tr '\n' ' '
  echo
  apt-mark showhold | wc -l
  grep -c '^Components: main restricted multiverse$' /etc/apt/sources.list.d/ubuntu.sources
fi
systemctl is-active nvidia-persistenced
systemctl is-enabled nvidia-persistenced
grep -c nouveau /etc/modprobe.d/inferops-nvidia.conf
cat /srv/initramfs.log
[ ! -e /srv/nvswitch ] || { systemctl is-active nvidia-fabricmanager && systemctl is-enabled nvidia-fabricmanager; }
