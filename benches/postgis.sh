#!/usr/bin/env bash
# PostGIS the ministry's way, beside `millesime run`, on one territory, on this machine.
#
#   postgis.sh MILLESIME TERRITORY.toml WORK
#
# MILLESIME is the program; the folder of TERRITORY.toml holds what `millesime twin` wrote (communes.gpkg and
# two vintages named by the file). WORK is a folder of ours: the cluster, and the outputs of millesime, are made anew in it.
#
#   WAY=practitioner   (default) contained objects are taken whole; objects that did not move between both dates are found
#                      by a join on their geometry, and only the others are intersected, year 1 x year 2
#   WAY=full           contained objects are taken whole; then year 1 x year 2, everything by the index
#   WAY=state          bare ST_Intersects + ST_Intersection everywhere, as the published SQL of the State's tool has it
#                      (MTES-MCT/sparte, models/ocsge: occupation_du_sol_commune, difference_commune)
#   EDGE=communes      patches that touch the outline of all communes are not put to the threshold; EDGE=data takes that of
#                      each vintage (a union of all its objects), which is our rule: for vintages that have gaps or go beyond
#   JOBS=2             each job is a connection to PostgreSQL (one vintage, or one part of the objects); 1 for one core, and
#                      millesime then runs on one thread
#   REPEAT=1           millesime runs so often; the fastest counts. PostGIS runs once: run the script several times on a
#                      machine that others use, and compare the fastest of both
#   REFERENCE=DIR      folder of matrix.csv and impermeable.csv; reference/artificialisation of the checkout when not given
#   KEEP=1             leaves the cluster's folder
#
# Needs postgresql, postgis, ogr2ogr. As root, the server runs as the user postgres.
set -euo pipefail
millesime=$(realpath "${1:?program}")
territory=$(realpath "${2:?territory file}")
mkdir -p "${3:?work folder}"
work=$(realpath "$3")
way=${WAY:-practitioner} edge=${EDGE:-communes} jobs=${JOBS:-2} repeat=${REPEAT:-1}
case "$way" in practitioner | full | state) ;; *) echo "postgis.sh: what is \`$way\`?" >&2; exit 2 ;; esac

here=$(dirname "$territory")
mapfile -t years < <(sed -n 's/^year *= *\([0-9]*\).*/\1/p' "$territory")
mapfile -t products < <(sed -n 's/^product *= *"\(.*\)".*/\1/p' "$territory")
communes=$(sed -n '/^\[communes\]/,/^\[\[/s/^path *= *"\(.*\)".*/\1/p' "$territory")
[ "${#years[@]}" = 2 ] && [ "${#products[@]}" = 2 ] || { echo "postgis.sh: two vintages, please" >&2; exit 2; }
reference=${REFERENCE:-$(dirname "$0")/../reference/artificialisation}

# ---- the server -------------------------------------------------------------------------------------------------
bin=$(pg_config --bindir 2>/dev/null || true)
[ -x "$bin/initdb" ] || bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
cluster=$work/cluster
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
stop() {
    [ -e "$cluster/data/postmaster.pid" ] && as "$bin/pg_ctl" -D "$cluster/data" -m fast -w stop > /dev/null || true
    [ "${KEEP:-}" ] || rm -rf "$cluster"
}
stop
rm -rf "$cluster"
mkdir -p "$cluster"
[ "$(id -u)" != 0 ] || chown postgres "$cluster"
trap stop EXIT
as "$bin/initdb" -D "$cluster/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 > "$work/initdb.log"
as tee -a "$cluster/data/postgresql.conf" > /dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$cluster'
shared_buffers = 1GB
effective_cache_size = 8GB
work_mem = 256MB
maintenance_work_mem = 512MB
temp_buffers = 256MB
max_worker_processes = 4
max_parallel_workers = 2
max_parallel_workers_per_gather = 0   # the two connections are the parallelism
max_parallel_maintenance_workers = 2
jit = off
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 8GB
autovacuum = off
random_page_cost = 1.1
CONF
as "$bin/pg_ctl" -D "$cluster/data" -l "$cluster/log" -w start > /dev/null
export PGHOST=$cluster PGUSER=postgres PGDATABASE=ocsge PGOPTIONS='--client-min-messages=warning'
psql -q -d postgres -c 'CREATE DATABASE ocsge'
sql() { psql -q -X -v ON_ERROR_STOP=1 -v y1="${years[0]}" -v y2="${years[1]}" "$@"; }
sql -c 'CREATE EXTENSION postgis'
psql -X -At -c "SELECT 'PostgreSQL ' || current_setting('server_version') || ', ' || postgis_full_version()" |
    sed -E 's/^(PostgreSQL [0-9.]+)[^,]*, POSTGIS="([^ "]+).*GEOS="([^ "]+).*/\1, PostGIS \2, GEOS \3/'
