#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# up.sh : everything that Molecule's hosts need, built and started: Docker Engine, host images, Triton image, network, registry.
# Running it again costs a second. Only one runs at a time.

# shellcheck source-path=SCRIPTDIR source=settings.sh
. "$(dirname "$0")/settings.sh"
here=$(dirname "$0")

exec 9>"$BED_STATE/lock"
flock 9

need_packages() {
  local missing=() pair
  for pair in dockerd:docker.io docker:docker.io mmdebstrap:mmdebstrap skopeo:skopeo openssl:openssl curl:curl iptables:iptables rsync:rsync \
    gpg:gnupg dpkg-deb:dpkg rpmbuild:rpm createrepo_c:createrepo-c; do
    have "${pair%%:*}" || [ -x "/usr/sbin/${pair%%:*}" ] || [ -x "/sbin/${pair%%:*}" ] || missing+=("${pair##*:}")
  done
  [ "${#missing[@]}" -eq 0 ] && return
  readarray -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
  if [ "$(id -u)" -ne 0 ] || ! have apt-get; then
    die "missing packages: ${missing[*]}. Install them (as root: apt-get install ${missing[*]}) and try again."
  fi
  say "installing ${missing[*]}"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"; } \
    >"$BED_STATE/apt.log" 2>&1 9>&- || { tail -n 20 "$BED_STATE/apt.log" >&2; die "could not install ${missing[*]}"; }
}

need_docker() {
  docker info >/dev/null 2>&1 && return
  if [ -d /run/systemd/system ]; then
    die "Docker does not answer: start it (systemctl start docker), or let this user use it (group docker)."
  fi
  [ "$(id -u)" -eq 0 ] || die "Docker does not answer and only root can start dockerd."
  say "starting dockerd (log: $BED_STATE/dockerd.log)"
  nohup setsid dockerd --pidfile "$BED_STATE/dockerd.pid" >"$BED_STATE/dockerd.log" 2>&1 </dev/null 9>&- &
  for _ in $(seq 60); do
    docker info >/dev/null 2>&1 && return
    sleep 0.5
  done
  tail -n 10 "$BED_STATE/dockerd.log" >&2
  die "dockerd does not answer"
}

need_network() {
  local subnet
  if subnet=$(docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' "$BED_NETWORK" 2>/dev/null); then
    [ "$subnet" = "$BED_SUBNET" ] || die "the network $BED_NETWORK has subnet $subnet, not $BED_SUBNET: make bed-down, or set BED_SUBNET and BED_GATEWAY."
    return
  fi
  docker network create --driver bridge --subnet "$BED_SUBNET" --gateway "$BED_GATEWAY" "$BED_NETWORK" >/dev/null ||
    die "the network $BED_NETWORK ($BED_SUBNET) could not be created: set BED_SUBNET and BED_GATEWAY to a free one."
}

# Two host images and the Triton image at once: each waits for the network half of its time.
build_images() {
  local jobs=() job failed=0 suite
  for suite in $BED_SUITES; do
    "$here/host_image.sh" "$suite" 9>&- &
    jobs+=($!)
  done
  "$here/triton_image.sh" 9>&- &
  jobs+=($!)
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  return "$failed"
}

packages_fingerprint() {
  gpg --homedir "$BED_STATE/packages/gnupg" --with-colons --list-keys bed@example.com | awk -F: '$1 == "fpr" { print $10; exit }'
}

# By its digest the image is known to the registry alone.
image_digest() {
  skopeo inspect --format '{{.Digest}}' --cert-dir "$BED_STATE/registry/trust" "docker://$BED_REGISTRY/$BED_TRITON_IMAGE"
}

# What the scenarios read: where the registry is and whom to trust.
write_facts() {
  cat >"$BED_STATE/bed.json.new" <<JSON
{"network": "$BED_NETWORK", "gateway": "$BED_GATEWAY", "subnet": "$BED_SUBNET", "host_image": "$BED_HOST_IMAGE",
 "registry": "$BED_REGISTRY", "registry_ca_file": "$BED_STATE/registry/ca.crt", "triton_image": "$BED_REGISTRY/$BED_TRITON_IMAGE", "triton_image_by_digest": "$BED_REGISTRY/${BED_TRITON_IMAGE%%:*}@$(image_digest)",
 "packages": "http://$BED_PACKAGES", "packages_fingerprint": "$(packages_fingerprint)",
 "triton_wheel": "$BED_TRITON_WHEEL", "triton_wheel_directory": "$BED_STATE/wheel-$BED_TRITON_WHEEL"}
JSON
  mv "$BED_STATE/bed.json.new" "$BED_STATE/bed.json"
}

need_packages
need_docker
need_network
build_images
"$here/registry.sh" up
"$here/packages.sh" up
write_facts
say "ready: network $BED_NETWORK ($BED_SUBNET), registry $BED_REGISTRY"
