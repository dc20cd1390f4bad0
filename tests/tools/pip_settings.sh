# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# use_pip_settings PYTHON : uv does not read pip's configuration, so a mirror or a certificate authority that is set for
# pip is passed on to it. Sourced, never run.

use_pip_settings() {
  local python=$1 index cert
  setting() { "$python" -m pip config get "global.$1" 2>/dev/null || true; }
  index=${PIP_INDEX_URL:-$(setting index-url)}
  cert=${PIP_CERT:-$(setting cert)}
  if [ -n "$index" ]; then export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"; fi
  if [ -n "$cert" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$cert}"; fi
}
