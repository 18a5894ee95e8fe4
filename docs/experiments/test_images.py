"""The test images in a folder of CIFAR-10's or of MNIST's files."""

import glob, gzip
import numpy, torch


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
