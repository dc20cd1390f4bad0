#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# old_state.sh serves|gone : whether the Triton that was set up by hand is the one that serves, or has left for good. Prints which process it is.
status=0
wrong() { echo "$*"; status=1; }
expected_active=active expected_enabled=enabled
[ "$1" = gone ] && expected_active=inactive expected_enabled=disabled
[ "$(systemctl is-active tritonserver)" = $expected_active ] || wrong "tritonserver is $(systemctl is-active tritonserver)"
[ "$(systemctl is-enabled tritonserver)" = $expected_enabled ] || wrong "tritonserver is $(systemctl is-enabled tritonserver)"
[ "$1" = serves ] && systemctl --quiet is-active triton@blue && wrong 'triton@blue runs beside it'
for _ in $(seq 50); do
  ss -Hltn 'sport = 8001' | grep -q . && break
  sleep 0.2
done
[ "$(pgrep -cx tritonserver)" = 1 ] || wrong "$(pgrep -cx tritonserver) processes of Triton"
systemctl show tritonserver --property MainPID,ActiveEnterTimestampMonotonic
exit $status
