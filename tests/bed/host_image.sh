#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016  # mmdebstrap expands $1 in its hooks
#
# host_image.sh SUITE : a Debian host as a provider hands it out, systemd included, as an image for Docker.
# It holds nothing that a role is to install (Docker, python3-cryptography, NumPy, libpython), so that those steps stay tested.

# shellcheck source-path=SCRIPTDIR source=settings.sh
. "$(dirname "$0")/settings.sh"
suite=${1:?the Debian release, for instance bookworm}
image=$BED_HOST_IMAGE:$suite

packages=systemd,systemd-sysv,dbus,python3,python3-apt,ca-certificates,iproute2,sudo,procps,openssl
ca_bundle=$(bed_ca_bundle || true)
hash=$(recipe_hash "$0" "$suite" "$packages" ${ca_bundle:+"$ca_bundle"})
if image_is_current "$image" "$hash"; then
  say "$image is current"
  exit 0
fi

# uid 1000 is a person with sudo, as on cloud images: roles may not assume that the number is free.
# shellcheck disable=SC2016  # $1 is for the shell that mmdebstrap starts
hooks=(--customize-hook='chroot "$1" useradd --create-home --shell /bin/bash --uid 1000 admin'
       --customize-hook='echo "admin ALL=(ALL) NOPASSWD: ALL" > "$1/etc/sudoers.d/90-admin"; chmod 0440 "$1/etc/sudoers.d/90-admin"'
       --customize-hook='rm -f "$1/etc/hostname" "$1/etc/resolv.conf"; : > "$1/etc/machine-id"')
if [ -n "$ca_bundle" ]; then
  hooks+=(--customize-hook="upload $ca_bundle /etc/ssl/certs/ca-certificates.crt")
fi

log=$BED_STATE/host-$suite.log
say "building $image (log: $log)"
mmdebstrap --variant=minbase --include="$packages" \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "${hooks[@]}" "$suite" - 2>"$log" |
  docker import --change "LABEL $BED_RECIPE_LABEL=$hash" --change 'CMD ["/lib/systemd/systemd"]' \
    --change 'ENV container=docker' - "$image" >>"$log" ||
  { tail -n 20 "$log" >&2; die "$image could not be built"; }
