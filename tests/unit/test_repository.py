# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the repository as a whole: licences, no traces of one machine, sizes, versions that agree."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import ansible_collections
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
MADE_BY_TOOLS = {".build", ".demo", ".venv", ".git", ".ansible", ".mypy_cache", ".pytest_cache", "__pycache__"}
# Their format has no comments, or a tool writes them.
WITHOUT_SPDX = {"LICENSE", "CHANGELOG.md", "changelogs/changelog.yaml", "changelogs/.plugin-cache.yaml"}
LONGEST_FILE = 400  # lines

GALAXY: dict[str, Any] = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))


def is_made_by_tools(path: Path) -> bool:
    return bool(MADE_BY_TOOLS & set(path.relative_to(ROOT).parts)) or path.suffix in (".pyc", ".tar.gz")


def walk(folder: Path) -> list[Path]:
    """Files of the repository, without following the symlink in .build that leads back to it."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if is_made_by_tools(path):
            continue
        if path.is_dir() and not path.is_symlink():
            found += walk(path)
        elif path.is_file():
            found.append(path)
    return found


TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in walk(ROOT)}
WRITTEN = {name: text for name, text in TEXTS.items() if name not in WITHOUT_SPDX}


def test_every_file_carries_its_licence() -> None:
    """REUSE specification 3: the two tags near the top, in the comment syntax of the file."""
    tags = ("SPDX-FileCopyrightText: 2026 The inferops.triton authors", "SPDX-License-Identifier: GPL-3.0-or-later")
    missing = [name for name, text in WRITTEN.items() if text.strip() and not all(tag in "\n".join(text.splitlines()[:8]) for tag in tags)]
    assert missing == []


def test_no_trace_of_one_machine() -> None:
    """Folders of one machine, and the hosts of package registries: a system's own configuration names those."""
    hosts = [("pypi", "org"), ("files", "pythonhosted", "org"), ("deb", "debian", "org"), ("security", "debian", "org"), ("registry", "npmjs", "org")]
    traces = re.compile(
        r"(?<!\w)/(?:wor[k]|farm|tmp/[x])(?:/|\b)|(?<!\w)/roo[t]/(?!\.(?:ansible|ssh|docker))|\b(?:" + "|".join(r"\.".join(host) for host in hosts) + r")\b"
    )
    found = [f"{name}:{number}" for name, text in WRITTEN.items() for number, line in enumerate(text.splitlines(), 1) if traces.search(line)]
    assert found == []


def test_nothing_is_left_unfinished() -> None:
    marks = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|NotImplemented" + r"Error|ignore_" + r"errors: *(?:true|yes)|pytest\.mark\.sk" + r"ip\b")
    found = [f"{name}:{number}" for name, text in WRITTEN.items() for number, line in enumerate(text.splitlines(), 1) if marks.search(line)]
    assert found == []


def test_no_file_is_too_long() -> None:
    assert {name: lines for name, text in WRITTEN.items() if (lines := text.count("\n")) > LONGEST_FILE} == {}


def test_inner_variables_are_defined() -> None:
    """A name that begins with two underscores and is used in a role or a playbook is set somewhere; Ansible finds out only when it gets there."""
    texts = {name: text for name, text in TEXTS.items() if name.startswith(("roles/", "playbooks/")) and name.endswith((".yml", ".j2"))}
    code = {name: re.sub(r"^ *#.*$", "", text, flags=re.MULTILINE) for name, text in texts.items()}
    # Keys of vars and set_fact, registers, and loops of templates. A name that ends in an underscore is the beginning of several.
    sets = re.compile(r"^ *(?:- )?(__\w+):|register: (__\w+)|for (__\w+) in", re.MULTILINE)
    known = {name for text in code.values() for found in sets.findall(text) for name in found}
    used = {(file, name) for file, text in code.items() for name in re.findall(r"(?<!\w)__[a-z]\w*[a-z0-9]\b", text)}
    # The waves are groups of the inventory.
    assert sorted((file, name) for file, name in used if name not in known and not name.startswith("__triton_wave_")) == []


def test_python_files_start_alike() -> None:
    """``from __future__ import annotations`` lets hosts with Python 3.9 read today's annotations."""
    missing = [
        name
        for name, text in WRITTEN.items()
        if name.endswith(".py")
        and (body := ast.parse(text).body)
        and not any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in body)
    ]
    assert missing == []


def test_modules_name_the_licence_for_ansible() -> None:
    line = "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)"
    assert [name for name, text in TEXTS.items() if name.startswith("plugins/modules/") and line not in text] == []


