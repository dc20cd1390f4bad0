#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Fails, saying why, where the service is not sound: restarts, failed units, a log without success or with a key, REST or metrics in the clear.
status=0
wrong() { echo "$*"; status=1; }
[ "$(systemctl show triton@blue --property NRestarts --value)" = 0 ] || wrong 'Triton was restarted by systemd'
[ -z "$(systemctl --failed --no-legend 'triton*')" ] || wrong "$(systemctl --failed --no-legend 'triton*')"
log=$(journalctl --unit triton@blue --boot --no-pager)
echo "$log" | grep -q 'Started GRPCInferenceService at 0.0.0.0:8001' || wrong 'the log does not say that gRPC started'
echo "$log" | grep -q 'PRIVATE KEY' && wrong 'the log holds a private key'
# Triton cannot encrypt REST and metrics: on loopback alone.
listeners=$(ss -Hltn '( sport = 8000 or sport = 8002 )' | awk '{ print $4 }' | sort | tr '\n' ' ')
[ "$listeners" = '127.0.0.1:8000 127.0.0.1:8002 ' ] || wrong "REST and metrics listen on $listeners"
# Whom it runs as, and what that user may do: nothing beyond its own, and no way to more.
main=$(pgrep -ox tritonserver)
[ "$(stat -c %U "/proc/$main")" = triton ] || wrong "Triton runs as $(stat -c %U "/proc/$main")"
for line in 'CapEff:[[:space:]]0+' 'CapBnd:[[:space:]]0+' 'NoNewPrivs:[[:space:]]1'; do
  grep -Eqx "$line" "/proc/$main/status" || wrong "$(grep "${line%%:*}" "/proc/$main/status")"
done
exit $status
