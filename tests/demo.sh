#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# demo.sh FOLDER : `make demo` as its users meet it: a fresh copy, an ordinary user (nobody, where this runs as root), and what can go wrong.
# What pip and uv fetch stays in FOLDER/cache for the next run.
#
# shellcheck disable=SC2016  # what stands in single quotes here is for another shell
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:?the folder to keep downloads in}
mkdir -p "$folder/cache"
folder=$(cd "$folder" && pwd)
# An ordinary user can reach neither the home of root nor, perhaps, this checkout.
work=$(mktemp -d "${TMPDIR:-/tmp}/demo-test.XXXXXX")
chmod 0755 "$work"
"$root/tests/tools/copy.sh" "$work"
copy=$work/ansible_collections/inferops/triton
log=$work/log
mkdir "$work/home" "$work/empty"

as_user=()
python=$(command -v python3)
if [ "$(id -u)" = 0 ]; then
  as_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
  chown -R nobody:nogroup "$work" "$folder/cache"
  # root's own python3 may lie where nobody else gets (pyenv).
  python=/usr/bin/python3
fi
cache=$folder/cache
"${as_user[@]}" test -w "$cache" || cache=$work/cache

user_command=("${as_user[@]}" env -C "$copy" -u PYTHONPATH -u VIRTUAL_ENV -u UV_CACHE_DIR -u PIP_CACHE_DIR -u ANSIBLE_COLLECTIONS_PATH -u MAKEFLAGS \
    PATH="$(dirname "$python"):/usr/local/bin:/usr/bin:/bin" HOME="$work/home" XDG_CACHE_HOME="$cache")
user() { "${user_command[@]}" "$@"; }
demo() { user make --no-print-directory "$@" >"$log" 2>&1 </dev/null; }

# with_small_disk MOUNTPOINT MEGABYTES COMMAND... : the command, with a small disk of its own at the mount point; `demo` stands for make demo.
with_small_disk() {
  local mountpoint=$1 size=$2 namespace=(unshare --mount)
  shift 2
  [ "$1" = demo ] && set -- make --no-print-directory demo
  [ "$(id -u)" = 0 ] || namespace=(unshare --user --map-root-user --mount)
  "${namespace[@]}" sh -euc 'mount -t tmpfs -o "size=$1m,mode=0777" none "$0"; shift; exec "$@"' "$mountpoint" "$size" \
    "${user_command[@]}" "$@" >"$log" 2>&1 </dev/null
}

