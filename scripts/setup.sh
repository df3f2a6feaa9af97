#!/usr/bin/env bash
# Installs what this machine lacks, and nothing else; asks nothing; may be called again and again.
#   setup.sh build   what building, testing and running need
#   setup.sh runtime ONNX Runtime alone
#   setup.sh lint    what `make lint` needs beside
#   setup.sh python  what `make bench` and `make interop` need beside
#   setup.sh browser what `make pages` needs beside
set -euo pipefail

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
    if ! command -v apt-get >/dev/null; then
        echo "setup: please install $* (this machine has no apt-get)" >&2
        exit 2
    fi
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

build() {
    local missing=()
    command -v cc >/dev/null || missing+=(build-essential)
    command -v pkg-config >/dev/null || missing+=(pkg-config)
    { command -v pkg-config >/dev/null && pkg-config --exists gdal; } || missing+=(libgdal-dev)
    if [ ${#missing[@]} -gt 0 ]; then
        echo "setup: installing ${missing[*]}"
        install_packages "${missing[@]}"
    fi
    if ! command -v cargo >/dev/null; then
        echo "setup: no Rust toolchain is found; see https://rustup.rs" >&2
        exit 2
    fi
    runtime
}

# ONNX Runtime, for the predictions of models: its library comes in a Python package.
runtime() {
    local folder=${XDG_DATA_HOME:-$HOME/.local/share}/millesime
    if [ -n "${ORT_DYLIB_PATH:-}" ] || compgen -G "$folder/onnxruntime/capi/libonnxruntime.so*" >/dev/null; then
        return
    fi
    echo "setup: installing ONNX Runtime in $folder"
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    python3 -m pip install --quiet --no-deps --root-user-action=ignore --target "$folder" onnxruntime==1.32.0
}

lint() {
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
    if ! cargo deny --version >/dev/null 2>&1; then
        echo "setup: installing cargo-deny (some minutes, once)"
        cargo install --locked --quiet cargo-deny@0.20.2
    fi
}

python() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
}

browser() {
    local missing=()
    command -v chromium >/dev/null || missing+=(chromium)
    command -v npm >/dev/null || missing+=(nodejs npm)
    command -v pdftotext >/dev/null || missing+=(poppler-utils)
    if [ ${#missing[@]} -gt 0 ]; then
        echo "setup: installing ${missing[*]}"
        install_packages "${missing[@]}"
    fi
}

case "${1:-}" in
    build) build ;;
    runtime) runtime ;;
    lint) lint ;;
    python) python ;;
    browser) browser ;;
    *) echo "usage: setup.sh build|runtime|lint|python|browser" >&2; exit 2 ;;
esac