echo "way: $way; $jobs connection(s); load before: $(cut -d' ' -f1 /proc/loadavg)"

now() { date +%s.%N; }
declare -A seconds
step() { # step NAME TITLE FUNCTION
    local from
    from=$(now)
    "$3"
    seconds[$1]=$(echo "$(now) $from" | awk '{printf "%.2f", $1 - $2}')
    printf '%-12s %8.2f s   %s\n' "$1" "${seconds[$1]}" "$2"
}
# One connection for each value of `part`, at once where there are several jobs; each reads the SQL given.
at_once() { # at_once SQL [-v ...]
    local text=$1 part pids=()
    shift
    for part in 0 1; do
        if [ "$jobs" = 1 ]; then
            sql -v part="$part" "$@" <<< "$text"
        else
            sql -v part="$part" "$@" <<< "$text" &
            pids+=($!)
        fi
    done
    for part in "${pids[@]}"; do wait "$part"; done
}

# ---- (a) files to tables ----------------------------------------------------------------------------------------
# Vintages lie in one table each, ocs0 and ocs1, whatever their years.
load_one() {
    PG_USE_COPY=YES ogr2ogr -q -f PostgreSQL "PG:dbname=ocsge host=$cluster user=postgres" "$here/${products[$1]}" \
        -nln "ocs$1" -nlt PROMOTE_TO_MULTI -lco GEOMETRY_NAME=geom -lco FID=id -lco SPATIAL_INDEX=NONE -lco UNLOGGED=ON \
        -sql 'SELECT code_cs AS cs, code_us AS us, the_geom FROM OCCUPATION_SOL'
    sql -v part="$1" <<'SQL'
SELECT format('CREATE INDEX ON ocs%1$s USING gist (geom); ANALYZE ocs%1$s', :part) \gexec
ANALYZE;
SQL
}
load() {
    PG_USE_COPY=YES ogr2ogr -q -f PostgreSQL "PG:dbname=ocsge host=$cluster user=postgres" "$here/$communes" \
        -nln commune -nlt PROMOTE_TO_MULTI -lco GEOMETRY_NAME=geom -lco FID=id -lco UNLOGGED=ON
    if [ "$jobs" = 1 ]; then load_one 0; load_one 1; else
        load_one 0 & local first=$!
        load_one 1
        wait "$first"
    fi
    # The decree's table of cover and use, and the covers that are impermeable.
    sql -c 'CREATE TABLE matrix_csv (us text, cs text, artificial boolean, source text, tag text)' \
        -c 'CREATE TABLE impermeable_csv (cs text, impermeable boolean, source text, tag text)' \
        -c "\\copy matrix_csv FROM '$reference/matrix.csv' CSV HEADER" \
        -c "\\copy impermeable_csv FROM '$reference/impermeable.csv' CSV HEADER" \
        -c 'CREATE TABLE matrix AS SELECT us, cs, artificial, COALESCE(impermeable, false) AS impermeable
            FROM matrix_csv LEFT JOIN impermeable_csv USING (cs)' \
        -c 'CREATE UNIQUE INDEX ON matrix (us, cs)' -c 'ANALYZE commune' -c 'ANALYZE matrix'
}

