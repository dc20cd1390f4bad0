# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What both families' stand-ins have in common. Sourced, never run.
here=/srv/build
out=/srv/stand-ins
kernel=$(uname -r)

# tree FOLDER PACKAGE VERSION : what a package of that name puts on a host.
tree() {
  mkdir -p "$1"
  case $2 in
    *dkms*) mkdir -p "$1/lib/modules/$kernel/updates/dkms"; python3 "$here/module.py" "$1/lib/modules/$kernel/updates/dkms/nvidia.ko" "$3" ;;
    nvidia-utils-* | nvidia-driver-cuda)
      mkdir -p "$1/usr/bin"
      { echo '#!/usr/bin/env python3'; cat "$here/nvidia-smi.py"; } >"$1/usr/bin/nvidia-smi"
      chmod 0755 "$1/usr/bin/nvidia-smi" ;;
    nvidia-compute-utils-* | nvidia-persistenced)
      mkdir -p "$1/lib/systemd/system"; install -m 0644 "$here/nvidia-persistenced.service" "$1/lib/systemd/system/" ;;
    nvidia-fabricmanager)
      mkdir -p "$1/usr/lib/systemd/system"
      sed 's/nvidia-persistenced/nvidia-fabricmanager/' "$here/nvidia-persistenced.service" >"$1/usr/lib/systemd/system/nvidia-fabricmanager.service" ;;
    linux-headers-*) mkdir -p "$1/lib/modules/$kernel/build"; echo 'all:' >"$1/lib/modules/$kernel/build/Makefile" ;;
    libnvidia-decode-*) mkdir -p "$1/opt/stand-in"; head -c 1048576 /dev/urandom >"$1/opt/stand-in/large" ;;
  esac
}

# key FOLDER : a signing key of its own, and its public half in FOLDER/key.asc.
key() {
  rm -rf /srv/gnupg "$out" "$1"
  export GNUPGHOME=/srv/gnupg
  mkdir -p "$GNUPGHOME" "$1"
  chmod 0700 "$GNUPGHOME"
  gpg --batch --quiet --passphrase '' --quick-generate-key 'Stand-ins <stand-ins@example.com>' rsa2048 sign never
  gpg --batch --export --armor >"$1/key.asc"
}

# initramfs PROGRAM IMAGE : a program that makes the one image of this host anew and notes how it was called.
initramfs() {
  touch -d 2020-01-01 "$2"
  printf '#!/bin/sh\n# Stand-in: this host has no kernel of its own.\necho "$*" >>/srv/initramfs.log\ntouch %s\n' "$2" >"$1"
  chmod 0755 "$1"
}
