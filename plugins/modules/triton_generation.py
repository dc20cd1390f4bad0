#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: triton_generation
short_description: Stage, activate, commit and prune what a Triton instance runs
version_added: 0.1.0
description:
  - A generation is everything that one instance of the Triton Inference Server reads, configuration, certificate, key, CA and which models,
    in one folder that is complete and never changes. Its id is a digest of its content, in which a private key counts by its public key.
  - An instance runs the generation that the symlink C(instances/<instance>) names, and reads nothing else. So a crash or a reboot brings back
    what ran before, and a run that is killed leaves either the old generation or the new one, whole, for the next run to finish.
  - Every failure has a RV(diagnosis), a RV(cause) and a RV(remedy).
author:
  - The inferops.triton authors (@inferops)
extends_documentation_fragment:
  - inferops.triton.attributes
  - inferops.triton.service
options:
  state:
    description:
      - V(staged) puts a generation on the disk, complete or not at all, and checks that O(owner) can read it. Nothing that runs is touched.
      - V(active) lets O(instance) run the generation O(id), by at most one restart, and waits until it listens. To activate an earlier
        generation is the rollback. Nothing happens where the instance runs it already.
      - V(stopped) stops O(instance) and keeps it from starting at boot; its symlink stays.
      - V(committed) marks what O(instance) runs as verified; what was committed before becomes C(previous). A service that is down is refused.
      - V(pruned) deletes the generations that no instance runs, that are neither C(committed) nor C(previous), and that are not among the newest O(keep).
    type: str
    choices: [staged, active, stopped, committed, pruned]
    default: staged
  instance:
    description:
      - Name of the instance, as in C(blue).
      - With O(state=staged) it is only used to show what would change; without it the difference to the committed generation is shown.
      - Required for V(active), V(stopped) and V(committed) in O(state).
    type: str
  id:
    description:
      - The generation to activate, by its id or as V(committed) or V(previous). Required for O(state=active), but in check mode, where an id that is
        not known yet is predicted to be a change.
      - With O(state=committed), the generation that the instance must run, for safety.
    type: str
  files:
    description: The files of the generation. Required if O(state=staged).
    type: list
    elements: dict
    suboptions:
      path:
        description: Path within the generation.
        type: str
        required: true
      content:
        description: Text of a file that is no secret. It is shown in differences and logs.
        type: str
      secret:
        description: Text of a private file. It is never shown; O(files[].private) is implied.
        type: str
      source:
        description: Path on the host of the file to copy.
        type: path
      mode:
        description:
          - Mode of the file, V(0444) or V(0555), for a private file V(0400) or V(0500). Generations are never written to again.
          - A private file does not get what the mode gives to group and others.
        type: str
      private:
        description: Whether only O(owner) may read it. A private key must be private; encrypted keys are refused.
        type: bool
        default: false
  base:
    description:
      - A staged generation, by its id or as V(committed) or V(previous), of which everything is taken but O(files), which replace its own.
        Its description is kept, and O(describe) ignored. A file that it does not have is refused.
    type: str
  describe:
    description: Anything to be kept with the generation; it is part of its identity and returned by M(inferops.triton.triton_generation_info).
    type: dict
    default: {}
  owner:
    description:
      - User (name or uid) that runs the service, owns the private files, and must be able to read all files and to enter the folders above them.
      - Without it, private files belong to the user that runs the module.
    type: str
  group:
    description: Group (name or gid) of the private files, by default the owner's.
    type: str
  unit:
    description: The systemd unit of the instance, by default C(triton@<instance>.service).
    type: str
  container:
    description: Name of the container that the unit runs, by default C(triton-<instance>), to tell its ports from those of others.
    type: str
  port:
    description:
      - The gRPC port to wait for on the host. Without it and O(other_ports), the ports are those that O(describe) of the generation has as C(listens), a list
        of C(port) and C(address) for each instance. Where there is none either, the module waits only until the service is up.
    type: int
  address:
    description: The address that the gRPC port is bound on, to tell whether someone else holds it.
    type: str
    default: 0.0.0.0
  other_ports:
    description: Further ports that the instance binds and that are waited for (REST, metrics).
    type: list
    elements: dict
    default: []
    suboptions:
      port:
        description: The port.
        type: int
        required: true
      address:
        description: The address that it is bound on.
        type: str
        default: 127.0.0.1
  ready_timeout:
    description: Seconds to wait after the restart until every port listens; loading large models takes minutes.
    type: float
    default: 300
  stop_timeout:
    description: Seconds that the old process may take to drain and stop.
    type: float
    default: 120
  restart:
    description: Restart even where the instance runs the generation already, as when a model was replaced in place.
    type: bool
    default: false
  undo:
    description: With O(state=committed), the end of a rollback. There is no C(previous) afterwards.
    type: bool
    default: false
  proof:
    description:
      - With O(state=committed), what was expected of the generation when it was verified. It is kept beside the generation, is no part of its identity, and
        is returned by M(inferops.triton.triton_generation_info), so that who goes back to it can expect the same.
    type: dict
  keep:
    description: With O(state=pruned), how many of the newest generations stay, used or not.
    type: int
    default: 5
  allow:
    description:
      - Codes of refusals to override. What was overridden is returned in RV(overridden).
      - V(key_unreadable), as where an ACL that the check cannot see gives access; V(port_in_use), as with C(reuse-grpc-port).
    type: list
    elements: str
    choices: [key_unreadable, port_in_use]
    default: []
  lock_timeout:
    description: Seconds to wait for another run that works on the same O(path).
    type: float
    default: 30
