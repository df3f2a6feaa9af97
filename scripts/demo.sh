#!/usr/bin/env bash
# The whole job on a generated territory: 25 km², three vintages; and 4 km² from aerial imagery.
set -euo pipefail
source scripts/imagery.sh
out=${1:?usage: demo.sh FOLDER}
millesime=${CARGO_TARGET_DIR:-target}/release/millesime

if [ -e "$out" ] && [ ! -e "$out/territory/truth.gpkg" ] && [ -n "$(ls -A "$out")" ]; then
    echo "demo: $out holds other files; name a new folder with make demo OUT=…" >&2
    exit 2
fi
mkdir -p "$out"
rm -rf "$out/territory" "$out/results" "$out/reports" "$out/imagery" "$out/seen" "$out/seen.predictions" "$out/seen.produced"
"$millesime" twin "$out/territory" --km2 25 --seed 7 --years 2016,2019,2022
"$millesime" run "$out/territory/TERRITORY.toml" --out "$out/results"

commune=$(awk -F, 'NR > 1 && $2 != "" { print $2; exit }' "$out/results/tables/stock.csv")
"$millesime" query --out "$out/results" --commune "$commune" --period 2016-2019 \
    --kind artificialisation --format geojson > "$out/artificialised-$commune-2016-2019.geojson"

"$millesime" report --out "$out/results" --commune "$commune" --into "$out/reports" >/dev/null

# From imagery: a model looks at the photographs of both dates, and vintages are produced from what it sees and
# reference layers.
"$millesime" twin "$out/imagery" --km2 4 --seed 8 --years 2018,2021 --imagery 1 --sources
imagery_territory "$out/imagery"
"$millesime" run "$out/imagery/IMAGERY.toml" --out "$out/seen"
for year in 2018 2021; do
    "$millesime" evaluate --classes "$out/seen.predictions/$year/classes.tif" \
        --annotations "$out/imagery/annotations-$year.tif" | tail -1
done

cat <<END

The territory:   $out/territory (communes, vintages and the true changes: GeoPackage, for QGIS)
The account:     $out/results/tables (CSV and Parquet; flux.csv is the artificialisation by commune)
The polygons:    $out/results/faces and $out/results/vintages (GeoParquet)
One commune's:   $out/artificialised-$commune-2016-2019.geojson, and its report in $out/reports (page and PDF)
From imagery:    $out/imagery (photographs, heights), $out/seen.predictions (classes.png: what the
                 model sees), $out/seen.produced (the vintages made of it) and $out/seen (the account that follows)
How it was made: $out/results/manifest.json
END
