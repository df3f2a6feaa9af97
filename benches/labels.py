#!/usr/bin/env python3
"""A label raster that looks like a classification: patches of all sizes, ragged outlines, specks.

    labels.py SIDE OUT.bin     SIDE × SIDE bytes, labels 1 to 8, row by row
"""

import sys

import numpy as np


def smooth(noise, radius):
    """Means over squares of 2·radius + 1 pixels, twice."""
    for _ in range(2):
        for axis in (0, 1):
            pad = [(radius + 1, radius) if a == axis else (0, 0) for a in (0, 1)]
            sums = np.cumsum(np.pad(noise, pad, mode="wrap"), axis=axis, dtype="f8")
            size = noise.shape[axis]
            upper = np.take(sums, range(2 * radius + 1, 2 * radius + 1 + size), axis=axis)
            lower = np.take(sums, range(size), axis=axis)
            noise = ((upper - lower) / (2 * radius + 1)).astype("f4")
    return noise / noise.std()


def main():
    side, out = int(sys.argv[1]), sys.argv[2]
    draw = np.random.default_rng(1)
    best = np.full((side, side), -np.inf, dtype="f4")
    labels = np.zeros((side, side), dtype="u1")
    for label in range(1, 9):
        field = np.zeros((side, side), dtype="f4")
        for radius, weight in ((24, 1.0), (6, 0.6), (1, 0.55)):
            field += weight * smooth(draw.standard_normal((side, side), dtype="f4"), radius)
        labels[field > best] = label
        np.maximum(best, field, out=best)
    labels.tofile(out)


main()