attributes:
  check_mode:
    support: full
    details:
      - The id of a generation is predicted, unless a source does not exist yet; RV(id) is null then.
  diff_mode:
    support: full
    details:
      - With O(state=staged), each file that differs from what the instance runs; a private key is shown by the fingerprint of its public key.
  idempotent:
    support: full
  platform:
    platforms: posix
seealso:
  - module: inferops.triton.triton_generation_info
"""

EXAMPLES = r"""
- name: Stage what blue is to run
  inferops.triton.triton_generation:
    state: staged
    instance: blue
    owner: triton
    files:
      - path: start
        mode: "0555"
        content: |
          #!/bin/sh
          set -eu
          cd -P -- "$(dirname -- "$0")"
          basename -- "$PWD" > "$RUNTIME_DIRECTORY/generation"
          exec /opt/tritonserver/bin/tritonserver --model-repository=/srv/models --grpc-use-ssl=true \
            --grpc-server-cert=tls/tls.crt --grpc-server-key=tls/tls.key --grpc-root-cert=tls/ca.crt
      - path: unit.conf
        content: |
          [Service]
          User=triton
      - path: tls/tls.crt
        source: /etc/triton/tls/tls.crt
      - path: tls/tls.key
        source: /etc/triton/tls/tls.key
        private: true
      - path: tls/ca.crt
        source: /etc/triton/tls/ca.crt
    describe:
      release: "24.10"
  register: staged

- name: Run it, by one restart, only if it is new
  inferops.triton.triton_generation:
    state: active
    instance: blue
    id: "{{ staged.id }}"
    port: 8001
    ready_timeout: 1200

- name: Go back to the last generation that was verified
  inferops.triton.triton_generation:
    state: active
    instance: blue
    id: committed
    port: 8001

- name: Stage what was verified last with another certificate
  inferops.triton.triton_generation:
    state: staged
    base: committed
    instance: blue
    owner: triton
    files:
      - path: tls/tls.crt
        source: /etc/triton/tls/tls.crt
      - path: tls/tls.key
        source: /etc/triton/tls/tls.key
        private: true

- name: Mark as verified
  inferops.triton.triton_generation:
    state: committed
    instance: blue

- name: Keep the newest three, and what is in use
  inferops.triton.triton_generation:
    state: pruned
    keep: 3
"""

RETURN = r"""
id:
  description: Id of the generation that was staged, activated or committed. Null in check mode where a source does not exist yet.
  returned: success
  type: str
  sample: 9f2c7a61d0b84e35c1aa
generation:
  description: Its folder.
  returned: success, when O(state=staged)
  type: str
  sample: /etc/triton/generations/9f2c7a61d0b84e35c1aa
differences:
  description: Paths of the files that differ from what the instance runs, in content or mode; C(generation.json) stands for the description.
  returned: success, when O(state=staged)
  type: list
  elements: str
  sample: [start, triton_config.yaml]
