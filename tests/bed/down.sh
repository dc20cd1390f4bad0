#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# down.sh : stops what up.sh started and removes the hosts, their volumes and the network. Images and downloads stay, for the next time.

# shellcheck source-path=SCRIPTDIR source=settings.sh
. "$(dirname "$0")/settings.sh"

exec 9>"$BED_STATE/lock"
flock 9

if docker info >/dev/null 2>&1; then
  docker ps --all --quiet --filter label=inferops.bed.host | xargs --no-run-if-empty docker rm --force --volumes >/dev/null
  docker volume ls --quiet --filter label=inferops.bed.host | xargs --no-run-if-empty docker volume rm >/dev/null
  docker network inspect "$BED_NETWORK" >/dev/null 2>&1 && docker network rm "$BED_NETWORK" >/dev/null
fi
"$(dirname "$0")/registry.sh" down
"$(dirname "$0")/packages.sh" down
if process_alive "$BED_STATE/dockerd.pid"; then
  kill "$(cat "$BED_STATE/dockerd.pid")"
fi
rm -f "$BED_STATE/bed.json"
say "down"
