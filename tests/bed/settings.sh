# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034  # its names are used by those who source it
#
# Names and addresses of the test bed, and the few functions that its scripts share. Sourced, never run.
# Every value can be given by the environment, for instance where the subnet is taken.

set -euo pipefail

BED_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${BED_STATE:=$BED_ROOT/.build/bed}"
: "${BED_NETWORK:=inferops-bed}"
: "${BED_SUBNET:=172.30.91.0/24}"
: "${BED_GATEWAY:=172.30.91.1}"
: "${BED_REGISTRY_PORT:=5000}"
: "${BED_PACKAGES_PORT:=5080}"
: "${BED_SUITES:=bookworm trixie}"
: "${BED_HOST_IMAGE:=inferops-host}"
: "${BED_TRITON_WHEEL:=0.7.0}"
: "${BED_TRITON_TAG:=24.10-py3}"
BED_REGISTRY=$BED_GATEWAY:$BED_REGISTRY_PORT
BED_PACKAGES=$BED_GATEWAY:$BED_PACKAGES_PORT
BED_TRITON_IMAGE=tritonserver:$BED_TRITON_TAG
BED_RECIPE_LABEL=inferops.bed.recipe

mkdir -p "$BED_STATE"

say() { printf 'bed: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# The controller's trust store: inside the bed TLS may be re-signed by the network, and hosts must trust what we trust.
bed_ca_bundle() {
  local file=/etc/ssl/certs/ca-certificates.crt
  [ -r "$file" ] && printf '%s\n' "$file"
}

# recipe_hash FILE|TEXT... : one digest over everything that makes an image what it is.
recipe_hash() {
  local part
  for part in "$@"; do
    if [ -f "$part" ]; then cat "$part"; else printf '%s\n' "$part"; fi
  done | sha256sum | cut -c1-20
}

# image_is_current IMAGE HASH : was IMAGE made by that very recipe?
image_is_current() {
  [ "$(docker image inspect -f "{{index .Config.Labels \"$BED_RECIPE_LABEL\"}}" "$1" 2>/dev/null)" = "$2" ]
}

# process_alive PIDFILE
process_alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