repaired:
  description: What was put right, or in check mode is wrong, in a generation that was on the disk already and had been changed by someone.
  returned: success, when O(state=staged)
  type: list
  elements: str
  sample: [tls/tls.key permissions]
previous_id:
  description: What the instance ran before, or, after a commit, what is committed as C(previous).
  returned: success, when O(state) is V(active) or V(committed)
  type: str
restarted:
  description: Whether the service was restarted, or would be in check mode.
  returned: success, when O(state=active)
  type: bool
reason:
  description: Why something was to be done.
  returned: success, when O(state) is V(active) or V(stopped)
  type: str
  sample: it ran the generation 0d41e6f2b87c3a9955fe
pruned:
  description: Ids of the generations that were deleted.
  returned: success, when O(state=pruned)
  type: list
  elements: str
overridden:
  description: Findings that would have been refusals and were allowed, with C(code), C(cause) and C(remedy).
  returned: success
  type: list
  elements: dict
diagnosis:
  description: Code of the failure.
  returned: failure
  type: str
  sample: port_in_use
cause:
  description: What is wrong, in one sentence.
  returned: failure
  type: str
remedy:
  description: What to do about it, in one sentence.
  returned: failure
  type: str
log:
  description: The lines of the service's log that tell why a start failed, of this start alone.
  returned: failure to start
  type: list
  elements: str
listener:
  description: Who holds the port, with C(port), C(address), C(pid), C(process), C(unit) and C(container).
  returned: failure with the diagnosis C(port_in_use), before the restart
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._runtime import containers
from ansible_collections.inferops.triton.plugins.module_utils._triton.actions import perform
from ansible_collections.inferops.triton.plugins.module_utils._triton.backend import SERVICE_SPEC
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError

_FILE_SPEC: dict[str, Any] = {
    "path": {"type": "str", "required": True},
    "content": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    "source": {"type": "path"},
    "mode": {"type": "str"},
    "private": {"type": "bool", "default": False},
}
_PORT_SPEC: dict[str, Any] = {
    "port": {"type": "int", "required": True},
    "address": {"type": "str", "default": "127.0.0.1"},
}
_SPEC: dict[str, Any] = {
    **SERVICE_SPEC,
    "state": {
        "type": "str",
        "choices": ["staged", "active", "stopped", "committed", "pruned"],
        "default": "staged",
    },
    "instance": {"type": "str"},
    "id": {"type": "str"},
    "files": {"type": "list", "elements": "dict", "options": _FILE_SPEC},
    "base": {"type": "str"},
    "describe": {"type": "dict", "default": {}},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "unit": {"type": "str"},
    "container": {"type": "str"},
    "port": {"type": "int"},
    "address": {"type": "str", "default": "0.0.0.0"},
    "other_ports": {"type": "list", "elements": "dict", "options": _PORT_SPEC, "default": []},
    "ready_timeout": {"type": "float", "default": 300},
    "stop_timeout": {"type": "float", "default": 120},
    "restart": {"type": "bool", "default": False},
    "undo": {"type": "bool", "default": False},
    "proof": {"type": "dict"},
    "keep": {"type": "int", "default": 5},
    "allow": {"type": "list", "elements": "str", "choices": ["key_unreadable", "port_in_use"], "default": []},
    "lock_timeout": {"type": "float", "default": 30},
}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec=_SPEC,
        supports_check_mode=True,
        required_if=[
            ("state", "staged", ["files"]),
            ("state", "active", ["instance"]),
            ("state", "stopped", ["instance"]),
            ("state", "committed", ["instance"]),
            ("service_manager", "supervisor", ["supervisor_config"]),
        ],
    )
    params, check = module.params, module.check_mode
    if params["state"] == "active" and params["id"] is None and not check:
        module.fail_json(msg="state is active but all of the following are missing: id")
    for name in ("ready_timeout", "stop_timeout", "lock_timeout", "keep"):
        if params[name] < 0:
            module.fail_json(msg=f"{name} must not be negative, not {params[name]}")
    try:
        result = perform(params, check, module._diff)
    except HostError as error:
        module.fail_json(**error.result())
    if result.get("restarted") and not check:
        # A new unit may have needed a daemon-reload, which can take GPUs away from running containers.
        for warning in map(containers.gpu_lost, containers.without_gpus()):
            module.warn(f"{warning['cause']} {warning['remedy']} [{warning['code']}]")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
