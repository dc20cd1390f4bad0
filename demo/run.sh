#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# run.sh VENV : the playbook `demo` on this checkout, told as a story. Everything that it makes lies in .demo.
set -euo pipefail

venv=$(cd "${1:?the virtual environment with Ansible}" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$root/.demo
mkdir -p "$folder"

# The user's own settings of Ansible and Python are for other work than this.
for name in "${!ANSIBLE_@}" "${!PYTHON@}"; do unset "$name"; done
export PYTHONUNBUFFERED=1
export ANSIBLE_CONFIG=$root/demo/ansible.cfg ANSIBLE_COLLECTIONS_PATH=$root/.build/collections
export ANSIBLE_CALLBACK_PLUGINS=$root/demo/callback_plugins ANSIBLE_LOG_PATH=$folder/demo.log
export ANSIBLE_HOME=$folder/ansible ANSIBLE_REMOTE_TMP=$folder/ansible/tmp
export LC_ALL=C.UTF-8 DEMO_DIRECTORY=$folder

exec 9>"$folder/.lock"
if ! flock --nonblock 9; then
  echo "demo: another make demo is at work in $root: wait until it has ended, or end it with Ctrl-C." >&2
  exit 75
fi
: >"$ANSIBLE_LOG_PATH"

interrupted=
trap 'interrupted=yes' INT TERM
status=0
# Triton, which stays, must not inherit the lock.
"$venv/bin/ansible-playbook" --inventory localhost, inferops.triton.demo 9>&- || status=$?
if [ -n "$interrupted" ]; then
  echo "demo: interrupted. make demo takes up where this left off, and make demo-stop ends what already runs." >&2
fi
exit "$status"
