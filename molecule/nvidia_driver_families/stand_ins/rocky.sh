#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Rocky 9 by name, with Debian's dnf, a local repository for what Rocky brings, and a signed one with a module stream for NVIDIA's.
set -eu
# shellcheck source-path=SCRIPTDIR source=tree.sh
. /srv/build/tree.sh

# package REPOSITORY PACKAGE VERSION
package() {
  tree "/srv/tree/$2" "$2" "$3"
  mkdir -p "$out/$1" /srv/rpm
  { printf 'Name: %s\nVersion: %s\nRelease: 1.el9\nSummary: stand-in\nLicense: none\nAutoReqProv: no\n' "$2" "$3"
    case $1 in nvidia) echo 'Epoch: 3' ;; esac
    printf '%%description\nstand-in\n%%install\ncp -a /srv/tree/%s/. %%{buildroot}/\n%%files\n' "$2"
    (cd "/srv/tree/$2" && find . -type f -o -type l) | sed 's/^[.]//'
  } >/srv/rpm/one.spec
  rpmbuild --quiet -bb --target x86_64 --define "_rpmdir $out/$1" --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
    --define '_topdir /srv/rpm' --define '_binaries_in_noarch_packages_terminate_build 0' --define '__os_install_post %{nil}' \
    --define 'debug_package %{nil}' --define '_build_id_links none' /srv/rpm/one.spec >/srv/rpm/log 2>&1 || { cat /srv/rpm/log >&2; exit 1; }
  rm -rf "/srv/tree/$2"
}

key "$out.new"
for version in 580.82.07 580.95.05; do
  for name in kmod-nvidia-open-dkms nvidia-driver-cuda nvidia-persistenced nvidia-fabricmanager libnvidia-nscq; do package nvidia "$name" "$version"; done
done
for name in epel-release python3-dnf-plugin-versionlock kernel-devel; do package rocky "$name" 1.0; done
find "$out/nvidia" -name '*.rpm' -exec rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name stand-ins@example.com' --addsign {} + \
  >/srv/rpm/log 2>&1 || { cat /srv/rpm/log >&2; exit 1; }
cat >/srv/rpm/modules.yaml <<'YAML'
document: modulemd-defaults
version: 1
data: {module: nvidia-driver, profiles: {}}
---
document: modulemd
version: 2
data:
  name: nvidia-driver
  stream: open-dkms
  version: 1
  context: 00000000
  arch: x86_64
  summary: stand-in
  description: stand-in
  license: {module: [none]}
  artifacts:
    rpms:
YAML
sed -i 's/context: 00000000/context: "00000000"/' /srv/rpm/modules.yaml
for file in "$out"/nvidia/*.rpm; do
  rpm -qp --nosignature --queryformat '      - %{NAME}-%{EPOCH}:%{VERSION}-%{RELEASE}.%{ARCH}\n' "$file" >>/srv/rpm/modules.yaml
done
createrepo_c --quiet "$out/rocky"
createrepo_c --quiet "$out/nvidia"
modifyrepo_c --mdtype=modules /srv/rpm/modules.yaml "$out/nvidia/repodata" >/dev/null

mkdir -p /etc/yum.repos.d /etc/dnf/vars /etc/dnf/plugins
echo 9 >/etc/dnf/vars/releasever
printf '[baseos]\nname=baseos\nbaseurl=file://%s/rocky\ngpgcheck=0\n' "$out" >/etc/yum.repos.d/rocky.repo
initramfs /usr/bin/dracut /boot/initramfs-stand-in.img
touch /srv/nvswitch
rm -f /etc/os-release
cat >/etc/os-release <<'RELEASE'
NAME="Rocky Linux"
VERSION="9.6 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.6"
PLATFORM_ID="platform:el9"
RELEASE
echo 'Rocky Linux release 9.6 (Blue Onyx)' >/etc/redhat-release
mv "$out.new/key.asc" "$out/key.asc"
