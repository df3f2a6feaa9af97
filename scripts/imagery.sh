#!/usr/bin/env bash
# For other scripts: territory files of a twin with imagery and sources (`millesime twin --imagery --sources`).

# imagery_territory FOLDER: from photographs, by the shipped model and all sources; writes FOLDER/IMAGERY.toml.
imagery_territory() {
    local folder=$1 year source
    {
        sed '/^\[\[vintages\]\]/,$d' "$folder/TERRITORY.toml"
        for year in 2018 2021; do
            printf '[[vintages]]\nyear = %s\n[vintages.predict]\nmodel = "%s"\n' \
                "$year" "$PWD/reference/models/twin-unet.onnx"
            printf 'image = ["rgb-%s.tif"]\nir = ["irc-%s.tif"]\ndsm = ["dsm-%s.tif"]\ndtm = ["dtm.tif"]\n\n' \
                "$year" "$year" "$year"
            printf '[vintages.produce]\n'
            printf 'bd_foret = { path = "sources/bd_foret-%s.gpkg", date = 2012 }\n' "$year"
            for source in bd_topo rpg fichiers_fonciers; do
                printf '%s = { path = "sources/%s-%s.gpkg", date = %s }\n' "$source" "$source" "$year" "$year"
            done
        done
    } > "$folder/IMAGERY.toml"
}

# seen_territory FOLDER OUT: the classes that a run of that into OUT saw, as they are; writes FOLDER/SEEN.toml.
seen_territory() {
    local folder=$1 out=$2 year
    {
        sed '/^\[\[vintages\]\]/,$d' "$folder/TERRITORY.toml"
        for year in 2018 2021; do
            printf '[[vintages]]\nyear = %s\nclasses = ["%s/classes.tif"]\n' "$year" "$out.predictions/$year"
            printf 'nomenclature = "odeon-naf"\n\n'
        done
    } > "$folder/SEEN.toml"
}

# production_territory FOLDER OUT YEAR: one vintage from classes and probabilities in OUT and all sources; writes
# OUT/PRODUCTION.toml.
production_territory() {
    local folder=$1 out=$2 year=$3 source
    {
        sed '/^\[\[vintages\]\]/,$d' "$folder/TERRITORY.toml" | sed "s|\"communes.gpkg\"|\"twin/communes.gpkg\"|"
        printf '[[vintages]]\nyear = %s\nclasses = ["classes.tif"]\nprobabilities = "probabilities.tif"\n' "$year"
        printf 'nomenclature = "odeon-naf"\n[vintages.produce]\n'
        printf 'bd_foret = { path = "twin/sources/bd_foret-%s.gpkg", date = 2012 }\n' "$year"
        for source in bd_topo rpg fichiers_fonciers; do
            printf '%s = { path = "twin/sources/%s-%s.gpkg", date = %s }\n' "$source" "$source" "$year" "$year"
        done
    } > "$out/PRODUCTION.toml"
}

# produced_territory FOLDER OUT: the vintages that a run of that into OUT produced, with what it saw and decided;
# writes FOLDER/PRODUCED.toml.
produced_territory() {
    local folder=$1 out=$2 year
    {
        sed '/^\[\[vintages\]\]/,$d' "$folder/TERRITORY.toml"
        for year in 2018 2021; do
            printf '[[vintages]]\nyear = %s\nproduct = "%s/occupation_sol.parquet"\n' "$year" "$out.produced/$year"
            printf 'zone_construite = "%s/zone_construite.parquet"\n' "$out.produced/$year"
            printf 'decided = "%s/decided.tif"\n' "$out.produced/$year"
            printf 'probabilities = "%s/probabilities.tif"\nnomenclature = "odeon-naf"\n\n' "$out.predictions/$year"
        done
        printf '[align]\nmode = "change-first"\n'
    } > "$folder/PRODUCED.toml"
}
