# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup model_repository: what is refused, and what changes the digest."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.inferops.triton.plugins.lookup.model_repository import digest, judge


def repository(root: Path) -> Path:
    """Make a repository of one model and return its folder."""
    version = root / "models" / "resnet" / "1"
    version.mkdir(parents=True)
    (version / "model.onnx").write_bytes(b"weights")
    (version.parent / "config.pbtxt").write_text('backend: "onnxruntime"')
    return root / "models"


def test_a_repository_is_accepted(tmp_path: Path) -> None:
    assert judge(str(repository(tmp_path))) == ["resnet"]


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (lambda root: root.rename(root.with_name("gone")), "does not exist"),
        (lambda root: (root / "resnet").rename(root.with_name("elsewhere")), "holds no model"),
        (lambda root: (root / "resnet" / "config.pbtxt").unlink(), "no config.pbtxt"),
        (lambda root: (root / "resnet" / "1").rename(root / "resnet" / "first"), "no version"),
    ],
)
def test_what_triton_would_not_load_is_named(tmp_path: Path, spoil, names: str) -> None:  # type: ignore[no-untyped-def]
    root = repository(tmp_path)
    spoil(root)
    with pytest.raises(ValueError, match=names):
        judge(str(root))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "resnet" / "1" / "model.onnx").write_bytes(b"others!"),
        lambda root: (root / "resnet" / "1" / "model.onnx").rename(root / "resnet" / "1" / "model.plan"),
        lambda root: (root / "resnet" / "2").mkdir(),
    ],
)
def test_the_digest_follows_names_and_contents(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    root = repository(tmp_path)
    before = digest(str(root))
    assert before == digest(str(root))
    change(root)
    assert digest(str(root)) != before
