#!/usr/bin/env python3
"""Figures that the tests hold on to, computed anew by engines that are not ours.

    interop.py MILLESIME DATA

Six parts, each printed as ours, theirs, difference:

    constants   what the tests state of the real data, by GEOS and rasterio
    account     the transitions of a twin, by GEOS overlay of its vintages and communes
    formats     what a run writes, read by geopandas, DuckDB and geoparquet-validator
    statistics  every table of a twin and of a real table of consumption, by DuckDB from the same SQL
    production  a vintage and its stages, valid by GEOS; its GeoParquet by geoparquet-validator
    predictions real imagery, by ONNX Runtime and rasterio on the whole image at once

Exits 1 when anything is further off than its tolerance.
"""

import csv
import math
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import duckdb
import geopandas
import numpy as np
import rasterio
import shapely

HECTARE = 10_000
failures = []


def compare(what, ours, theirs, tolerance, unit):
    """Print one comparison, and remember it when it is off."""
    difference = ours - theirs
    verdict = "" if abs(difference) <= tolerance else "   <-- off"
    print(f"  {what:<58} {ours:>14.4f} {theirs:>14.4f} {difference:>10.4f} {unit}{verdict}")
    if verdict:
        failures.append(what)


def constants(data):
    """The constants of tests/real_territories.rs."""
    metaleurop = geopandas.read_file(data / "metaleurop/ocsge_metaleurop.gpkg")
    parts = shapely.make_valid(metaleurop.geometry.explode(index_parts=False).to_numpy())
    union = shapely.union_all(parts)
    compare("metaleurop, overlaps", 284.57, (shapely.area(parts).sum() - union.area) / HECTARE, 2.85, "ha")
    rings = shapely.get_parts(union)
    holes = sum(shapely.Polygon(hole).area for part in rings for hole in part.interiors)
    compare("metaleurop, gaps", 204.4, holes / HECTARE, 6.1, "ha")

    communes = geopandas.read_file(data / "sybarval/Communes_SYBARVAL.shp")
    for name, expected in (("A_B_2015_2018", 349.73), ("A_B_2018_2015", 123.06)):
        changes = geopandas.read_file(data / f"sybarval/{name}.shp")
        changes.geometry = changes.geometry.make_valid()
        cut = geopandas.overlay(changes, communes[["CODE_INSEE", "geometry"]], keep_geom_type=True)
        compare(f"sybarval, {name} cut by communes", expected, cut.area.sum() / HECTARE, 0.02, "ha")

    def labels(year):
        tiles = sorted((data / f"gers-labels/{year}").glob("*.tiff"))
        return np.concatenate([rasterio.open(tile).read(1).ravel() for tile in tiles])

    before, after = labels(2016), labels(2019)
    pixels = {
        "gers, conifers to clear cut": (355_272, (before == 8) & (after == 9)),
        "gers, pervious ground gained": (53_310, (before != 2) & (before != 0) & (after == 2)),
        "gers, pervious ground come into view": (5_277, (before == 0) & (after == 2)),
        "gers, without a label in 2016": (93_960, before == 0),
    }
    for what, (expected, found) in pixels.items():
        compare(what, expected, int(found.sum()), 0, "pixels")


def account(folder):
    """The transitions of a twin, by commune: ours against GEOS."""
    twin = folder / "twin"
    vintages = []
    for year in (2018, 2021):
        vintage = geopandas.read_file(twin / f"vintage-{year}.gpkg", layer="OCCUPATION_SOL")
        vintages.append(vintage[["code_cs", "code_us", "geometry"]])
    communes = geopandas.read_file(twin / "communes.gpkg")[["code", "geometry"]]
    both = geopandas.overlay(*vintages, keep_geom_type=True)
    pieces = geopandas.overlay(both, communes, keep_geom_type=True)
    columns = ["code", "code_cs_1", "code_us_1", "code_cs_2", "code_us_2"]
    theirs = pieces.assign(area=pieces.area).groupby(columns)["area"].sum().to_dict()
    ours = defaultdict(float)
    with open(folder / "out/tables/transitions.csv", newline="") as table:
        for row in csv.DictReader(table):
            key = tuple(row[c] for c in ("commune", "cs_before", "us_before", "cs_after", "us_after"))
            ours[key] += float(row["area_m2"])
    keys = sorted(set(ours) | set(theirs))
    worst = max(keys, key=lambda key: abs(ours.get(key, 0) - theirs.get(key, 0)))
    # Where a commune's limit crosses, edges bend by at most a grid step, along its kilometres.
    compare(f"{len(keys)} transitions by commune, the worst", ours.get(worst, 0), theirs.get(worst, 0), 5, "m²")
    compare("all ground", sum(ours.values()), sum(theirs.values()), 0.01, "m²")


