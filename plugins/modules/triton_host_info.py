#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module triton_host_info: driver, certificates and Triton of a host, in one run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: triton_host_info
short_description: Look at driver, certificates and Triton of a host in one run
version_added: 0.1.0
author: The inferops.triton authors (@inferops)
description:
  - What M(inferops.triton.nvidia_host_info), M(inferops.triton.tls_bundle_info) and M(inferops.triton.triton_generation_info) tell, for one connection and
    one start of Python on the host instead of three, which is what a look costs. The playbook C(site) looks at every host by it.
  - What is missing on the host is an answer, no error.
extends_documentation_fragment:
  - inferops.triton.attributes
  - inferops.triton.attributes.info_module
options:
  nvidia:
    description: Options of M(inferops.triton.nvidia_host_info).
    type: dict
    required: true
  tls:
    description: The options O(inferops.triton.tls_bundle_info#module:path), O(inferops.triton.tls_bundle_info#module:owner) and
      O(inferops.triton.tls_bundle_info#module:group) of M(inferops.triton.tls_bundle_info), of an installed bundle.
    type: dict
    required: true
  triton:
    description: Options of M(inferops.triton.triton_generation_info).
    type: dict
    required: true
attributes:
  platform:
    platforms: posix
seealso:
  - module: inferops.triton.nvidia_host_info
  - module: inferops.triton.tls_bundle_info
  - module: inferops.triton.triton_generation_info
"""

EXAMPLES = r"""
- name: Look at the host
  inferops.triton.triton_host_info:
    nvidia: {}
    tls:
      path: /etc/triton/tls
    triton:
      engine:
        type: docker
        image: registry.example.com/tritonserver:24.10-py3
  register: host

- name: Show what it serves with
  ansible.builtin.debug:
    msg: "{{ host.triton.committed }}, {{ host.tls.bundle.leaf.not_after }}, {{ host.nvidia.gpus | length }} GPUs"
"""

RETURN = r"""
nvidia:
  description: What M(inferops.triton.nvidia_host_info) returns.
  returned: success
  type: dict
tls:
  description: What M(inferops.triton.tls_bundle_info) returns; without C(bundle) where the host has files, and no library to read them.
  returned: success
  type: dict
triton:
  description: What M(inferops.triton.triton_generation_info) returns.
  returned: success
  type: dict
"""

from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inferops.triton.plugins.module_utils._nvidia import survey as nvidia
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, look as tls
from ansible_collections.inferops.triton.plugins.module_utils._triton import survey as triton
from ansible_collections.inferops.triton.plugins.module_utils._triton.errors import HostError

# Of one installed bundle; whoever has a key with a passphrase asks tls_bundle_info, which keeps it out of the log.
_TLS_SPEC = {name: tls.SPEC[name] for name in ("path", "owner", "group")}


def options(module: AnsibleModule, name: str, spec: dict[str, Any], required_if: Optional[list[Any]] = None) -> dict[str, Any]:
    """One module's options, as that module would take them; the run fails where they are wrong."""
    checked = ArgumentSpecValidator(spec, required_if=required_if).validate(module.params[name])
    if checked.error_messages:
        module.fail_json(msg=f"{name}: {'; '.join(checked.error_messages)}")
    return dict(checked.validated_parameters)


def main() -> None:
    """Read the options, look, exit once."""
    module = AnsibleModule(
        argument_spec={name: {"type": "dict", "required": True} for name in ("nvidia", "tls", "triton")},
        supports_check_mode=True,
    )
    of_driver = options(module, "nvidia", nvidia.SPEC)
    of_bundle = {**dict.fromkeys(tls.SPEC), **options(module, "tls", _TLS_SPEC)}
    of_triton = options(module, "triton", triton.SPEC, triton.REQUIRED_IF)
    try:
        bundle = tls.look(of_bundle)
    except _dep.MissingCryptography as missing:
        module.warn(f"{missing} {tls.REMEDY}")
        bundle = tls.unread() if module.check_mode else {"cryptography": None}
    try:
        generations = triton.survey(of_triton, write_cache=not module.check_mode)
    except HostError as error:
        module.fail_json(**error.result())
    module.exit_json(changed=False, nvidia=nvidia.look(of_driver), tls=bundle, triton=generations)


if __name__ == "__main__":
    main()
