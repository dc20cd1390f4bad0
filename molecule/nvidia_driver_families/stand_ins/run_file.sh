#!/bin/sh
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# run_file.sh VERSION : in the place of the packages' driver one as NVIDIA's run file leaves it, with its uninstaller (nvidia-uninstall(1)).
set -eu
apt-get --quiet --yes --allow-change-held-packages purge 'nvidia-*' 'libnvidia-*' >/dev/null
rm -f /etc/apt/preferences.d/inferops-nvidia
folder=/lib/modules/$(uname -r)/kernel/drivers/video
mkdir -p "$folder"
python3 /srv/build/module.py "$folder/nvidia.ko" "$1"
install -m 0755 /srv/build/nvidia-smi.py /usr/bin/nvidia-smi
sed -i '1i #!/usr/bin/env python3' /usr/bin/nvidia-smi
touch /var/log/nvidia-installer.log
cat >/usr/bin/nvidia-uninstall <<SH
#!/bin/sh
# Stand-in: without --silent the real one asks.
[ "\$*" = --silent ] || exit 1
rm -r $folder /usr/bin/nvidia-smi /usr/bin/nvidia-uninstall /var/log/nvidia-installer.log
SH
chmod 0755 /usr/bin/nvidia-uninstall
rm -rf /sys/module/nvidia
mkdir /sys/module/nvidia
echo "$1" >/sys/module/nvidia/version