def formats(folder):
    """Layers read by others."""
    faces = folder / "out/faces/period=2018-2021/departement=32/faces.parquet"
    frame = geopandas.read_parquet(faces)
    compare("geopandas, EPSG code of the faces", 2154, frame.crs.to_epsg(), 0, "")
    compare("geopandas, area of the faces", frame["area_m2"].sum(), frame.area.sum(), 0.01, "m²")
    compare("geopandas, invalid faces", 0, int((~frame.is_valid).sum()), 0, "faces")
    found = duckdb.sql(f"SELECT count(*), sum(area_half_cm2) FROM '{faces}'").fetchone()
    compare("DuckDB, faces", len(frame), found[0], 0, "faces")
    compare("DuckDB, area in the account", frame["area_m2"].sum(), found[1] / 20_000, 0.01, "m²")
    hive = folder / "out/ledger/*/*/ledger.parquet"
    periods = duckdb.sql(f"SELECT DISTINCT period, departement FROM read_parquet('{hive}', hive_partitioning=true)")
    print(f"  DuckDB reads the partitions of the ledger: {periods.fetchall()}")
    validator = Path(sys.executable).with_name("geoparquet-validator")
    for layer in sorted((folder / "out").glob("*/*/*/*.parquet")):
        if "ledger" not in layer.name:
            done = subprocess.run([validator, "check", layer], capture_output=True)
            compare(f"geoparquet-validator, {layer.relative_to(folder / 'out')}"[:58], 0, done.returncode, 0, "")


def statistics(program, data, folder):
    """Every table again, by DuckDB: the SQL of indicators/ on the account that a run leaves."""
    twin = folder / "twin"
    (folder / "population.csv").write_text("code,people\n00000,1\n" + "".join(
        f"{code},{100 + 7 * n}\n"
        for n, code in enumerate(geopandas.read_file(twin / "communes.gpkg")["code"])
    ))
    territory = (twin / "TERRITORY.toml").read_text()
    (twin / "crossed.toml").write_text(territory + f"""
[[crossings]]
name = "communes"
path = "communes.gpkg"
code = "code"
[[population]]
year = 2020
path = "{folder}/population.csv"
commune = "code"
inhabitants = "people"
""")
    runs = [twin / "crossed.toml"]
    if data.is_dir():
        table = data / "enaf-rives-du-rhone/data_scot_rives_du_rhone.csv"
        (folder / "enaf.toml").write_text(f"""
name = "Rives du Rhône"
crs = "EPSG:2154"
[enaf]
path = "{table}"
""")
        runs.append(folder / "enaf.toml")
    queries = {path.stem: path.read_text() for path in sorted(Path("indicators").glob("*.sql"))}
    feeding = ["basis", "guarantee"]
    for n, run in enumerate(runs):
        out = folder / f"statistics-{n}"
        subprocess.run([program, "run", run, "--out", out], check=True, stdout=subprocess.DEVNULL)
        database = duckdb.connect()
        for file in (out / "account").glob("*.parquet"):
            database.execute(f"create table {file.stem} as select * from '{file}'")
        cells, off = 0, 0
        for name in feeding + [name for name in queries if name not in feeding]:
            theirs = database.execute(queries[name]).fetchall()
            columns = [column[0] for column in database.description]
            if name in feeding:
                database.execute(f"create table {name} as {queries[name]}")
            published = out / f"tables/{name}.parquet"
            if not published.exists():
                continue
            ours = database.execute(f"select * from '{published}'").fetchall()
            compare(f"{name}, rows", len(ours), len(theirs), 0, "")
            for row, own in zip(ours, theirs):
                for column, a, b in zip(columns, row, own):
                    if column.endswith("_half_cm2") and b is not None:
                        b /= 20_000
                    is_number = isinstance(a, float) and isinstance(b, (int, float))
                    cells += 1
                    off += not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) if is_number else a != b
        compare(f"{run.stem}: cells of tables that differ from DuckDB's, of {cells}", off, 0, 0, "")


