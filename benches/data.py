#!/usr/bin/env python3
"""Make the data of the benchmark: two dates of one ground, and communes.

The first date is a label raster of 1 m pixels, the argmax of smoothed noise fields, as a
classified aerial image would be; the second is the same fields with a little other noise, and
some real changes. About 9 % of the pixels differ, most of them in slivers along boundaries that
did not move: what two land-cover maps made apart look like.

Each raster is traced into polygons that share their vertices, so each layer is a valid partition
of the square (GDAL's polygonize would leave T-junctions). The vertices of the second date are
then moved by a smooth field of less than half a pixel, so that the two layers cross at general
places and not on pixel corners alone. Every coordinate is a multiple of 1 cm: an engine on a
centimetre grid and one in floating point read the very same geometry.

    data.py DIR                   the pair, as .bin and .parquet
    data.py DIR --faces 1000000   a pair of another size by the same rule, as .bin alone

Files: `date1`, `date2` (label: the class) and `communes` (label: the code).

A .bin file is a sequence of polygons up to its end, all numbers 32-bit little-endian:

    polygon   u32 label, u32 number of rings, rings (the outer one first)
    ring      u32 number of points, points (the last repeats the first)
    point     i32 x, i32 y, in centimetres

Outer rings run anticlockwise, holes clockwise. A .parquet file (GeoParquet, WKB) holds the same
polygons in the same order, in metres, with columns `id`, `label` and `geometry`.
"""

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import Voronoi

PIXEL_CM = 100
# Faces and side of the pair that the project's targets are stated on.
PAIR_FACES = 54_000
PAIR_SIDE = 2000
PAIR_COMMUNES = 60

CLASSES = 8
# Size of the patches (pixels), and scale and strength of the speckle mixed in: the two
# together set the number of faces and of vertices per face.
PATCH_SIGMA = 12.0
SPECKLE = (2.0, 0.5)
# The noise that the second date has and the first has not: scale, strength.
SECOND_NOISE = (3.0, 0.1)
# Real changes: scale in pixels, and how rare they are (standard deviations).
CHANGE_SIGMA = 12.0
CHANGE_LEVEL = 2.0


@dataclass
class Layer:
    """Polygons in flat arrays: points of rings, rings of polygons."""

    labels: np.ndarray  # per polygon
    polygon_starts: np.ndarray  # first ring of each polygon, and the number of rings
    ring_starts: np.ndarray  # first point of each ring, and the number of points
    points: np.ndarray  # (n, 2) int32, cm; rings are closed

    def write_bin(self, path):
        """Write the flat binary file that the module describes."""
        rings = np.diff(self.polygon_starts)
        # Three kinds of record lie in one array of words; each is put at its place.
        ring_polygon = np.repeat(np.arange(len(rings)), rings)
        ring_at = 2 * self.ring_starts[:-1] + np.arange(len(ring_polygon)) + 2 * (ring_polygon + 1)
        polygon_at = ring_at[self.polygon_starts[:-1]] - 2
        sizes = np.diff(self.ring_starts)
        point_at = np.repeat(ring_at + 1 - 2 * self.ring_starts[:-1], sizes)
        point_at += 2 * np.arange(len(self.points))
        words = np.empty(2 * len(rings) + len(sizes) + 2 * len(self.points), "<i4")
        words[polygon_at] = self.labels
        words[polygon_at + 1] = rings
        words[ring_at] = sizes
        words[point_at] = self.points[:, 0]
        words[point_at + 1] = self.points[:, 1]
        words.tofile(path)

    def frame(self):
        """The layer as a GeoDataFrame, in metres."""
        import geopandas
        import shapely

        geometry = shapely.from_ragged_array(
            shapely.GeometryType.POLYGON,
            self.points / 100,
            (self.ring_starts, self.polygon_starts),
        )
        ids = np.arange(len(self.labels), dtype="int32")
        return geopandas.GeoDataFrame(
            {"id": ids, "label": self.labels}, geometry=geometry, crs="EPSG:2154"
        )


def smooth_noise(rng, side, sigma):
    """Gaussian noise of correlation length `sigma` pixels and variance one."""
    field = rng.standard_normal((side, side), np.float32)
    ndimage.gaussian_filter(field, sigma, output=field, mode="wrap", truncate=3)
    field *= 2 * sigma * math.sqrt(math.pi)
    return field


