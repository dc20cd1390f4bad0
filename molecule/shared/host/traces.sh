#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints whatever of this collection's work is on the host: nothing on a bare one, nothing after a removal with all data.
find /etc/triton /var/lib/triton /opt/triton /etc/systemd/system/triton* -not -type d 2>/dev/null
getent passwd triton
pgrep -ax tritonserver
ss -Hltn 'sport = 8001'
systemctl list-units --all --no-legend 'triton*'
grep -rIlE 'BEGIN ([A-Z]+ )?PRIVATE KEY' /etc/triton /var/lib/triton /opt/triton /var/tmp /tmp /root /home 2>/dev/null
exit 0
