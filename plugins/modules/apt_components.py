#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module apt_components: enable components of the distribution in the APT sources that a host has."""

from __future__ import annotations

DOCUMENTATION = r"""
module: apt_components
short_description: Enable components of the distribution in the APT sources that a host already has
version_added: 0.1.0
author: The inferops.triton authors (@inferops)
description:
  - Adds components such as C(contrib) and C(non-free) to the sources of the distribution in C(/etc/apt/sources.list) and C(/etc/apt/sources.list.d),
    one-line and deb822. Mirrors, options, comments and other repositories stay as they are; no source is added.
  - A source counts as the distribution's where its suite is O(codename), one of O(aliases), or either with C(-updates) or C(-security), where it offers
    C(main), and where the Release file fetched from it last has the O(origin). Without a Release file its address must end like the archive of the
    distribution, C(/debian), C(/debian-security) or C(/ubuntu).
  - Package lists are not fetched.
extends_documentation_fragment:
  - inferops.triton.attributes
options:
  components:
    description: The components to enable.
    type: list
    elements: str
    required: true
  codename:
    description: Codename of the release.
    type: str
    required: true
  origin:
    description: The Origin in its Release files.
    type: str
    required: true
  aliases:
    description: Other names of the suite, such as V(stable).
    type: list
    elements: str
    default: []
seealso:
  - module: ansible.builtin.apt_repository
  - module: ansible.builtin.deb822_repository
"""

EXAMPLES = r"""
- name: Enable what NVIDIA's driver needs
  inferops.triton.apt_components:
    codename: bookworm
    origin: Debian
    components: [contrib, non-free, non-free-firmware]
"""

RETURN = r"""
files:
  description: The files that were changed, or would be.
  returned: success
  type: list
  elements: str
sources:
  description: How many sources of the distribution there are.
  returned: success
  type: int
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._nvidia import apt_sources


def main() -> None:
    """Read the options, plan, write, exit."""
    module = AnsibleModule(
        argument_spec={
            "components": {"type": "list", "elements": "str", "required": True},
            "codename": {"type": "str", "required": True},
            "origin": {"type": "str", "required": True},
            "aliases": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    options = module.params
    release = apt_sources.Release(options["codename"], options["origin"], tuple(options["aliases"]))
    changes, count = apt_sources.plan(release, options["components"])
    if not count:
        module.fail_json(
            msg=f"No APT source of {options['origin']} {options['codename']} was found in /etc/apt/sources.list and /etc/apt/sources.list.d."
            f" Add one that has {', '.join(options['components'])}; where a mirror has another Origin,"
            " enable its components yourself and empty the list of components."
        )
    try:
        for change in changes:
            if not module.check_mode:
                apt_sources.write(change)
    except OSError as error:
        module.fail_json(
            msg=f"{error.filename}: {error.strerror}. Make it writable for root, or enable {', '.join(options['components'])} there yourself."
        )
    diff = [
        {
            "before_header": change["path"],
            "after_header": change["path"],
            "before": change["before"],
            "after": change["after"],
        }
        for change in changes
    ]
    module.exit_json(changed=bool(changes), files=[change["path"] for change in changes], sources=count, diff=diff)


if __name__ == "__main__":
    main()
