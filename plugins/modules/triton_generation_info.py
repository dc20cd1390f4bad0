#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: triton_generation_info
short_description: Tell what a host runs, has staged and could run
version_added: 0.1.0
description:
  - Looks at everything that is to be known of a host before anything is changed, in one module run. See M(inferops.triton.triton_generation) for the words.
  - A missing engine, user, instance or folder is an answer, no error.
author:
  - The inferops.triton authors (@inferops)
extends_documentation_fragment:
  - inferops.triton.attributes
  - inferops.triton.attributes.info_module
  - inferops.triton.service
options:
  engine:
    description:
      - The engine to look at. Its server is asked for its C(--help), once for each binary or image; the answer is kept in C(cache) below O(path),
        but not in check mode.
      - Nothing is pulled.
    type: dict
    suboptions:
      type:
        description: V(native) is a binary on the host.
        type: str
        choices: [native, docker, podman]
        required: true
      binary:
        description: Path of the tritonserver. Required if O(engine.type=native).
        type: path
      environment:
        description: Environment variables that the binary needs, such as E(LD_LIBRARY_PATH).
        type: dict
        default: {}
      image:
        description: The image. Required for the other types.
        type: str
  user:
    description: Name or uid of a user to look up, who should own the private files of generations.
    type: str
  group:
    description: Name or gid of the group that these should have, if not the user's own.
    type: str
  files:
    description: Files of the host that are to become part of a generation, as O(inferops.triton.triton_generation#module:files) takes them, of which to
      tell the digest.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path within the generation.
        type: str
        required: true
      source:
        description: Path on the host.
        type: path
        required: true
      private:
        description: Whether it is a secret or a private key, whose digest is that of its public key.
        type: bool
        default: false
  ports:
    description: TCP ports of which to tell who listens on them.
    type: list
    elements: int
    default: []
  packages:
    description: Packages of the distribution (dpkg or rpm) of which to tell whether they are installed.
    type: list
    elements: str
    default: []
  paths:
    description: Paths of which to tell whether they exist, and the SHA-256 of those that are files.
    type: list
    elements: path
    default: []
  instances:
    description: Instances to look at, beside those that have run a generation.
    type: list
    elements: str
    default: []
  room:
    description: Whether to tell if the host has room for a second instance beside the one that clients reach.
    type: bool
    default: false
attributes:
  platform:
    platforms: posix
seealso:
  - module: inferops.triton.triton_generation
"""

EXAMPLES = r"""
- name: Look at the host
  inferops.triton.triton_generation_info:
    engine:
      type: docker
      image: registry.example.com/tritonserver:24.10-py3
    user: triton
    ports: [8001]
    instances: [blue]
  register: host

- name: Show who holds the port
  ansible.builtin.debug:
    var: host.listeners
"""

RETURN = r"""
generations:
  description: The staged generations, oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its id.
      type: str
    created:
      description: When it was staged, in UTC.
      type: str
      sample: "2026-11-23T06:00:00Z"
    describe:
      description: What was given as C(describe) when it was staged.
      type: dict
    proof:
      description: What was given as C(proof) when it was committed; empty where nothing was.
      type: dict
    files:
      description: Its files by path, each with C(digest), C(mode) and C(private).
      type: dict
    altered:
      description:
        - What was changed in it behind our back, and staging would put right; empty where all is as it was staged.
        - Null for a generation that is neither committed nor active.
      type: list
      elements: str
      sample: [tls/tls.key permissions]
    committed:
      description: Whether it is the last one that was verified.
      type: bool
    previous:
      description: Whether it is the one verified before that.
      type: bool
    active_in:
      description: Instances whose symlink names it.
      type: list
      elements: str
instances:
  description: The instances by name.
  returned: success
  type: dict
  contains:
    id:
      description: The generation that its symlink names, or null.
      type: str
    running_id:
      description: The generation that it really runs, or null while it is not up.
      type: str
    service_state:
      description:
        - V(active), V(activating), V(deactivating), V(inactive), V(failed), V(missing) (no such unit or program)
          or V(unknown) (the service manager does not answer).
      type: str
    enabled:
      description: Whether it starts at boot.
      type: bool
serving:
  description: The instance that clients reach, V(blue) until a gateway sends them to another one.
  returned: success
  type: str
committed:
  description: Id of the last generation that was verified, or null.
  returned: success
  type: str
previous:
  description: Id of the one verified before it, or null.
  returned: success
  type: str
engine:
  description: The engine that was asked about, or null.
  returned: success
  type: dict
  contains:
    present:
      description: Whether it is on the host and its server answers.
      type: bool
    id:
      description: SHA-256 of the binary, or the id of the image.
      type: str
    help:
      description: Output of the server's C(--help).
      type: str
    problem:
      description: Why it is not present.
      type: str
user:
  description: C(uid), C(gid) and C(name) of the user, or null.
  returned: success
  type: dict
listeners:
  description: Sockets that listen on O(ports).
  returned: success
  type: list
  elements: dict
  contains:
    port:
      description: The port.
      type: int
    address:
      description: The address.
      type: str
    pid:
      description: The process, or null where it is not shown to this user.
      type: int
    process:
      description: The name of the process.
      type: str
    unit:
      description: The systemd unit that it belongs to.
      type: str
    container:
      description: The name of the Docker or Podman container that it belongs to.
      type: str
missing_packages:
  description: Those of O(packages) that are not installed.
  returned: success
  type: list
  elements: str
paths:
  description: For each of O(paths), C(exists), C(directory), and the C(sha256) of a file.
  returned: success
  type: dict
files:
  description: For each path of O(files), its C(digest), or the C(problem) with it and its C(diagnosis), such as V(source_missing).
  returned: success
  type: dict
room:
  description: Room for a second instance, or null where O(room) is not asked for.
  returned: success
  type: dict
  contains:
    used_mib:
      description: Memory of the host that the instance has which clients reach, in MiB.
      type: int
    free_mib:
      description: Memory of the host that is available, in MiB.
      type: int
    gpus:
      description: Each GPU's C(index), C(used_mib) and C(free_mib).
      type: list
      elements: dict
    problem:
      description: What there is too little of, or null where there is room.
      type: str
selinux:
  description: Whether SELinux is enabled, enforcing or permissive.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._triton import survey
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=survey.SPEC, required_if=survey.REQUIRED_IF, supports_check_mode=True)
    try:
        result = survey.survey(module.params, write_cache=not module.check_mode)
    except HostError as error:
        module.fail_json(**error.result())
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
