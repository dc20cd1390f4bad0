#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module tls_ca_rollover: from one CA of a folder to the next."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_ca_rollover
short_description: Move the CA in a folder a step on to the next one
version_added: 0.1.0
author: The inferops.triton authors (@inferops)
description:
  - Works on the folder of a CA as the role P(inferops.triton.tls_certificates#role) keeps it on the controller. The new CA has to lie in C(next) in it.
  - Each step is a row of renames. A run that is killed leaves a folder that everyone reads as the old CA or the new one, and the next run finishes the step.
  - Taking a step again changes nothing. A step out of its order is refused with what to do first.
  - Nothing is deleted. The old CA ends in C(retired), its key included, which may then be destroyed.
extends_documentation_fragment:
  - inferops.triton.attributes
requirements:
  - cryptography 42 or later
options:
  path:
    description: Folder of the CA.
    type: path
    required: true
  step:
    description:
      - With V(trust), C(ca.crt) holds the old root and the new one.
      - With V(issue), what signs is the new CA. The old one lies in C(previous), and is still trusted.
      - With V(retire), the old root is no longer in C(ca.crt).
    type: str
    choices: [trust, issue, retire]
    required: true
seealso:
  - module: inferops.triton.tls_bundle
"""

EXAMPLES = r"""
- name: Trust the CA in triton-ca/next beside the one in triton-ca
  inferops.triton.tls_ca_rollover:
    path: triton-ca
    step: trust
  delegate_to: localhost
"""

RETURN = r"""
done:
  description: What was done, or in check mode would be.
  type: list
  elements: str
  returned: success
phase:
  description: Where the rollover stands, V(none), V(trust), V(issue), or V(moving) for a step that was killed.
  type: str
  returned: success
diagnosis:
  description: Code of the failure.
  type: str
  returned: failure
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._tls import _dep, finding, rollover, storage


def main() -> None:
    """Read the options, call the back end, exit once."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "step": {"type": "str", "required": True, "choices": list(rollover.STEPS)},
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    try:
        _dep.require(42)
        done = rollover.advance(path, module.params["step"], check=module.check_mode)
    except storage.StorageError as exc:
        module.fail_json(msg=str(exc), diagnosis=exc.code)
    except finding.MaterialError as exc:
        module.fail_json(msg=f"{path}: {exc}", diagnosis=exc.finding["code"])
    except _dep.MissingCryptography as exc:
        module.fail_json(msg=str(exc), diagnosis="cryptography_missing")
    except ValueError as exc:
        module.fail_json(msg=str(exc), diagnosis="ca_rollover_order")
    else:
        module.exit_json(changed=bool(done), done=done, phase=rollover.phase(path))


if __name__ == "__main__":
    main()