def production(program, folder):
    """A vintage produced from a class raster and sources, and every stage of it."""
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    twin = folder / "seen"
    flags = ["--km2", "1", "--seed", "6", "--years", "2021", "--imagery", "1", "--sources"]
    subprocess.run([program, "twin", twin, *flags], **quiet)
    sources = "".join(
        f'{name} = {{ path = "sources/{name}-2021.gpkg", date = 2021 }}\n'
        for name in ("bd_topo", "bd_foret", "rpg", "fichiers_fonciers")
    )
    territory = twin / "PRODUCE.toml"
    territory.write_text(
        'name = "twin"\ncrs = "EPSG:2154"\n[communes]\npath = "communes.gpkg"\ncode = "code"\nname = "nom"\n'
        '[[vintages]]\nyear = 2021\nclasses = ["annotations-2021.tif"]\nnomenclature = "odeon-naf"\n'
        f"[vintages.produce]\n{sources}"
    )
    made = folder / "produced"
    subprocess.run([program, "produce", territory, "--keep-stages", "--out", made], **quiet)
    for layer in [*sorted((made / "2021/stages").glob("*.gpkg")), made / "2021/occupation_sol.parquet"]:
        read = geopandas.read_parquet if layer.suffix == ".parquet" else geopandas.read_file
        frame = read(layer)
        compare(f"{layer.name}, invalid polygons", 0, int((~frame.is_valid).sum()), 0, "polygons")
        compare(f"{layer.name}, not a coverage", 0, int(not shapely.coverage_is_valid(frame.geometry)), 0, "")
        union = shapely.union_all(frame.geometry.to_numpy())
        compare(f"{layer.name}, area and that of its union", frame.area.sum(), union.area, 0.001, "m²")
    for name in ("occupation_sol", "zone_construite", "decisions"):
        validator = Path(sys.executable).with_name("geoparquet-validator")
        done = subprocess.run([validator, "check", made / f"2021/{name}.parquet"], capture_output=True)
        compare(f"geoparquet-validator, {name}.parquet", 0, done.returncode, 0, "")


def predictions(program, data, folder):
    """Real imagery through small graphs: by windows here, as a whole there."""
    image = data / "ortho-lac-des-sapins/ortho_lambert93_50cm_2048.tif"
    models = Path(__file__).resolve().parents[2] / "tests/models"
    reference = Path(__file__).with_name("predict_reference.py")
    for name in ("equivariant", "cropped"):
        graph, card = models / f"{name}.onnx", models / f"{name}.toml"
        whole, ours = folder / f"{name}-whole.tif", folder / f"{name}.tif"
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run([sys.executable, reference, graph, card, image, whole, "--reflect", "16"], **quiet)
        for stitch in ("centre", "weighted"):
            flags = ["--all-classes", "--stitch", stitch, "-o", ours]
            subprocess.run([program, "predict", "--model", graph, "--image", image, *flags], **quiet)
            with rasterio.open(whole) as theirs, rasterio.open(ours) as found:
                values, truth = found.read().astype(int), theirs.read().astype(int)
                worst = np.abs(values - truth).max()
                compare(f"{name}, {stitch}, largest difference", worst, 0, 1, "of 255")
                compare(f"{name}, {stitch}, left edge", found.bounds.left, theirs.bounds.left, 0, "m")
                compare(f"{name}, {stitch}, upper edge", found.bounds.top, theirs.bounds.top, 0, "m")


def main():
    program, data = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    print(f"  {'':<58} {'ours':>14} {'theirs':>14} {'difference':>10}")
    if data.is_dir():
        constants(data)
    else:
        print(f"  no real data at {data}: constants not computed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run([program, "twin", folder / "twin", "--km2", "4", "--seed", "3"], **quiet)
        subprocess.run([program, "run", folder / "twin/TERRITORY.toml", "--out", folder / "out"], **quiet)
        account(folder)
        formats(folder)
        statistics(program, data, folder)
        production(program, folder)
        if data.is_dir():
            predictions(program, data, folder)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
