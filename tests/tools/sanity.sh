#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# sanity.sh VENV FOLDER [ARGUMENT...] : ansible-test sanity, without a container, on a copy of the checkout in FOLDER.
# It compiles and imports the code with every Python version that it finds on this machine.
set -euo pipefail

venv=$(cd "${1:?the virtual environment with ansible-core}" && pwd)
folder=${2:?the folder to work in}
shift 2
tools=$(cd "$(dirname "$0")" && pwd)

"$tools/copy.sh" "$folder"
folder=$(cd "$folder" && pwd)

# ansible-test takes any python3.X on PATH for a working one; pyenv's shims answer only for the version that is selected.
link_pythons() {
  local minor python
  rm -rf "${folder:?}/bin"
  mkdir -p "$folder/bin"
  for minor in 9 10 11 12 13; do
    while read -r python; do
      if "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        ln -s "$("$python" -c 'import sys; print(sys.executable)')" "$folder/bin/python3.$minor"
        break
      fi
    done < <(
      type -aP "python3.$minor" || true
      if command -v pyenv >/dev/null; then ls -d "$(pyenv root)/versions/3.$minor".*/bin/"python3.$minor" 2>/dev/null || true; fi
    )
  done
}

# ansible-test fetches pip's installer from a site of its own; every Python that is used here carries pip with it.
provide_pip() {
  local cache=$HOME/.ansible/test/cache version file
  version=$("$venv/bin/python" - <<'PYTHON'
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

print(get_venv_packages(SimpleNamespace(version="3.11"))["pip"])
PYTHON
  )
  file=$cache/get_pip_${version//./_}.py
  [ -s "$file" ] && return
  mkdir -p "$cache"
  printf 'import ensurepip\n\nensurepip.bootstrap(upgrade=True)\n' >"$file"
}

# Without it ansible-test passes over the shell scripts with a warning.
provide_shellcheck() {
  command -v shellcheck >/dev/null && return
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    printf 'sanity: the package shellcheck is missing (as root: apt-get install shellcheck).\n' >&2
    exit 1
  fi
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends shellcheck; } >"$folder/apt.log" 2>&1 ||
    { tail -n 20 "$folder/apt.log" >&2; exit 1; }
}

link_pythons
provide_pip
provide_shellcheck
cd "$folder/ansible_collections/inferops/triton"
# Else it would ask the checkout's git around the copy, which ignores it.
git init --quiet
git add --all
PATH="$folder/bin:$venv/bin:$PATH" PYTHONDONTWRITEBYTECODE='' exec ansible-test sanity --color no "$@"
