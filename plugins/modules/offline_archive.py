#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module offline_archive: the manifest of an offline archive, written and held to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: offline_archive
short_description: Hold an offline archive to its manifest, or write that
version_added: 0.1.0
author: The inferops.triton authors (@inferops)
description:
  - Runs on the controller, where the archive lies. The manifest, C(manifest.json), names every file of the folder with its size, its SHA-256 and what it is
    for; C(docs/offline-manifest.schema.json) describes it.
  - A file that is missing, truncated, altered, or that the manifest does not name is a fault; faults are returned, and fail nothing here.
extends_documentation_fragment:
  - inferops.triton.attributes
options:
  path:
    description: The folder.
    type: path
    required: true
  state:
    description:
      - V(verified) reads every file and returns what is wrong.
      - V(found) does the same; a folder or a manifest that is not there yet is no fault, and neither is a file that the manifest does not name.
      - V(written) adds O(entries) to the manifest. Entries of before stay where their files are as they were.
    type: str
    choices: [verified, found, written]
    default: verified
  sha256:
    description: What the manifest itself must hash to. Empty for whatever it does.
    type: str
    default: ""
  entries:
    description: For O(state=written), the files that were gathered, each with C(path), C(kind), C(purpose) and what its kind adds.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Hold an archive to its manifest
  inferops.triton.offline_archive:
    path: offline
  delegate_to: localhost
  register: archive
  failed_when: archive.faults | length > 0
"""

RETURN = r"""
manifest:
  description: The manifest, without the entries of files that are not as it says.
  returned: success
  type: dict
faults:
  description: What is wrong, each naming a file.
  returned: success
  type: list
  elements: str
sha256:
  description: What the bytes of the manifest hash to.
  returned: success
  type: str
"""

import hashlib
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.inferops.triton.plugins.module_utils._offline import manifest


def main() -> None:
    """Read the options, look, write, exit."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["verified", "found", "written"], "default": "verified"},
            "sha256": {"type": "str", "default": ""},
            "entries": {"type": "list", "elements": "dict", "default": []},
        },
        supports_check_mode=True,
    )
    path, state = module.params["path"], module.params["state"]
    new = state != "verified" and not os.path.exists(os.path.join(path, manifest.NAME))
    faults: list[str] = []
    before = manifest.empty()
    try:
        before = manifest.empty() if new else manifest.read(path, module.params["sha256"])
        if state == "written":
            after = manifest.compose(path, before, module.params["entries"])
        else:
            found = manifest.faults(path, before, strict=state == "verified")
            faults = list(found.values())
            after = {**before, "files": [entry for entry in before["files"] if entry["path"] not in found]}
    except manifest.ArchiveError as error:
        if state == "verified":
            faults, after = [str(error)], before
        else:
            module.fail_json(msg=f"{error}. Name another folder, or remove that one.")
    changed = state == "written" and (new or after != before)
    try:
        if changed and not module.check_mode:
            manifest.write(path, after)
    except OSError as error:
        module.fail_json(msg=f"{path}: the manifest cannot be written ({error.strerror}). Make the folder writable for this user, and give it room.")
    written = manifest.text(after)
    diff = {"before_header": manifest.NAME, "after_header": manifest.NAME, "before": "" if new else manifest.text(before), "after": written}
    digest = hashlib.sha256(written.encode("utf-8")).hexdigest()
    module.exit_json(changed=changed, manifest=after, faults=faults, sha256=digest, diff=diff if state == "written" else {})


if __name__ == "__main__":
    main()
