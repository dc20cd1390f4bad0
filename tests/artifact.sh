#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# artifact.sh VENV FOLDER : is what users install whole? Builds the collection from a copy of the checkout, installs the
# artifact into an empty folder, and lets Ansible find playbooks, roles and modules in it by their full names.
set -euo pipefail

venv=$(cd "${1:?the virtual environment with ansible-core}" && pwd)
folder=${2:?the folder to work in}
tests=$(cd "$(dirname "$0")" && pwd)

rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
export PATH="$venv/bin:$PATH" ANSIBLE_FORCE_COLOR=0 ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY_UNPARSED_WARNING=false

say() { printf 'artifact: %s\n' "$*"; }

"$tests/tools/copy.sh" "$folder/copy"
source=$folder/copy/ansible_collections/inferops/triton

say "build"
ansible-galaxy collection build --output-path "$folder" "$source"
artifact=$(ls "$folder"/inferops-triton-*.tar.gz)

for unwanted in .ci/ .github/ Makefile molecule/ pyproject.toml tests/; do
  if tar --list --file "$artifact" | grep -q "^$unwanted"; then
    say "$unwanted is in the artifact: add it to build_ignore in galaxy.yml" >&2
    exit 1
  fi
done

say "install into an empty folder"
# Its dependencies come with the ansible package: Ansible Galaxy is not asked.
ansible-galaxy collection install --no-deps --offline --collections-path "$folder/installed" "$artifact"
installed=$folder/installed/ansible_collections/inferops/triton
export ANSIBLE_COLLECTIONS_PATH=$folder/installed
cd "$folder"

# named FOLDER SUFFIX : the full names of what lies there.
named() { find "$installed/$1" -mindepth 1 -maxdepth 1 -name "*$2" -printf "inferops.triton.%f\n" | sed "s/$2\$//" | sort; }

# documented KEY NAME... : ansible-doc's JSON on stdin has KEY for each name.
documented() {
  "$venv/bin/python" -c 'import json, sys
found = json.load(sys.stdin)
sys.exit("\n".join(f"{name} has no {sys.argv[1]}" for name in sys.argv[2:] if not found.get(name, {}).get(sys.argv[1])) or None)' "$@"
}

mapfile -t playbooks < <(named playbooks .yml)
say "playbooks ${playbooks[*]}"
ansible-playbook --syntax-check --inventory 'triton.example,' "${playbooks[@]:?}"

mapfile -t roles < <(named roles '')
say "roles ${roles[*]}"
ansible-doc --type role --json "${roles[@]:?}" | documented entry_points "${roles[@]}"

for kind in module filter; do
  mapfile -t names < <(ansible-doc --list --type "$kind" inferops.triton | awk '{print $1}')
  say "$kind ${names[*]}"
  ansible-doc --type "$kind" --json "${names[@]:?}" | documented doc "${names[@]}"
done

# Its own call of ansible-lint only warns; the strict one follows.
say "the importer of Ansible Galaxy"
GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false "$venv/bin/python" -m galaxy_importer.main "$artifact" | grep -v '^Loading '

say "ansible-lint, profile production, on what was installed"
cd "$installed"
ansible-lint --offline --strict --profile production --project-dir . --exclude changelogs/
say "whole: $artifact"
