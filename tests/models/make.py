#!/usr/bin/env python3
"""Write the small ONNX graphs that the tests run, and the cards of those that should run.

    make.py [FOLDER] [--check]

The same bytes come out each time: the weights are a fixed formula on integers. Only `onnx` is needed, and
`onnxruntime` with --check, which runs every graph and compares it with the first.

All but five are the same network, three 3 × 3 convolutions with ReLU between them: a pixel of the output
depends on the 7 × 7 pixels of the input around it and on nothing else.

    equivariant          any batch, height and width
    equivariant-128      one image of 128 × 128
    equivariant-int8     quantised: QuantizeLinear and DequantizeLinear around the convolutions
    equivariant-half     float16 in and out
    labels               the most probable channel in place of logits
    cropped              without padding: 3 pixels less on each side
    unknown-operator     to be refused: an operator that nobody has
    two-inputs           to be refused: two images
    flat                 to be refused: one answer for the whole image
    coarse               to be refused: one answer for four by four pixels
    unsound              to be refused once it runs: the square root of what is below zero
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper, save
from onnx.defs import onnx_opset_version

OPSET = 17
IR_VERSION = 9
BANDS, HIDDEN, CHANNELS = 3, 8, 4
# Weights are whole numbers over 256, below 128 in size: float16 and int8 hold them exactly.
WEIGHT_STEP = 1 / 256
LARGEST = [127, 73, 61]
# Zero is 128 where values have two signs, and 0 after a ReLU.
INPUT_STEP, HIDDEN_STEPS, OUTPUT_STEP = 1 / 32, [1 / 32, 1 / 32], 1 / 24

CARD = """\
name = "{name}"
description = "{description}"
licence = "etalab-2.0"
source = "weights by formula, trained on nothing"

[input]
resolution_m = 0.5
window = 128
multiple = 1
margin = 16
reach = 3
bands = [
    {{ name = "red", mean = 110.0, std = 45.0 }},
    {{ name = "green", mean = 110.0, std = 45.0 }},
    {{ name = "blue", mean = 110.0, std = 45.0 }},
]

[output]
values = "{values}"
activation = "{activation}"
nomenclature = "odeon-naf"
channels = [1, 3, 6, 13]
"""


def integers(layer: int, shape: tuple[int, ...], largest: int) -> np.ndarray:
    """Whole numbers from -largest to largest, without a pattern that matters."""
    index = np.arange(np.prod(shape), dtype=np.int64)
    mixed = (index * index * 7919 + index * 104729 + layer * 1299709) % 1000003
    return (mixed % (2 * largest + 1) - largest).reshape(shape)


def parameters(layer: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases of a layer, as whole numbers of WEIGHT_STEP."""
    inputs = BANDS if layer == 0 else HIDDEN
    outputs = CHANNELS if layer == 2 else HIDDEN
    weights = integers(layer, (outputs, inputs, 3, 3), LARGEST[layer])
    # Without this a channel of the last layer may win everywhere.
    weights -= np.round(weights.mean((1, 2, 3), keepdims=True)).astype(np.int64)
    return np.clip(weights, -127, 127), integers(layer + 3, (outputs,), 32)


def finish(
    nodes: list, inputs: list, output: ValueInfoProto, tensors: list, domains: tuple[str, ...] = ()
) -> ModelProto:
    """A model of these parts."""
    graph = helper.make_graph(nodes, "fixture", inputs, [output], tensors)
    opsets = [helper.make_opsetid("", OPSET), *(helper.make_opsetid(domain, 1) for domain in domains)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="make.py")
    model.ir_version = IR_VERSION
    checker.check_model(model, full_check=not domains)
    return model


def image(
    name: str = "image", size: tuple = ("batch", "height", "width"), kind: int = TensorProto.FLOAT
) -> ValueInfoProto:
    """An image as the input of a graph."""
    batch, height, width = size
    return helper.make_tensor_value_info(name, kind, [batch, BANDS, height, width])


def logits(
    size: tuple = ("batch", "height", "width"), kind: int = TensorProto.FLOAT
) -> ValueInfoProto:
    """Logits as the output of a graph."""
    batch, height, width = size
    return helper.make_tensor_value_info("logits", kind, [batch, CHANNELS, height, width])


def convolutions(last: str, pad: int = 1, kind: type = np.float32) -> tuple[list, list]:
    """The three layers from `image` to `last`: nodes and tensors."""
    nodes, tensors = [], []
    source = "image"
    for layer in range(3):
        weights, bias = parameters(layer)
        tensors.append(numpy_helper.from_array((weights * WEIGHT_STEP).astype(kind), f"weights{layer}"))
        tensors.append(numpy_helper.from_array((bias * WEIGHT_STEP).astype(kind), f"bias{layer}"))
        result = last if layer == 2 else f"sum{layer}"
        parts = [source, f"weights{layer}", f"bias{layer}"]
        nodes.append(helper.make_node("Conv", parts, [result], kernel_shape=[3, 3], pads=[pad] * 4))
        if layer < 2:
            source = f"hidden{layer}"
            nodes.append(helper.make_node("Relu", [result], [source]))
    return nodes, tensors


