#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The driver's packages, their holds and the pin: what a refused run must leave as it is.
dpkg-query --show --showformat='${Package} ${Version} ${db:Status-Abbrev}\n' '*nvidia*' | grep ' [hi][^n]'
cat /etc/apt/preferences.d/inferops-nvidia
exit 0
