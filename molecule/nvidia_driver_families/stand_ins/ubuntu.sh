#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Ubuntu 24.04 by name, with a signed repository of stand-ins for the packages that the role installs there.
set -eu
# shellcheck source-path=SCRIPTDIR source=tree.sh
. /srv/build/tree.sh
packages="nvidia-dkms-580-server-open nvidia-utils-580-server nvidia-compute-utils-580-server libnvidia-compute-580-server
  libnvidia-decode-580-server libnvidia-encode-580-server"

# deb COMPONENT PACKAGE VERSION
deb() {
  tree "/srv/tree/$2" "$2" "${3%%-*}"
  mkdir -p "/srv/tree/$2/DEBIAN" "$out/ubuntu/pool/$1"
  printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: stand-ins\nDescription: stand-in\n' "$2" "$3" >"/srv/tree/$2/DEBIAN/control"
  dpkg-deb --build --root-owner-group "/srv/tree/$2" "$out/ubuntu/pool/$1" >/dev/null
  rm -rf "/srv/tree/$2"
}

key "$out.new"
for version in 580.82.07-0ubuntu0.24.04.1 580.95.05-0ubuntu0.24.04.2; do
  for package in $packages; do deb restricted "$package" "$version"; done
done
deb main "linux-headers-$kernel" 1.0
deb main half-done 1.0
cd "$out/ubuntu"
for component in main restricted multiverse; do
  mkdir -p "dists/noble/$component/binary-amd64" "pool/$component"
  apt-ftparchive packages "pool/$component" >"dists/noble/$component/binary-amd64/Packages"
done
apt-ftparchive -o APT::FTPArchive::Release::Origin=Ubuntu -o APT::FTPArchive::Release::Suite=noble -o APT::FTPArchive::Release::Codename=noble \
  -o APT::FTPArchive::Release::Components='main restricted multiverse' -o APT::FTPArchive::Release::Architectures=amd64 release dists/noble >/srv/Release
gpg --batch --yes --clearsign --output dists/noble/InRelease /srv/Release

# NVIDIA's repository is a flat one.
mkdir -p "$out/nvidia"
cd "$out/nvidia"
deb main nvidia-dkms-580-open 580.95.05-0ubuntu1
mv "$out"/ubuntu/pool/main/nvidia-dkms-580-open_* .
apt-ftparchive packages . >Packages
apt-ftparchive -o APT::FTPArchive::Release::Origin=NVIDIA release . >/srv/Release
gpg --batch --yes --clearsign --output InRelease /srv/Release

cat >/etc/apt/sources.list.d/ubuntu.sources <<SOURCES
# as Ubuntu's installer leaves it
Types: deb
URIs: file:$out/ubuntu
Suites: noble
Components: main
Signed-By: $out/key.asc
SOURCES
initramfs /usr/sbin/update-initramfs /boot/initrd.img-stand-in
rm -f /etc/os-release
cat >/etc/os-release <<'RELEASE'
NAME="Ubuntu"
VERSION="24.04.3 LTS (Noble Numbat)"
ID=ubuntu
ID_LIKE=debian
VERSION_ID="24.04"
VERSION_CODENAME=noble
RELEASE
printf 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=24.04\nDISTRIB_CODENAME=noble\n' >/etc/lsb-release
mv "$out.new/key.asc" "$out/key.asc"
