#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Fails, saying why, where the service is not sound: restarts, failed units, a log without success or with a key, REST or metrics in the clear.
status=0
wrong() { echo "$*"; status=1; }
colour=$(basename "$(readlink /etc/triton/active)")
gateway=$(systemctl is-active triton-gateway)
case $gateway-$colour in active-blue) first=127.0.0.1:1800 ;; active-green) first=127.0.0.1:2800 ;; *) first=0.0.0.0:800 ;; esac
[ "$(systemctl show "triton@$colour" --property NRestarts --value)" = 0 ] || wrong 'Triton was restarted by systemd'
[ -z "$(systemctl --failed --no-legend 'triton*')" ] || wrong "$(systemctl --failed --no-legend 'triton*')"
log=$(journalctl --unit "triton@$colour" --boot --no-pager)
echo "$log" | grep -q "Started GRPCInferenceService at ${first}1" || wrong 'the log does not say that gRPC started'
echo "$log" | grep -q 'PRIVATE KEY' && wrong 'the log holds a private key'
# Triton cannot encrypt REST and metrics: on loopback alone.
open=$(ss -Hltnp | grep tritonserver | awk '{ print $4 }' | grep -v "^127[.]0[.]0[.]1:" | tr '\n' ' ')
[ "$open" = "$([ "$gateway" = active ] || echo '0.0.0.0:8001 ')" ] || wrong "beside loopback Triton listens on $open"
# Whom it runs as, and what that user may do: nothing beyond its own, and no way to more.
main=$(pgrep -ox tritonserver)
[ "$(stat -c %U "/proc/$main")" = triton ] || wrong "Triton runs as $(stat -c %U "/proc/$main")"
for line in 'CapEff:[[:space:]]0+' 'CapBnd:[[:space:]]0+' 'NoNewPrivs:[[:space:]]1'; do
  grep -Eqx "$line" "/proc/$main/status" || wrong "$(grep "${line%%:*}" "/proc/$main/status")"
done
exit $status
