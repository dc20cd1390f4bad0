#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: triton_gateway
short_description: HAProxy before the Triton instances of a host, and which of them serves
version_added: 0.1.0
description:
  - Runs HAProxy by a unit of its own. It passes gRPC through as it is, and serves REST and metrics over HTTPS with the certificate and key
    that the instance which serves has in its generation.
  - The symlink C(active) below O(path) names the instance that serves, V(blue) where there is none. A switch turns it and brings the running
    HAProxy to it over its socket, without a reload; no connection is dropped. After a crash, a killed run or a reboot HAProxy follows the symlink.
  - Every failure has a RV(diagnosis), a RV(cause) and a RV(remedy).
author:
  - The inferops.triton authors (@inferops)
extends_documentation_fragment:
  - inferops.triton.attributes
  - inferops.triton.service
options:
  state:
    description:
      - V(present) lets HAProxy judge O(config), writes it, starts or reloads HAProxy, waits until it listens, and brings it to the instance that
        serves. A configuration that HAProxy refuses changes nothing; one that it cannot take over is put back.
      - V(committed) marks the configuration as verified. V(undone) is V(present) with the one that was verified last; without one it does nothing.
      - V(serving) sends clients to O(instance) from now on, with its certificate for REST and metrics. If HAProxy refuses the certificate,
        the instance that served before serves on.
      - V(drained) waits until no connection to O(instance) is left, or for O(timeout). It never fails for connections that are left.
      - V(candidate_open) lets O(sources) reach the gRPC port of O(instance) by O(port), for O(seconds) at most. An open one is opened anew.
      - V(candidate_closed) ends that.
      - V(absent) stops HAProxy and removes its unit, its configuration and what it read. The symlink C(active) stays.
    type: str
    choices: [present, committed, undone, serving, drained, candidate_open, candidate_closed, absent]
    default: present
  config:
    description:
      - Text of C(haproxy.cfg). Required if O(state=present).
      - It names what the module puts there for HAProxy to read C(${TRITON_GATEWAY_RUN}/tls.pem), C(${TRITON_GATEWAY_RUN}/ca.crt) and
        C(${TRITON_GATEWAY_RUN}/colour.map) in double quotes, and has C(presetenv TRITON_GATEWAY_RUN) with O(run_directory). Its sockets are
        C(control/haproxy.sock) there, of level admin, and the master's C(control/master.sock).
      - The gRPC server of an instance is the server of the backend C(grpc_<instance>); every server is named after its instance.
    type: str
  unit:
    description: Text of the systemd unit. Required if O(state=present) and O(service_manager=systemd). A change takes effect at the next restart.
    type: str
  unit_name:
    description: Name of the systemd unit.
    type: str
    default: triton-gateway.service
  run_directory:
    description: Folder for what HAProxy reads of the instance that serves, and for its sockets.
    type: path
    default: /run/triton-gateway
  executable:
    description: HAProxy, by its path or its name.
    type: str
    default: haproxy
  user:
    description: User that runs the candidate port's HAProxy.
    type: str
    default: haproxy
  group:
    description: Group that runs the candidate port's HAProxy.
    type: str
    default: haproxy
  instance:
    description: Name of an instance, as in C(blue). Required for V(serving), V(drained) and V(candidate_open) in O(state).
    type: str
  timeout:
    description: Seconds to wait for O(state=drained).
    type: float
    default: 300
  port:
    description: The candidate port.
    type: int
    default: 8003
  address:
    description: The address that the candidate port is bound on.
    type: str
    default: "*"
  sources:
    description: Addresses and networks that may reach the candidate port. Required if O(state=candidate_open).
    type: list
    elements: str
  seconds:
    description: After so many seconds the candidate port closes by itself.
    type: float
    default: 600
  ready_timeout:
    description: Seconds to wait until HAProxy runs the configuration and listens.
    type: float
    default: 30
  stop_timeout:
    description: Seconds that HAProxy may take to stop.
    type: float
    default: 30
  lock_timeout:
    description: Seconds to wait for another run that works on the same O(path).
    type: float
    default: 30
attributes:
  check_mode:
    support: full
    details:
      - Where HAProxy or the generation is not there yet, the start is predicted and the configuration not judged.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - O(state=candidate_open) opens the port anew each time, so that it is open for the whole time.
  platform:
    platforms: posix
seealso:
  - module: inferops.triton.triton_generation
"""

EXAMPLES = r"""
- name: Run the gateway
  inferops.triton.triton_gateway:
    config: "{{ lookup('ansible.builtin.template', 'haproxy.cfg.j2') }}"
    unit: "{{ lookup('ansible.builtin.template', 'triton-gateway.service.j2') }}"

