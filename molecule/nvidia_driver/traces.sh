#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints what the role leaves on a host; nothing on a bare one.
ls -d /etc/modprobe.d/inferops-nvidia.conf /etc/apt/preferences.d/inferops-nvidia /etc/apt/sources.list.d/inferops-nvidia.sources \
  /etc/apt/keyrings/inferops-nvidia.asc 2>/dev/null
grep -rh non-free /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null
dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' '*nvidia*' dkms 'linux-headers*' 2>/dev/null | grep ' installed'
apt-mark showhold
exit 0