# ---- (s) the decree's status of each object: matrix, patches under 2500 m2, buildings of 50 m2 and more ---------
status() {
    at_once '
SELECT format($$CREATE TABLE edge%1$s AS SELECT ST_Subdivide(ST_Boundary(ST_Union(geom)), 64) AS geom FROM %2$s$$,
    :part, CASE WHEN :outline THEN $$commune$$ ELSE format($$ocs%1$s$$, :part) END) \gexec
SELECT format($$CREATE INDEX ON edge%1$s USING gist (geom)$$, :part) \gexec
SELECT format($$ANALYZE edge%1$s$$, :part) \gexec
' -v outline="$([ "$edge" = communes ] && echo true || echo false)"
    at_once '
SELECT format($$
CREATE UNLOGGED TABLE status%1$s AS
WITH known AS (
    SELECT o.id, o.cs, o.us, o.geom, m.artificial AS matrix, m.impermeable
    FROM ocs%1$s o LEFT JOIN matrix m USING (us, cs)
), patch AS (
    -- ST_ClusterIntersecting is thirty times as fast as ST_ClusterDBSCAN here, but forgets whose geometry it is.
    SELECT ST_Area(g) AS area, g FROM (
        SELECT unnest(ST_ClusterIntersecting(geom)) AS g FROM known WHERE matrix IS NOT NULL GROUP BY matrix) c
), block AS (
    SELECT ST_Area(g) AS area, g FROM (
        SELECT unnest(ST_ClusterIntersecting(geom)) AS g FROM known WHERE cs = $q$CS1.1.1.1$q$) c
), small AS (
    SELECT k.id FROM (
        SELECT (ST_Dump(g)).geom FROM patch
        WHERE area < 2500 AND NOT EXISTS (SELECT FROM edge%1$s e WHERE ST_Intersects(e.geom, g))) d
    JOIN (SELECT id, (ST_Dump(geom)).geom FROM known) k ON k.geom = d.geom
), large AS (
    SELECT k.id FROM (SELECT (ST_Dump(g)).geom FROM block WHERE area >= 50) d
    JOIN (SELECT id, (ST_Dump(geom)).geom FROM known WHERE cs = $q$CS1.1.1.1$q$) k ON k.geom = d.geom
)
SELECT k.id, cs, us, matrix, impermeable, geom,
    CASE WHEN matrix IS NULL THEN NULL WHEN l.id IS NOT NULL THEN true
         WHEN s.id IS NOT NULL THEN NOT matrix ELSE matrix END AS artificial
FROM known k
LEFT JOIN (SELECT DISTINCT id FROM large) l ON l.id = k.id
LEFT JOIN (SELECT DISTINCT id FROM small) s ON s.id = k.id
$$, :part) \gexec
SELECT format($$CREATE INDEX ON status%1$s USING gist (geom)$$, :part) \gexec
SELECT format($$ANALYZE status%1$s$$, :part) \gexec
'
}

# OFFSET 0 keeps the planner from computing an intersection thrice: for itself, its area, and whether it is empty.

# ---- (b) each vintage cut by the communes -----------------------------------------------------------------------
cutting() {
    local geom="CASE WHEN ST_Covers(c.geom, o.geom) THEN o.geom
        ELSE ST_CollectionExtract(ST_Intersection(o.geom, c.geom), 3) END"
    [ "$way" != state ] || geom="ST_CollectionExtract(ST_Intersection(c.geom, o.geom), 3)"
    at_once '
SELECT format($$
CREATE UNLOGGED TABLE cut%1$s AS
SELECT row_number() OVER () AS id, p.*, ST_Area(geom) AS area FROM (
    SELECT c.code AS commune, o.id AS object, o.cs, o.us, o.matrix, o.artificial, o.impermeable, '"$geom"' AS geom
    FROM commune c JOIN status%1$s o ON ST_Intersects(c.geom, o.geom)
    OFFSET 0
) p WHERE NOT ST_IsEmpty(geom)
$$, :part) \gexec
SELECT format($$CREATE INDEX ON cut%1$s USING gist (geom)$$, :part) \gexec
SELECT format($$CREATE INDEX ON cut%1$s (commune)$$, :part) \gexec
SELECT format($$ANALYZE cut%1$s$$, :part) \gexec
'
}

