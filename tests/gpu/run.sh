#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The inferops.triton authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# run.sh FOLDER : what only a real GPU can show; see README.md. Results go to FOLDER.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:?the folder for the results}
mkdir -p "$out"
nvidia-smi --list-gpus >"$out/gpus.txt" || { echo 'gpu: nvidia-smi does not answer: this is no machine with a working GPU.' >&2; exit 1; }
export PATH=$root/.venv/bin:$PATH ANSIBLE_COLLECTIONS_PATH=$root/.build/collections PYTHONPATH=$root/.build/collections
python3 -m ansible_collections.inferops.triton.tests.gpu.steps "$out"