finish() {
  [ -z "${KEEP:-}" ] || return
  user make --no-print-directory demo-stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

step() { printf '== %s\n' "$*"; }
die() {
  printf 'FAILED: %s\n--- output of the last command:\n' "$*" >&2
  cat "$log" >&2
  exit 1
}
says() { tr -s ' \n' '  ' <"$log" | grep -qE -- "$1" || die "it does not say: $1"; }
succeeds() { demo "$@" || die "make $* failed"; }
fails() { if demo "$@"; then die "make $* succeeded"; fi; }

# What runs of the demo in the copy, as numbers of processes.
running() {
  local entry
  for entry in /proc/[0-9]*; do
    if [[ "$(readlink "$entry/exe" 2>/dev/null)" == "$copy"/* ]] || tr '\0' ' ' <"$entry/cmdline" 2>/dev/null | grep -qF -- "$copy/.demo/supervisord.conf"; then
      basename "$entry"
    fi
  done 2>/dev/null
}
nothing_runs() { [ -z "$(running)" ] || die "processes are left: $(running | xargs ps -o pid=,args= -p)"; }
everything_runs() { [ "$(running | wc -l)" = 3 ] || die "Supervisor, Triton and its Python backend should run, and there is: $(running | xargs ps -o pid=,args= -p)"; }
proved() {
  says 'Proved just now'
  [ "$(grep -cE '^  refused ' "$log")" = 7 ] || die "not all seven refusals were proved"
  says 'PROVED: 1 of 1 endpoint'
  says 'closed +settings'
  says 'received +OUTPUT FP32 \[3\] \[1.0, 2.0, 3.0\]'
}
# The lines that the demo offers for pasting: after the given words, between two rules.
offered() { sed -n "/$1/,\$p" "$log" | sed -n '/^---/,/^---/{/^---/d;p};/^---/{x;s/^/x/;/xx/q;x}'; }

# Three neighbouring ports that are free, so that a Triton of another test does no harm.
port=$("$python" - <<'PYTHON'
import random
import socket


def free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


print(next(port for port in random.sample(range(20001, 32000, 3), 1000) if all(map(free, (port - 1, port, port + 1)))))
PYTHON
)
export DEMO_PORT=$port

step "what cannot work is told before anything is made"
fails demo PYTHON=/bin/false
says 'demo: Python 3.11, 3.12 or 3.13 is needed'
printf '#!/bin/sh\n[ "$2" = venv ] && exit 1\nexec %s "$@"\n' "$python" >"$work/empty/python3"
chmod 0755 "$work/empty/python3"
if ! user sh -c 'command -v uv' >/dev/null; then
  fails demo PYTHON="$work/empty/python3"
  says 'demo: .*install the package python3-venv'
fi
if UV_DEFAULT_INDEX=http://127.0.0.1:9/simple PIP_INDEX_URL=http://127.0.0.1:9/simple PIP_RETRIES=0 PIP_EXTRA_INDEX_URL='' PIP_FIND_LINKS='' \
  PIP_CONFIG_FILE=/dev/null XDG_CACHE_HOME=$work/empty user env XDG_CACHE_HOME="$work/empty" make demo >"$log" 2>&1; then
  die "there are no packages to be had, and make demo succeeded"
fi
says 'demo: the Python packages could not be fetched .*check the network'

step "a fresh copy"
started=$SECONDS
succeeds demo
echo "   $((SECONDS - started)) s"
proved
everything_runs
before=$(running)

step "the endpoint is written down, and what is offered for pasting works"
"$python" - "$copy/.demo/endpoint.json" <<'PYTHON' || die "endpoint.json is not as promised"
import json
import os
import sys

with open(sys.argv[1]) as stream:
    endpoint = json.load(stream)
assert set(endpoint) == {"grpc", "ca_file", "client_cert", "client_key", "model"}, endpoint
assert endpoint["grpc"] == "localhost:" + os.environ["DEMO_PORT"] and endpoint["model"] == "triton_identity", endpoint
assert all(os.path.isfile(endpoint[key]) for key in ("ca_file", "client_cert", "client_key")), endpoint
PYTHON
offered 'with Python' >"$work/snippet.py"
offered 'with Ansible' >"$work/command.sh"
if ! [ -s "$work/snippet.py" ] || ! [ -s "$work/command.sh" ]; then die "nothing is offered"; fi
user env -C / "$copy/.venv/bin/python" -i <"$work/snippet.py" >"$log" 2>&1 || die "the Python lines fail"
says '\[1\. 2\. 3\.\]'
# nobody's home according to passwd does not exist.
user env -C / ANSIBLE_REMOTE_TMP="$work/home/tmp" bash "$work/command.sh" >"$log" 2>&1 || die "the command fails"
says 'SUCCESS .*"outputs": .*1.0, 2.0, 3.0'

step "it listens on loopback alone"
ss -Hltn | awk '{ print $4 }' | grep -E ":($((port - 1))|$port|$((port + 1)))\$" >"$log"
[ "$(grep -cE '^(127\.0\.0\.1|\[::ffff:127\.0\.0\.1\]):' "$log")" = 3 ] || die "these are not three ports on 127.0.0.1"
[ "$(wc -l <"$log")" = 3 ] || die "more listens than 127.0.0.1"

step "a second run changes nothing"
started=$SECONDS
succeeds demo
echo "   $((SECONDS - started)) s"
proved
says 'This run changed nothing and restarted nothing'
[ "$(running)" = "$before" ] || die "other processes run than before"

step "processes that lost their Supervisor, or their folder, are put right"
kill -9 "$(running | xargs ps -o pid=,args= -p | awk '/supervisord/ { print $1; exit }')"
succeeds demo
proved
everything_runs
rm -rf "$copy/.demo"
succeeds demo
proved
everything_runs

step "demo-stop leaves nothing, and may be repeated"
succeeds demo-stop
says 'Stopped Supervisor'
nothing_runs
succeeds demo-stop
says 'Nothing of the demo was running'

step "a port in use is told, with its holder"
"${user_command[@]}" "$python" - "$port" >"$work/holder" <<'PYTHON' &
import os
import socket
import sys
import time

with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    print(os.getpid(), flush=True)
    time.sleep(60)
PYTHON
until [ -s "$work/holder" ]; do sleep 0.1; done
fails demo
kill $!
wait $! 2>/dev/null || true
says "Port $port is in use by python3(\.[0-9]+)? \(process $(cat "$work/holder")\)"
says 'make demo DEMO_PORT=9001'
fails demo DEMO_PORT=80
says 'not three different numbers from 1024 to 65535'
nothing_runs

step "a wheel that cannot be fetched is told"
rm -rf "$copy/.demo"
if user env XDG_CACHE_HOME="$work/empty" PIP_INDEX_URL=http://127.0.0.1:9/simple PIP_RETRIES=0 PIP_EXTRA_INDEX_URL= PIP_FIND_LINKS= PIP_CONFIG_FILE=/dev/null \
  make demo >"$log" 2>&1; then
  die "there is no wheel to be had, and make demo succeeded"
fi
says 'demo: the controller could not fetch nvidia-pytriton'

step "a full disk is told: one that is full before, and one that fills up"
succeeds demo-stop
mkdir -p "$copy/.demo" "$work/small"
with_small_disk "$copy/.demo" 40 demo && die "40 MB were enough"
says 'demo: the disk is full: free some space for .*/\.demo'
succeeds demo-stop
nothing_runs
with_small_disk "$work/small" 40 sh -c 'cp -r Makefile demo playbooks tests requirements.txt "$1" && make -C "$1" demo' sh "$work/small" && die "40 MB were enough"
says 'demo: the disk is full: .* MiB free, and the demo needs about [0-9]+ MiB'

step "a run that is killed, or interrupted, is finished by the next"
for signal in KILL INT; do
  rm -rf "$copy/.demo/triton" "$copy/.demo/tls" "$copy/.demo/ca"
  # A shell starts what is to run in the background with SIGINT ignored.
  "${user_command[@]}" env --default-signal=INT setsid make demo >"$log" 2>&1 </dev/null &
  sleep $((RANDOM % 5 + 3))
  kill -"$signal" -- -$! || die "make demo ended by itself before it could be killed"
  if wait $!; then die "make demo ended before it could be killed"; fi
done
says 'demo: interrupted. make demo takes up where this left off'
succeeds demo
proved
everything_runs
succeeds demo-stop
nothing_runs
echo "the demo works"
