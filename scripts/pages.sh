#!/usr/bin/env bash
# Reports of a twin, and of real communes where they are at hand, opened in Chromium and read as PDF.
set -euo pipefail
target=${CARGO_TARGET_DIR:-target}
work=$target/pages
data=${MILLESIME_DATA:-../shared/data}
program=$(realpath "$target/release/millesime")
mkdir -p "$work"
cp scripts/pages/package.json scripts/pages/pages.mjs "$work"
[ -d "$work/node_modules/axe-core" ] || npm install --prefix "$work" --no-audit --no-fund --silent

# Every page of a run: opened, and its PDF read for words that a reader would search.
look() {
    local name=$1 territory=$2
    rm -rf "$work/$name" "$work/$name-reports"
    "$program" run "$territory" --out "$work/$name" >/dev/null
    "$program" report --out "$work/$name" --all --into "$work/$name-reports" >/dev/null
    node "$work/pages.mjs" "$work/$name" "$work/$name-reports"
    for pdf in "$work/$name-reports"/*.pdf; do
        pdftotext -layout "$pdf" - | grep -q "code général des\|CGCT" || { echo "$pdf: no text is found"; exit 1; }
        [ "$(pdffonts "$pdf" | awk 'NR > 2 { print $(NF - 4) }' | sort -u)" = yes ] ||
            { echo "$pdf: a font is not embedded"; exit 1; }
        pdfinfo "$pdf" | grep -q 'Tagged: *yes' || { echo "$pdf: is not tagged"; exit 1; }
    done
    echo "$name: PDFs have text, fonts and tags"
}

"$program" twin "$work/twin-territory" --km2 25 --seed 7 --years 2016,2019,2022 >/dev/null
look twin "$work/twin-territory/TERRITORY.toml"
if [ -d "$data/sybarval" ]; then
    ln -sfn "$(realpath "$data")" "$work/data"
    for name in sybarval gers; do
        cp "tests/territories/$name.toml" "$work/$name.toml"
        look "$name" "$work/$name.toml"
    done
fi
