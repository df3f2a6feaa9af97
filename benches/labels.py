#!/usr/bin/env python3
"""A label raster that looks like a classification: patches of all sizes, ragged outlines, specks.

    labels.py SIDE OUT.bin     SIDE × SIDE bytes, labels 1 to 8, row by row

Sides beyond 8192 are that of 2048 pixels repeated, which has no seam.
"""

import sys

import numpy as np


def smooth(noise, radius):
    """Means over squares of 2·radius + 1 pixels, twice."""
    for _ in range(2):
        for axis in (0, 1):
            pad = [(radius + 1, radius) if a == axis else (0, 0) for a in (0, 1)]
            sums = np.cumsum(np.pad(noise, pad, mode="wrap"), axis=axis, dtype="f8")
            size, window = noise.shape[axis], 2 * radius + 1
            part = lambda start: sums[start : start + size] if axis == 0 else sums[:, start : start + size]
            noise = ((part(window) - part(0)) / window).astype("f4")
    return noise / noise.std()


def main():
    side, out = int(sys.argv[1]), sys.argv[2]
    if side > 8192:
        np.tile(raster(2048), (side // 2048, side // 2048)).tofile(out)
    else:
        raster(side).tofile(out)


def raster(side):
    """A raster of so many pixels a side."""
    draw = np.random.default_rng(1)
    best = np.full((side, side), -np.inf, dtype="f4")
    labels = np.zeros((side, side), dtype="u1")
    for label in range(1, 9):
        field = np.zeros((side, side), dtype="f4")
        for radius, weight in ((24, 1.0), (6, 0.6), (1, 0.55)):
            field += weight * smooth(draw.standard_normal((side, side), dtype="f4"), radius)
        labels[field > best] = label
        np.maximum(best, field, out=best)
    return labels


main()
