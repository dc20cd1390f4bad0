#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Fails, naming the file, where a private key or a generation is open to those who do not need it.
status=0
expect() {
  found=$(stat -Lc '%a %U' "$2")
  [ "$found" = "$1" ] || { echo "$2 is $found, not $1"; status=1; }
}
expect '400 root' /etc/triton/tls/tls.key
expect '400 triton' /etc/triton/active/tls/tls.key
# Whatever its name is, a file that holds a private key is closed to a group and to others.
open=$(grep -rIlE 'BEGIN ([A-Z]+ )?PRIVATE KEY' /etc/triton /var/lib/triton /var/tmp /tmp /root /home 2>/dev/null | xargs -r -I '{}' find '{}' -perm /077)
[ -z "$open" ] || { echo "open: $open"; status=1; }
# Generations are never changed after staging, by whoever runs Triton least of all.
writable=$(find /etc/triton/generations -perm /022 -not -type l)
[ -z "$writable" ] || { echo "writable: $writable"; status=1; }
exit $status
