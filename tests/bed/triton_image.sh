#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016  # mmdebstrap expands $1 in its hooks
#
# triton_image.sh : the real Triton of the nvidia-pytriton wheel in an image laid out like NVIDIA's own
# (/opt/tritonserver, an entrypoint that execs its arguments, user triton-server with uid 1000, run as root unless told otherwise).

# shellcheck source-path=SCRIPTDIR source=settings.sh
. "$(dirname "$0")/settings.sh"
image=$BED_TRITON_IMAGE
wheel=$BED_STATE/wheel-$BED_TRITON_WHEEL

log=$BED_STATE/triton-image.log
: >"$log"

fetch_wheel() {
  [ -x "$wheel/pytriton/tritonserver/bin/tritonserver" ] && return
  say "fetching nvidia-pytriton $BED_TRITON_WHEEL"
  rm -rf "$wheel" "$wheel.new"
  if have uv; then
    uv pip install --quiet --python-version 3.11 --no-deps --target "$wheel.new" "nvidia-pytriton==$BED_TRITON_WHEEL" >>"$log" 2>&1
  else
    python3 -m pip install --quiet --no-compile --no-deps --only-binary=:all: --python-version 3.11 --target "$wheel.new" \
      "nvidia-pytriton==$BED_TRITON_WHEEL" >>"$log" 2>&1
  fi || { tail -n 5 "$log" >&2; die "nvidia-pytriton $BED_TRITON_WHEEL could not be fetched"; }
  mv "$wheel.new" "$wheel"
}

# lay_out TREE : what is put over the Debian root file system.
lay_out() {
  local tree=$1 source=$wheel/pytriton/tritonserver
  mkdir -p "$tree/opt/tritonserver/lib" "$tree/opt/nvidia"
  cp -a "$source/bin" "$source/backends" "$source/caches" "$tree/opt/tritonserver/"
  cp -a "$source/python_backend_stubs/3.11/triton_python_backend_stub" "$tree/opt/tritonserver/backends/python/"
  cp -a "$wheel/nvidia_pytriton.libs/." "$tree/opt/tritonserver/lib/"
  find "$tree" -name __pycache__ -prune -exec rm -rf {} +
  chmod 0755 "$tree/opt/tritonserver/bin/tritonserver" "$tree/opt/tritonserver/backends/python/triton_python_backend_stub"
  # NVIDIA's entrypoint prints a banner and execs its arguments.
  printf '%s\n' '#!/bin/sh' 'echo "== Triton Inference Server (test bed) ==" >&2' 'exec "$@"' >"$tree/opt/nvidia/nvidia_entrypoint.sh"
  chmod 0755 "$tree/opt/nvidia/nvidia_entrypoint.sh"
}

# Scenarios use the wheel itself, too: it is fetched even where the image is there already.
fetch_wheel
hash=$(recipe_hash "$0" "$BED_TRITON_WHEEL")
if image_is_current "$image" "$hash"; then
  say "$image is current"
  exit 0
fi

tree=$(mktemp -d "$BED_STATE/tree.XXXXXX")
trap 'rm -rf "$tree"' EXIT
chmod 0755 "$tree"
lay_out "$tree"

say "building $image (log: $log)"
# shellcheck disable=SC2016  # $1 is for the shell that mmdebstrap starts
mmdebstrap --variant=minbase --include=python3,python3-numpy,libpython3.11 \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='chroot "$1" useradd --create-home --uid 1000 triton-server' \
  --customize-hook="sync-in $tree /" \
  --customize-hook='chown -R root:root "$1/opt"' \
  bookworm - 2>>"$log" |
  docker import --change "LABEL $BED_RECIPE_LABEL=$hash" --change 'WORKDIR /opt/tritonserver' \
    --change 'ENV PATH=/opt/tritonserver/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV LD_LIBRARY_PATH=/opt/tritonserver/lib' --change 'ENTRYPOINT ["/opt/nvidia/nvidia_entrypoint.sh"]' - "$image" >>"$log" ||
  { tail -n 20 "$log" >&2; die "$image could not be built"; }
