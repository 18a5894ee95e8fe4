"""The networks of prsgd-mpi in PyTorch, and a reader of model.safetensors that needs no further package."""

import json, struct
import numpy, torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """Two convolutions and a parameter-free shortcut (He et al. 2015, option A)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.new = stride, (outputs - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.new, self.new))
        return functional.relu(y + x)


class ResidualNetwork(nn.Module):
    def __init__(self, depth, channels, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        stages, inputs = [], 16
        for outputs in (16, 32, 64):
            blocks = []
            for block in range((depth - 2) // 6):
                blocks.append(Block(inputs, outputs, 2 if inputs < outputs else 1))
                inputs = outputs
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3 = stages
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class ConvolutionalNetwork(nn.Module):
    """McMahan et al. 2017."""

    def __init__(self, height, width, channels, classes):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 32, 5, padding=2), nn.Conv2d(32, 64, 5, padding=2)
        self.fc1, self.fc2 = nn.Linear(64 * (height // 4) * (width // 4), 512), nn.Linear(512, classes)

    def forward(self, x):
        for convolution in (self.conv1, self.conv2):
            x = functional.max_pool2d(functional.relu(convolution(x)), 2)
        return self.fc2(functional.relu(self.fc1(x.flatten(1))))


def perceptron(inputs, hidden, classes):
    widths = [inputs, *hidden, classes]
    modules = [module for i, o in zip(widths, widths[1:]) for module in (nn.Linear(i, o), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *modules[:-1])


class RecurrentNetwork(nn.Module):
    """The language model of McMahan et al. 2017."""

    def __init__(self, layers, hidden, characters, dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(characters, 8)
        self.lstm = nn.LSTM(8, hidden, layers, batch_first=True, dropout=dropout)
        self.fc = nn.Linear(hidden, characters)

    def forward(self, x):
        return self.fc(self.lstm(self.embedding(x))[0])


class CausalAttention(nn.Module):
    def __init__(self, heads, width):
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        batch, positions, width = x.shape
        q, k, v = (
            part.view(batch, positions, self.heads, width // self.heads).transpose(1, 2)
            for part in self.c_attn(x).split(width, 2))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(batch, positions, width))


class Perceptron(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.c_proj(functional.gelu(self.c_fc(x)))


class TransformerBlock(nn.Module):
    def __init__(self, heads, width, dropout):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width), CausalAttention(heads, width)
        self.ln_2, self.mlp = nn.LayerNorm(width), Perceptron(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        x = x + self.drop(self.attn(self.ln_1(x)))
        return x + self.drop(self.mlp(self.ln_2(x)))


class Transformer(nn.Module):
    """A small GPT with nanoGPT's names; embedding and head share their weights."""

    def __init__(self, layers, heads, width, context, characters, dropout=0.0):
        super().__init__()
        self.transformer = nn.ModuleDict(dict(
            wte=nn.Embedding(characters, width), wpe=nn.Embedding(context, width),
            h=nn.ModuleList([TransformerBlock(heads, width, dropout) for _ in range(layers)]),
            ln_f=nn.LayerNorm(width)))
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        parts = self.transformer
        x = self.drop(parts.wte(x) + parts.wpe.weight[: x.shape[1]])
        for block in parts.h:
            x = block(x)
        return functional.linear(parts.ln_f(x), parts.wte.weight)


def build(said):
    """The network that a file's metadata speak of."""
    if said["model"] in ("lstm", "gpt"):
        layers, characters, dropout = int(said["layers"]), int(said["classes"]), float(said["dropout"])
        if said["model"] == "lstm":
            return RecurrentNetwork(layers, int(said["hidden"]), characters, dropout)
        return Transformer(
            layers, int(said["heads"]), int(said["width"]), int(said["context"]), characters, dropout)
    height, width, channels, classes = (int(said[key]) for key in ("height", "width", "channels", "classes"))
    name = said["model"]
    if name.startswith("resnet"):
        return ResidualNetwork(int(name[6:]), channels, classes)
    if name == "cnn":
        return ConvolutionalNetwork(height, width, channels, classes)
    hidden = [int(width) for width in said["hidden"].split(",")] if name == "mlp" else []
    return perceptron(height * width * channels, hidden, classes)


def read(path):
    """(metadata, tensors by name) of a safetensors file."""
    content = open(path, "rb").read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    said = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        first, last = (8 + length + offset for offset in entry["data_offsets"])
        numbers = numpy.frombuffer(content[first:last], "<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(numbers.copy())
    return said, tensors


def load(path):
    """(model, preparation of its images) of a model.safetensors."""
    said, tensors = read(path)
    model = build(said)
    if isinstance(model, nn.Sequential):
        # nn.Flatten comes first; logistic regression's file has a bare nn.Linear.
        shifted = lambda name: f"{int(name.split('.')[0]) + 1}.{name.split('.')[1]}" if "." in name else f"1.{name}"
        tensors = {shifted(name): tensor for name, tensor in tensors.items()}
    # PyTorch counts batches too, which nothing here needs.
    missing = model.load_state_dict(tensors, strict=False)
    assert not missing.unexpected_keys and all(key.endswith("num_batches_tracked") for key in missing.missing_keys)

    def prepare(images):
        if said["normalize"] == "standard":
            mean, deviation = (
                torch.tensor([float(number) for number in said[key].split(",")]).view(-1, 1, 1)
                for key in ("means", "deviations"))
            return (images - mean) / deviation
        return images / 255 if said["normalize"] == "unit" else images

    return model.eval(), prepare
