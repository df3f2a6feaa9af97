#!/usr/bin/env python3
"""Make the images of the prediction bench from those of a twin.

    imagery.py TWIN YEAR OUT

Writes OUT/rgbie.tif, the five bands of IGN's models in one file, as the loop over windows that people write
takes them; OUT/large.vrt, that image 8 by 8 times side by side, for the memory of large jobs, and OUT/small.vrt, a
corner of it of 2 000 pixels by 2 000.
"""

import argparse
from pathlib import Path

import numpy as np
import rasterio

REPEATS = 8
SMALL = 2_000


def stack(twin, year, out):
    """Five bands of bytes: red, green, blue, infrared, height in steps of 0.2 m."""
    with (
        rasterio.open(twin / f"rgb-{year}.tif") as visible,
        rasterio.open(twin / f"irc-{year}.tif") as infrared,
        rasterio.open(twin / f"dsm-{year}.tif") as surface,
        rasterio.open(twin / "dtm.tif") as terrain,
    ):
        height = np.clip(np.rint((surface.read(1) - terrain.read(1)) / 0.2), 0, 255)
        profile = visible.profile | {"count": 5, "nodata": None, "photometric": "MINISBLACK"}
        with rasterio.open(out, "w", **profile) as image:
            image.write(visible.read(), [1, 2, 3])
            image.write(infrared.read(1), 4)
            image.write(height.astype("uint8"), 5)
        return visible.width, visible.height, visible.transform, visible.crs


def repeat(image, out, times, width, height, transform, crs):
    """The corner of the image so many times side by side and one above the other, as a mosaic that GDAL reads."""
    lines = [
        f'<VRTDataset rasterXSize="{times * width}" rasterYSize="{times * height}">',
        f"<SRS>{crs.to_string()}</SRS>",
        f"<GeoTransform>{transform.c},{transform.a},0,{transform.f},0,{transform.e}</GeoTransform>",
    ]
    for band in range(1, 6):
        lines.append(f'<VRTRasterBand dataType="Byte" band="{band}">')
        for column in range(times):
            for row in range(times):
                lines.append(
                    f'<SimpleSource><SourceFilename relativeToVRT="1">{image.name}</SourceFilename>'
                    f"<SourceBand>{band}</SourceBand>"
                    f'<SourceProperties DataType="Byte" '
                    f'BlockXSize="512" BlockYSize="512"/>'
                    f'<SrcRect xOff="0" yOff="0" xSize="{width}" ySize="{height}"/>'
                    f'<DstRect xOff="{column * width}" yOff="{row * height}" '
                    f'xSize="{width}" ySize="{height}"/></SimpleSource>'
                )
        lines.append("</VRTRasterBand>")
    out.write_text("\n".join(lines) + "\n</VRTDataset>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("twin", type=Path)
    parser.add_argument("year")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    image = arguments.out / "rgbie.tif"
    shape = stack(arguments.twin, arguments.year, image)
    repeat(image, arguments.out / "large.vrt", REPEATS, *shape)
    repeat(image, arguments.out / "small.vrt", 1, SMALL, SMALL, *shape[2:])


if __name__ == "__main__":
    main()
