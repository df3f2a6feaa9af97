#!/usr/bin/env bash
# How well alignment tells change from noise, on twins whose truth is known; the scores go to
# benches/TRUTH.md.
#   truth.sh                                five seeds, 400 km² each, and four of 25 km² from imagery
#   SEEDS="1 2" KM2=25 SEEN="41" truth.sh   others
set -euo pipefail
source scripts/imagery.sh
program=${CARGO_TARGET_DIR:-target}/release/millesime
work=${CARGO_TARGET_DIR:-target}/truth
results=benches/TRUTH.md
rm -rf "$work"
mkdir -p "$work"
{
    echo "# Alignment against the truth"
    echo
    echo "\`make truth\`, $(date +%F): for each seed, a twin of ${KM2:-400} km² (\`millesime twin --observed\`),"
    echo "whose true vintages are compared with the observed ones (\`millesime evaluate\`). All scores are"
    echo "**sur territoire fictif**: they say how the rules behave on made-up noise, and nothing about a real"
    echo "product. *recall* and *precis*: by object; *rec.ar* and *pre.ar*: by area, further than two standard"
    echo "deviations from an outline. A true change counts as found under whatever codes it is seen."
    for seed in ${SEEDS-1 2 3 4 5}; do
        echo
        echo "## Seed $seed"
        echo
        echo '```'
        "$program" twin "$work/$seed" --km2 "${KM2:-400}" --seed "$seed" --observed |
            sed 's/; [0-9.]* s; in .*//'
        "$program" evaluate --truth "$work/$seed/TERRITORY.toml" \
            --observed "$work/$seed/OBSERVED.toml" --out "$work/scores-$seed"
        echo '```'
        rm -rf "${work:?}/$seed"
    done
    echo
    echo "# From photographs to changes"
    echo
    echo "Twins of ${SEEN_KM2:-25} km² with imagery (1 m) and reference layers: both dates are seen by the shipped model,"
    echo "produced with BD TOPO, BD Forêt, RPG and Fichiers fonciers, and aligned with what the model saw and the"
    echo "sources said as evidence. The numbers of that evidence were set while looking at seeds 7 and 42."
    for seed in ${SEEN-7 42 41 43}; do
        echo
        echo "## Seed $seed, from imagery"
        echo
        echo '```'
        twin="$work/seen-$seed"
        "$program" twin "$twin" --km2 "${SEEN_KM2:-25}" --seed "$seed" --years 2018,2021 --imagery 1 --sources >/dev/null
        imagery_territory "$twin"
        "$program" run "$twin/IMAGERY.toml" --out "$twin/seen" >/dev/null
        produced_territory "$twin" "$(realpath "$twin/seen")"
        seen_territory "$twin" "$(realpath "$twin/seen")"
        echo "As the model saw them, before anything is produced (it tells no use):"
        "$program" evaluate --truth "$twin/TERRITORY.toml" --observed "$twin/SEEN.toml" |
            sed -n '/^vintage/,/^$/p'
        "$program" evaluate --truth "$twin/TERRITORY.toml" --observed "$twin/PRODUCED.toml" \
            --out "$work/scores-seen-$seed"
        echo '```'
        rm -rf "${work:?}/seen-$seed" "${work:?}/seen-$seed".*
    done
} | tee "$work/results.md"
mv "$work/results.md" "$results"
