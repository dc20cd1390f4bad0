#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# copy.sh FOLDER : a fresh copy of what git tracks, or would track, in FOLDER/ansible_collections/inferops/triton.
# ansible-test and the collection build follow no symlink to a checkout, and must not see what git ignores.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
copy=${1:?the folder to copy to}/ansible_collections/inferops/triton

rm -rf "$copy"
mkdir -p "$copy"
copy=$(cd "$copy" && pwd)
cd "$root"
git ls-files -z --cached --others --exclude-standard --deduplicate |
  while IFS= read -r -d '' file; do
    # A file may be deleted and not yet committed.
    if [ -e "$file" ]; then printf '%s\0' "$file"; fi
  done |
  tar --create --null --files-from=- | tar --extract --directory="$copy"
