#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module nvidia_host_info: GPUs, driver, kernel and packages of a host, in one look."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nvidia_host_info
short_description: Tell everything about the NVIDIA GPUs and the driver of a host
version_added: 0.1.0
author: The inferops.triton authors (@inferops)
description:
  - Finds GPUs and NVSwitches on the PCI bus, with no driver and no C(lspci); asks C(nvidia-smi) where a driver is loaded; and looks at the kernel, its
    headers, Secure Boot, nouveau, the driver's packages, and the processes that use a GPU.
  - What is missing is an answer, no error.
extends_documentation_fragment:
  - inferops.triton.attributes
  - inferops.triton.attributes.info_module
options:
  packages:
    description: Packages to tell of, beside those of the driver that are installed.
    type: list
    elements: str
    default: []
  repositories:
    description:
      - When to ask the package manager which versions of O(packages) and of the installed packages of the driver could be had.
      - V(bare) asks where no package of the driver is installed. Package lists are not fetched for it.
    type: str
    choices: [never, bare, always]
    default: never
  paths:
    description: Paths of which to tell whether they exist, and the SHA-256 of those that are files.
    type: list
    elements: path
    default: []
  services:
    description: Names of systemd services of which to tell whether they are there, start at boot and run.
    type: list
    elements: str
    default: []
  modprobe_file:
    description: The file that keeps nouveau off the GPU, of which to tell whether an initramfs is older.
    type: path
  components:
    description: APT components of which to tell whether the sources of the distribution lack them. See M(inferops.triton.apt_components).
    type: dict
    suboptions:
      codename:
        description: Codename of the release.
        type: str
        required: true
      origin:
        description: The Origin in its Release files.
        type: str
        required: true
      aliases:
        description: Other names of the suite.
        type: list
        elements: str
        default: []
      names:
        description: The components.
        type: list
        elements: str
        required: true
seealso:
  - module: inferops.triton.apt_components
"""

EXAMPLES = r"""
- name: Look at the host
  inferops.triton.nvidia_host_info:
  register: host

- name: Show its GPUs
  ansible.builtin.debug:
    msg: "{{ host.nvidia_smi.gpus if host.nvidia_smi.answers else host.gpus }}"
"""

RETURN = r"""
gpus:
  description: The NVIDIA GPUs on the PCI bus, by address.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: Address on the bus.
      type: str
      sample: "0000:17:00.0"
    device:
      description: PCI device id.
      type: str
      sample: "2330"
    generation:
      description: Generation of the GPU.
      type: str
      sample: Hopper
    open_modules:
      description: Whether NVIDIA's open kernel modules drive it, V(no), V(yes) or V(required).
      type: str
    driver:
      description: The kernel driver that holds it, or an empty string.
      type: str
nvswitches:
  description: PCI addresses of NVSwitches.
  returned: success
  type: list
  elements: str
driver:
  description: The kernel module.
  returned: success
  type: dict
  contains:
    module_loaded:
      description: Version of the module in the kernel, or null.
      type: str
    flavour:
      description: V(open) or V(proprietary), of the loaded module, or null.
      type: str
    module_installed:
      description: Version of the module on disk for the running kernel, or null.
      type: str
    modules_installed:
      description: The same by kernel.
      type: dict
    origin:
      description: Where the driver comes from, V(none), V(packages), V(run_file), or V(elsewhere) such as an image.
      type: str
    reboot_reasons:
      description: Why only a reboot brings the installed driver into the kernel. Empty where nothing differs.
      type: list
      elements: str
nvidia_smi:
  description: What the driver says itself.
  returned: success
  type: dict
  contains:
    answers:
      description: Whether C(nvidia-smi) gave an answer.
      type: bool
    problem:
      description: Why it gave none.
      type: str
    driver_version:
      description: The driver's version.
      type: str
    cuda_version:
      description: The newest CUDA that the driver supports.
      type: str
    gpus:
      description: The GPUs, each with C(name), C(uuid), C(pci_address), C(memory_mib), C(mig), C(mig_devices) and C(persistence_mode).
      type: list
      elements: dict
kernel:
  description:
    - The running kernel with its C(release), whether its C(headers) are there, the C(header_packages) that it needs,
      and what makes its C(initramfs), V(update-initramfs) or V(dracut), or null.
  returned: success
  type: dict
secure_boot:
  description: Whether Secure Boot is C(enabled), the C(key) that DKMS signs with, and whether it is C(enrolled).
  returned: success
  type: dict
nouveau:
  description: Whether nouveau is C(loaded), whether it is C(blacklisted), and whether an initramfs is C(initramfs_stale), older than O(modprobe_file).
  returned: success
  type: dict
users:
  description: Processes that have a GPU open, each with C(pid), C(process), C(unit) and C(container). The driver's own daemons are left out.
  returned: success
  type: list
  elements: dict
package_manager:
  description: V(apt) or V(dnf), or null.
  returned: success
  type: str
packages:
  description: Packages of the driver, and those of O(packages), that are installed, each with C(version), C(status) and C(held).
  returned: success
  type: dict
broken_packages:
  description: Packages that dpkg has half installed.
  returned: success
  type: list
  elements: str
available:
  description: Versions that could be had, by package, newest first, each with C(version) and its C(sources).
  returned: success
  type: dict
asked:
  description: Whether the package manager was asked for RV(available).
  returned: success
  type: bool
missing_components:
  description: The source C(files) that lack one of O(components), and the number of C(sources) of the distribution.
  returned: success
  type: dict
dkms:
  description: Modules that DKMS knows, each with C(module), C(version), C(kernel) and C(state).
  returned: success
  type: list
  elements: dict
dkms_log:
  description: C(path) and last C(lines) of the log of a build that failed, or null and an empty list.
  returned: success
  type: dict
free_mib:
  description: Free space in MiB by path.
  returned: success
  type: dict
services:
  description: For each of O(services), whether it is C(present), C(enabled) and C(active).
  returned: success
  type: dict
paths:
  description: For each of O(paths), C(exists), and the C(sha256) of a file.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._nvidia import survey


def main() -> None:
    """Read the options, look, exit."""
    module = AnsibleModule(argument_spec=survey.SPEC, supports_check_mode=True)
    module.exit_json(changed=False, **survey.look(module.params))


if __name__ == "__main__":
    main()
