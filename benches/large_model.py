#!/usr/bin/env python3
"""Make a graph of the size of the models that IGN publishes, to time what runs it.

    large_model.py MODEL.onnx [--width 2]

Writes MODEL.onnx and its card MODEL.toml: a U-Net on a ResNet34, as FLAIR-INC has it (five bands, windows of 512
pixels, nineteen classes, 24 million parameters; batch normalisation folded into the convolutions, as exports have
it). Twice as wide it has 98 million, somewhat more than the Swin-B of FLAIR-HUB (89 million). Its weights are drawn at random, from one seed: it takes as long as a trained one, and what it says means nothing.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BANDS, CLASSES, WINDOW = 5, 19, 512
# Channels and blocks of the four stages of ResNet34, and channels of the decoder.
STAGES = [(64, 3), (128, 4), (256, 6), (512, 3)]
DECODER = [256, 128, 64, 32, 16]

CARD = f"""name = "NAME"
description = "A graph of the size of IGN's, with weights drawn at random: for timing alone"
licence = "etalab-2.0"
source = "benches/large_model.py"

[input]
resolution_m = 1.0
window = {WINDOW}
multiple = 32
margin = 32
height_per_dn_m = 0.2
bands = [
    {{ name = "red", mean = 128.0, std = 64.0 }},
    {{ name = "green", mean = 128.0, std = 64.0 }},
    {{ name = "blue", mean = 128.0, std = 64.0 }},
    {{ name = "infrared", mean = 128.0, std = 64.0 }},
    {{ name = "height", mean = 128.0, std = 64.0 }},
]

[output]
values = "logits"
activation = "softmax"
nomenclature = "flair-1"
channels = {list(range(1, CLASSES + 1))}
"""


class Graph:
    """Layers, one after the other."""

    def __init__(self):
        self.random = np.random.default_rng(1)
        self.nodes, self.weights, self.parameters = [], [], 0

    def weight(self, name, values):
        self.weights.append(numpy_helper.from_array(values, name))
        self.parameters += values.size
        return name

    def add(self, kind, inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convolution(self, of, channels, to, side=3, stride=1, is_active=True):
        count = len(self.nodes)
        deviation = np.sqrt(2 / (channels * side * side))
        values = self.random.normal(0, deviation, (to, channels, side, side)).astype("float32")
        weights = [
            self.weight(f"w{count}", values),
            self.weight(f"b{count}", np.zeros(to, "float32")),
        ]
        made = self.add(
            "Conv",
            [of, *weights],
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[side // 2] * 4,
        )
        return self.add("Relu", [made]) if is_active else made

    def block(self, of, channels, to, stride):
        made = self.convolution(of, channels, to, stride=stride)
        made = self.convolution(made, to, to, is_active=False)
        if stride != 1 or channels != to:
            of = self.convolution(of, channels, to, side=1, stride=stride, is_active=False)
        # Half of the sum, so that values stay in range without normalisation.
        half = self.weight(f"h{len(self.nodes)}", np.array(0.5, "float32"))
        made = self.add("Mul", [self.add("Add", [made, of]), half])
        return self.add("Relu", [made])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--width", type=int, default=1, help="so many times the channels (default 1)")
    options = parser.parse_args()
    width, name = options.width, options.model.stem

    graph = Graph()
    at = graph.convolution("image", BANDS, 64, side=7, stride=2)
    skips, channels = [(at, 64)], 64
    at = graph.add("MaxPool", [at], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for number, (to, blocks) in enumerate(STAGES):
        to *= width
        for block in range(blocks):
            at = graph.block(at, channels, to, 2 if number and not block else 1)
            channels = to
        skips.append((at, channels))
    skips.pop()
    scales = graph.weight("scales", np.array([1, 1, 2, 2], "float32"))
    for to in DECODER:
        to *= width
        at = graph.add("Resize", [at, "", scales], mode="nearest", nearest_mode="floor",
                       coordinate_transformation_mode="asymmetric")
        if skips:
            skip, more = skips.pop()
            at, channels = graph.add("Concat", [at, skip], axis=1), channels + more
        at = graph.convolution(at, channels, to)
        at = graph.convolution(at, to, to)
        channels = to
    at = graph.convolution(at, channels, CLASSES, is_active=False)
    graph.nodes[-1].output[0] = "classes"

    shape = ["batch", BANDS, "height", "width"]
    made = helper.make_graph(
        graph.nodes,
        name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("classes", TensorProto.FLOAT, ["batch", CLASSES, "height", "width"])],
        graph.weights,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, options.model)
    options.model.with_suffix(".toml").write_text(CARD.replace("NAME", name))
    print(f"{graph.parameters / 1e6:.1f} million parameters; in {options.model}")


if __name__ == "__main__":
    main()
