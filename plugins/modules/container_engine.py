#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_engine
short_description: Look at Docker Engine or Podman, and configure it for GPUs and registries
version_added: 0.2.0
description:
  - One look at everything that matters of a host's container engine (packages, service, C(daemon.json), the NVIDIA Container Toolkit, CDI,
    running containers), and one run that puts right what differs. In check mode it only looks, and says what it would do.
  - Settings are merged into C(daemon.json); every other byte of the file stays as it is. A file that is no valid JSON is refused, with its line.
  - The daemon is reloaded where that is enough and restarted only where it must be. Before a restart the units of O(managed_units) are stopped, and
    started again after it; containers of others are a refusal. If the daemon does not start with the new settings, the old file comes back.
  - Installs no packages.
author:
  - The inferops.triton authors (@inferops)
extends_documentation_fragment:
  - inferops.triton.attributes
options:
  engine:
    description: The engine.
    type: str
    choices: [docker, podman]
    default: docker
  service:
    description: The systemd service of the Docker daemon.
    type: str
    default: docker
  daemon_settings:
    description: Settings of C(daemon.json), merged into the file that is there.
    type: dict
    default: {}
  nvidia:
    description:
      - Whether containers are to get NVIDIA GPUs; V(auto) where the host has some on its PCI bus.
      - Then C(nvidia-ctk runtime configure) says what the runtime is called in C(daemon.json), and the CDI specification is kept up to date with the
        loaded driver.
    type: str
    choices: [auto, present, absent]
    default: auto
  nvidia_default_runtime:
    description: Whether NVIDIA's runtime is Docker's default.
    type: bool
    default: false
  docker_cdi:
    description: Whether Docker 25 to 28.1 is told to accept CDI devices; later ones do so of themselves.
    type: bool
    default: false
  registry_cas:
    description: CAs of private registries.
    type: list
    elements: dict
    default: []
    suboptions:
      registry:
        description: Host and port of the registry.
        type: str
        required: true
      ca:
        description: PEM text of the CA.
        type: str
        required: true
  registry_mirrors:
    description: Mirrors of registries. Docker knows mirrors of V(docker.io) alone.
    type: list
    elements: dict
    default: []
    suboptions:
      registry:
        description: Host and port of the registry.
        type: str
        required: true
      mirrors:
        description: Host and port, with a path where there is one, of each mirror, in the order in which they are asked. They are reached over TLS.
        type: list
        elements: str
        required: true
  registry_credentials:
    description: Credentials for registries, stored for root alone. Never shown.
    type: list
    elements: dict
    default: []
    suboptions:
      registry:
        description: Host and port of the registry.
        type: str
        required: true
      username:
        description: Name of the user.
        type: str
        required: true
      password:
        description: Password or token.
        type: str
        required: true
  selinux_booleans:
    description: Booleans that are switched on where SELinux is enabled and containers are to get GPUs.
    type: list
    elements: str
    default: [container_use_devices]
  managed_units:
    description: Names of containers, and for each the systemd unit that runs it. A restart of the daemon may stop these, and starts them again.
    type: dict
    default:
      triton-blue: triton@blue.service
      triton-green: triton@green.service
  stop_timeout:
    description: Seconds that such a unit may take to stop.
    type: float
    default: 120
  ready_timeout:
    description: Seconds that such a unit may take after the restart until it is active and O(ports) listen.
    type: float
    default: 300
  ports:
    description: TCP ports that the managed units serve on.
    type: list
    elements: int
    default: []
  packages:
    description: Packages of which to tell the version.
    type: list
    elements: str
    default: []
  files:
    description: Files of which to tell the SHA-256.
    type: list
    elements: path
    default: []
  key_files:
    description: Files with OpenPGP keys, of which to tell the fingerprints.
    type: list
    elements: path
    default: []
  allow:
    description: Codes of refusals to override. What was overridden is returned in RV(overridden).
    type: list
    elements: str
    choices: [foreign_containers]
    default: []
attributes:
  check_mode:
    support: full
    details:
      - Where the toolkit is not installed yet, what it would add to C(daemon.json) is predicted.
  diff_mode:
    support: full
    details:
      - Credentials are never shown, nor are passwords in URLs of proxies.
  idempotent:
    support: full
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: See what would have to be done
  inferops.triton.container_engine:
    engine: docker
    nvidia: auto
  check_mode: true
  register: host

