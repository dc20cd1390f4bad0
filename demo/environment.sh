#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# environment.sh VENV REQUIREMENT... : looks whether the demo can run on this machine, then makes its virtual environment.
# What stands in the way is told in one sentence, with the remedy; the tools' own words stay in a log.
set -euo pipefail

venv=${1:?the folder of the virtual environment}
shift
root=$(cd "$(dirname "$0")/.." && pwd)
log=$root/.build/environment.log
# Lies there while the environment is being made: a run that was killed leaves it, and the next one begins anew.
unfinished=$root/.build/environment.unfinished

# MiB that a complete virtual environment, and the engine with the packed wheel, take.
venv_mib=600
engine_mib=300

die() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

check_machine() {
  local glibc
  case $root in
    *[[:space:]\'\"\\\$\`\&\;\|\<\>\(\)\*\?\[\]\{\}\!\#:]*)
      die "the path of this folder, $root, has a blank, a colon, a quote or a bracket in it, which Triton's Python backend cannot cope with:" \
        "move the folder to a plainer path, for instance $HOME/triton."
      ;;
  esac
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
    die "the wheel that brings Triton is built for Linux on x86_64, and this is $(uname -s) on $(uname -m): run the demo on such a machine."
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2) || true
  [ "$(printf '%s\n' 2.35 "${glibc:-0}" | sort -V | head -n 1)" = 2.35 ] ||
    die "the wheel that brings Triton needs glibc 2.35 or later, and this machine has ${glibc:-another C library}:" \
      "use Debian 12, Ubuntu 22.04 or a later system."
}

# Ansible needs 3.11; Triton's Python backend, which serves the test model, is built for versions up to 3.13.
usable() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }
version() { "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null || echo none; }

choose_python() {
  local python
  for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if usable "$python"; then
      export PYTHON=$python
      return
    fi
  done
  die "Python 3.11, 3.12 or 3.13 is needed, and ${PYTHON:-python3} is $(version "${PYTHON:-python3}"):" \
    "install one of these, and where it is not on PATH name it: make demo PYTHON=/path/to/python3.12."
}

free_mib() { echo $(($(df -Pk "$root" | awk 'NR == 2 { print $4 }') / 1024)); }

check_disk() {
  local free need=$engine_mib
  [ -x "$venv/bin/python" ] || need=$((need + venv_mib))
  [ -d "$root/.demo/triton/committed" ] && need=$((need - engine_mib + 20))
  free=$(free_mib)
  [ "$free" -ge "$need" ] ||
    die "the disk is full: $root has $free MiB free, and the demo needs about $need MiB. Free some space there and run make demo again."
}

explain() {
  local last
  last=$(grep -v '^[[:space:]]*$' "$log" | tail -n 1 | sed 's/^[^:]*venv: //') || true
  if [ "$(free_mib)" -lt 20 ] || grep -qiE 'no space left|disk quota|os error (28|122)' "$log"; then
    die "the disk ran full while the Python packages were installed: free about $venv_mib MiB for $root and ${HOME:-the home folder}" \
      "(pip's and uv's caches), and run make demo again. Details: $log"
  fi
  if grep -qiE 'python3-venv|ensurepip' "$log"; then die "$last"; fi
  if grep -qiE 'fetch|resolve host|connect|timed? ?out|dns|network|certificate|no matching distribution|not find a version|retries' "$log"; then
    die "the Python packages could not be fetched ($last): check the network, the proxy, or the package index that pip is configured for" \
      "(pip config list), and run make demo again. Details: $log"
  fi
  die "the virtual environment $venv could not be made ($last). Details: $log"
}

check_machine
choose_python
check_disk
mkdir -p "$root/.build"
if [ -e "$unfinished" ]; then rm -rf "$venv"; fi
if [ -x "$venv/bin/python" ] && ! usable "$venv/bin/python"; then
  die "$venv was made with Python $(version "$venv/bin/python"), and the demo needs 3.11, 3.12 or 3.13: run make clean, then make demo PYTHON=python3.12."
fi
echo "Installing Ansible and the clients of Triton from the package index into $venv (10 to 60 seconds, once) …"
: >"$unfinished"
"$root/tests/tools/venv.sh" "$venv" "$@" >"$log" 2>&1 || explain
rm -f "$unfinished"
