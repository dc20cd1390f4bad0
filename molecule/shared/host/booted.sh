#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Waits until systemd is up. Debian 13 may be "degraded" in a container, for systemd-modules-load.service alone.
for _ in $(seq 60); do
  # Right after a start there is no bus to ask yet, and --wait ends at once, with nothing or "offline".
  state=$(systemctl is-system-running --wait 2>/dev/null)
  case $state in running | degraded) break ;; esac
  sleep 1
done
[ "$state" = running ] && exit 0
[ "$(systemctl --failed --no-legend --plain | awk '{ print $1 }')" = systemd-modules-load.service ] && exit 0
echo "after 60 s systemd is ${state:-not to be reached}"
systemctl --failed --no-legend --plain
exit 1