- name: Let the auditor reach green
  inferops.triton.triton_gateway:
    state: candidate_open
    instance: green
    sources: [192.0.2.10]
    seconds: 300

- name: Send new connections to green
  inferops.triton.triton_gateway:
    state: serving
    instance: green

- name: Wait for those that blue still has
  inferops.triton.triton_gateway:
    state: drained
    instance: blue
    timeout: 120
  register: drained
"""

RETURN = r"""
instance:
  description: The instance that serves, or that was asked about.
  returned: success, but for O(state=absent) and O(state=candidate_closed)
  type: str
  sample: blue
committed:
  description: Whether the configuration is the one that was verified last.
  returned: success, when O(state=present)
  type: bool
started:
  description: Whether HAProxy was started, or would be in check mode.
  returned: success, when O(state=present)
  type: bool
reloaded:
  description: Whether HAProxy was reloaded, or would be in check mode. A reload drops no connection.
  returned: success, when O(state=present)
  type: bool
reason:
  description: Why something was to be done, or null.
  returned: success, when O(state=present)
  type: str
  sample: the configuration changed
previous_instance:
  description: The instance that served before.
  returned: success, when O(state=serving)
  type: str
running:
  description: Whether HAProxy runs. Where it does not, it follows the symlink when it starts.
  returned: success, when O(state=serving)
  type: bool
replaced:
  description: What the running HAProxy was given, or would be in check mode.
  returned: success, when O(state=serving)
  type: list
  elements: str
  sample: [the certificate, the instance]
sessions:
  description: How many connections (gRPC) and requests (REST, metrics) to the instance are left.
  returned: success, when O(state=drained)
  type: int
by_backend:
  description: The same for each backend.
  returned: success, when O(state=drained)
  type: dict
seconds:
  description: How long it took.
  returned: success, when O(state=drained)
  type: float
port:
  description: The candidate port.
  returned: success, when O(state=candidate_open)
  type: int
removed:
  description: Paths that were removed, or would be in check mode.
  returned: success, when O(state=absent)
  type: list
  elements: str
diagnosis:
  description: Code of the failure.
  returned: failure
  type: str
  sample: config_refused
cause:
  description: What is wrong, in one sentence, with HAProxy's own words where it said something.
  returned: failure
  type: str
remedy:
  description: What to do about it, in one sentence.
  returned: failure
  type: str
log:
  description: What HAProxy said.
  returned: failure of HAProxy
  type: list
  elements: str
listener:
  description: Who holds the port, with C(port), C(address), C(pid), C(process), C(unit) and C(container).
  returned: failure with the diagnosis C(port_in_use)
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._triton.backend import SERVICE_SPEC
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError
from ansible_collections.inferops.triton.plugins.module_utils._triton.gateway import perform

_SPEC: dict[str, Any] = {
    **SERVICE_SPEC,
    "state": {
        "type": "str",
        "choices": ["present", "committed", "undone", "serving", "drained", "candidate_open", "candidate_closed", "absent"],
        "default": "present",
    },
    "config": {"type": "str"},
    "unit": {"type": "str"},
    "unit_name": {"type": "str", "default": "triton-gateway.service"},
    "run_directory": {"type": "path", "default": "/run/triton-gateway"},
    "executable": {"type": "str", "default": "haproxy"},
    "user": {"type": "str", "default": "haproxy"},
    "group": {"type": "str", "default": "haproxy"},
    "instance": {"type": "str"},
    "timeout": {"type": "float", "default": 300},
    "port": {"type": "int", "default": 8003},
    "address": {"type": "str", "default": "*"},
    "sources": {"type": "list", "elements": "str"},
    "seconds": {"type": "float", "default": 600},
    "ready_timeout": {"type": "float", "default": 30},
    "stop_timeout": {"type": "float", "default": 30},
    "lock_timeout": {"type": "float", "default": 30},
}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec=_SPEC,
        supports_check_mode=True,
        required_if=[
            ("state", "present", ["config"]),
            ("state", "serving", ["instance"]),
            ("state", "drained", ["instance"]),
            ("state", "candidate_open", ["instance", "sources"]),
            ("service_manager", "supervisor", ["supervisor_config"]),
        ],
    )
    params = module.params
    if params["state"] == "present" and params["service_manager"] == "systemd" and params["unit"] is None:
        module.fail_json(msg="state is present but all of the following are missing: unit")
    for name in ("timeout", "seconds", "ready_timeout", "stop_timeout", "lock_timeout"):
        if params[name] < 0:
            module.fail_json(msg=f"{name} must not be negative, not {params[name]}")
    try:
        result = perform(params, module.check_mode)
    except HostError as error:
        module.fail_json(**error.result())
    if not module._diff:
        result.pop("diff", None)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
