#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The driver of a Debian host as JSON: what dpkg, DKMS, modinfo and apt say.
set -eu
list() { python3 -c 'import json, sys; print(json.dumps(sys.stdin.read().split("\n")[:-1]))'; }
text() { python3 -c 'import json, sys; print(json.dumps(sys.stdin.read()))'; }

# Versions of drivers only; helpers such as nvidia-persistenced are numbered on their own.
versions=$(dpkg-query --show --showformat='${Package} ${Version}\n' 'nvidia-*' 'libnvidia-*' libcuda1 libnvcuvid1 'firmware-nvidia-*' |
  grep -Ev 'persistenced|modprobe|installer-cleanup|support |kernel-common' | sed -nE 's/^[^ ]+ ([0-9.]+)-.*/\1/p')
cat <<JSON
{"modules": $(find /lib/modules -name 'nvidia-current*.ko' -exec modinfo -F version {} \; | list),
 "dkms": $(dkms status | text),
 "packages": $(printf '%s\n' "$versions" | list),
 "unheld": $(dpkg-query --show --showformat='${Package} ${Version} ${db:Status-Want}\n' '*nvidia*' libcuda1 libnvcuvid1 | grep -E ' [345][0-9]{2}\.' | grep -v ' hold$' | list),
 "candidate": $(apt-cache policy nvidia-kernel-dkms | sed -n 's/^  Candidate: //p' | text),
 "upgrades": $(apt-get --simulate dist-upgrade | grep -Ec '^Inst .*nvidia' || true),
 "nouveau": $(grep -hv '^#' /etc/modprobe.d/inferops-nvidia.conf | list),
 "smi": $(nvidia-smi 2>&1 | text)}
JSON
