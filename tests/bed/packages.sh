#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# packages.sh up|down : signed repositories of small packages, for apt and for dnf, in the place of NVIDIA's and Docker's, served on the bed's
# gateway address. nvidia-ctk is a stand-in (standins/nvidia_ctk.py); docker-ce for apt is Debian 13's own engine under Docker's names.

# shellcheck source-path=SCRIPTDIR source=settings.sh
. "$(dirname "$0")/settings.sh"
here=$(cd "$(dirname "$0")" && pwd)
state=$BED_STATE/packages
log=$state/log
site=$state/site
# The second is the one that hosts are to have; the first comes before it.
versions="1.17.8-1 1.20.0-1"
toolkit="libnvidia-container1 libnvidia-container-tools nvidia-container-toolkit-base nvidia-container-toolkit"
mkdir -p "$state"

refresh_unit() {
  printf '%s\n' '[Unit]' 'Description=Refresh NVIDIA CDI specification file (stand-in)' 'ConditionPathExists=/usr/bin/nvidia-smi' '[Service]' 'Type=oneshot' \
    'Environment=NVIDIA_CTK_CDI_OUTPUT_FILE_PATH=/var/run/cdi/nvidia.yaml' 'EnvironmentFile=-/etc/nvidia-container-toolkit/nvidia-cdi-refresh.env' \
    'ExecStart=/usr/bin/nvidia-ctk cdi generate' '[Install]' 'WantedBy=multi-user.target'
}

# tree DIRECTORY PACKAGE VERSION : what a package installs.
tree() {
  mkdir -p "$1"
  case $2 in
    nvidia-container-toolkit-base)
      mkdir -p "$1/usr/bin"
      { echo '#!/usr/bin/python3'; sed "s/@VERSION@/${3%-*}/" "$here/standins/nvidia_ctk.py"; } >"$1/usr/bin/nvidia-ctk"
      printf '#!/bin/sh\nexec runc "$@"\n' >"$1/usr/bin/nvidia-container-runtime"
      chmod 0755 "$1"/usr/bin/*
      if [ "$3" != 1.17.8-1 ]; then
        mkdir -p "$1/usr/lib/systemd/system"
        refresh_unit >"$1/usr/lib/systemd/system/nvidia-cdi-refresh.service"
      fi
      ;;
    docker-ce-rpm)
      mkdir -p "$1/usr/bin" "$1/usr/lib/systemd/system"
      { echo '#!/usr/bin/python3'; cat "$here/standins/docker.py"; } >"$1/usr/bin/docker"
      chmod 0755 "$1/usr/bin/docker"
      printf '%s\n' '[Unit]' 'Description=Docker (stand-in)' '[Service]' 'ExecStartPre=/usr/bin/docker loaded' 'ExecStart=/bin/sleep infinity' \
        'ExecReload=/usr/bin/docker loaded' '[Install]' 'WantedBy=multi-user.target' >"$1/usr/lib/systemd/system/docker.service"
      ;;
  esac
}

# deb FOLDER PACKAGE VERSION DEPENDS
deb() {
  local work
  work=$(mktemp -d "$state/deb.XXXXXX")
  chmod 0755 "$work"
  tree "$work" "$2" "$3"
  mkdir -p "$work/DEBIAN" "$1"
  printf '%s\n' "Package: $2" "Version: $3" 'Architecture: amd64' 'Maintainer: inferops test bed <bed@example.com>' ${4:+"Depends: $4"} \
    'Description: stand-in of the test bed' >"$work/DEBIAN/control"
  dpkg-deb --root-owner-group -Znone --build "$work" "$1/${2}_${3#*:}_amd64.deb" >>"$log"
  rm -rf "$work"
}

# packages_index ROOT FOLDER : the stanzas of Packages for the .deb files of a folder, paths from the root.
packages_index() {
  local file
  (cd "$1" && for file in "$2"/*.deb; do
    dpkg-deb --field "$file"
    printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "${file#./}" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)"
  done)
}

# release DIRECTORY SUITE FILE... : Release and, signed, InRelease.
release() {
  local directory=$1 suite=$2 file
  shift 2
  (cd "$directory" && {
    printf '%s\n' "Suite: $suite" "Codename: $suite" 'Architectures: amd64' 'Components: stable' \
      "Date: $(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S UTC')" 'SHA256:'
    for file in "$@"; do printf ' %s %s %s\n' "$(sha256sum "$file" | cut -d' ' -f1)" "$(stat -c %s "$file")" "$file"; done
  } >Release && gpg --homedir "$state/gnupg" --batch --yes --local-user bed@example.com --clearsign --output InRelease Release)
}

make_keys() {
  rm -rf "$state/gnupg"
  mkdir -m 0700 "$state/gnupg"
  gpg --homedir "$state/gnupg" --batch --passphrase '' --quick-generate-key 'inferops test bed <bed@example.com>' rsa2048 sign never
  gpg --homedir "$state/gnupg" --batch --passphrase '' --quick-generate-key 'a stranger <stranger@example.com>' rsa2048 sign never
  gpg --homedir "$state/gnupg" --armor --export bed@example.com >"$site/key.asc"
  gpg --homedir "$state/gnupg" --armor --export stranger@example.com >"$site/stranger.asc"
}

build_deb() {
  local flat=$site/nvidia/deb/amd64 dists=$site/docker/debian version suite
  for version in $versions; do
    deb "$flat" libnvidia-container1 "$version" ''
    deb "$flat" libnvidia-container-tools "$version" "libnvidia-container1 (>= $version)"
    deb "$flat" nvidia-container-toolkit-base "$version" python3
    deb "$flat" nvidia-container-toolkit "$version" "nvidia-container-toolkit-base (= $version), libnvidia-container-tools (>= $version)"
  done
  packages_index "$flat" . >"$flat/Packages"
  release "$flat" stable Packages
  suite=trixie
  renamed "$dists/pool/$suite" docker.io docker-ce
  renamed "$dists/pool/$suite" docker-cli docker-ce-cli
  deb "$dists/pool/$suite" containerd.io 2.1.0-1 containerd
  mkdir -p "$dists/dists/$suite/stable/binary-amd64"
  packages_index "$dists" "pool/$suite" >"$dists/dists/$suite/stable/binary-amd64/Packages"
  release "$dists/dists/$suite" "$suite" stable/binary-amd64/Packages
}

# renamed FOLDER FROM TO : a package of Debian 13 under another name, which the old one does not conflict with any more.
renamed() {
  local work
  work=$(mktemp -d "$state/renamed.XXXXXX")
  # The host image has that release's sources and keys.
  docker run --rm --volume "$work:/out" --workdir /tmp "$BED_HOST_IMAGE:trixie" \
    sh -c "apt-get update -qq && apt-get download $2 && mv $2_*.deb /out/package.deb"
  dpkg-deb --raw-extract "$work/package.deb" "$work/tree"
  sed -i -e "s/^Package: .*/Package: $3/" -e 's/^Version: .*/Version: 5:26.1.5-1/' -e '/^\(Source\|Conflicts\|Breaks\|Replaces\|Recommends\|Suggests\):/d' \
    "$work/tree/DEBIAN/control"
  mkdir -p "$1"
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/tree" "$1/$3_26.1.5-1_amd64.deb"
  rm -rf "$work"
}

