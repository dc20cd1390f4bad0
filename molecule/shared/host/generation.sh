#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints the generation that runs, the one that is linked and the one that is committed, the unit's state, and how verbose Triton is.
cat /run/triton/blue/generation
basename "$(readlink -f /etc/triton/instances/blue)"
basename "$(readlink -f /etc/triton/committed)"
systemctl is-active triton@blue
systemctl is-enabled triton@blue
main=$(pgrep -ox tritonserver)
tr '\0' '\n' < "/proc/$main/cmdline" | grep -e '--log-verbose' || echo '--log-verbose is not given'