# ---- (c) the layer of differences: year 1 x year 2, within each commune -----------------------------------------
# Every pair with what it says at both dates, unchanged ones too, as the tables of transitions need.
difference() {
    local columns="a.commune, a.cs AS cs0, a.us AS us0, a.matrix AS matrix0, a.artificial AS artificial0,
        a.impermeable AS impermeable0, b.cs AS cs1, b.us AS us1, b.matrix AS matrix1, b.artificial AS artificial1,
        b.impermeable AS impermeable1"
    local from0=cut0 from1=cut1
    if [ "$way" = practitioner ]; then
        # What has the same geometry at both dates meets nothing else.
        sql <<SQL
SET work_mem = '1GB';
CREATE UNLOGGED TABLE still AS
SELECT a.id AS id0, b.id AS id1, $columns, a.area
FROM cut0 a JOIN cut1 b ON a.commune = b.commune AND a.area = b.area AND ST_AsBinary(a.geom) = ST_AsBinary(b.geom);
CREATE UNIQUE INDEX ON still (id0);
CREATE UNIQUE INDEX ON still (id1);
CREATE UNLOGGED TABLE rest0 AS SELECT * FROM cut0 WHERE NOT EXISTS (SELECT FROM still WHERE id0 = id);
CREATE UNLOGGED TABLE rest1 AS SELECT * FROM cut1 WHERE NOT EXISTS (SELECT FROM still WHERE id1 = id);
CREATE INDEX ON rest1 USING gist (geom);
ANALYZE rest0;
ANALYZE rest1;
SQL
        from0=rest0 from1=rest1
    fi
    local geom="CASE WHEN a.geom = b.geom THEN a.geom ELSE ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3) END"
    [ "$way" != state ] || geom="ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3)"
    local meets="ST_Intersects(a.geom, b.geom)"
    at_once "
SELECT format(\$\$
CREATE UNLOGGED TABLE pairs%1\$s AS
SELECT p.*, ST_Area(geom) AS area FROM (
    SELECT $columns, $geom AS geom
    FROM $from0 a JOIN $from1 b ON a.commune = b.commune AND $meets
    WHERE a.id %% 2 = %1\$s
    OFFSET 0
) p WHERE NOT ST_IsEmpty(geom)
\$\$, :part) \\gexec
"
    local columns="commune, cs0, us0, matrix0, artificial0, impermeable0, cs1, us1, matrix1, artificial1, impermeable1, area"
    {
        echo "CREATE VIEW difference AS SELECT $columns FROM pairs0 UNION ALL SELECT $columns FROM pairs1"
        [ "$way" != practitioner ] || echo "UNION ALL SELECT $columns FROM still"
    } | sql
}

# ---- (d) sums by commune ----------------------------------------------------------------------------------------
tables() {
    sql <<'SQL'
CREATE TABLE pieces AS
SELECT 0 AS n, commune, cs, us, matrix, artificial, impermeable, SUM(area) AS area FROM cut0 GROUP BY 1, 2, 3, 4, 5, 6, 7
UNION ALL
SELECT 1, commune, cs, us, matrix, artificial, impermeable, SUM(area) FROM cut1 GROUP BY 1, 2, 3, 4, 5, 6, 7;
CREATE TABLE transitions AS
SELECT commune, cs0, us0, matrix0, artificial0, impermeable0, cs1, us1, matrix1, artificial1, impermeable1, SUM(area) AS area
FROM difference GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
CREATE TABLE stock AS
SELECT commune, n, SUM(area) AS covered, SUM(area) FILTER (WHERE artificial) AS artificial,
    SUM(area) FILTER (WHERE matrix) AS matrix, SUM(area) FILTER (WHERE impermeable) AS impermeable
FROM pieces GROUP BY 1, 2;
CREATE TABLE stock_by_cover AS
SELECT commune, n, cs AS code, SUM(area) AS area, COALESCE(SUM(area) FILTER (WHERE artificial), 0) AS artificial,
    COALESCE(SUM(area) FILTER (WHERE impermeable), 0) AS impermeable
FROM pieces GROUP BY 1, 2, 3;
CREATE TABLE stock_by_use AS
SELECT commune, n, us AS code, SUM(area) AS area, COALESCE(SUM(area) FILTER (WHERE artificial), 0) AS artificial,
    COALESCE(SUM(area) FILTER (WHERE impermeable), 0) AS impermeable
FROM pieces GROUP BY 1, 2, 3;
CREATE TABLE flux AS
SELECT commune,
    COALESCE(SUM(area) FILTER (WHERE NOT artificial0 AND artificial1), 0) AS gained,
    COALESCE(SUM(area) FILTER (WHERE artificial0 AND NOT artificial1), 0) AS lost,
    COALESCE(SUM(area) FILTER (WHERE NOT matrix0 AND matrix1), 0) AS matrix_gained,
    COALESCE(SUM(area) FILTER (WHERE matrix0 AND NOT matrix1), 0) AS matrix_lost,
    COALESCE(SUM(area) FILTER (WHERE NOT impermeable0 AND impermeable1), 0) AS sealed,
    COALESCE(SUM(area) FILTER (WHERE impermeable0 AND NOT impermeable1), 0) AS unsealed
FROM transitions GROUP BY 1;
CREATE TABLE flux_by_cover AS
SELECT commune, code, SUM(gained) AS gained, SUM(lost) AS lost FROM (
    SELECT commune, cs1 AS code, area AS gained, 0 AS lost FROM transitions WHERE NOT artificial0 AND artificial1
    UNION ALL SELECT commune, cs0, 0, area FROM transitions WHERE artificial0 AND NOT artificial1) m GROUP BY 1, 2;
CREATE TABLE flux_by_use AS
SELECT commune, code, SUM(gained) AS gained, SUM(lost) AS lost FROM (
    SELECT commune, us1 AS code, area AS gained, 0 AS lost FROM transitions WHERE NOT artificial0 AND artificial1
    UNION ALL SELECT commune, us0, 0, area FROM transitions WHERE artificial0 AND NOT artificial1) m GROUP BY 1, 2;
SQL
}

