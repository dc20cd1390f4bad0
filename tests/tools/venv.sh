#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# venv.sh FOLDER REQUIREMENT... : a virtual environment with the requirements (uv's syntax), made or brought up to date.
# uv does the work: seconds where pip takes minutes. Where uv is not on PATH, pip brings it into the environment.
set -euo pipefail

venv=${1:?the folder of the virtual environment}
shift

die() {
  printf 'venv: %s\n' "$*" >&2
  exit 1
}

# The newest usable interpreter is not the aim: `python3` is what the user expects, others only where it is too old. PYTHON names one.
find_python() {
  local python
  for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  die "Python 3.11 or later is needed on PATH (ansible-core 2.19 asks for it); found $(python3 --version 2>&1)."
}

python=$(find_python)
# shellcheck source=tests/tools/pip_settings.sh
. "$(dirname "$0")/pip_settings.sh"
use_pip_settings "$python"

if uv=$(command -v uv) && "$uv" --version >/dev/null 2>&1; then
  [ -x "$venv/bin/python" ] || "$uv" venv --quiet --python "$python" "$venv"
else
  if [ ! -x "$venv/bin/python" ]; then
    "$python" -m venv "$venv" >/dev/null 2>&1 || {
      rm -rf "$venv"
      die "$python cannot make virtual environments: install the package python3-venv (Debian, Ubuntu: apt-get install python3-venv)."
    }
  fi
  uv=$venv/bin/uv
  [ -x "$uv" ] || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
fi

VIRTUAL_ENV=$(cd "$venv" && pwd) "$uv" pip install --quiet "$@"

# Compiled once here, or by every run of Ansible where the environment forbids Python to keep what it compiled.
# The thousands of modules of the bundled collections are not imported by the controller; they stay as they are.
# Some packages carry files that are no Python of this version; what cannot be compiled is none of our business.
find "$venv"/lib/python3*/site-packages -mindepth 1 -maxdepth 1 -type d ! -name ansible_collections ! -name '*.dist-info' \
  -exec "$venv/bin/python" -m compileall -qq -j 0 {} + >/dev/null || true
