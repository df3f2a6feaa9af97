#!/usr/bin/env python3
"""Time other geometric engines on the data that data.py makes.

Every measure runs in a process of its own, on the same few cores. The geometries are first put in
the engine's own memory; then the clock runs until the results, with their areas, are there too.
Reading files, and counting and checking the results, are off the clock.

    overlay    the pieces that the two dates cut each other into
    cut        the first date cut by the communes, the pieces then merged per commune
    dissolve   the pieces of both dates and the communes, already cut, merged per commune

Where an engine knows several ways, the fastest that gives the right areas was taken. Each measure
prints one JSON line:

    peer, version, operation, seconds   the fastest of the repeats, and what follows is of that one
    rss_before_mb, rss_peak_mb          resident memory as the clock starts, and at its highest
    pieces                              rows of the result: pairs that share ground, or communes
    faces                               the connected polygons that these are made of
    area_m2                             the sum of their areas

    peers.py DIR [--peer NAME]... [--operation NAME]... [--repeat 3] [--threads 2]

A measure whose area is off by more than 1 m², in all or in any one commune, is an error.
"""

import argparse
import ctypes
import gc
import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
import time
from pathlib import Path

# The tables that each operation reads.
OPERATIONS = {
    "overlay": ("date1", "date2"),
    "cut": ("date1", "communes"),
    "dissolve": ("pieces",),
}
TOLERANCE_M2 = 1.0


class Geopandas:
    """`geopandas.overlay` and `dissolve`, as its documentation has them."""

    package = "geopandas"

    def __init__(self, threads):
        self.geopandas = importlib.import_module("geopandas")
        self.tables = {}

    def load(self, name, path):
        self.tables[name] = self.geopandas.read_parquet(path)

    def overlay(self, a="date1", b="date2"):
        pieces = self.geopandas.overlay(
            self.tables[a], self.tables[b], how="intersection", keep_geom_type=True
        )
        pieces["area"] = pieces.area
        return pieces

    def cut(self):
        return self.merge(self.overlay("date1", "communes").rename(columns={"label_2": "label"}))

    def dissolve(self):
        return self.merge(self.tables["pieces"])

    def merge(self, pieces):
        merged = pieces[["label", "geometry"]].dissolve("label", method="coverage")
        merged["area"] = merged.area
        return merged

    def geometries(self, result):
        return result.geometry.to_numpy()


class Shapely:
    """GEOS by shapely's vectorised functions.

    Threads gain it nothing: it holds Python's lock while it makes geometries.
    """

    package = "shapely"

    def __init__(self, threads):
        self.shapely = importlib.import_module("shapely")
        self.numpy = importlib.import_module("numpy")
        self.tables = {}

    def load(self, name, path):
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(path, columns=["label", "geometry"])
        labels = table["label"].to_numpy()
        self.tables[name] = labels, self.shapely.from_wkb(table["geometry"].to_numpy())

    def overlay(self, a="date1", b="date2"):
        geometries, others = self.tables[a][1], self.tables[b][1]
        tree = self.shapely.STRtree(others)
        left, right = tree.query(geometries, predicate="intersects")
        pieces = self.shapely.intersection(geometries[left], others[right])
        return pieces, self.shapely.area(pieces), right

    def cut(self):
        pieces, _, communes = self.overlay("date1", "communes")
        return self.merge(self.tables["communes"][0][communes], pieces)

    def dissolve(self):
        return self.merge(*self.tables["pieces"])

    def merge(self, labels, pieces):
        order = self.numpy.argsort(labels, kind="stable")
        _, starts = self.numpy.unique(labels[order], return_index=True)
        groups = self.numpy.split(pieces[order], starts[1:])
        merged = self.numpy.array([self.shapely.coverage_union_all(group) for group in groups])
        return merged, self.shapely.area(merged)

    def geometries(self, result):
        return result[0]


class DuckDB:
    """DuckDB's spatial extension, on tables in memory."""

    package = "duckdb"

    def __init__(self, threads):
        duckdb = importlib.import_module("duckdb")
        extensions = importlib.import_module("duckdb_extensions")
        self.connection = duckdb.connect()
        extensions.import_extension("spatial", con=self.connection)
        self.connection.execute("LOAD spatial")
        self.connection.execute(f"SET threads = {threads}")

    def load(self, name, path):
        self.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{path}'")

    def run(self, query):
        self.connection.execute(f"CREATE TABLE result AS {query}")

    def overlay(self):
        self.run("""
            SELECT *, ST_Area(geometry) AS area FROM (
                SELECT a.id AS first, b.id AS second,
                       ST_Intersection(a.geometry, b.geometry) AS geometry
                FROM date1 a JOIN date2 b ON ST_Intersects(a.geometry, b.geometry))
        """)

    def cut(self):
        self.run("""
            SELECT *, ST_Area(geometry) AS area FROM (
                SELECT b.label,
                       ST_CoverageUnion_Agg(ST_Intersection(a.geometry, b.geometry)) AS geometry
                FROM date1 a JOIN communes b ON ST_Intersects(a.geometry, b.geometry)
                GROUP BY b.label)
        """)

    def dissolve(self):
        self.run("""
            SELECT *, ST_Area(geometry) AS area FROM (
                SELECT label, ST_CoverageUnion_Agg(geometry) AS geometry
                FROM pieces GROUP BY label)
        """)

    def geometries(self, result):
        import shapely

        rows = self.connection.execute("SELECT ST_AsWKB(geometry) AS wkb FROM result")
        return shapely.from_wkb(rows.to_arrow_table()["wkb"].to_numpy())


