#!/usr/bin/env bash
# Our figures beside each peer's, in one run on this machine; the results go to benches/RESULTS.md.
#   bench.sh [engine|scale|predict|vectorise|statistics|questions|production|postgis]   one part only: the engine against its peers, a
#                             whole département, prediction from imagery, lines from a class raster, the tables of a
#                             country, the changes of a commune and the reports of all; or, not among all, production by
#                             size, and the State's way in PostGIS (Debian's postgresql and postgis)
#   REPEAT=1 bench.sh         each peer once, and not the fastest of three
set -euo pipefail
source scripts/imagery.sh
what=${1:-all}
target=${CARGO_TARGET_DIR:-target}
work=$target/bench
mkdir -p "$work"

python() {
    if [ ! "$work/venv/ready" -nt benches/requirements.txt ]; then
        python3 -m venv --clear "$work/venv"
        "$work/venv/bin/pip" install --quiet -r benches/requirements.txt
        touch "$work/venv/ready"
    fi
    "$work/venv/bin/python" "$@"
}

# The line of the fastest of three processes.
fastest() {
    for _ in $(seq "${REPEAT:-3}"); do "$@"; done |
        python -c 'import json, sys; print(min(sys.stdin, key=lambda l: json.loads(l)["seconds"]), end="")'
}

# The program of a bench.
built() {
    cargo build --release --locked --bin millesime --bench engine --bench predict --bench vectorise --message-format=json |
        python -c 'import json, sys
for line in sys.stdin:
    found = json.loads(line)
    if found.get("executable") and found["target"]["name"] == sys.argv[1] and "bench" in found["target"]["kind"]:
        print(found["executable"])' "$1"
}

engine() {
    local program
    program=$(built engine)
    for data in pair aligned; do
        local folder=$work/$data displacement=40
        [ "$data" = aligned ] && displacement=0
        [ -e "$folder/summary.json" ] || python benches/data.py "$folder" --displacement "$displacement"
        {
            for operation in overlay cut dissolve; do fastest "$program" "$folder" "$operation"; done
            python benches/peers.py "$folder" --repeat "${REPEAT:-3}"
        } | tee "$work/$data.jsonl"
    done
    for faces in 50000 200000 1000000; do
        local folder=$work/sizes-$faces
        [ -e "$folder/summary.json" ] || python benches/data.py "$folder" --faces "$faces"
        fastest "$program" "$folder" overlay
    done | tee "$work/sizes.jsonl"
}

# A twin of 6 000 km², at least a million objects per vintage, through the whole job.
scale() {
    local folder=$work/scale
    [ -e "$folder/territory/TERRITORY.toml" ] ||
        "$target/release/millesime" twin "$folder/territory" --km2 6000 --seed 1
    {
        "$target/release/millesime" run "$folder/territory/TERRITORY.toml" --out "$folder/out"
        find "$folder/territory" "$folder/out" -name '*.gpkg' -o -name '*.parquet' -size +1M |
            xargs du -ch --apparent-size | tail -1 | sed 's/total/of inputs and layers/'
    } | tee "$work/scale.txt"
}

# The changes of one commune of that twin, beside DuckDB and GeoPandas; and the reports of all.
questions() {
    [ -e "$work/scale/out/manifest.json" ] || scale
    python benches/questions.py "$target/release/millesime" "$work/scale/out" | tee "$work/questions.txt"
}

# A raster that looks like a classification becomes a partition with smooth lines: 4 and 20 Mpx beside GDAL and
# GEOS, 100 Mpx alone.
vectorise() {
    local program
    program=$(built vectorise)
    for side in 2048 4472 10240; do
        local labels=$work/labels-$side.bin
        [ -e "$labels" ] || python benches/labels.py "$side" "$labels"
        fastest "$program" "$labels" "$side"
        [ "$side" = 10240 ] || python benches/vectorise_peers.py "$labels" "$side"
    done | tee "$work/vectorise.jsonl"
}

# The account of a twin repeated to 35 000 communes: all tables, beside DuckDB and pandas.
statistics() {
    local folder=$work/statistics
    if [ ! -e "$folder/out/manifest.json" ]; then
        "$target/release/millesime" twin "$folder/twin" --km2 25 --seed 7
        "$target/release/millesime" run "$folder/twin/TERRITORY.toml" --out "$folder/out"
    fi
    python benches/country.py "$target/release/millesime" "$folder/out" "$folder/work" 35000 |
        tee "$work/statistics.txt"
}

