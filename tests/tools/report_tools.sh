#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# report_tools.sh FOLDER : put promtool, chromium and chromedriver, with which the reports are tested, into FOLDER as links.
# What is not on PATH comes from Debian's packages, where apt and root are at hand. promtool is taken out of its package,
# which would start a Prometheus if it were installed.
set -euo pipefail

folder=${1:?the folder of the tools}
mkdir -p "$folder"

missing=()
for tool in promtool chromium chromedriver; do
  if [ -x "$folder/$tool" ]; then
    continue
  elif found=$(command -v "$tool"); then
    ln -sfn "$found" "$folder/$tool"
  else
    missing+=("$tool")
  fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  printf 'report_tools: missing on PATH: %s. Install prometheus (for promtool), chromium and chromium-driver, or run this as root on Debian.\n' "${missing[*]}" >&2
  exit 1
fi

apt-get update -qq
packages=()
for tool in "${missing[@]}"; do
  case $tool in
    promtool)
      mkdir -p "$folder/package"
      (cd "$folder/package" && rm -f ./*.deb && apt-get download -qq prometheus && dpkg -x ./*.deb . && rm -f ./*.deb)
      ln -sfn package/usr/bin/promtool "$folder/promtool"
      ;;
    chromium) packages+=(chromium fonts-dejavu-core) ;;
    chromedriver) packages+=(chromium-driver) ;;
  esac
done
if [ ${#packages[@]} -gt 0 ]; then
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
fi
for tool in chromium chromedriver; do
  [ -x "$folder/$tool" ] || ln -sfn "$(command -v "$tool")" "$folder/$tool"
done
