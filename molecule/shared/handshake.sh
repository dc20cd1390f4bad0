#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# handshake.sh ARGUMENTS… : openssl s_client, its output as text. The server's first HTTP/2 frames, which it shows as they are, are not.
set -o pipefail
openssl s_client "$@" </dev/null 2>&1 | LC_ALL=C tr -cd '[:print:]\n'