# A photograph of 16 km² in pixels of 1 m, a corner of it, and one of a gigapixel made of it: the model beside its bare
# bound, and beside the loop over windows that people write; and a model of the size of those that IGN publishes.
predict() {
    local program folder=$work/imagery model=reference/models/twin-unet
    program=$(built predict)
    if [ ! -e "$folder/large-unet.onnx" ]; then
        rm -rf "$folder"
        mkdir -p "$folder"
        "$target/release/millesime" twin "$folder/twin" --km2 16 --seed 5 --years 2018 --imagery 1
        python benches/imagery.py "$folder/twin" 2018 "$folder"
        python benches/large_model.py "$folder/large-unet.onnx"
    fi
    [ -e "$folder/wide-unet.onnx" ] || python benches/large_model.py "$folder/wide-unet.onnx" --width 2
    {
        fastest "$program" $model.onnx "$folder/out.tif" "$folder/rgbie.tif"
        fastest python scripts/interop/predict_reference.py $model.onnx $model.toml "$folder/rgbie.tif" \
            "$folder/loop.tif" --loop
        fastest "$program" "$folder/large-unet.onnx" "$folder/out.tif" "$folder/rgbie.tif"
        "$program" "$folder/wide-unet.onnx" "$folder/out.tif" "$folder/rgbie.tif"
        "$program" $model.onnx "$folder/out.tif" "$folder/small.vrt"
        "$program" $model.onnx "$folder/out.tif" "$folder/large.vrt"
    } | tee "$work/predict.jsonl"
}

# From imagery and sources to a vintage, by size: twins of 10, 100 and 1 000 km² in pixels of 1 m. An hour, most of it
# for what comes before.
production() {
    local program=$target/release/millesime folder year=2018
    for km2 in ${SIZES:-10 100 1000}; do
        folder=$work/production/$km2
        if [ ! -e "$folder/PRODUCTION.toml" ]; then
            rm -rf "$folder"
            mkdir -p "$folder"
            "$program" twin "$folder/twin" --km2 "$km2" --seed 9 --years $year --imagery 1 --sources >/dev/null
            "$program" predict --model reference/models/twin-unet.onnx --image "$folder/twin/rgb-$year.tif" \
                --ir "$folder/twin/irc-$year.tif" --dsm "$folder/twin/dsm-$year.tif" --dtm "$folder/twin/dtm.tif" \
                -o "$folder/probabilities.tif" --classes "$folder/classes.tif" >/dev/null
            production_territory "$folder/twin" "$(realpath "$folder")" $year
        fi
        rm -rf "$folder/out"
        echo "== $km2 km²"
        "$program" produce "$folder/PRODUCTION.toml" --vintage $year --out "$folder/out" | head -2
    done | tee "$work/production.txt"
}

# The way of the State's tool, polygons and communes in PostGIS, beside the whole of a run: two dates drawn from one
# another, and two that were drawn apart.
postgis() {
    local folder=$work/postgis program=$target/release/millesime
    mkdir -p "$folder"
    [ -e "$folder/clean/TERRITORY.toml" ] || "$program" twin "$folder/clean" --km2 400 --seed 7
    [ -e "$folder/observed/TERRITORY.toml" ] || "$program" twin "$folder/observed" --km2 100 --seed 7 --observed
    # As they were published: no alignment, on either side.
    sed '/^\[align\]/,/^$/d' "$folder/observed/OBSERVED.toml" > "$folder/observed/PLAIN.toml"
    [ -e "$folder/departement/TERRITORY.toml" ] || "$program" twin "$folder/departement" --km2 2000 --seed 7
    for way in practitioner full state; do
        echo "== 400 km², $way"
        WAY=$way benches/postgis.sh "$program" "$folder/clean/TERRITORY.toml" "$folder/work"
    done > "$work/postgis.txt"
    echo "== 2 000 km², state" >> "$work/postgis.txt"
    WAY=state benches/postgis.sh "$program" "$folder/departement/TERRITORY.toml" "$folder/work" >> "$work/postgis.txt"
    echo "== 100 km², vintages drawn apart, state" >> "$work/postgis.txt"
    WAY=state benches/postgis.sh "$program" "$folder/observed/PLAIN.toml" "$folder/work" >> "$work/postgis.txt"
}

case "$what" in
    all)
        engine
        vectorise
        statistics
        predict
        scale
        questions
        ;;
    engine | scale | predict | vectorise | statistics | questions | production | postgis) "$what" ;;
    *)
        echo "bench: what is \`$what\`? engine, scale, predict, vectorise, statistics, questions, production or postgis" >&2
        exit 2
        ;;
esac
python benches/report.py "$work" > benches/RESULTS.md
echo "benches/RESULTS.md"
