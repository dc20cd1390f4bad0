#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# registry.sh : a real image registry (Debian's docker-registry) with TLS on the bed's gateway address, holding the Triton image.
# The binary is unpacked, not installed: the package would start a service of its own on every address.

# shellcheck source-path=SCRIPTDIR source=settings.sh
. "$(dirname "$0")/settings.sh"
state=$BED_STATE/registry
log=$state/log
mkdir -p "$state"

unpack_binary() {
  [ -x "$state/bin/usr/bin/docker-registry" ] && return
  (cd "$state" && apt-get download docker-registry >>"$log" 2>&1 && dpkg -x docker-registry_*.deb bin && rm -f docker-registry_*.deb) ||
    die "Debian's package docker-registry could not be fetched: run apt-get update, see $log"
}

make_certificates() {
  local name=$state/address
  [ "$(cat "$name" 2>/dev/null)" = "$BED_GATEWAY" ] && openssl x509 -in "$state/tls.crt" -noout -checkend 86400 >/dev/null 2>&1 && return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj '/CN=inferops test bed CA' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout "$state/ca.key" -out "$state/ca.crt" >>"$log" 2>&1
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$BED_GATEWAY" -keyout "$state/tls.key" -out "$state/tls.csr" >>"$log" 2>&1
  printf 'subjectAltName=IP:%s\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n' "$BED_GATEWAY" >"$state/tls.ext"
  openssl x509 -req -in "$state/tls.csr" -CA "$state/ca.crt" -CAkey "$state/ca.key" -CAcreateserial -days 90 -extfile "$state/tls.ext" \
    -out "$state/tls.crt" >>"$log" 2>&1
  printf '%s' "$BED_GATEWAY" >"$name"
  stop_registry
}

stop_registry() {
  process_alive "$state/pid" && kill "$(cat "$state/pid")"
  while process_alive "$state/pid"; do sleep 0.1; done
  rm -f "$state/pid"
}

answers() { curl --silent --fail --max-time 5 --cacert "$state/ca.crt" "https://$BED_REGISTRY/v2/" >/dev/null 2>&1; }

start_registry() {
  process_alive "$state/pid" && answers && return
  stop_registry
  if curl --silent --insecure --max-time 5 "https://$BED_REGISTRY/v2/" >/dev/null 2>&1; then
    die "$BED_REGISTRY is taken, perhaps by the bed of another checkout (make bed-down there). Only one can use a Docker Engine at a time."
  fi
  cat >"$state/config.yml" <<YAML
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: $state/data}
http:
  addr: $BED_REGISTRY
  tls: {certificate: $state/tls.crt, key: $state/tls.key}
YAML
  nohup setsid "$state/bin/usr/bin/docker-registry" serve "$state/config.yml" >>"$log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/pid"
  for _ in $(seq 50); do
    answers && return
    process_alive "$state/pid" || break
    sleep 0.2
  done
  tail -n 5 "$log" >&2
  die "the registry does not answer on $BED_REGISTRY"
}

push_image() {
  local id
  id=$(docker image inspect -f '{{.Id}}' "$BED_TRITON_IMAGE")
  if [ "$(cat "$state/pushed" 2>/dev/null)" = "$BED_REGISTRY $id" ]; then
    say "$BED_REGISTRY/$BED_TRITON_IMAGE is current"
    return
  fi
  say "pushing $BED_TRITON_IMAGE to $BED_REGISTRY"
  mkdir -p "$state/trust"
  cp "$state/ca.crt" "$state/trust/ca.crt"
  skopeo copy --quiet --dest-cert-dir "$state/trust" --dest-compress-format gzip --dest-compress-level 1 \
    "docker-daemon:$BED_TRITON_IMAGE" "docker://$BED_REGISTRY/$BED_TRITON_IMAGE" >>"$log" 2>&1 || { tail -n 5 "$log" >&2; die "the image could not be pushed"; }
  printf '%s %s' "$BED_REGISTRY" "$id" >"$state/pushed"
}

case ${1:-up} in
  up) unpack_binary; make_certificates; start_registry; push_image ;;
  down) stop_registry ;;
  *) die "registry.sh up|down" ;;
esac
