#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Waits until systemd is up. Debian 13 may be "degraded" in a container, for systemd-modules-load.service alone.
state=$(systemctl is-system-running --wait)
[ "$state" = running ] && exit 0
[ "$(systemctl --failed --no-legend --plain | awk '{ print $1 }')" = systemd-modules-load.service ] && exit 0
echo "$state"
systemctl --failed --no-legend --plain
exit 1
