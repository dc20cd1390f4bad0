#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# servers.sh [NAME...] : what the unit tests start beside Triton, haproxy, openssl and gpg; or these. What is missing comes from Debian's packages
# where apt and root are at hand. Debian keeps haproxy where an ordinary user's PATH does not look.
set -euo pipefail

[ $# -gt 0 ] || set -- haproxy openssl gpg gpg-agent
missing=()
for name in "$@"; do
  PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$name" >/dev/null || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  printf 'The unit tests need %s: install it (Debian: apt-get install %s), or run this as root.\n' "${missing[*]}" "${missing[*]}" >&2
  exit 1
fi
apt-get update -qq
# In runlevel 1 the package does not start a service of its own.
missing=("${missing[@]/#testssl/testssl.sh}")
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
