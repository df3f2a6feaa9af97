#!/usr/bin/env python3
"""Set the measures of peers.py and of our own bench side by side, as Markdown.

    report.py FILE... > RESULTS.md

The files hold one measure a line, as peers.py describes them; other lines are passed over. Ours
have the peer `millesime`. A measure with the key `input_faces` (the faces of both layers together)
belongs to the series of sizes; the others are compared.
"""

import argparse
import datetime
import json
import os
import platform
from pathlib import Path

OURS = "millesime"


def measures(paths):
    """The measures in files, in order."""
    for path in paths:
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    found = list(measures(parser.parse_args().files))
    lines = ["# Benchmark", "", machine(), ""]
    lines += [
        "From geometries in memory to results with areas in memory; *peak* is the resident memory",
        "of the process at its highest, *added* what came on top of the loaded geometries.",
        "",
    ]
    lines += comparison([one for one in found if "input_faces" not in one])
    sizes = [one for one in found if "input_faces" in one]
    if sizes:
        lines += ["", "## Sizes", "", *series(sizes)]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
