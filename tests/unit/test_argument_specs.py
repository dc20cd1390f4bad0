# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role says what it takes: argument_specs equal to the defaults, and nothing used that is not declared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.inferops.triton.plugins.filter import unknown_variables

ROOT = Path(__file__).parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if any(path.rglob("*.yml")))
PLUGINS = {path.stem for kind in ("modules", "filter", "lookup") for path in (ROOT / "plugins" / kind).glob("*.py")}
TEXTS = (".yml", ".yaml", ".j2")


def load(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def entry_points(role: str) -> dict[str, dict[str, Any]]:
    specs: dict[str, dict[str, Any]] = load(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    return specs


def options(role: str) -> dict[str, dict[str, Any]]:
    """All options of the role, whichever entry points have them."""
    return {name: option for entry in entry_points(role).values() for name, option in (entry.get("options") or {}).items()}


def defaults(role: str) -> dict[str, Any]:
    return load(ROOT / "roles" / role / "defaults" / "main.yml")


def facts(role: str) -> set[str]:
    """What the role leaves for others, documented in its README: the first cell of the table under «Facts»."""
    section = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8").partition("\n## Facts\n")[2].partition("\n## ")[0]
    return set(re.findall(rf"^\| `({role}_\w+)`", section, re.MULTILINE))


def walk(declared: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Options and the options below them, with dotted names."""
    for name, option in declared.items():
        yield f"{prefix}{name}", option
        yield from walk(option.get("options") or {}, f"{prefix}{name}.")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("file", ["README.md", "meta/argument_specs.yml", "meta/main.yml", "defaults/main.yml", "tasks/main.yml"])
def test_role_is_complete(role: str, file: str) -> None:
    assert (ROOT / "roles" / role / file).is_file()


@pytest.mark.parametrize("role", ROLES)
def test_defaults_equal_argument_specs(role: str) -> None:
    specified = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert defaults(role) == specified


@pytest.mark.parametrize("role", ROLES)
def test_entry_points_agree_on_shared_options(role: str) -> None:
    declared = options(role)
    for name, entry in entry_points(role).items():
        for option, spec in (entry.get("options") or {}).items():
            assert spec == declared[option], f"{option} of entry point {name} differs from another entry point's"


@pytest.mark.parametrize("role", ROLES)
def test_entry_points_are_task_files(role: str) -> None:
    for name, entry in entry_points(role).items():
        assert entry.get("short_description"), f"{name} has no short_description"
        assert (ROOT / "roles" / role / "tasks" / f"{name}.yml").is_file(), f"there is no tasks/{name}.yml"


@pytest.mark.parametrize("role", ROLES)
def test_options_are_described(role: str) -> None:
    undescribed = [name for name, option in walk(options(role)) if not option.get("description")]
    untyped = [name for name, option in walk(options(role)) if "type" not in option]
    assert (undescribed, untyped) == ([], [])


@pytest.mark.parametrize("role", ROLES)
def test_options_are_found_as_text(role: str) -> None:
    """Which is how the roles tell a misspelt variable."""
    assert set(unknown_variables.options(ROOT / "roles" / role)) == set(options(role))


@pytest.mark.parametrize("role", ROLES)
def test_misspelt_variables_are_refused(role: str) -> None:
    tasks = "".join(path.read_text(encoding="utf-8") for path in sources(f"roles/{role}/tasks"))
    assert f"'^{role}_') | inferops.triton.unknown_variables(role_path" in tasks


@pytest.mark.parametrize("role", ROLES)
def test_options_are_named_after_the_role(role: str) -> None:
    assert [name for name in options(role) if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", ROLES)
def test_public_variables_in_use_are_declared(role: str) -> None:
    """Whoever uses a variable of the role: the role itself, another role, a playbook, the example inventory."""
    known = set(options(role)) | facts(role) | PLUGINS | set(ROLES)
    name = re.compile(rf"(?<![\w./-]){role}_[a-z0-9_]+\b(?!\.(?:yml|j2|md|service|conf)\b)")
    unknown = {
        f"{path.relative_to(ROOT)}: {match}"
        for path in sources("roles", "playbooks", "examples", "molecule")
        for match in name.findall(path.read_text(encoding="utf-8"))
        if match not in known
    }
    assert sorted(unknown) == []


@pytest.mark.parametrize("role", ROLES)
def test_internal_variables_in_use_are_set(role: str) -> None:
    """``__<role>_x`` belongs to the role alone, which sets it by vars, register, set_fact or a loop's name."""
    texts = {path: path.read_text(encoding="utf-8") for path in sources(f"roles/{role}")}
    assigned = {
        match
        for text in texts.values()
        for match in re.findall(rf"^[ -]*(?:(?:register|loop_var|index_var): )?(__{role}_\w+)(?::|$)", text, re.MULTILINE)
        + re.findall(rf"{{%-? *set (__{role}_\w+)", text)
    }
    used = {match for text in texts.values() for match in re.findall(rf"\b__{role}_\w+", text)}
    # varnames('^__role_') and the like are patterns, no names.
    assert sorted(used - assigned - {f"__{role}_"}) == []
