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

for playbook in "$installed"/playbooks/*.yml; do
  name=inferops.triton.$(basename "$playbook" .yml)
  say "$name"
  ansible-playbook --syntax-check --inventory 'triton.example,' "$name"
done

for role in "$installed"/roles/*/; do
  name=inferops.triton.$(basename "$role")
  say "role $name"
  ansible-doc --type role --json "$name" | "$venv/bin/python" -c \
    'import json, sys; sys.exit(0 if json.load(sys.stdin)[sys.argv[1]]["entry_points"] else f"{sys.argv[1]} has no argument_specs")' "$name"
done

for kind in module filter; do
  names=$(ansible-doc --list --type "$kind" inferops.triton | awk '{print $1}')
  for name in $names; do
    say "$kind $name"
    ansible-doc --type "$kind" "$name" >/dev/null
  done
done

# Its own call of ansible-lint only warns; the strict one follows.
say "the importer of Ansible Galaxy"
GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false "$venv/bin/python" -m galaxy_importer.main "$artifact" | grep -v '^Loading '

say "ansible-lint, profile production, on what was installed"
cd "$installed"
ansible-lint --offline --strict --profile production --project-dir . --exclude changelogs/
say "whole: $artifact"
