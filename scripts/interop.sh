#!/usr/bin/env bash
# Figures of the tests recomputed by engines that are not ours, in a virtual environment.
set -euo pipefail
target=${CARGO_TARGET_DIR:-target}
cargo build --release --locked
venv=$target/interop-venv
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet -r scripts/interop/requirements.txt
fi
"$venv/bin/python" scripts/interop/interop.py "$target/release/millesime" \
    "${MILLESIME_DATA:-../shared/data}"
