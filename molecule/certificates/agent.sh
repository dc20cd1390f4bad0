#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# agent.sh FOLDER NAME : a key and a request of NAME, made once, and a new certificate for it, each time.
set -euo pipefail
people=$(cd "$(dirname "$0")" && pwd)/people.sh
mkdir -p "$1"
cd "$1"
[ -s "$2.key" ] || openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -addext "subjectAltName=DNS:$2" \
  -addext extendedKeyUsage=serverAuth -addext keyUsage=critical,digitalSignature -keyout "$2.key" -out "$2.csr" 2>/dev/null
"$people" "$1"