- name: Configure Docker for GPUs, with smaller logs
  inferops.triton.container_engine:
    engine: docker
    daemon_settings:
      log-opts:
        max-size: 50m
    registry_mirrors:
      - registry: docker.io
        mirrors: [mirror.example.com]
"""

RETURN = r"""
changes:
  description: Each thing that was done, or would be.
  returned: success
  type: list
  elements: str
signal:
  description: V(reload) or V(restart) where the daemon was told so, or would be; else null.
  returned: success
  type: str
stops:
  description: Units that a restart stops and starts again.
  returned: success
  type: list
  elements: str
engine:
  description: C(present), C(version), C(service_state) in systemd's words (V(missing) without a unit, null for Podman) and C(enabled).
  returned: success
  type: dict
packages:
  description: For each of O(packages) its version, or null.
  returned: success
  type: dict
unfinished:
  description: Packages that an interrupted dpkg left unfinished.
  returned: success
  type: list
  elements: str
files:
  description: For each of O(files) its SHA-256, or null.
  returned: success
  type: dict
fingerprints:
  description: For each of O(key_files) the fingerprints of its keys.
  returned: success
  type: dict
gpus:
  description: How many NVIDIA GPUs are on the PCI bus.
  returned: success
  type: int
driver_version:
  description: Version of the loaded NVIDIA driver, or null.
  returned: success
  type: str
nvidia_wanted:
  description: Whether containers are to get GPUs.
  returned: success
  type: bool
selinux:
  description: V(enforcing), V(permissive), or null where SELinux is off.
  returned: success
  type: str
containers:
  description:
    - The running containers, with C(name), C(image), C(unit) (null for a stranger's), C(gpus) (how many it sees, null where it was not asked)
      and C(problem) (why it does not see them).
  returned: success
  type: list
  elements: dict
cdi:
  description: The CDI specifications, with C(path), C(driver_version), C(cdi_version) and C(stale) (why it must be made anew, or null).
  returned: success
  type: list
  elements: dict
warnings_found:
  description: What works against the host and was left alone, with C(code), C(cause) and C(remedy).
  returned: success
  type: list
  elements: dict
overridden:
  description: Findings that would have been refusals and were allowed, with C(code), C(cause) and C(remedy).
  returned: success
  type: list
  elements: dict
diagnosis:
  description: Code of the failure.
  returned: failure
  type: str
  sample: daemon_json_invalid
cause:
  description: What is wrong, in one sentence.
  returned: failure
  type: str
remedy:
  description: What to do about it, in one sentence.
  returned: failure
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._runtime.apply import perform
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError

_REGISTRY: dict[str, Any] = {"type": "str", "required": True}


def _registries(**options: dict[str, Any]) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "default": [], "options": {"registry": _REGISTRY, **options}}


_SPEC: dict[str, Any] = {
    "engine": {"type": "str", "choices": ["docker", "podman"], "default": "docker"},
    "service": {"type": "str", "default": "docker"},
    "daemon_settings": {"type": "dict", "default": {}},
    "nvidia": {"type": "str", "choices": ["auto", "present", "absent"], "default": "auto"},
    "nvidia_default_runtime": {"type": "bool", "default": False},
    "docker_cdi": {"type": "bool", "default": False},
    "registry_cas": _registries(ca={"type": "str", "required": True}),
    "registry_mirrors": _registries(mirrors={"type": "list", "elements": "str", "required": True}),
    "registry_credentials": _registries(
        username={"type": "str", "required": True}, password={"type": "str", "required": True, "no_log": True}
    ),
    "selinux_booleans": {"type": "list", "elements": "str", "default": ["container_use_devices"]},
    "managed_units": {
        "type": "dict",
        "default": {"triton-blue": "triton@blue.service", "triton-green": "triton@green.service"},
    },
    "stop_timeout": {"type": "float", "default": 120},
    "ready_timeout": {"type": "float", "default": 300},
    "ports": {"type": "list", "elements": "int", "default": []},
    "packages": {"type": "list", "elements": "str", "default": []},
    "files": {"type": "list", "elements": "path", "default": []},
    "key_files": {"type": "list", "elements": "path", "default": [], "no_log": False},
    "allow": {"type": "list", "elements": "str", "choices": ["foreign_containers"], "default": []},
}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=_SPEC, supports_check_mode=True)
    try:
        result = perform(module.params, module.check_mode, module._diff)
    except HostError as error:
        module.fail_json(**error.result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