step load "files to tables, indexes, statistics" load
step status "status of the decree: matrix, patches, buildings" status
step cut "each vintage by the communes" cutting
step difference "vintage by vintage, within each commune" difference
step tables "sums by commune, by cover, by use" tables
total() { local s=0 n; for n in "$@"; do s=$(awk -v a="$s" -v b="${seconds[$n]}" 'BEGIN{printf "%.2f", a + b}'); done; echo "$s"; }
core=$(total cut difference tables)
after=$(total status cut difference tables)
whole=$(total load status cut difference tables)
psql -X -At -F ' ' <<'SQL'
SELECT 'objects', (SELECT count(*) FROM ocs0), (SELECT count(*) FROM ocs1), 'cut', (SELECT count(*) FROM cut0),
    (SELECT count(*) FROM cut1), 'pairs', (SELECT count(*) FROM difference), 'of which intersected',
    (SELECT count(*) FROM pairs0) + (SELECT count(*) FROM pairs1);
SQL
database=$(du -sm "$cluster/data/base" | cut -f1)

# ---- millesime, from the same files -----------------------------------------------------------------------------
run() { # run TERRITORY OUT: the fastest of several runs; its seconds in `best`, its memory in `peak`
    local from took
    best=
    for _ in $(seq "$repeat"); do
        from=$(now)
        /usr/bin/time -f '%M' -o "$work/peak" "$millesime" run "$1" --out "$2" --threads "$jobs" > "$work/run.log" 2>&1 ||
            { cat "$work/run.log"; exit 1; }
        took=$(echo "$(now) $from" | awk '{printf "%.2f", $1 - $2}')
        if [ -z "$best" ] || awk "BEGIN{exit !($took < $best)}"; then best=$took peak=$(cat "$work/peak"); fi
    done
}
from_partition() { # from_partition OUT: seconds of the last run into that, from its partition to tables
    python3 -c 'import json, sys
seconds = json.load(open(sys.argv[1]))["seconds"]
print(sum(seconds[phase] for phase in ("status", "account and layers", "tables")))' "$1/manifest.json"
}
# Tables alone, as PostGIS makes them here; then layers too, as people run it.
alone=$here/.tables-alone.toml
if grep -q '^\[run\]' "$territory"; then
    sed 's/^\[run\].*/&\ntables_alone = true/' "$territory" > "$alone"
else
    { cat "$territory"; printf '\n[run]\ntables_alone = true\n'; } > "$alone"
fi
run "$alone" "$work/tables"
rm "$alone"
tables=$best tables_core=$(from_partition "$work/tables") tables_peak=$peak
run "$territory" "$work/out"

# ---- the same figures? ------------------------------------------------------------------------------------------
echo 'largest difference of one figure of one row, m2; rows of both; rows of one alone'
csv() { # csv TABLE: the published series of a table of millesime, as a table of text
    local head
    head=$(head -1 "$work/out/tables/$1.csv" | tr -d '"\r')
    sql -c "CREATE TABLE m_$1 ($(sed 's/[^,]*/"&" text/g' <<< "$head"))" \
        -c "\\copy m_$1 FROM '$work/out/tables/$1.csv' CSV HEADER" -c "DELETE FROM m_$1 WHERE series <> 'published' OR commune IS NULL"
}
for table in stock variants flux flux_variants stock_by_cover stock_by_use flux_by_cover flux_by_use; do csv "$table"; done
compare() { # compare TITLE OURS THEIRS: two queries of key and figures array
    sql -At -F ' | ' -c "WITH p AS ($2), m AS ($3)
        SELECT '$1', COALESCE(round(max((SELECT max(abs(x - y)) FROM unnest(p.f, m.f) AS u(x, y)))::numeric, 4), 0),
            count(*) FILTER (WHERE p.k IS NOT NULL AND m.k IS NOT NULL),
            count(*) FILTER (WHERE p.k IS NULL OR m.k IS NULL),
            'sum of gaps ' || COALESCE(round(sum((SELECT sum(abs(x - y)) FROM unnest(p.f, m.f) AS u(x, y)))::numeric, 4), 0)
        FROM p FULL JOIN m USING (k)"
}
n="CASE year WHEN '${years[0]}' THEN 0 ELSE 1 END"
compare "stock: covered, artificial, impermeable" \
    "SELECT commune || '/' || n AS k, ARRAY[covered, artificial, impermeable] AS f FROM stock" \
    "SELECT commune || '/' || $n AS k, ARRAY[covered_m2, artificial_m2, impermeable_m2]::float[] AS f FROM m_stock"
