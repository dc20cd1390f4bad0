#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# people.sh FOLDER [wrong] : what the people of an organisation's CA do with the requests in FOLDER: sign them, and put the certificates
# beside them, with the intermediate, and the root once. With `wrong` the certificate is for somebody else's key.
set -euo pipefail
cd "$1"
ca=../people-ca
mkdir -p "$ca"
authority() { # NAME SUBJECT EXTENSIONS ISSUER-OPTIONS…
  local name=$1 subject=$2 extensions=$3
  shift 3
  [ -s "$ca/$name.crt" ] && return
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -subj "$subject" -keyout "$ca/$name.key" -out "$ca/$name.csr" 2>/dev/null
  openssl x509 -req -days 1000 -in "$ca/$name.csr" -extfile <(printf '%b' "$extensions") -out "$ca/$name.crt" "$@" 2>/dev/null
}
authority root '/O=Example/CN=Example Root' 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' \
  -signkey "$ca/root.key"
authority issuing '/O=Example/CN=Example Issuing CA' \
  'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' \
  -CA "$ca/root.crt" -CAkey "$ca/root.key" -CAcreateserial
cp "$ca/root.crt" ca.crt
for request in *.csr clients/*.csr; do
  [ -e "$request" ] || continue
  input=$request
  if [ "${2:-}" = wrong ]; then
    input=$ca/wrong.csr
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=wrong -keyout "$ca/wrong.key" -out "$input" 2>/dev/null
  fi
  openssl x509 -req -days 90 -in "$input" -copy_extensions copyall -CA "$ca/issuing.crt" -CAkey "$ca/issuing.key" -CAcreateserial \
    -out "${request%.csr}.crt" 2>/dev/null
  cat "$ca/issuing.crt" >> "${request%.csr}.crt"
done