def equivariant(size: tuple = ("batch", "height", "width")) -> ModelProto:
    """The network itself."""
    nodes, tensors = convolutions("logits")
    return finish(nodes, [image(size=size)], logits(size), tensors)


def half() -> ModelProto:
    """The network in float16."""
    nodes, tensors = convolutions("logits", kind=np.float16)
    return finish(nodes, [image(kind=TensorProto.FLOAT16)], logits(kind=TensorProto.FLOAT16), tensors)


def labels() -> ModelProto:
    """The network, and the channel that wins."""
    nodes, tensors = convolutions("logits")
    nodes.append(helper.make_node("ArgMax", ["logits"], ["labels"], axis=1, keepdims=0))
    output = helper.make_tensor_value_info("labels", TensorProto.INT64, ["batch", "height", "width"])
    return finish(nodes, [image()], output, tensors)


def cropped() -> ModelProto:
    """The network where every pixel of the output has its whole surroundings."""
    nodes, tensors = convolutions("logits", pad=0)
    output = logits(("batch", "inner_height", "inner_width"))
    return finish(nodes, [image()], output, tensors)


def quantised() -> ModelProto:
    """The network on whole numbers, one scale for each tensor."""
    nodes, tensors = [], []

    def quantise(source: str, result: str, step: float, zero: int) -> None:
        tensors.append(numpy_helper.from_array(np.array(step, np.float32), f"{result}_step"))
        tensors.append(numpy_helper.from_array(np.array(zero, np.uint8), f"{result}_zero"))
        scale = [f"{result}_step", f"{result}_zero"]
        nodes.append(helper.make_node("QuantizeLinear", [source, *scale], [f"{result}_quantised"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"{result}_quantised", *scale], [result]))

    def constant(name: str, values: np.ndarray, step: float) -> None:
        tensors.append(numpy_helper.from_array(values, f"{name}_quantised"))
        tensors.append(numpy_helper.from_array(np.array(step, np.float32), f"{name}_step"))
        tensors.append(numpy_helper.from_array(np.array(0, values.dtype), f"{name}_zero"))
        parts = [f"{name}_quantised", f"{name}_step", f"{name}_zero"]
        nodes.append(helper.make_node("DequantizeLinear", parts, [name]))

    quantise("image", "values0", INPUT_STEP, 128)
    for layer, step in enumerate([INPUT_STEP, *HIDDEN_STEPS]):
        weights, bias = parameters(layer)
        constant(f"weights{layer}", weights.astype(np.int8), WEIGHT_STEP)
        # A bias has the step of what it is added to.
        constant(f"bias{layer}", np.round(bias / step).astype(np.int32), WEIGHT_STEP * step)
        parts = [f"values{layer}", f"weights{layer}", f"bias{layer}"]
        nodes.append(helper.make_node("Conv", parts, [f"sum{layer}"], kernel_shape=[3, 3], pads=[1] * 4))
        if layer < 2:
            nodes.append(helper.make_node("Relu", [f"sum{layer}"], [f"hidden{layer}"]))
            quantise(f"hidden{layer}", f"values{layer + 1}", HIDDEN_STEPS[layer], 0)
    quantise("sum2", "logits", OUTPUT_STEP, 128)
    return finish(nodes, [image()], logits(), tensors)


def unknown_operator() -> ModelProto:
    """The network, and an operator of a domain that is nobody's."""
    nodes, tensors = convolutions("before")
    nodes.append(helper.make_node("Embellish", ["before"], ["logits"], domain="example.nowhere"))
    return finish(nodes, [image()], logits(), tensors, ("example.nowhere",))


def two_inputs() -> ModelProto:
    """The sum of two images, and the network."""
    nodes, tensors = convolutions("logits")
    nodes.insert(0, helper.make_node("Add", ["before", "after"], ["image"]))
    return finish(nodes, [image("before"), image("after")], logits(), tensors)


def flat() -> ModelProto:
    """The network, and its mean over the image."""
    nodes, tensors = convolutions("map")
    nodes.append(helper.make_node("ReduceMean", ["map"], ["answer"], axes=[2, 3], keepdims=0))
    output = helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["batch", CHANNELS])
    return finish(nodes, [image(size=("batch", 256, 256))], output, tensors)


def coarse() -> ModelProto:
    """The network, and its mean over squares of four pixels."""
    nodes, tensors = convolutions("map")
    nodes.append(helper.make_node("AveragePool", ["map"], ["logits"], kernel_shape=[4, 4], strides=[4, 4]))
    return finish(nodes, [image()], logits(("batch", "coarse_height", "coarse_width")), tensors)


