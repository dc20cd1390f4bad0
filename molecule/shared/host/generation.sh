#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints the generation that runs, the one that is linked and the one that is committed, the unit's state, and how verbose Triton is.
# All of the instance that clients reach; that there is no other is checked as well.
colour=$(basename "$(readlink /etc/triton/active)")
cat "/run/triton/$colour/generation"
basename "$(readlink -f "/etc/triton/instances/$colour")"
basename "$(readlink -f /etc/triton/committed)"
systemctl is-active "triton@$colour"
systemctl is-enabled "triton@$colour"
main=$(pgrep -ox tritonserver)
tr '\0' '\n' < "/proc/$main/cmdline" | grep -e '--log-verbose' || echo '--log-verbose is not given'
[ "$(systemctl list-units --no-legend --state=active 'triton@*' | wc -l)" = 1 ]
