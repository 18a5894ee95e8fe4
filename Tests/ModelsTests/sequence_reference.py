"""Runs our networks of sequences in PyTorch, in double precision, and writes what SequenceReferenceTests.swift expects of them:

    python3 sequence_reference.py > sequence_reference.json

Written with PyTorch 2.13. Parameters and characters are given by formulas that SequenceReference.swift has too, so that only
results are stored: loss and outputs, of each gradient its norm and some of its numbers, and after five steps of AdamW the
losses and the same of each parameter.
"""

import json, pathlib, sys

import numpy, torch
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "docs" / "experiments"))
from reference_numbers import uniform
from torch_models import RecurrentNetwork, Transformer

CHARACTERS, SEQUENCES, STEPS, ENTRIES = 13, 3, 5, 24
# So large that a gradient which is zero but for rounding, as that of the keys' biases, moves nothing.
EPSILON = 1e-3
CASES = [
    dict(model="gpt", layers=2, heads=2, width=24, context=40), dict(model="gpt", layers=1, heads=1, width=16, context=7),
    dict(model="lstm", layers=2, hidden=24, context=12), dict(model="lstm", layers=1, hidden=16, context=5),
]


def formula(name, shape, stream):
    """Weights of ±√(3 / inputs), normalisations around 1, biases around 0."""
    u = uniform(stream, int(numpy.prod(shape)))
    if len(shape) > 1:
        u = u * numpy.sqrt(3.0 / shape[-1])
    elif ".ln_" in name and name.endswith("weight"):
        u = 1 + 0.3 * u
    else:
        u = 0.2 * u
    return torch.from_numpy(u.astype(numpy.float32).astype(numpy.float64).reshape(shape))


def numbers(tensor):
    return [float(f"{number:.8g}") for number in tensor.detach().flatten().tolist()]


def some(name, tensor):
    flat = tensor.detach().flatten()
    entries = flat[[index * 7919 % flat.numel() for index in range(min(ENTRIES, flat.numel()))]]
    return {"name": name, "shape": list(tensor.shape), "norm": flat.norm().item(), "numbers": numbers(entries)}


def run(model, context, **sizes):
    if model == "gpt":
        network = Transformer(sizes["layers"], sizes["heads"], sizes["width"], context, CHARACTERS).double()
    else:
        network = RecurrentNetwork(sizes["layers"], sizes["hidden"], CHARACTERS).double()
    named = list(network.named_parameters())
    with torch.no_grad():
        for index, (name, parameter) in enumerate(named):
            parameter.copy_(formula(name, tuple(parameter.shape), 1001 + index))
    place = torch.arange(SEQUENCES * (context + 1))
    text = ((31 * place * place + 7 * place) % 101 % CHARACTERS).view(SEQUENCES, context + 1)
    inputs, targets = text[:, :-1], text[:, 1:].flatten()
    matrices = [parameter for _, parameter in named if parameter.dim() > 1]
    others = [parameter for _, parameter in named if parameter.dim() < 2]
    optimizer = torch.optim.AdamW(
        [dict(params=matrices, weight_decay=0.1), dict(params=others, weight_decay=0.0)], lr=0.01, betas=(0.9, 0.99),
        eps=EPSILON)
    losses = []
    for step in range(STEPS):
        outputs = network(inputs)
        loss = functional.cross_entropy(outputs.flatten(0, 1), targets)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            first, gradients = numbers(outputs), [some(name, parameter.grad) for name, parameter in named]
        losses.append(loss.item())
        optimizer.step()
    return {
        "model": model, "context": context, **sizes, "losses": losses, "outputs": first, "gradients": gradients,
        "parameters": [some(name, parameter) for name, parameter in named],
    }


print(json.dumps([run(**case) for case in CASES]))
