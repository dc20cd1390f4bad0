#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a kernel and udev do when a machine starts: no module is loaded at first, then the one that is installed is.
set -eu
rm -rf /srv/sys/module
/srv/build/gpu.sh
modprobe nvidia
