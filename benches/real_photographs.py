#!/usr/bin/env python3
"""What the shipped model, which has seen made-up photographs only, sees on real ones.

    real_photographs.py MILLESIME MODEL.onnx DATA WORK

DATA holds `naip-two-dates` (six patches of 256 pixels of 1 m with a label, public domain) and `ortho-lidar-20cm` (a
patch of IGN with the classes of LiDAR points). Prints a line for each source: pixels that are labelled, the share that
is right in the classes that both have, and what each class of the label was taken for. NAIP has no heights: they are
given as 0. All is written into WORK.
"""

import argparse
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import from_origin

LAMBERT = CRS.from_epsg(2154)
# Classes of the model (ODEON NAF) in the classes that both have.
COMMON = {
    1: "built", 3: "built", 4: "built", 2: "low", 11: "low", 12: "low", 13: "low", 14: "low",
    5: "bare", 6: "water", 8: "trees", 9: "low", 10: "trees",
}
NAIP = {1: "water", 2: "trees", 3: "low", 4: "bare", 5: "built", 6: "built"}
# ASPRS: 2 ground, 3 to 5 vegetation from low to high, 6 building. Of ground, LiDAR does not tell what lies on it.
LIDAR = {2: "ground", 3: "ground", 4: "trees", 5: "trees", 6: "building"}
COMMON_OF_LIDAR = {code: "ground" for code in COMMON} | {8: "trees", 10: "trees", 1: "building"}


def write(path, bands, transform):
    """Bands as a GeoTIFF in Lambert-93."""
    count, height, width = bands.shape
    with rasterio.open(
        path, "w", driver="GTiff", count=count, height=height, width=width, dtype=bands.dtype, crs=LAMBERT,
        transform=transform,
    ) as out:
        out.write(bands)


def predict(program, model, folder, name, image, heights, transform):
    """The classes that the model sees."""
    path = folder / f"{name}.tif"
    write(path, np.concatenate([image, heights]).astype(np.uint8), transform)
    out = folder / f"{name}-classes.tif"
    command = [program, "predict", "--model", model, "--image", path, "--restart", "-o", folder / f"{name}-seen.tif",
               "--classes", out]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with rasterio.open(out) as classes:
        return classes.read(1)


def report(title, pairs):
    """A line for all pixels, and one for each class of the label."""
    total = sum(pairs.values())
    right = sum(count for (truth, found), count in pairs.items() if truth == found)
    print(f"{title}: {total} pixels, {100 * right / total:.1f} % right")
    for truth in sorted({truth for truth, _ in pairs}):
        seen = Counter({found: count for (own, found), count in pairs.items() if own == truth})
        of = sum(seen.values())
        shares = ", ".join(f"{found} {100 * count / of:.0f} %" for found, count in seen.most_common())
        print(f"  {truth} ({100 * of / total:.0f} %): seen as {shares}")


def compare(found, common, label, labels, pairs):
    """Counts the pixels that have a class on both sides."""
    for truth, truth_name in labels.items():
        codes, counts = np.unique(found[label == truth], return_counts=True)
        for code, count in zip(codes.tolist(), counts.tolist()):
            pairs[truth_name, common.get(code, "nothing")] += count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("millesime", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)

    pairs = Counter()
    if not list((arguments.data / "naip-two-dates").glob("*.npz")):
        parser.error(f"{arguments.data} holds no naip-two-dates")
    for n, path in enumerate(sorted((arguments.data / "naip-two-dates").glob("*.npz"))):
        patch = np.load(path)["arr_0"][0]
        image = patch[:4]
        heights = np.zeros((1, *image.shape[1:]))
        transform = from_origin(700_000, 6_600_000, 1, 1)
        found = predict(arguments.millesime, arguments.model, arguments.work, f"naip-{n}", image, heights, transform)
        compare(found, COMMON, patch[8], NAIP, pairs)
    report("NAIP", pairs)

    source = arguments.data / "ortho-lidar-20cm"
    with rasterio.open(source / "derived_rgbie_5band_uint8.tif") as image:
        side = round(image.width * image.res[0])
        bands = image.read(out_shape=(5, side, side), resampling=Resampling.average)
        transform = from_origin(round(image.bounds.left), round(image.bounds.top), 1, 1)
    with rasterio.open(source / "derived_lidar_class.tif") as label:
        label = label.read(1, out_shape=(side, side), resampling=Resampling.nearest)
    found = predict(
        arguments.millesime, arguments.model, arguments.work, "lidar", bands[:4], bands[4:], transform
    )
    pairs = Counter()
    compare(found, COMMON_OF_LIDAR, label, LIDAR, pairs)
    report("LiDAR patch", pairs)


if __name__ == "__main__":
    main()
