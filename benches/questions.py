#!/usr/bin/env python3
"""The changes of one commune out of the faces of a département: ours, DuckDB and GeoPandas on the same file.

    questions.py MILLESIME OUT

Each from a new process, with the files in the cache of the system: the median of nine, and for engines that live
in Python also the question alone, once they are loaded. Says as well how long the reports of every commune take.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEERS = {
    "duckdb": """
import duckdb, sys, time
t = time.perf_counter()
rows = duckdb.sql(f"SELECT * FROM '{sys.argv[1]}' WHERE series = 'published' AND commune = '{sys.argv[2]}' AND cause <> 'unchanged'").fetchall()
print(len(rows), time.perf_counter() - t)
""",
    "geopandas": """
import geopandas, sys, time
t = time.perf_counter()
rows = geopandas.read_parquet(sys.argv[1], filters=[("series", "==", "published"), ("commune", "==", sys.argv[2]), ("cause", "!=", "unchanged")])
print(len(rows), time.perf_counter() - t)
""",
}


def median(measure, times=9):
    found = [measure() for _ in range(times)]
    return [sorted(column)[times // 2] for column in zip(*found)]


def main():
    program, out = sys.argv[1], Path(sys.argv[2])
    faces = next(out.glob("faces/*/*/faces.parquet"))
    rows = [line.split(",") for line in (out / "tables/stock.csv").read_text().splitlines()[1:]]
    communes = sorted({row[1] for row in rows if row[1]})
    commune = communes[len(communes) // 2]
    count = int(subprocess.check_output([program, "query", "--out", out, "--commune", commune, "--count"]))
    size = faces.stat().st_size / 2**20
    print(f"{len(communes)} communes, {size:.0f} MiB of faces; {count} changes of commune {commune}")

    def ours(*arguments):
        def measure():
            start = time.perf_counter()
            command = [program, "query", "--out", out, "--commune", commune, *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return [time.perf_counter() - start]

        return median(measure)[0] * 1000

    for form in ["csv", "geojson"]:
        print(f"millesime query, {form:8} {ours('--format', form):8.0f} ms from a new process")
    for name, text in PEERS.items():

        def measure():
            start = time.perf_counter()
            said = subprocess.check_output([sys.executable, "-c", text, faces, commune])
            found, alone = said.split()
            assert int(found) == count, (name, found, count)
            return [time.perf_counter() - start, float(alone)]

        whole, alone = median(measure)
        print(f"{name:24} {whole * 1000:8.0f} ms from a new process, {alone * 1000:.0f} ms once loaded")
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = ["/usr/bin/time", "-f", "%M", program, "report", "--out", out, "--all", "--into", folder]
        said = subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        peak = int(said.stderr.split()[-1]) / 1024
        seconds = time.perf_counter() - start
        kinds = "page, PDF, CSV and XLSX"
        print(f"reports of {len(communes)} communes ({kinds}): {seconds:.0f} s, {peak:.0f} MiB at most")


if __name__ == "__main__":
    main()
