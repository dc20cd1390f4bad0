# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What examples/awx/ hands to AWX or Automation Controller, as far as it can be judged without one: names that exist, types that fit, playbooks that load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "awx"
SURVEYS = sorted((EXAMPLES / "surveys").glob("*.json"))
TEMPLATES: list[dict[str, Any]] = yaml.safe_load((EXAMPLES / "job_templates.yml").read_text(encoding="utf-8"))["controller_job_templates"]
# The types of a survey's answers, and which of Ansible's may take them.
TYPES = {"text": {"str"}, "textarea": {"str"}, "integer": {"int", "float"}, "float": {"float"}, "multiplechoice": {"str"}, "multiselect": {"list"}}
# The shape that the controller's API asks for (survey_spec of a job template).
SHAPE = {
    "type": "object",
    "required": ["name", "description", "spec"],
    "properties": {
        "$comment": {"type": "string"},
        "name": {"type": "string", "minLength": 1},
        "description": {"type": "string", "minLength": 1},
        "spec": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["question_name", "question_description", "variable", "type", "required", "default", "min", "max", "choices"],
                "additionalProperties": False,
                "properties": {
                    "question_name": {"type": "string", "minLength": 1},
                    "question_description": {"type": "string", "minLength": 1},
                    "variable": {"type": "string", "pattern": "^[a-z][a-z_]*$"},
                    "type": {"enum": sorted(TYPES)},
                    "required": {"type": "boolean"},
                    "default": {"type": ["string", "number"]},
                    "min": {"type": ["string", "number"]},
                    "max": {"type": ["string", "number"]},
                    "choices": {"type": ["string", "array"]},
                },
            },
        },
    },
    "additionalProperties": False,
}


def declared() -> dict[str, str]:
    """The type of every variable of every role."""
    found: dict[str, str] = {}
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            found.update({name: option.get("type", "str") for name, option in entry["options"].items()})
    return found


@pytest.mark.parametrize("path", SURVEYS, ids=lambda path: path.stem)
def test_a_survey_asks_for_variables_that_exist(path: Path) -> None:
    survey = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(survey, SHAPE)
    known = {**declared(), "triton_hosts": "str"}
    for question in survey["spec"]:
        assert known.get(question["variable"]) in TYPES[question["type"]], question
        if question["type"] in ("integer", "float"):
            # The answer goes by --extra-vars and wins over the inventory: an empty one would be worse than none.
            assert question["min"] <= question["default"] <= question["max"], question
    assert len({question["variable"] for question in survey["spec"]}) == len(survey["spec"])


def test_there_is_a_job_template_of_every_playbook() -> None:
    # What offline_archive gathers would be lost with the container of the job.
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")} - {"demo", "offline_archive"}
    assert {template["playbook"] for template in TEMPLATES} == playbooks == {path.stem for path in (EXAMPLES / "project").glob("*.yml")}
    assert {template["survey"] for template in TEMPLATES if "survey" in template} == {path.stem for path in SURVEYS}
    assert len({template["name"] for template in TEMPLATES}) == len(TEMPLATES)


def test_what_changes_hosts_is_neither_sliced_nor_run_twice_at_once() -> None:
    for template in TEMPLATES:
        looks = template["playbook"] == "verify" or template.get("job_type") == "check"
        assert template.get("reads_only", False) == looks, template
        assert looks or template.get("slices", 1) == 1, template


def test_the_playbooks_load(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    program = shutil.which("ansible-playbook", path=path)
    assert program, "ansible-playbook is not on PATH"
    playbooks = sorted((EXAMPLES / "project").glob("*.yml"))
    environment = {**os.environ, "ANSIBLE_HOME": str(tmp_path)}
    command = [program, "--syntax-check", "--inventory", "triton,", *map(str, playbooks)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert [Path(line.removeprefix("playbook: ")).name for line in done.stdout.splitlines() if line.startswith("playbook: ")] == [p.name for p in playbooks]
