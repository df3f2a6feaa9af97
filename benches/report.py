#!/usr/bin/env python3
"""Set the measures of peers.py and of our own bench side by side, as Markdown.

    report.py FOLDER > RESULTS.md

The folder holds `pair.jsonl` and `aligned.jsonl`, with one measure a line as peers.py describes
them (ours have the peer `millesime`), `sizes.jsonl` with ours on layers of several sizes, and
`statistics.txt` with what country.py printed, and `scale.txt` with what `millesime run` said of a
whole département, and `questions.txt` with what questions.py printed. What is not there is left out.
"""

import argparse
import datetime
import json
import os
import platform
from pathlib import Path

OURS = "millesime"


PAIRS = {
    "pair": "Two dates whose boundaries cross at general places",
    "aligned": "Two dates whose boundaries lie on the same pixel corners",
}


def measures(path):
    """The measures in a file, in order; none where there is no file."""
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("{"):
                yield json.loads(line)


def machine():
    """What the figures were taken on: without it they mean nothing."""
    cpu = next(
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    today = datetime.date.today().isoformat()
    cores = len(os.sched_getaffinity(0))
    return f"{today}, {cpu}, {cores} cores, {memory:.0f} GiB of memory, {system}."


def table(header, rows):
    """A Markdown table; the first two columns to the left, the rest to the right."""
    rule = [":--" if column < 2 else "--:" for column in range(len(header))]
    return ["| " + " | ".join(row) + " |" for row in [header, rule, *rows]]


def number(value):
    """A count with thin groups, or a dash where there is none."""
    return "–" if value is None else f"{value:,}".replace(",", "\u202f")


def comparison(found):
    """Every engine on each operation, ours first, then the fastest."""
    ours = {one["operation"]: one["seconds"] for one in found if one["peer"] == OURS}
    operations = list(dict.fromkeys(one["operation"] for one in found))
    found = sorted(
        found,
        key=lambda one: (
            operations.index(one["operation"]),
            one["peer"] != OURS,
            one["seconds"],
        ),
    )
    rows = []
    for one in found:
        own = ours.get(one["operation"])
        rows.append(
            [
                one["operation"],
                f"{one['peer']} {one['version']}",
                f"{one['seconds']:.2f}",
                "–" if own is None else f"{one['seconds'] / own:.1f}×",
                f"{one['rss_peak_mb']:.0f}",
                f"{one['rss_peak_mb'] - one['rss_before_mb']:.0f}",
                number(one["pieces"]),
                number(one.get("faces")),
                f"{one['area_m2']:.2f}",
            ]
        )
    measured = ["Seconds", "To ours", "Peak MB", "Added MB", "Pieces", "Faces", "Area m²"]
    return table(["Operation", "Engine", *measured], rows)


def series(found):
    """Time per face as the layers grow, and its ratio to that of the smallest."""
    rows = []
    smallest = {}
    for one in sorted(found, key=lambda one: (one["operation"], one["peer"], one["input_faces"])):
        each = one["seconds"] / one["input_faces"]
        first = smallest.setdefault((one["operation"], one["peer"]), each)
        rows.append(
            [
                one["operation"],
                f"{one['peer']} {one['version']}",
                number(one["input_faces"]),
                f"{one['seconds']:.2f}",
                f"{each * 1e6:.2f}",
                f"{each / first:.2f}×",
                f"{one['rss_peak_mb']:.0f}",
            ]
        )
    measured = ["Faces given", "Seconds", "µs per face", "To the smallest", "Peak MB"]
    return table(["Operation", "Engine", *measured], rows)


def prediction(found):
    """Ours beside its bound and beside the loop over windows, each with what it needs of memory."""
    rows = []
    for one in found:
        is_ours = one.get("peer") == OURS
        windows = one["window_seconds"] if is_ours else None
        rows.append(
            [
                "`millesime predict`" if is_ours else "loop in Python",
                one.get("model", "twin-unet"),
                number(one["pixels"]),
                number(one["windows"]),
                f"{one['seconds']:.1f}",
                f"{one['pixels'] / one['seconds'] / 1e6:.2f}",
                f"{one['redundancy']:.3f}" if is_ours else "–",
                f"{one['of_bound']:.3f}" if is_ours else "–",
                f"{min(windows):.4f}" if is_ours else "–",
                f"{one['peak_mib'] if is_ours else one['peak_rss_mb']:.0f}",
            ]
        )
    measured = ["Windows", "Seconds", "Mpx/s", "Redundancy", "Of the bound", "Bare s/window", "Peak MB"]
    return table(["Program", "Model", "Pixels", *measured], rows)


def vectorised(found):
    """Ours beside GDAL and GEOS, by size of the raster."""
    rows = []
    for one in found:
        ours = [o for o in found if o["peer"] == OURS and o["side"] == one["side"]]
        ratio = one["seconds"] / ours[0]["seconds"] if ours else float("nan")
        rows.append([
            f"{one['side']} × {one['side']}",
            one["peer"],
            f"{one['seconds']:.2f}",
            f"{ratio:.1f}×",
            f"{one['rss_peak_mb']:.0f}",
            number(one["faces"]),
            number(one["points"]),
            f"{one['area_m2']:.2f}",
        ])
    header = ["Pixels", "Engine", "Seconds", "To ours", "Peak MB", "Faces", "Points", "Area"]
    return table(header, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    lines = ["# Benchmark", "", f"`make bench`, {machine()}", ""]
    lines += [
        "From geometries in memory to results with areas in memory; *peak* is the resident memory",
        "of the process at its highest, *added* what came on top of the loaded geometries.",
        "`overlay`: the pieces that two dates cut each other into. `cut`: the first date cut by 60",
        "communes and merged by commune; of the date ours has one item, in which the lines between its polygons",
        "cancel, as they do in the coverage unions of the others. `dissolve`: the pieces of both, already cut, merged",
        "by commune; ours starts from the partition that its overlay left, the others from polygons. geopandas and",
        "shapely run on one core, the others on all.",
    ]
    for name, title in PAIRS.items():
        if found := list(measures(folder / f"{name}.jsonl")):
            lines += ["", f"## {title}", "", *comparison(found)]
    if sizes := list(measures(folder / "sizes.jsonl")):
        lines += ["", "## Sizes", "", *series(sizes)]
    if found := list(measures(folder / "vectorise.jsonl")):
        lines += ["", "## Vectorisation", ""]
        lines += [
            "A raster of eight labels that looks like a classification (`labels.py`) becomes a valid partition",
            "without the staircase of pixels. Ours: arcs traced once, smoothed within half a pixel, and the partition",
            "built and labelled. The others: GDAL polygonize, GEOS coverage clean, GEOS coverage simplify (2 pixels);",
            "they run on one core.",
            "",
            *vectorised(found),
        ]
    if found := list(measures(folder / "predict.jsonl")):
        lines += ["", "## Prediction", ""]
        lines += [
            "Five bands. *twin-unet*: the model of `reference/models` (1.6 million parameters); *large-unet*: a graph of",
            "the size of IGN's FLAIR-INC (24.4 million parameters, weights drawn at random), *wide-unet*: the same twice as",
            "wide, somewhat more than the Swin-B of FLAIR-HUB (98 million, drawn likewise). *Of the bound*:",
            "the time of the graph alone on as many windows already in memory, in the same process before and after,",
            "to the whole time with reading, stitching and writing of cloud optimized files. *Redundancy*: pixels",
            "looked at for each delivered. The loop in Python crops a margin of 64 pixels, and writes one class and its",
            "probability. The small image is a corner of the usual one, the large one is that one repeated.",
            "",
            *prediction(found),
        ]
    statistics = folder / "statistics.txt"
    if statistics.exists():
        lines += ["", "## The tables of a country", ""]
        lines += [
            "The account of a twin of 25 km² repeated to 35 000 communes, from Parquet to tables. Ours writes all",
            "tables for communes and three levels as CSV and Parquet, with dictionary and workbooks; DuckDB the",
            "same SQL as CSV, for communes alone; pandas four tables, for communes alone. The peak that is told is",
            "the largest so far: `≤` where a process stayed below one before it.",
            "",
        ]
        lines += ["```", statistics.read_text().rstrip(), "```"]
    scale = folder / "scale.txt"
    if scale.exists():
        lines += ["", "## A whole département", ""]
        lines += ["`millesime run` on a twin of 6 000 km² (`--km2 6000 --seed 1`):", ""]
        lines += ["```", scale.read_text().rstrip(), "```"]
    production = folder / "production.txt"
    if production.exists():
        lines += ["", "## Production, by size", ""]
        lines += [
            "`millesime produce` on twins in pixels of 1 m (`--seed 9`): classes and probabilities of the shipped model, BD TOPO,",
            "BD Forêt, RPG and Fichiers fonciers → `OCCUPATION_SOL` and `ZONE_CONSTRUITE`.",
            "",
        ]
        lines += ["```", production.read_text().rstrip(), "```"]
    postgis = folder / "postgis.txt"
    if postgis.exists():
        lines += ["", "## PostGIS, the State's way", ""]
        lines += [
            "`benches/postgis.sh`: each vintage cut by the communes, then vintage by vintage, and sums by commune. *state*: as the",
            "SQL of the State's tool has it (MTES-MCT/sparte); *full*: with shortcuts for what is contained; *practitioner*: what did",
            "not move is found by its bytes, and only the rest is intersected, which helps where dates are drawn from one another.",
            "Ours writes layers, Parquet and workbooks besides. PostgreSQL runs without fsync.",
            "",
        ]
        lines += ["```", postgis.read_text().rstrip(), "```"]
    questions = folder / "questions.txt"
    if questions.exists():
        lines += ["", "## The changes of a commune, the reports of all", ""]
        lines += ["On the faces of that twin, files in the cache of the system, medians of nine:", ""]
        lines += ["```", questions.read_text().rstrip(), "```"]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
