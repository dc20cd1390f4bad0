#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints what the role leaves on a host of either family; nothing on a bare one.
ls -d /etc/modprobe.d/inferops-nvidia.conf /etc/apt/preferences.d/inferops-nvidia /etc/yum.repos.d/inferops-nvidia.repo \
  /etc/pki/rpm-gpg/RPM-GPG-KEY-inferops-nvidia /etc/dnf/plugins/versionlock.list /sys/module/nvidia 2>/dev/null
grep -h restricted /etc/apt/sources.list.d/ubuntu.sources 2>/dev/null
{ dpkg-query --show '*nvidia*' 'linux-headers*'; rpm --query --all 'kmod-*' 'nvidia-*' epel-release; } 2>/dev/null
apt-mark showhold
exit 0
