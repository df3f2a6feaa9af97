#!/usr/bin/env python3
"""Train a small U-Net on a dataset made by `millesime dataset`, and export it as ONNX with its card.

    train.py DATASET --out model.onnx                        from nothing
    train.py DATASET --out finer.onnx --start model.onnx     from a model that this program exported

Writes model.onnx (logits, any batch, any height and width that are multiples of 16) and model.toml, the
card that tells `millesime predict` what the graph does not: bands, statistics, resolution, classes.
A processor is enough. The same seed, dataset, number of threads and versions give the same model, as
long as --epochs ends the training and not --minutes.
"""

import argparse
import copy
import json
import math
import os
import sys
import time
import tomllib
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import rasterio
import rasterio.errors
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = [16, 32, 64, 128, 192]  # channels at each scale, the finest first: 1.56 million parameters
MULTIPLE = 2 ** (len(WIDTHS) - 1)  # each scale but the first halves the image
WINDOW = 768
MARGIN = 32
OPSET = 17
UNLABELLED = 255  # in place of a channel, where the mask says 0


class UserError(Exception):
    """Something that the person who called can put right."""


@dataclass(frozen=True)
class Band:
    """One input band, and the statistics that bring it to mean 0 and deviation 1."""

    name: str
    mean: float
    std: float


@dataclass(frozen=True)
class Description:
    """What dataset.json says, as far as a model depends on it."""

    nomenclature: str
    resolution_m: float
    patch: int
    bands: list[Band]
    height_per_dn_m: float | None
    codes: list[int]
    labels: list[str]


@dataclass(frozen=True)
class Patches:
    """The patches of one split, all in memory."""

    images: np.ndarray  # uint8, patch × band × row × column
    channels: np.ndarray  # uint8, patch × row × column: the channel that should win, or UNLABELLED


