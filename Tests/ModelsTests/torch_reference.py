"""Runs our networks in PyTorch, in double precision, and writes what TorchReferenceTests.swift expects of them:

    python3 torch_reference.py > torch_reference.json

Written with PyTorch 2.13. Parameters and images are given by a formula, `uniform`, that TorchReference.swift has too, so
that only results are stored: loss, logits, running statistics and, of each gradient, its norm and some of its numbers.
"""

import json

import numpy
import torch
from torch import nn
from torch.nn import functional

from reference_numbers import uniform

# Nothing that a network rectifies is closer than this to zero, and no two numbers that pooling chooses from are closer
# to each other: single precision then falls on the same side, and gradients are comparable.
MARGIN = 5e-5
ENTRIES = 24

# Model, depth, height, width, channels, samples.
CASES = [("resnet", 8, 10, 9, 3, 4), ("resnet", 20, 8, 8, 3, 4), ("cnn", 0, 28, 28, 1, 4)]
CLASSES = 10


def formula(name, shape, stream):
    """A parameter: weights as He, Zhang, Ren and Sun would draw them, normalisations around 1, biases around 0."""
    u = uniform(stream, int(numpy.prod(shape)))
    if len(shape) > 1:
        u = u * numpy.sqrt(6.0 / numpy.prod(shape[1:]))
    elif "bn" in name and name.endswith("weight"):
        u = 1 + 0.3 * u
    else:
        u = 0.2 * u
    return torch.from_numpy(u.astype(numpy.float32).astype(numpy.float64).reshape(shape))


class Rectifier(nn.Module):
    """Keeps the smallest distance of anything from zero."""

    margin = float("inf")

    def forward(self, x):
        Rectifier.margin = min(Rectifier.margin, x.abs().min().item())
        return functional.relu(x)


class RectifierAndPooling(nn.Module):
    """Rectifies, and takes the largest of each 2x2 window. Only the largest number's side of zero matters."""

    def forward(self, x):
        windows = x.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
        first, second = windows.topk(2, dim=4).values.unbind(4)
        gap = torch.where(first > 0, first - second, torch.inf)
        Rectifier.margin = min(Rectifier.margin, first.abs().min().item(), gap.min().item())
        return functional.max_pool2d(functional.relu(x), 2)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.rectifier = Rectifier()
        self.stride, self.new = stride, outputs - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(self.rectifier(self.bn1(self.conv1(x)))))
        kept = x[:, :, :: self.stride, :: self.stride]
        return self.rectifier(y + functional.pad(kept, (0, 0, 0, 0, self.new // 2, self.new // 2)))


class ResNet(nn.Module):
    """He, Zhang, Ren and Sun (2015), section 4.2, with shortcuts of option A."""

    def __init__(self, depth, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.rectifier = Rectifier()
        blocks = (depth - 2) // 6
        self.layer1 = nn.Sequential(*[Block(16, 16, 1) for _ in range(blocks)])
        self.layer2 = nn.Sequential(*[Block(32 if i else 16, 32, 1 if i else 2) for i in range(blocks)])
        self.layer3 = nn.Sequential(*[Block(64 if i else 32, 64, 1 if i else 2) for i in range(blocks)])
        self.fc = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = self.rectifier(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class CNN(nn.Module):
    """McMahan, Moore, Ramage, Hampson and Agüera y Arcas (2017), section 3."""

    def __init__(self, height, width, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 5, padding=2)
        self.conv2 = nn.Conv2d(32, 64, 5, padding=2)
        self.fc1 = nn.Linear(64 * (height // 4) * (width // 4), 512)
        self.fc2 = nn.Linear(512, CLASSES)
        self.rectifier, self.pooling = Rectifier(), RectifierAndPooling()

    def forward(self, x):
        x = self.pooling(self.conv2(self.pooling(self.conv1(x))))
        return self.fc2(self.rectifier(self.fc1(x.flatten(1))))


def run(model, depth, height, width, channels, samples, seed):
    """What one case gives with parameters and images of one seed, and its distance from the next kink."""
    network = (ResNet(depth, channels) if model == "resnet" else CNN(height, width, channels)).double()
    pixels = uniform(1000 * seed, samples * channels * height * width).astype(numpy.float32)
    images = torch.from_numpy(pixels.astype(numpy.float64).reshape(samples, channels, height, width))
    with torch.no_grad():
        for index, (name, parameter) in enumerate(network.named_parameters()):
            parameter.copy_(formula(name, tuple(parameter.shape), 1000 * seed + 1 + index))
    Rectifier.margin = float("inf")
    labels = torch.arange(samples) * 7 % CLASSES
    logits = network(images)
    loss = functional.cross_entropy(logits, labels)
    loss.backward()
    margin = Rectifier.margin
    network.eval()
    statistics = [(name, tensor) for name, tensor in network.state_dict().items() if "running" in name]
    return margin, {
        "model": model, "depth": depth, "image": [height, width, channels], "samples": samples, "seed": seed,
        "loss": loss.item(), "logits": numbers(logits), "evaluationLogits": numbers(network(images)),
        "gradients": [gradient(name, parameter) for name, parameter in network.named_parameters()],
        "statistics": [
            {"name": name, "shape": list(tensor.shape), "numbers": numbers(tensor)} for name, tensor in statistics
        ],
    }


def gradient(name, parameter):
    flat = parameter.grad.flatten()
    places = torch.arange(ENTRIES) * 7919 % len(flat)
    return {
        "name": name, "shape": list(parameter.shape), "norm": flat.norm().item(), "numbers": numbers(flat[places]),
    }


def numbers(tensor):
    return [float(f"{number:.9g}") for number in tensor.flatten().tolist()]


def first_far_from_kinks(case):
    for seed in range(1, 1000):
        margin, result = run(*case, seed)
        if margin > MARGIN:
            return result
    raise SystemExit(f"no seed keeps {MARGIN} away from the kinks of {case}")


# A line per tensor.
text = json.dumps([first_far_from_kinks(case) for case in CASES])
print(text.replace('{"name"', '\n{"name"').replace('}, {"model"', '},\n{"model"'))
