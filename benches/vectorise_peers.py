#!/usr/bin/env python3
"""GDAL polygonize, then GEOS coverage clean, then GEOS coverage simplify, on the raster that labels.py
makes. One JSON line.

    vectorise_peers.py LABELS.bin SIDE
"""

import json
import resource
import sys
import time

import numpy as np
import shapely
from rasterio import features
from rasterio.transform import from_origin
from shapely.geometry import shape


def main():
    path, side = sys.argv[1], int(sys.argv[2])
    labels = np.fromfile(path, dtype="u1").reshape(side, side)
    place = from_origin(0, side, 1, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    polygons = [shape(geometry) for geometry, _ in features.shapes(labels, transform=place)]
    made = time.perf_counter()
    coverage = np.array(shapely.coverage_clean(polygons).geoms if hasattr(
        shapely.coverage_clean(polygons[:1]), "geoms") else shapely.coverage_clean(polygons))
    cleaned = time.perf_counter()
    simple = shapely.coverage_simplify(coverage, 2.0)
    done = time.perf_counter()
    print(json.dumps({
        "peer": "GDAL + GEOS", "version": shapely.geos_version_string, "operation": "vectorise",
        "side": side, "seconds": round(done - start, 3), "polygonize": round(made - start, 3),
        "clean": round(cleaned - made, 3), "simplify": round(done - cleaned, 3),
        "faces": len(polygons), "points": int(shapely.get_num_coordinates(simple).sum()),
        "area_m2": round(float(shapely.area(simple).sum()), 3), "rss_before_mb": round(before),
        "rss_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }))


main()