# rpm FOLDER PACKAGE VERSION-RELEASE
rpm_package() {
  local work
  work=$(mktemp -d "$state/rpm.XXXXXX")
  tree "$work/tree" "$2$([ "$2" = docker-ce ] && echo -rpm)" "$3"
  {
    printf '%s\n' "Name: $2" "Version: ${3%-*}" "Release: ${3#*-}" 'Summary: stand-in of the test bed' 'License: GPL-3.0-or-later' 'BuildArch: noarch' \
      'AutoReqProv: no' '%description' 'A stand-in.' '%install' "cp -a $work/tree/. %{buildroot}/" '%files'
    (cd "$work/tree" && find . -type f -printf '/%P\n')
  } >"$work/spec"
  mkdir -p "$1"
  rpmbuild --quiet -bb --define "_topdir $work" --define "_rpmdir $1" --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.rpm' \
    --define '_binary_payload w0.gzdio' "$work/spec"
  rpmsign --define "_gpg_name bed@example.com" --define "_gpg_path $state/gnupg" --define "__gpg $(command -v gpg)" \
    --define '_gpg_digest_algo sha256' --addsign "$1/$2-$3.rpm"
  rm -rf "$work"
}

build_rpm() {
  local version package folder
  for version in $versions; do
    for package in $toolkit; do rpm_package "$site/nvidia/rpm/x86_64" "$package" "$version"; done
  done
  for package in docker-ce docker-ce-cli containerd.io; do rpm_package "$site/docker/rpm" "$package" 29.0.0-1; done
  for folder in "$site/nvidia/rpm/x86_64" "$site/docker/rpm"; do
    createrepo_c --quiet --no-database --compress-type gz "$folder"
    gpg --homedir "$state/gnupg" --batch --yes --local-user bed@example.com --armor --detach-sign "$folder/repodata/repomd.xml"
  done
}

need() {
  local hash
  hash=$(recipe_hash "$here/packages.sh" "$here/standins/nvidia_ctk.py" "$here/standins/docker.py")
  if [ "$(cat "$state/built" 2>/dev/null)" = "$hash" ]; then
    say "stand-in packages are current"
    return
  fi
  say "building stand-in packages (log: $log)"
  # A process of its own: bash would ignore the errors of a function whose status is asked for.
  "$here/packages.sh" build >"$log" 2>&1 || { tail -n 10 "$log" >&2; die "the stand-in packages could not be built"; }
  printf '%s' "$hash" >"$state/built"
}

answers() { curl --silent --fail --max-time 5 "http://$BED_PACKAGES/key.asc" 2>/dev/null | cmp -s - "$site/key.asc"; }

stop() {
  process_alive "$state/pid" && kill "$(cat "$state/pid")"
  while process_alive "$state/pid"; do sleep 0.1; done
  rm -f "$state/pid"
}

serve() {
  process_alive "$state/pid" && answers && return
  stop
  nohup setsid python3 -m http.server --bind "${BED_PACKAGES%:*}" --directory "$site" "${BED_PACKAGES##*:}" >>"$state/http.log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/pid"
  for _ in $(seq 50); do
    answers && return
    process_alive "$state/pid" || break
    sleep 0.2
  done
  die "the package repositories do not answer on $BED_PACKAGES: is the port taken?"
}

case ${1:-up} in
  up) need; serve ;;
  build)
    rm -rf "$site"
    mkdir -p "$site"
    make_keys
    build_deb
    build_rpm
    ;;
  down) stop ;;
  *) die "packages.sh up|down" ;;
esac