def read_description(folder: Path) -> Description:
    """Read and check dataset.json."""
    path = folder / "dataset.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is not there: give the folder that `millesime dataset` wrote") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: {error}") from None
    try:
        classes = sorted(
            (int(item["code"]), str(item["label_fr"])) for item in raw["classes"] if int(item["code"]) != 0
        )
        description = Description(
            nomenclature=str(raw["nomenclature"]),
            resolution_m=float(raw["resolution_m"]),
            patch=int(raw["patch"]),
            bands=[Band(str(b["name"]), float(b["mean"]), float(b["std"])) for b in raw["bands"]],
            height_per_dn_m=float(raw["height_per_dn_m"]) if "height_per_dn_m" in raw else None,
            codes=[code for code, _ in classes],
            labels=[label for _, label in classes],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: a key is missing or has the wrong type: {error}") from None
    if len(set(description.codes)) < max(2, len(description.codes)):
        raise UserError(f"{path}: classes must list two codes or more, each once")
    if not description.bands or any(band.std <= 0 for band in description.bands):
        raise UserError(f"{path}: bands must list one band or more, each with a std above 0")
    if description.patch <= 0 or description.patch % MULTIPLE:
        raise UserError(f"{path}: patch is {description.patch}, and has to be a multiple of {MULTIPLE}")
    if description.height_per_dn_m is None and any(band.name == "height" for band in description.bands):
        raise UserError(f"{path}: there is a band named height, and height_per_dn_m is missing")
    return description


def read_raster(path: Path, bands: int, patch: int) -> np.ndarray:
    """Read a patch or a mask: uint8, band × row × column."""
    try:
        with rasterio.open(path) as raster:
            values = raster.read()
    except rasterio.errors.RasterioError as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if values.dtype != np.uint8 or values.shape != (bands, patch, patch):
        found = f"{values.dtype} of {values.shape[0]} band(s), {values.shape[1]} × {values.shape[2]} pixels"
        raise UserError(f"{path} is {found}; dataset.json asks for uint8 of {bands}, {patch} × {patch}")
    return values


def read_patches(folder: Path, split: str, description: Description) -> Patches:
    """Read all patches of a split that have a label somewhere."""
    channel_of_code = np.full(256, UNLABELLED, np.uint8)
    channel_of_code[description.codes] = np.arange(len(description.codes))
    known = {0, *description.codes}
    images, channels = [], []
    for path in sorted((folder / f"aerial_{split}").glob("*/*/img/IMG_*.tif")):
        zone = path.parent.parent.relative_to(folder / f"aerial_{split}")
        mask_path = folder / f"labels_{split}" / zone / "msk" / path.name.replace("IMG_", "MSK_")
        mask = read_raster(mask_path, 1, description.patch)[0]
        unknown = set(np.unique(mask).tolist()) - known
        if unknown:
            raise UserError(f"{mask_path} holds {sorted(unknown)}, which dataset.json does not list")
        if mask.any():
            images.append(read_raster(path, len(description.bands), description.patch))
            channels.append(channel_of_code[mask])
    if not images:
        side, bands = description.patch, len(description.bands)
        return Patches(np.zeros((0, bands, side, side), np.uint8), np.zeros((0, side, side), np.uint8))
    return Patches(np.stack(images), np.stack(channels))


class Block(nn.Sequential):
    """Two convolutions, each normalised over the batch."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    """A U-Net whose channels are few where pixels are many: that is where a processor spends its time."""

    def __init__(self, bands: int, classes: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            Block(inputs, outputs) for inputs, outputs in zip([bands, *WIDTHS[:-1]], WIDTHS)
        )
        self.up = nn.ModuleList(
            Block(below + beside, beside) for below, beside in zip(WIDTHS[:0:-1], WIDTHS[-2::-1])
        )
        self.head = nn.Conv2d(WIDTHS[0], classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Normalised image in, logits out."""
        scales = []
        for depth, block in enumerate(self.down):
            image = block(image if depth == 0 else functional.max_pool2d(image, 2))
            scales.append(image)
        image = scales.pop()
        for block in self.up:
            image = functional.interpolate(image, scale_factor=2.0, mode="nearest")
            image = block(torch.cat([image, scales.pop()], dim=1))
        return self.head(image)


def normalise(images: np.ndarray, bands: list[Band]) -> Tensor:
    """Bring the bands of a batch to mean 0 and deviation 1, as the card says."""
    mean = np.array([band.mean for band in bands], np.float32)[:, None, None]
    std = np.array([band.std for band in bands], np.float32)[:, None, None]
    batch = torch.from_numpy((images.astype(np.float32) - mean) / std)
    return batch.to(memory_format=torch.channels_last)


def augment(
    image: np.ndarray, channels: np.ndarray, bands: list[Band], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Turn, flip, and light a patch otherwise."""
    turns = random.integers(4)
    image, channels = np.rot90(image, turns, (1, 2)), np.rot90(channels, turns)
    if random.integers(2):
        image, channels = image[:, :, ::-1], channels[:, ::-1]
    shape = (len(bands), 1, 1)
    gain = random.uniform(0.9, 1.1, shape).astype(np.float32)
    bias = random.uniform(-8, 8, shape).astype(np.float32)
    # The ground is at height 0 whatever the light: only its scale is varied.
    bias[[band.name == "height" for band in bands]] = 0
    noise = random.standard_normal(image.shape, np.float32) * np.float32(random.uniform(0, 4))
    return np.clip(image * gain + bias + noise, 0, 255), channels


def class_weights(channels: np.ndarray, classes: int, power: float) -> Tensor:
    """Inverse power of the frequency, clipped so that rare classes do not rule."""
    pixels = np.bincount(channels[channels != UNLABELLED], minlength=classes).astype(np.float64)
    present = pixels > 0
    weights = np.zeros(classes)
    weights[present] = np.clip((pixels[present].mean() / pixels[present]) ** power, 0.5, 3.0)
    return torch.from_numpy(weights.astype(np.float32))


def learning_rate(progress: float, peak: float) -> float:
    """One cycle: up for a fifth of the training, then down to nothing, both along a cosine."""
    if progress < 0.2:
        return peak * (0.04 + 0.96 * (1 - math.cos(math.pi * progress / 0.2)) / 2)
    return peak * (1 + math.cos(math.pi * (progress - 0.2) / 0.8)) / 2


@dataclass(frozen=True)
class Scores:
    """Agreement with the labels; NaN for a class that the labels do not hold."""

    accuracy: float
    mean_iou: float
    iou: list[float]


def score(model: UNet, patches: Patches, description: Description, batch: int) -> Scores:
    """Compare the most probable class of every labelled pixel with its label."""
    classes = len(description.codes)
    confusion = np.zeros((classes, classes), np.int64)
    model.eval()
    with torch.inference_mode():
        for first in range(0, len(patches.images), batch):
            logits = model(normalise(patches.images[first : first + batch], description.bands))
            found = logits.argmax(1).numpy()
            truth = patches.channels[first : first + batch]
            labelled = truth != UNLABELLED
            pairs = truth[labelled].astype(np.int64) * classes + found[labelled]
            confusion += np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    right, expected = confusion.diagonal(), confusion.sum(1)
    union = expected + confusion.sum(0) - right
    iou = np.where(expected > 0, right / np.maximum(union, 1), np.nan)
    return Scores(float(right.sum() / confusion.sum()), float(np.nanmean(iou)), iou.tolist())


def train(
    model: UNet, training: Patches, validation: Patches, description: Description, options: argparse.Namespace
) -> Scores:
    """Train, and leave in the model the weights that did best on the validation patches."""
    random = np.random.default_rng(options.seed)
    weights = class_weights(training.channels, len(description.codes), options.balance)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    batches = math.ceil(len(training.images) / options.batch)
    seconds = math.inf if options.minutes is None else options.minutes * 60
    started = time.monotonic()
    best, best_state = Scores(-1.0, 0.0, []), {}
    if options.start:
        best = score(model, validation, description, options.batch)
        best_state = copy.deepcopy(model.state_dict())
        print(f"start: validation accuracy {best.accuracy:.4f}, mean IoU {best.mean_iou:.4f}", flush=True)
    step = 0
    for epoch in range(1, options.epochs + 1):
        epoch_started = time.monotonic()
        model.train()
        losses = []
        for order in np.array_split(random.permutation(len(training.images)), batches):
            progress = max(step / (batches * options.epochs), (time.monotonic() - started) / seconds)
            if progress >= 1:
                break
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(progress, options.learning_rate)
            pairs = [
                augment(training.images[i], training.channels[i], description.bands, random) for i in order
            ]
            images = normalise(np.stack([image for image, _ in pairs]), description.bands)
            with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
                logits = model(images).float()
            truth = torch.from_numpy(np.stack([channels for _, channels in pairs]).astype(np.int64))
            loss = functional.cross_entropy(logits, truth, weights, ignore_index=UNLABELLED)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
            step += 1
        if not losses:
            break
        scores = score(model, validation, description, options.batch)
        kept = scores.accuracy > best.accuracy
        if kept:
            best, best_state = scores, copy.deepcopy(model.state_dict())
        print(
            f"epoch {epoch}/{options.epochs}: loss {np.mean(losses):.4f}, validation accuracy "
            f"{scores.accuracy:.4f}, mean IoU {scores.mean_iou:.4f}, {time.monotonic() - epoch_started:.1f} s"
            f"{', best so far' if kept else ''}",
            flush=True,
        )
    if not best_state:
        raise UserError("--minutes ended the training before its first step: give it more time")
    model.load_state_dict(best_state)
    return best


def card(description: Description, name: str, explanation: str, licence: str, source: str) -> str:
    """The card of the model, as TOML."""

    def quote(text: str) -> str:
        # A JSON string is a TOML string too.
        return json.dumps(text, ensure_ascii=False)

    bands = ",\n".join(
        f"    {{ name = {quote(band.name)}, mean = {band.mean!r}, std = {band.std!r} }}"
        for band in description.bands
    )
    has_height = any(band.name == "height" for band in description.bands)
    height = f"height_per_dn_m = {description.height_per_dn_m!r}\n" if has_height else ""
    return (
        f"name = {quote(name)}\n"
        f"description = {quote(explanation)}\n"
        f"licence = {quote(licence)}\n"
        f"source = {quote(source)}\n"
        "\n[input]\n"
        f"resolution_m = {description.resolution_m!r}\n"
        f"window = {WINDOW}\n"
        f"multiple = {MULTIPLE}\n"
        f"margin = {MARGIN}\n"
        f"{height}"
        f"bands = [\n{bands},\n]\n"
        "\n[output]\n"
        'values = "logits"\n'
        'activation = "softmax"\n'
        f"nomenclature = {quote(description.nomenclature)}\n"
        f"channels = {description.codes}\n"
    )


def metadata(description: Description, card_text: str) -> dict[str, str]:
    """What goes into the ONNX file beside the graph: our card, and the keys that QGIS Deepness reads."""
    # Deepness divides the image by 255 before it standardises.
    deepness = {
        "model_type": "Segmentor",
        "class_names": {str(channel): label for channel, label in enumerate(description.labels)},
        "resolution": description.resolution_m * 100,
        "tiles_size": WINDOW,
        "standardization_mean": [round(band.mean / 255, 6) for band in description.bands],
        "standardization_std": [round(band.std / 255, 6) for band in description.bands],
    }
    values = {key: json.dumps(value, ensure_ascii=False) for key, value in deepness.items()}
    return {"millesime_card": card_text, **values}


def export(model: UNet, path: Path, bands: int, entries: dict[str, str]) -> None:
    """Write the graph, with the names of its parameters, and its metadata."""
    model.eval().to(memory_format=torch.contiguous_format)
    axes = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings():
        # torch prefers its newer exporter, which cannot write opset 17 and renames the parameters.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            model,
            (torch.zeros(1, bands, MULTIPLE * 4, MULTIPLE * 4),),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["logits"],
            dynamic_axes={"image": axes, "logits": axes},
            # Parameters stay as they are, for --start; ONNX Runtime folds them when it loads the graph.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    graph = onnx.load(path)
    onnx.helper.set_model_props(graph, entries)
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, path)


def verify(model: UNet, path: Path, bands: int) -> float:
    """The largest difference between torch and ONNX Runtime, over sizes that differ."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    worst = 0.0
    for batch, height, width in [(1, 256, 256), (2, 128, 208), (1, MULTIPLE, MULTIPLE * 3)]:
        image = random.standard_normal((batch, bands, height, width), np.float32)
        with torch.inference_mode():
            expected = model(torch.from_numpy(image)).numpy()
        worst = max(worst, float(np.abs(session.run(None, {"image": image})[0] - expected).max()))
    return worst


def start_from(path: Path, model: UNet, description: Description) -> tuple[Description, str]:
    """Load the weights of an exported model; returns the description with its statistics, and its name."""
    try:
        graph = onnx.load(path, format="protobuf")
    except FileNotFoundError:
        raise UserError(f"--start {path} is not there") from None
    except Exception as error:  # what the parser raises depends on the version of protobuf
        raise UserError(f"--start {path} cannot be read as ONNX ({type(error).__name__}: {error})") from None
    entries = {entry.key: entry.value for entry in graph.metadata_props}
    if "millesime_card" not in entries:
        raise UserError(f"--start {path} holds no card: it must be a model that train.py exported")
    start = tomllib.loads(entries["millesime_card"])
    bands = [Band(band["name"], band["mean"], band["std"]) for band in start["input"]["bands"]]
    for what, theirs, ours in [
        ("bands", [band.name for band in bands], [band.name for band in description.bands]),
        ("nomenclature", start["output"]["nomenclature"], description.nomenclature),
        ("classes", start["output"]["channels"], description.codes),
        ("height_per_dn_m", start["input"].get("height_per_dn_m"), description.height_per_dn_m),
    ]:
        if theirs != ours:
            raise UserError(
                f"--start {path} has {what} {theirs}, and the dataset {ours}: "
                "make the dataset anew with those of the model, or train from nothing"
            )
    if start["input"]["resolution_m"] != description.resolution_m:
        theirs, ours = start["input"]["resolution_m"], description.resolution_m
        print(f"note: the start was trained at {theirs} m, and the dataset is at {ours} m", flush=True)
    arrays = {item.name: numpy_helper.to_array(item) for item in graph.graph.initializer}
    for node in graph.graph.node:
        # Parameters that are equal are stored once, and the others refer to it.
        if node.op_type == "Identity" and node.input[0] in arrays:
            arrays[node.output[0]] = arrays[node.input[0]]
    state = model.state_dict()
    for name, value in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        if name not in arrays or arrays[name].shape != tuple(value.shape):
            raise UserError(f"--start {path} has no parameter {name} of shape {tuple(value.shape)}")
        state[name] = torch.from_numpy(arrays[name].copy())
    model.load_state_dict(state)
    # The weights were learnt with these statistics: the same image must still look the same to them.
    return replace(description, bands=bands), start["name"]


def options_of(arguments: list[str]) -> argparse.Namespace:
    """Parse the command line."""

    def positive(text: str) -> int:
        if (value := int(text)) <= 0:
            raise argparse.ArgumentTypeError("must be above 0")
        return value

    def positive_number(text: str) -> float:
        if not (value := float(text)) > 0:
            raise argparse.ArgumentTypeError("must be above 0")
        return value

    def not_negative(text: str) -> float:
        if not (value := float(text)) >= 0:
            raise argparse.ArgumentTypeError("must be 0 or more")
        return value

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder that `millesime dataset` wrote")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL.onnx",
                        help="where the model goes; its card goes beside it, as MODEL.toml")
    parser.add_argument("--start", type=Path, metavar="MODEL.onnx",
                        help="fine-tune this model, exported by train.py with the same bands and classes")
    parser.add_argument("--epochs", type=positive, default=40,
                        help="times that each patch is seen (default 40)")
    parser.add_argument("--minutes", type=positive_number,
                        help="end after this time, the learning rate being fitted to it (default: no limit)")
    parser.add_argument("--batch", type=positive, default=8, help="patches in a step (default 8)")
    parser.add_argument("--learning-rate", type=positive_number, metavar="RATE",
                        help="highest rate of the cycle (default 0.002, with --start 0.0005)")
    parser.add_argument("--balance", type=not_negative, default=0.5, metavar="POWER",
                        help="how much rare classes weigh more: inverse power of their frequency, "
                             "0 for alike (default 0.5)")
    parser.add_argument("--seed", type=int, default=1, help="of weights, order and augmentation (default 1)")
    parser.add_argument("--threads", type=positive, default=os.cpu_count() or 1,
                        help="processors to use (default: all)")
    parser.add_argument("--bfloat16", action="store_true",
                        help="compute the steps in bfloat16: twice as fast on processors that know it")
    parser.add_argument("--name", help="name in the card (default: that of the file)")
    parser.add_argument("--description", help="sentence in the card (default: says classes and resolution)")
    parser.add_argument("--licence", default="etalab-2.0", help="licence in the card (default etalab-2.0)")
    parser.add_argument("--source", help="what it was trained on, in the card (default: names the dataset)")
    options = parser.parse_args(arguments)
    if options.out.suffix != ".onnx":
        parser.error(f"--out {options.out} must end in .onnx")
    if not options.out.parent.is_dir():
        parser.error(f"--out {options.out}: the folder {options.out.parent} is not there")
    if options.learning_rate is None:
        options.learning_rate = 0.0005 if options.start else 0.002
    return options


def run(options: argparse.Namespace) -> int:
    """Read, train, export, verify, score."""
    description = read_description(options.dataset)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(options.seed)
    model = UNet(len(description.bands), len(description.codes))
    start_name = None
    if options.start:
        description, start_name = start_from(options.start, model, description)
    model.to(memory_format=torch.channels_last)

    splits = {split: read_patches(options.dataset, split, description) for split in ("train", "val", "test")}
    for split in ("train", "val"):
        if not len(splits[split].images):
            raise UserError(f"{options.dataset}/aerial_{split} has no patch with a label")
    counts = ", ".join(f"{len(patches.images)} {split}" for split, patches in splits.items())
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"patches: {counts}; {parameters} parameters; {options.threads} threads", flush=True)

    best = train(model, splits["train"], splits["val"], description, options)

    classes = f"{len(description.codes)} classes of {description.nomenclature}"
    explanation = options.description or f"Small U-Net, {classes}, at {description.resolution_m:g} m"
    source = options.source or (
        f"dataset {options.dataset.resolve().name}, {counts} patches"
        + (f"; fine-tuned from {start_name}" if start_name else "")
    )
    text = card(description, options.name or options.out.stem, explanation, options.licence, source)
    unfinished = options.out.with_suffix(".unfinished")
    export(model, unfinished, len(description.bands), metadata(description, text))
    difference = verify(model, unfinished, len(description.bands))
    if not difference < 1e-3:
        problem = f"ONNX Runtime and torch differ by {difference:.2g}: nothing is exported"
        print(f"train: {problem}", file=sys.stderr)
        unfinished.unlink()
        return 1
    options.out.with_suffix(".toml").write_text(text, encoding="utf-8")
    unfinished.replace(options.out)
    print(f"{options.out}: ONNX Runtime and torch differ by {difference:.2g} at most")
    print(f"best validation accuracy {best.accuracy:.4f}, mean IoU {best.mean_iou:.4f}")

    if not len(splits["test"].images):
        print(f"{options.dataset}/aerial_test has no patch with a label: no test score")
        return 0
    final = score(model, splits["test"], description, options.batch)
    print(f"test accuracy {final.accuracy:.4f}, mean IoU {final.mean_iou:.4f}; IoU of each class:")
    for code, label, iou in zip(description.codes, description.labels, final.iou):
        print(f"  {code:>3} {label:<24} {'not in the labels' if math.isnan(iou) else f'{iou:.4f}'}")
    return 0


def main() -> int:
    """Run, and say in one line what a person can put right."""
    options = options_of(sys.argv[1:])
    try:
        return run(options)
    except UserError as error:
        print(f"train: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
