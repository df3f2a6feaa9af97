#!/usr/bin/env bash
# The whole job on a generated territory: 25 km², three vintages.
set -euo pipefail
out=${1:?usage: demo.sh FOLDER}
millesime=${CARGO_TARGET_DIR:-target}/release/millesime

if [ -e "$out" ] && [ ! -e "$out/territory/truth.gpkg" ] && [ -n "$(ls -A "$out")" ]; then
    echo "demo: $out holds other files; name a new folder with make demo OUT=…" >&2
    exit 2
fi
mkdir -p "$out"
rm -rf "$out/territory" "$out/results"
"$millesime" twin "$out/territory" --km2 25 --seed 7 --years 2016,2019,2022
"$millesime" run "$out/territory/TERRITORY.toml" --out "$out/results"

commune=$(awk -F, 'NR > 1 && $2 != "" { print $2; exit }' "$out/results/tables/stock.csv")
"$millesime" query --out "$out/results" --commune "$commune" --period 2016-2019 \
    --kind artificialisation --format geojson > "$out/artificialised-$commune-2016-2019.geojson"

cat <<END

The territory:   $out/territory (communes, vintages and the true changes: GeoPackage, for QGIS)
The account:     $out/results/tables (CSV and Parquet; flux.csv is the artificialisation by commune)
The polygons:    $out/results/faces and $out/results/vintages (GeoParquet)
One commune's:   $out/artificialised-$commune-2016-2019.geojson
How it was made: $out/results/manifest.json
END