compare "stock by the matrix alone" \
    "SELECT commune || '/' || n AS k, ARRAY[matrix] AS f FROM stock" \
    "SELECT commune || '/' || $n AS k, ARRAY[matrix_m2]::float[] AS f FROM m_variants"
compare "flux: both ways, artificial and impermeable" \
    "SELECT commune AS k, ARRAY[gained, lost, sealed, unsealed] AS f FROM flux" \
    "SELECT commune AS k, ARRAY[artificialised_m2, desartificialised_m2, impermeabilised_m2, desimpermeabilised_m2]::float[] AS f FROM m_flux"
compare "flux by the matrix alone" \
    "SELECT commune AS k, ARRAY[matrix_gained, matrix_lost] AS f FROM flux" \
    "SELECT commune AS k, ARRAY[artificialised_m2, desartificialised_m2]::float[] AS f FROM m_flux_variants WHERE variant = 'matrix'"
for by in cover:cs use:us; do
    compare "stock by ${by%:*}" \
        "SELECT commune || '/' || n || '/' || code AS k, ARRAY[area, artificial, impermeable] AS f FROM stock_by_${by%:*}" \
        "SELECT commune || '/' || $n || '/' || ${by#*:} AS k, ARRAY[area_m2, artificial_m2, impermeable_m2]::float[] AS f FROM m_stock_by_${by%:*}"
    # A row of ours that has neither gain nor loss is one of what kept its status and changed its code.
    compare "flux by ${by%:*}" \
        "SELECT commune || '/' || code AS k, ARRAY[gained, lost] AS f FROM flux_by_${by%:*}" \
        "SELECT commune || '/' || ${by#*:} AS k, ARRAY[artificialised_m2, desartificialised_m2]::float[] AS f FROM m_flux_by_${by%:*}
         WHERE artificialised_m2::float <> 0 OR desartificialised_m2::float <> 0"
done

ratio() { awk -v a="$1" -v b="$best" 'BEGIN{printf "%.1f", a / b}'; }
echo
printf '%-52s %9s %8s\n' "" seconds "to ours"
printf '%-52s %9.2f %7sx\n' "PostGIS, from loaded layers to tables (cut to sums)" "$core" "$(ratio "$core")"
printf '%-52s %9.2f %7sx\n' "PostGIS, the same with the decree's thresholds" "$after" "$(ratio "$after")"
printf '%-52s %9.2f %7sx\n' "PostGIS, all, files to tables" "$whole" "$(ratio "$whole")"
ours=$(from_partition "$work/out")
printf '%-52s %9.2f %7sx\n' "millesime, from its partition to tables" "$tables_core" "$(ratio "$tables_core")"
printf '%-52s %9.2f %7sx   peak %d MiB\n' "millesime, all, files to tables" "$tables" "$(ratio "$tables")" "$((tables_peak / 1024))"
printf '%-52s %9.2f %7sx\n' "millesime, from its partition to tables and layers" "$ours" "$(ratio "$ours")"
printf '%-52s %9.2f %7sx   peak %d MiB\n' "millesime, all, files to tables and layers" "$best" 1.0 "$((peak / 1024))"
awk -v theirs="$after" -v ours="$tables_core" -v all="$whole" -v run="$tables" 'BEGIN {
    printf "PostGIS to ours: from what is loaded to tables %.1fx, files to tables %.1fx\n", theirs / ours, all / run
}'
echo "database: $database MiB; load after: $(cut -d' ' -f1 /proc/loadavg)"