@pytest.mark.parametrize("collection", sorted(GALAXY["dependencies"]))
def test_lower_bound_of_dependency_is_what_is_tested(collection: str) -> None:
    """On the oldest supported core the bound itself is installed; on a newer one at least that."""
    import ansible.release

    bound = GALAXY["dependencies"][collection]
    installed = installed_version(collection)
    assert bound.startswith(">=") and Version(installed) >= Version(bound[2:])
    oldest = yaml.safe_load(TEXTS["meta/runtime.yml"])["requires_ansible"].removeprefix(">=")
    if ansible.release.__version__.startswith(oldest.rpartition(".")[0] + "."):
        assert installed == bound[2:]


def installed_version(collection: str) -> str:
    for folder in ansible_collections.__path__:
        manifest = Path(folder, *collection.split("."), "MANIFEST.json")
        if manifest.is_file():
            version: str = json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
            return version
    raise LookupError(f"{collection} is not installed beside ansible-core")


def test_every_collection_in_use_is_a_dependency() -> None:
    modules = re.compile(r"^[ -]+((?:ansible|community|containers|kubernetes)\.[a-z_]+)\.[a-z_]+:", re.MULTILINE)
    used = {name for path, text in TEXTS.items() if path.startswith(("roles/", "playbooks/")) for name in modules.findall(text)}
    assert used - {"ansible.builtin"} == set(GALAXY["dependencies"])


def test_action_group_holds_every_module() -> None:
    groups = yaml.safe_load(TEXTS["meta/runtime.yml"])["action_groups"]
    assert groups == {"triton": sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))}


def test_one_look_asks_what_the_roles_ask() -> None:
    """site looks at a host once for three roles, whose own looks it must not fall behind."""
    looks = yaml.safe_load(TEXTS["playbooks/tasks/look.yml"])[0]["inferops.triton.triton_host_info"]
    for part, role in (("nvidia", "nvidia_driver"), ("tls", "tls_certificates"), ("triton", "triton_server")):
        task = yaml.safe_load(TEXTS[f"roles/{role}/tasks/look.yml"])[0]
        (module,) = (name for name in task if name.startswith("inferops."))
        assert looks[part] == task[module], role


def test_execution_environment_asks_for_what_the_controller_needs() -> None:
    """The same libraries with the same lower bounds as requirements.txt, which has ansible itself besides."""

    def bounds(file: str) -> dict[str, set[str]]:
        lines = [line for line in TEXTS[file].splitlines() if line and not line.startswith("#")]
        requirements = [Requirement(line) for line in lines]
        return {one.name: {str(spec) for spec in one.specifier if spec.operator == ">="} for one in requirements}

    controller = bounds("requirements.txt")
    del controller["ansible"]
    assert bounds("meta/ee-requirements.txt") == controller


def test_changelog_knows_the_version() -> None:
    """A release is described before it is built: by fragments, or already in the changelog."""
    fragments = [name for name in TEXTS if name.startswith("changelogs/fragments/")]
    released = yaml.safe_load(TEXTS.get("changelogs/changelog.yaml", "")) or {}
    assert fragments or GALAXY["version"] in released.get("releases", {})


def test_readme_names_the_commands() -> None:
    commands = ["make demo", "make demo-stop", "make test", "ansible-playbook inferops.triton.site", "ansible-galaxy collection install"]
    assert [command for command in commands if command not in TEXTS["README.md"]] == []


def test_make_help_names_every_target_of_the_readme() -> None:
    makefiles = TEXTS["Makefile"] + TEXTS["tests/bed/bed.mk"]
    described = set(re.findall(r"^## ([\w.-]+)", makefiles, re.MULTILINE))
    assert set(re.findall(r"`make ([\w.-]+)", TEXTS["README.md"])) <= described


@pytest.mark.parametrize("scenario", sorted((ROOT / "molecule").glob("*/molecule.yml")), ids=lambda path: path.parent.name)
def test_scenarios_name_playbooks_that_exist(scenario: Path) -> None:
    """Molecule looks a step's own playbook up when it comes to it, half an hour later."""
    sequence = yaml.safe_load(scenario.read_text(encoding="utf-8"))["scenario"]["test_sequence"]
    named = [step.partition(" ")[2] for step in sequence if " " in step]
    assert [name for name in named if not (scenario.parent / name).is_file()] == []


def test_every_scenario_is_run_and_described() -> None:
    scenarios = {path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")}
    makefile = (ROOT / "tests/bed/bed.mk").read_text(encoding="utf-8")
    lists = re.findall(r"^MOLECULE_(?:SCENARIOS|SLOW) := (.*)$", makefile, re.MULTILINE)
    assert {name for line in lists for name in line.split()} == scenarios
    readme = (ROOT / "tests/README.md").read_text(encoding="utf-8")
    assert [name for name in scenarios if f"| `{name}`" not in readme] == []
