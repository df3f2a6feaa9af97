#!/usr/bin/env bash
# Figures of the tests recomputed by engines that are not ours, in a virtual environment.
set -euo pipefail
target=${CARGO_TARGET_DIR:-target}
venv=$target/interop-venv
if [ ! "$venv/ready" -nt scripts/interop/requirements.txt ]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet -r scripts/interop/requirements.txt
    touch "$venv/ready"
fi
"$venv/bin/python" scripts/interop/interop.py "$target/release/millesime" \
    "${MILLESIME_DATA:-../shared/data}"
