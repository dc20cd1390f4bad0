#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module offline_packages: packages with all that they depend on, as a partial mirror in one file."""

from __future__ import annotations

DOCUMENTATION = r"""
module: offline_packages
short_description: Gather packages with all that they depend on, for hosts without network
version_added: 0.1.0
author: The inferops.triton authors (@inferops)
description:
  - Runs on a host that reaches package sources. Resolves packages as on a host of its release that has nothing installed yet, downloads them, and packs them
    into one tar archive, a partial mirror of the sources with their own lists, signatures and keys, together with the configuration that makes a package
    manager use it and nothing else.
  - Nothing on this host changes but O(path). Its package lists, its cache and what it has installed stay as they are.
  - Where the packages are those of O(known), nothing is downloaded.
  - The steps for dnf have been tested with stand-ins only.
extends_documentation_fragment:
  - inferops.triton.attributes
attributes:
  diff_mode:
    support: none
options:
  packages:
    description: Names, each alone or as C(name=version).
    type: list
    elements: str
    required: true
  optional:
    description: Further names, which may be unknown to the sources.
    type: list
    elements: str
    default: []
  path:
    description: The tar archive to write.
    type: path
    required: true
  place:
    description: The folder in which hosts will unpack it.
    type: path
    required: true
  known:
    description: Packages of an earlier archive, name to version.
    type: dict
  enable:
    description: For dnf, ids of repositories that are asked although they are off.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Gather Docker Engine
  inferops.triton.offline_packages:
    packages: [docker.io]
    path: /var/tmp/packages.tar
    place: /var/lib/triton-offline
"""

RETURN = r"""
packages:
  description: Name to version of everything that was resolved.
  returned: success
  type: dict
unknown:
  description: Those of O(optional) that no source has.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._offline import apt, dnf
from ansible_collections.inferops.triton.plugins.module_utils._offline.tree import GatherError
from ansible_collections.inferops.triton.plugins.module_utils._triton.packages import RPM, database


def main() -> None:
    """Read the options, gather, exit."""
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "required": True},
            "optional": {"type": "list", "elements": "str", "default": []},
            "path": {"type": "path", "required": True},
            "place": {"type": "path", "required": True},
            "known": {"type": "dict"},
            "enable": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        arguments = (options["packages"], options["optional"], options["path"], options["place"], options["known"], not module.check_mode)
        gathered = dnf.gather(*arguments, options["enable"]) if database() == RPM else apt.gather(*arguments)
    except GatherError as error:
        module.fail_json(msg=f"{error}. Check the name, the package sources of the host, and its network.")
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}. Give the host room there (in the folder of {options['path']}), and try again.")
    module.exit_json(**gathered.plain())


if __name__ == "__main__":
    main()