def unsound() -> ModelProto:
    """Nothing of nothing, and of all else no number."""
    weights = np.ones((CHANNELS, BANDS, 1, 1), np.float32)
    nodes = [
        helper.make_node("Mul", ["image", "image"], ["square"]),
        helper.make_node("Neg", ["square"], ["below"]),
        helper.make_node("Sqrt", ["below"], ["root"]),
        helper.make_node("Conv", ["root", "weights"], ["logits"], kernel_shape=[1, 1]),
    ]
    return finish(nodes, [image()], logits(), [numpy_helper.from_array(weights, "weights")])


# Name, graph, and for those that should run what the card says: description, values, activation.
MODELS = [
    ("equivariant", equivariant, ("three convolutions", "logits", "softmax")),
    ("equivariant-128", lambda: equivariant((1, 128, 128)), ("of one size", "logits", "softmax")),
    ("equivariant-int8", quantised, ("quantised", "logits", "softmax")),
    ("equivariant-half", half, ("in float16", "logits", "softmax")),
    ("labels", labels, None),
    ("cropped", cropped, ("without padding", "logits", "softmax")),
    ("unknown-operator", unknown_operator, None),
    ("two-inputs", two_inputs, None),
    ("flat", flat, None),
    ("coarse", coarse, None),
    ("unsound", unsound, None),
]


def picture(height: int, width: int) -> np.ndarray:
    """An image of flat squares and of grain, by formula, normalised as the cards say."""
    band, row, column = np.meshgrid(np.arange(BANDS), np.arange(height), np.arange(width), indexing="ij")
    square = (row // 16 * 57 + column // 16 * 91 + band * 73 + (row // 16) * (column // 16) * band * 29) % 200
    grain = (row * row * 31 + column * column * 17 + row * column * 7 + band * 5) % 56
    return (((square + grain).astype(np.float32) - 110) / 45)[None]


def check(folder: Path) -> bool:
    """Run every graph; print what was found; false when something is not as it should be."""
    import onnxruntime

    def run(name: str, **inputs: np.ndarray) -> np.ndarray:
        session = onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
        return session.run(None, inputs)[0]

    good = True

    def state(what: str, holds: bool) -> None:
        nonlocal good
        good &= holds
        print(f"{what}{'' if holds else '   <-- wrong'}")

    whole = picture(160, 224)
    expected = run("equivariant", image=whole)
    share = np.bincount(expected.argmax(1).ravel(), minlength=CHANNELS) / expected[0, 0].size
    low, high = float(expected.min()), float(expected.max())
    state(f"equivariant: logits from {low:.2f} to {high:.2f}", -6 < low < -2 and 2 < high < 6)
    state(f"equivariant: channels win {', '.join(f'{part:.0%}' for part in share)}", share.min() > 0.05)

    def compare(name: str, found: np.ndarray, against: np.ndarray, tolerance: float) -> None:
        difference = float(np.abs(found.astype(np.float32) - against).max())
        close = found.shape == against.shape and difference <= tolerance
        state(f"{name}: differs by {difference:.2g} at most", close)

    window, inside = whole[:, :, 16:144, 32:160], expected[:, :, 19:141, 35:157]
    for name in ("equivariant", "equivariant-128"):
        compare(f"{name}: a window", run(name, image=window)[:, :, 3:-3, 3:-3], inside, 1e-5)
    compare("equivariant-half", run("equivariant-half", image=whole.astype(np.float16)), expected, 0.02)
    compare("equivariant-int8", run("equivariant-int8", image=whole), expected, 0.3)
    compare("labels", run("labels", image=whole), expected.argmax(1), 0)
    compare("cropped", run("cropped", image=whole), expected[:, :, 3:-3, 3:-3], 1e-5)
    compare("two-inputs", run("two-inputs", before=whole, after=np.zeros_like(whole)), expected, 1e-5)
    state("flat: answers once for an image", run("flat", image=picture(256, 256)).shape == (1, CHANNELS))
    state("coarse: answers for four by four pixels", run("coarse", image=whole).shape[2:] == (40, 56))
    state("unsound: gives no numbers", bool(np.isnan(run("unsound", image=whole)).any()))
    try:
        run("unknown-operator", image=whole)
        state("unknown-operator: runs", False)
    except Exception as error:  # ONNX Runtime has no common class for its errors
        state(f"unknown-operator: {str(error).splitlines()[0]}", True)
    return good


def main() -> int:
    """Write, and check when asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent, metavar="FOLDER",
                        help="where the files go (default: beside this program)")
    parser.add_argument("--check", action="store_true", help="run every graph with ONNX Runtime afterwards")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is not a folder")
    if onnx_opset_version() < OPSET:
        parser.error(f"this onnx knows no opset {OPSET}: install onnx 1.12 or newer")
    for name, build, about in MODELS:
        save(build(), options.folder / f"{name}.onnx")
        if about:
            description, values, activation = about
            text = CARD.format(name=name, description=description, values=values, activation=activation)
            (options.folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return 0 if not options.check or check(options.folder) else 1


if __name__ == "__main__":
    sys.exit(main())