class SedonaDB:
    """SedonaDB, on tables in memory."""

    package = "sedonadb"

    def __init__(self, threads):
        self.context = importlib.import_module("sedona.db").connect()
        self.context.sql(f"SET datafusion.execution.target_partitions = {threads}").execute()

    def load(self, name, path):
        self.context.read_parquet(str(path)).to_memtable().to_view(name)

    def run(self, query):
        return self.context.sql(query).to_memtable()

    def overlay(self):
        return self.run("""
            SELECT *, ST_Area(geometry) AS area FROM (
                SELECT a.id AS first, b.id AS second,
                       ST_Intersection(a.geometry, b.geometry) AS geometry
                FROM date1 a JOIN date2 b ON ST_Intersects(a.geometry, b.geometry))
        """)

    def cut(self):
        return self.run("""
            SELECT *, ST_Area(geometry) AS area FROM (
                SELECT b.label,
                       ST_UnaryUnion(ST_Collect_Agg(ST_Intersection(a.geometry, b.geometry)))
                           AS geometry
                FROM date1 a JOIN communes b ON ST_Intersects(a.geometry, b.geometry)
                GROUP BY b.label)
        """)

    def dissolve(self):
        return self.run("""
            SELECT *, ST_Area(geometry) AS area FROM (
                SELECT label, ST_UnaryUnion(ST_Collect_Agg(geometry)) AS geometry
                FROM pieces GROUP BY label)
        """)

    def geometries(self, result):
        return result.to_pandas().geometry.to_numpy()


PEERS = {"geopandas": Geopandas, "shapely": Shapely, "duckdb": DuckDB, "sedonadb": SedonaDB}


def memory_mb(field):
    """A field of /proc/self/status: VmRSS, the resident memory, or VmHWM, its highest."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    raise KeyError(field)


def settle():
    """Give back what loading left behind, and restart the count of the highest memory.

    Otherwise memory freed after loading would be used again under the clock, unseen.
    """
    gc.collect()
    if pyarrow := sys.modules.get("pyarrow"):
        pyarrow.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def polygons(geometries):
    """The polygons among the parts of geometries; touching ones share points and lines too."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(geometries))
    return parts[shapely.area(parts) > 0]


def measure(folder, name, operation, threads):
    """One measure, in this process."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    peer = PEERS[name](threads)
    for table in OPERATIONS[operation]:
        peer.load(table, folder / f"{table}.parquet")
    settle()
    before = memory_mb("VmRSS")
    start = time.perf_counter()
    result = getattr(peer, operation)()
    seconds = time.perf_counter() - start
    peak = memory_mb("VmHWM")

    import shapely

    geometries = peer.geometries(result)
    areas = shapely.area(geometries)
    check(folder, operation, areas)
    return {
        "peer": name,
        "version": importlib.metadata.version(peer.package),
        "operation": operation,
        "seconds": round(seconds, 3),
        "rss_before_mb": round(before, 1),
        "rss_peak_mb": round(peak, 1),
        "pieces": int((areas > 0).sum()),
        "faces": len(polygons(geometries)),
        "area_m2": round(float(areas.sum()), 3),
    }


def check(folder, operation, areas):
    """Refuse a result that does not have the area of the square, commune by commune."""
    import geopandas
    import numpy

    if operation == "overlay":
        expected = numpy.array([json.loads((folder / "summary.json").read_text())["area_m2"]])
        found = numpy.array([areas.sum()])
    else:
        # Engines give communes in any order; areas tell them apart.
        expected = numpy.sort(geopandas.read_parquet(folder / "communes.parquet").area)
        found = numpy.sort(areas)
    if len(found) != len(expected) or abs(found - expected).max() > TOLERANCE_M2:
        raise SystemExit(f"{operation}: areas {found} instead of {expected}")


def make_pieces(folder, threads):
    """Write the pieces of both dates and the communes, which `dissolve` merges.

    They come from GEOS, as polygons alone: a coverage union takes no other parts.
    """
    import geopandas

    engine = Shapely(threads)
    for table in ("date1", "date2", "communes"):
        engine.load(table, folder / f"{table}.parquet")
    pieces = polygons(engine.overlay()[0])
    engine.tables["both"] = None, pieces
    pieces, _, communes = engine.overlay("both", "communes")
    labels = engine.tables["communes"][0][communes]
    frame = geopandas.GeoDataFrame({"label": labels}, geometry=pieces, crs="EPSG:2154")
    frame = frame.explode(ignore_index=True).explode(ignore_index=True)
    frame[frame.area > 0].to_parquet(folder / "pieces.parquet", index=False)


def subprocess_lines(arguments):
    """The output of this script run anew with other arguments, or nothing after an error."""
    done = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True)
    return done.stdout if done.returncode == 0 else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peer", action="append", choices=PEERS)
    parser.add_argument("--operation", action="append", choices=OPERATIONS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    # What the fresh processes are asked to do.
    parser.add_argument("--here", choices=["measure", "pieces"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    peers = options.peer or list(PEERS)
    operations = options.operation or list(OPERATIONS)
    if options.here == "pieces":
        return make_pieces(options.folder, options.threads)
    if options.here == "measure":
        return print(json.dumps(measure(options.folder, peers[0], operations[0], options.threads)))

    common = [str(options.folder), "--threads", str(options.threads), "--here"]
    if "dissolve" in operations:
        (options.folder / "pieces.parquet").unlink(missing_ok=True)
        subprocess_lines([*common, "pieces"])
    failed = False
    for operation in operations:
        for peer in peers:
            command = [*common, "measure", "--peer", peer, "--operation", operation]
            runs = [subprocess_lines(command) for _ in range(options.repeat)]
            if all(runs):
                print(min(runs, key=lambda run: json.loads(run)["seconds"]), end="", flush=True)
            else:
                failed = True
                print(f"{peer}: {operation} failed", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
