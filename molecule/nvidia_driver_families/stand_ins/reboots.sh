#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes of this container a machine that starts again: GPU and module come back, and Linux's boot id, which is the machine's, changes.
set -eu
install -m 0644 /srv/build/stand-in-kernel.service /etc/systemd/system/
systemctl enable --quiet stand-in-kernel
echo before >/srv/boot_id
mount --bind /srv/boot_id /proc/sys/kernel/random/boot_id
