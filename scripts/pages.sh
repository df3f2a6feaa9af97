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

# Pages of a run: opened, and their PDFs read for words that a reader would search.
look() {
    local name=$1 territory=$2
    shift 2
    rm -rf "$work/$name" "$work/$name-reports"
    "$program" run "$territory" --out "$work/$name" >/dev/null
    "$program" report --out "$work/$name" "$@" --into "$work/$name-reports" >/dev/null
    node "$work/pages.mjs" "$work/$name" "$work/$name-reports"
    for pdf in "$work/$name-reports"/*.pdf; do
        pdftotext -layout "$pdf" - | grep "article L.2231-1" >/dev/null || { echo "$pdf: no text is found"; exit 1; }
        [ "$(pdffonts "$pdf" | awk 'NR > 2 { print $(NF - 4) }' | sort -u)" = yes ] ||
            { echo "$pdf: a font is not embedded"; exit 1; }
        pdfinfo "$pdf" 2>/dev/null | grep 'Tagged: *yes' >/dev/null || { echo "$pdf: is not tagged"; exit 1; }
    done
    echo "$name: PDFs have text, fonts and tags"
}

rm -rf "$work/twin-territory"
"$program" twin "$work/twin-territory" --km2 25 --seed 7 --years 2016,2019,2022 >/dev/null
look twin "$work/twin-territory/TERRITORY.toml" --all
if [ -d "$data/sybarval" ]; then
    ln -sfn "$(realpath "$data")" "$work/data"
    cp tests/territories/sybarval.toml tests/territories/gers.toml "$work"
    look sybarval "$work/sybarval.toml" --all
    # Of a whole département, two communes have some ground that is covered; of the others, one will do.
    look gers "$work/gers.toml" --commune Bassoues --commune Saint-Christaud --commune Auch
fi