def rasters(rng, side):
    """The label rasters of the two dates."""
    best = [np.full((side, side), -np.inf, np.float32) for _ in range(2)]
    labels = [np.zeros((side, side), np.uint8) for _ in range(2)]
    # One class at a time, so that memory does not grow with the number of classes.
    for label in range(CLASSES):
        field = smooth_noise(rng, side, PATCH_SIGMA)
        field += SPECKLE[1] * smooth_noise(rng, side, SPECKLE[0])
        for date in range(2):
            if date == 1:
                field += SECOND_NOISE[1] * smooth_noise(rng, side, SECOND_NOISE[0])
            better = field > best[date]
            labels[date][better] = label
            best[date][better] = field[better]
    changed = smooth_noise(rng, side, CHANGE_SIGMA) > CHANGE_LEVEL
    labels[1][changed] = (labels[1][changed] + CLASSES // 2) % CLASSES
    return labels


def components(labels):
    """Numbers the patches of pixels of one label joined by sides, from 1, with a border of 0."""
    patches = np.zeros((labels.shape[0] + 2, labels.shape[1] + 2), np.int32)
    inner = patches[1:-1, 1:-1]
    total = 0
    for label in np.unique(labels):
        here = labels == label
        numbered, count = ndimage.label(here)
        numbered += total
        np.copyto(inner, numbered, where=here)
        total += count
    return patches


def trace(labels):
    """Trace a label raster into polygons that share their vertices; points are pixel corners.

    Every pixel side between two patches is walked once for each of them, with the patch on the
    left. A corner is kept where boundaries turn or meet, which both neighbours see alike.
    """
    patches = components(labels)
    width = patches.shape[1]
    flat = patches.ravel()
    # Directions east, north, west, south, and the bit of each in the mask of a pixel's sides.
    steps = np.array([1, width, -1, -width])
    mask = np.zeros(patches.shape, np.uint8)
    core = patches[1:-1, 1:-1]
    for side, (rows, columns) in enumerate([(-1, 0), (0, 1), (1, 0), (0, -1)]):
        beyond = patches[1 + rows : patches.shape[0] - 1 + rows, 1 + columns : width - 1 + columns]
        mask[1:-1, 1:-1] |= (core != beyond).astype(np.uint8) << side
    mask = mask.ravel()
    bits = np.array([bin(m).count("1") for m in range(16)], np.uint8)
    firsts = np.cumsum(bits[mask], dtype=np.int32) - bits[mask]

    # Sides, by pixel and direction.
    pixel = np.repeat(np.arange(len(flat), dtype=np.int32), bits[mask])
    heading = np.tile(np.arange(4, dtype=np.int8), np.count_nonzero(mask))
    bordered = mask[mask > 0]
    heading = heading[((bordered[:, None] >> np.arange(4)) & 1).astype(bool).ravel()]
    ahead = pixel + steps[heading]
    right = pixel + steps[heading - 1]
    ahead_right = ahead + steps[heading - 1]
    own = flat[pixel]
    turns_right = flat[ahead_right] == own
    straight = ~turns_right & (flat[ahead] == own)
    to_pixel = np.where(turns_right, ahead_right, np.where(straight, ahead, pixel))
    turn = np.where(turns_right, -1, np.where(straight, 0, 1)).astype(np.int8)
    to_heading = (heading + turn) % 4
    below = (1 << to_heading.astype(np.int32)) - 1
    following = firsts[to_pixel] + bits[mask[to_pixel] & below]
    following = following.astype(np.int32)
    kept = np.empty(len(pixel), bool)
    kept[following] = ~straight | (flat[right] != flat[ahead_right])
    del ahead, right, ahead_right, turns_right, straight, to_pixel, to_heading, below

    order, starts = cycles(following)
    x = (pixel % width - 1 + ((heading == 1) | (heading == 2))).astype(np.int32)
    y = (pixel // width - 1 + (heading >= 2)).astype(np.int32)
    rise = np.array([0, 1, 0, -1], np.int8)[heading]
    area = np.add.reduceat((x * rise.astype(np.int64))[order], starts)
    # Polygons in the order of their first pixel, each with its outer ring first.
    patch = own[order[starts]]
    _, first, polygon = np.unique(patch, return_index=True, return_inverse=True)
    rings = np.lexsort((area < 0, first[polygon]))
    polygon_starts = np.append(np.flatnonzero(area[rings] > 0), len(rings))
    flat_labels = np.pad(labels, 1).ravel()
    polygon_labels = flat_labels[pixel[order[starts[rings[polygon_starts[:-1]]]]]]

    kept = kept[order]
    order = order[kept]
    sizes = np.add.reduceat(kept, starts, dtype=np.int64)
    begins = np.cumsum(sizes) - sizes
    points = np.stack([x[order], y[order]], 1)
    return closed(points, begins[rings], sizes[rings], polygon_starts, polygon_labels)


def cycles(following):
    """The cycles of a permutation: its members one cycle after another, and where each begins."""
    order = np.empty(len(following), np.int32)
    seen = bytearray(len(following))
    starts = []
    # Plain views: single reads and writes of NumPy arrays are several times slower.
    follow, out = memoryview(following), memoryview(order)
    at = 0
    start = seen.find(0)
    while start >= 0:
        starts.append(at)
        here = start
        while not seen[here]:
            seen[here] = 1
            out[at] = here
            at += 1
            here = follow[here]
        start = seen.find(0, start)
    return order, np.array(starts)


def closed(points, begins, sizes, polygon_starts, labels):
    """A layer of rings that begin at `begins` in `points`, each closed by its first point."""
    ring_starts = np.append(0, np.cumsum(sizes + 1))
    source = np.arange(ring_starts[-1]) + np.repeat(begins - ring_starts[:-1], sizes + 1)
    source[ring_starts[1:] - 1] = begins
    return Layer(labels.astype(np.uint32), polygon_starts, ring_starts, points[source])


def move(points, side_cm, amplitude_cm):
    """Moves points by a smooth field of at most `amplitude_cm` along each axis, 0 at the border.

    Under half a pixel, no two edges of a traced raster can come to cross.
    """
    x, y = (points / 100).T
    border = np.minimum(points, side_cm - points).min(axis=1)
    strength = amplitude_cm * np.clip(border / (20 * PIXEL_CM), 0, 1)
    moved = np.stack(
        [
            np.sin(x / 31 + 2 * np.sin(y / 47)) * np.cos(y / 23 + 1),
            np.cos(x / 27 + 2) * np.sin(y / 37 + 2 * np.sin(x / 53)),
        ],
        1,
    )
    return (points + np.rint(strength[:, None] * moved)).astype(np.int32)


def communes(rng, side_cm, count):
    """Voronoi cells that partition the square."""
    seeds = rng.uniform(0, side_cm, (count, 2))
    # Mirrored seeds make the sides of the square edges of the diagram.
    mirrored = [seeds]
    for axis in range(2):
        for wall in (0, side_cm):
            image = seeds.copy()
            image[:, axis] = 2 * wall - image[:, axis]
            mirrored.append(image)
    diagram = Voronoi(np.concatenate(mirrored))
    rings = []
    for cell in range(count):
        corners = np.array(diagram.regions[diagram.point_region[cell]])
        offset = diagram.vertices[corners] - seeds[cell]
        rings.append(corners[np.argsort(np.arctan2(offset[:, 1], offset[:, 0]))])
    sizes = np.array([len(ring) for ring in rings])
    points = np.rint(diagram.vertices[np.concatenate(rings)]).astype(np.int32)
    return closed(points, np.cumsum(sizes) - sizes, sizes, np.arange(count + 1), np.arange(count))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--faces", type=int, help="another size: this many faces per date")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--displacement",
        type=int,
        default=40,
        metavar="CM",
        help="of the second date's vertices, under 50; 0 leaves both dates on pixel corners",
    )
    options = parser.parse_args()
    if not 0 <= options.displacement < 50:
        parser.error("--displacement must be from 0 to 49 cm")
    scale = (options.faces or PAIR_FACES) / PAIR_FACES
    side = round(PAIR_SIDE * math.sqrt(scale))
    side_cm = side * PIXEL_CM
    rng = np.random.default_rng(options.seed)
    options.folder.mkdir(parents=True, exist_ok=True)

    dates = rasters(rng, side)
    differing = float(np.mean(dates[0] != dates[1]))
    summary = {"side_m": side, "area_m2": side * side, "pixels_differing": round(differing, 4)}

    def write(name, layer):
        layer.write_bin(options.folder / f"{name}.bin")
        if options.faces is None:
            layer.frame().to_parquet(options.folder / f"{name}.parquet")
        summary[name] = {"faces": len(layer.labels), "vertices": len(layer.points)}

    for number in (1, 2):
        layer = trace(dates.pop(0))
        layer.points *= PIXEL_CM
        if number == 2:
            layer.points = move(layer.points, side_cm, options.displacement)
        write(f"date{number}", layer)
    write("communes", communes(rng, side_cm, max(1, round(PAIR_COMMUNES * scale))))
    text = json.dumps(summary)
    (options.folder / "summary.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
