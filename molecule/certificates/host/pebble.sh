#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# pebble.sh ADDRESS NAME=ADDRESS… : Pebble and its name server, started; prints what clients of Pebble's own port trust.
# Every third nonce is refused, and no proof is used twice.
set -eu
address=$1
shift
cd /srv
[ -s server.key ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=pebble \
  -addext "subjectAltName=IP:$address" -keyout server.key -out server.crt 2>/dev/null
chmod 0644 server.key
cat > pebble.json <<JSON
{"pebble": {"listenAddress": "0.0.0.0:14000", "managementListenAddress": "0.0.0.0:15000", "certificate": "/srv/server.crt", "privateKey": "/srv/server.key",
 "httpPort": 80, "tlsPort": 443, "certificateValidityPeriod": 7776000, "retryAfter": {"authz": 1, "order": 1}}}
JSON
start() {
  unit=$1
  shift
  systemctl is-active --quiet "$unit" || systemd-run --quiet --unit="$unit" --property=DynamicUser=yes "$@"
}
start names pebble-challtestsrv -defaultIPv4 '' -defaultIPv6 '' -dns01 :8053 -http01 '' -https01 '' -tlsalpn01 '' -management :8055
start pebble --setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=33 --setenv=PEBBLE_AUTHZREUSE=0 \
  pebble -config /srv/pebble.json -dnsserver 127.0.0.1:8053
for _ in $(seq 50); do
  python3 - "$@" <<'PYTHON' 2>/dev/null && break
import json, sys, urllib.request
for pair in sys.argv[1:]:
    name, address = pair.split("=")
    urllib.request.urlopen("http://127.0.0.1:8055/add-a", json.dumps({"host": name, "addresses": [address]}).encode())
PYTHON
  sleep 0.2
done
cat server.crt
