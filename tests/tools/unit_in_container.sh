#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# unit_in_container.sh VENV IMAGE ANSIBLE [ARGUMENT...] : the unit tests under the Python of IMAGE, with the requirement ANSIBLE.
# Only uv is taken from VENV. What is installed becomes an image of its own, so that a second run starts at once.
set -euo pipefail

venv=${1:?the virtual environment with uv}
image=${2:?an image with a Python of its own}
ansible=${3:?the requirement of ansible, for instance ansible>=14,<15}
shift 3
root=$(cd "$(dirname "$0")/../.." && pwd)
uv=$(cd "$venv/bin" && pwd)/uv
checkout=/collections/ansible_collections/inferops/triton
ready=inferops-unit:${image##*:}
requirements=(requirements.txt tests/unit/requirements.txt)

# shellcheck source=tests/tools/pip_settings.sh
. "$root/tests/tools/pip_settings.sh"
use_pip_settings python3

# install_requirements: no virtual environment, since Triton's Python backend, which embeds this Python, would not find its way out
# of one (Python 3.13); libpython is what the backend links, and a bare host lacks it. Tests put HAProxy before Triton.
install_requirements() {
  local options=(--volume "$root:$checkout:ro" --workdir "$checkout" --volume "$uv:/usr/local/bin/uv:ro" --env UV_DEFAULT_INDEX)
  # Where the network re-signs TLS, a container knows only the certificate authorities that it is given.
  local authorities=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt} container
  if [ -r "$authorities" ]; then
    options+=(--volume "$authorities:/authorities.crt:ro" --env SSL_CERT_FILE=/authorities.crt)
  fi
  container=$(docker create "${options[@]}" "$image" bash -euc '
    libpython=$(python3 -c "import sys; print(\"libpython%d.%d\" % sys.version_info[:2])")
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$libpython" haproxy gpg gpg-agent
    uv pip install --quiet --no-cache --system --break-system-packages "$@"' install "${requirements[@]/#/--requirements=}" "$ansible")
  docker start --attach "$container" >/dev/null
  docker commit --change "LABEL inferops.unit.recipe=$1" "$container" "$ready" >/dev/null
  docker rm "$container" >/dev/null
}

cd "$root"
recipe=$({ docker image inspect --format '{{.Id}}' "$image"; printf '%s\n' "$ansible"; cat "$0" "${requirements[@]}"; } | sha256sum | cut -c1-20)
if [ "$(docker image inspect --format '{{index .Config.Labels "inferops.unit.recipe"}}' "$ready" 2>/dev/null)" != "$recipe" ]; then
  install_requirements "$recipe"
fi

# Bytecode is kept, if not beside its source: every module run of a test would compile all that it imports.
# Python models want shared memory; tests listen on ::1, which Docker turns off.
options=(--rm --init --shm-size 1g --sysctl net.ipv6.conf.all.disable_ipv6=0
         --volume "$root:$checkout:ro" --workdir "$checkout" --env PYTHONPYCACHEPREFIX=/tmp/pycache --env PYTHONPATH=/collections
         --env ANSIBLE_COLLECTIONS_PATH=/collections --env ANSIBLE_HOME=/tmp/ansible)
docker run "${options[@]}" "$ready" bash -euc '
  ansible --version | head -n 1
  exec python3 -m pytest -p no:cacheprovider "$@"
' unit "$@"
