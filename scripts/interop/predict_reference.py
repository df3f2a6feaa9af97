#!/usr/bin/env python3
"""What `millesime predict` is compared with: the same model by ONNX Runtime and rasterio alone.

    predict_reference.py MODEL CARD IMAGE OUT [--reflect N]   the whole image at once: what is right
    predict_reference.py MODEL CARD IMAGE OUT --loop          the loop over windows that people write

At once, OUT gets the probabilities of all channels, uint8 (255 p rounded), each band described by its
code; a line of JSON gives the shape and the SHA-256 of the values, band after band, row after row. The
image is padded to the card's `multiple` at the right and at the bottom, by reflection, and cut back.

The loop reads windows of 512 pixels, keeps all but a margin of 64, and writes the code of the most
probable channel and its probability; a line of JSON gives its time, from the opening of the model to the
closing of OUT, and the most memory that the program held.
"""

import argparse
import hashlib
import json
import resource
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import onnxruntime
import rasterio
import rasterio.errors
from rasterio.windows import Window

WINDOW = 512
MARGIN = 64
TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class UserError(Exception):
    """Something that the person who called can put right."""


class Model:
    """A graph and its card."""

    def __init__(self, path: Path, card_path: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            card = tomllib.loads(card_path.read_text(encoding="utf-8"))
            bands, output = card["input"]["bands"], card["output"]
            self.mean = np.array([band["mean"] for band in bands], np.float32)[:, None, None]
            self.std = np.array([band["std"] for band in bands], np.float32)[:, None, None]
            self.multiple = int(card["input"]["multiple"])
            self.codes = [int(code) for code in output["channels"]]
            self.active = [code in output.get("active", self.codes) for code in self.codes]
            self.activation = output["activation"] if output["values"] == "logits" else "none"
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise UserError(f"the card {card_path} cannot be read: {error}") from None
        except KeyError as error:
            raise UserError(f"the card {card_path} lacks the key {error}") from None
        try:
            self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no common class for its errors
            raise UserError(f"the model {path} cannot be loaded: {error}") from None
        inputs = self.session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in TYPES:
            raise UserError(f"the model {path} has to take one image, of floats, batch × band × row × column")
        self.name, self.type = inputs[0].name, TYPES[inputs[0].type]

    def run(self, image: np.ndarray) -> np.ndarray:
        """Bands of an image as they are stored in, what the graph answers out: channel × row × column."""
        batch = ((image.astype(np.float32) - self.mean) / self.std)[None].astype(self.type)
        try:
            answer = self.session.run(None, {self.name: batch})[0][0]
        except Exception as error:  # ONNX Runtime has no common class for its errors
            raise UserError(f"the model does not take an image of {batch.shape[1:]}: {error}") from None
        if answer.ndim != 3 or len(answer) != len(self.codes):
            listed = f"the card lists {len(self.codes)} channels"
            raise UserError(f"the model answers {answer.shape} for an image, and {listed}")
        return answer

    def probabilities(self, answer: np.ndarray) -> np.ndarray:
        """Apply the activation of the card, in the precision of the answer; inactive channels get 0."""
        answer = answer[self.active]
        if self.activation == "softmax":
            raised = np.exp(answer - answer.max(0))
            answer = raised / raised.sum(0)
        elif self.activation == "sigmoid":
            answer = 1 / (1 + np.exp(-answer))
        result = np.zeros((len(self.codes), *answer.shape[1:]), answer.dtype)
        result[self.active] = answer
        return result


def open_image(path: Path, bands: list[int], model: Model) -> rasterio.DatasetReader:
    """Open the image, and see that it has the bands."""
    try:
        image = rasterio.open(path)
    except rasterio.errors.RasterioError as error:
        raise UserError(f"the image cannot be opened: {error}") from None
    if len(bands) != len(model.mean):
        raise UserError(f"the card lists {len(model.mean)} bands, and --bands {len(bands)}")
    if max(bands) > image.count:
        raise UserError(f"{path} has {image.count} bands: there is no band {max(bands)}")
    return image


def at_once(model: Model, image: rasterio.DatasetReader, bands: list[int], out: Path, reflect: int) -> dict:
    """Predict the whole image in one run, and write the probabilities."""
    height, width = image.shape
    extra = [-(side + 2 * reflect) % model.multiple for side in (height, width)]
    around = [(0, 0), (reflect, reflect + extra[0]), (reflect, reflect + extra[1])]
    padded = np.pad(image.read(bands), around, mode="reflect")
    answer = model.run(padded).astype(np.float64)
    # A graph without padding answers for less than it was given, by as much on each side.
    lost = [(given - got) // 2 for given, got in zip(padded.shape[1:], answer.shape[1:])]
    if min(reflect - side for side in lost) < 0:
        least = max(lost)
        raise UserError(f"the model loses {least} pixels on each side: give --reflect {least} or more")
    top, left = reflect - lost[0], reflect - lost[1]
    answer = answer[:, top : top + height, left : left + width]
    values = np.floor(255 * model.probabilities(answer) + 0.5).astype(np.uint8)
    profile = dict(driver="GTiff", dtype="uint8", count=len(values), height=height, width=width,
                   crs=image.crs, transform=image.transform, compress="deflate")
    with rasterio.open(out, "w", **profile) as target:
        target.write(values)
        target.descriptions = [str(code) for code in model.codes]
    return {"sha256": hashlib.sha256(values.tobytes()).hexdigest(), "shape": list(values.shape)}


def loop(model: Model, image: rasterio.DatasetReader, bands: list[int], out: Path) -> int:
    """Predict window by window, and write the code that wins and its probability."""
    height, width = image.shape
    codes = np.array(model.codes, np.uint8)
    core = WINDOW - 2 * MARGIN
    # A block of the file is the core of a window, so that none is written twice.
    profile = dict(driver="GTiff", dtype="uint8", count=2, height=height, width=width, crs=image.crs,
                   transform=image.transform, compress="deflate", tiled=True, blockxsize=core,
                   blockysize=core)
    windows = 0
    with rasterio.open(out, "w", **profile) as target:
        for top in range(0, height, core):
            for left in range(0, width, core):
                first_row, first_column = max(top - MARGIN, 0), max(left - MARGIN, 0)
                last_row = min(top + core + MARGIN, height)
                last_column = min(left + core + MARGIN, width)
                area = Window(first_column, first_row, last_column - first_column, last_row - first_row)
                around = [
                    (0, 0),
                    (first_row - top + MARGIN, top + core + MARGIN - last_row),
                    (first_column - left + MARGIN, left + core + MARGIN - last_column),
                ]
                pixels = np.pad(image.read(bands, window=area), around, mode="reflect")
                answer = model.run(pixels)[:, MARGIN : MARGIN + core, MARGIN : MARGIN + core]
                found = model.probabilities(answer[:, : height - top, : width - left])
                best = np.stack([codes[found.argmax(0)], (255 * found.max(0) + 0.5).astype(np.uint8)])
                target.write(best, window=Window(left, top, found.shape[2], found.shape[1]))
                windows += 1
        target.descriptions = ["code", "probability"]
    return windows


def run(options: argparse.Namespace) -> dict:
    """Predict one way or the other; what the line of JSON says."""
    started = time.perf_counter()
    model = Model(options.model, options.card, options.threads)
    bands = options.bands or list(range(1, len(model.mean) + 1))
    with open_image(options.image, bands, model) as image:
        if not options.loop:
            return at_once(model, image, bands, options.out, options.reflect)
        windows = loop(model, image, bands, options.out)
        return {
            "seconds": round(time.perf_counter() - started, 3),
            "pixels": image.height * image.width,
            "windows": windows,
            "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        }


def main() -> int:
    """Parse, run, and say in one line what a person can put right."""

    def numbers(text: str) -> list[int]:
        values = [int(part) for part in text.split(",")]
        if min(values) < 1:
            raise argparse.ArgumentTypeError("bands are counted from 1")
        return values

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="the graph, ONNX")
    parser.add_argument("card", type=Path, metavar="CARD", help="its card, TOML")
    parser.add_argument("image", type=Path, metavar="IMAGE", help="what rasterio opens")
    parser.add_argument("out", type=Path, metavar="OUT", help="GeoTIFF to write")
    parser.add_argument("--bands", type=numbers, metavar="1,2,3",
                        help="bands of IMAGE in the order of the card (default: the first ones)")
    parser.add_argument("--reflect", type=int, default=0, metavar="N",
                        help="pad by N pixels of reflection first, cut back after (default 0)")
    parser.add_argument("--loop", action="store_true", help="window by window, and say how long it took")
    parser.add_argument("--threads", type=int, default=0,
                        help="threads of ONNX Runtime (default: as many as there are processors)")
    options = parser.parse_args()
    if options.reflect < 0 or options.threads < 0:
        parser.error("--reflect and --threads must be 0 or more")
    if options.loop and options.reflect:
        parser.error("--reflect goes with the whole image, not with --loop")
    try:
        print(json.dumps(run(options)))
    except UserError as error:
        print(f"predict_reference: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
