"""Loads a model.safetensors into PyTorch and prints its accuracy and confusion on test images, in a folder of CIFAR-10's
or of MNIST's files: python predict.py runs/NAME/model.safetensors FOLDER"""

import glob, gzip, sys
import numpy, torch
from torch_models import load


def test_set(folder):
    """(images (count, channels, height, width) of 0...255, labels)"""
    if records := glob.glob(f"{folder}/test_batch.bin"):
        data = numpy.fromfile(records[0], numpy.uint8).reshape(-1, 3073)
        return torch.tensor(data[:, 1:]).view(-1, 3, 32, 32).float(), torch.tensor(data[:, 0]).long()
    contents = []
    for pattern in ("t10k-images-idx3-ubyte*", "t10k-labels-idx1-ubyte*"):
        (path,) = glob.glob(f"{folder}/{pattern}")
        data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
        shape = numpy.frombuffer(data, ">i4", count=data[3], offset=4).tolist()
        contents.append(torch.tensor(numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * data[3])).view(shape))
    return contents[0].unsqueeze(1).float(), contents[1].long()


model, prepare = load(sys.argv[1])
images, labels = test_set(sys.argv[2])
with torch.no_grad():
    predictions = torch.cat([model(prepare(batch)).argmax(1) for batch in images.split(500)])
confusion = torch.zeros(int(labels.max()) + 1, int(labels.max()) + 1, dtype=int)
confusion.index_put_((labels, predictions), torch.tensor(1), accumulate=True)
print(f"accuracy {(predictions == labels).double().mean():.4f} on {len(labels)} samples")
print("\n".join(" ".join(f"{count:5}" for count in row) for row in confusion.tolist()))
