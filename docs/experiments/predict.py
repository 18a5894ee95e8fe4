"""Loads an mlp's model.safetensors into PyTorch and prints its accuracy on the test images of a folder in MNIST's format:
python predict.py runs/NAME/model.safetensors /usr/share/datasets/fashion-mnist"""

import glob, gzip, json, struct, sys
import numpy, torch

content = open(sys.argv[1], "rb").read()
(length,) = struct.unpack("<Q", content[:8])
header = json.loads(content[8 : 8 + length])
said = header.pop("__metadata__")
tensors = {}
for name, entry in header.items():
    first, last = (8 + length + offset for offset in entry["data_offsets"])
    numbers = numpy.frombuffer(content[first:last], "<f4").reshape(entry["shape"])
    tensors[name] = torch.from_numpy(numbers.copy())

modules = []
for name in sorted((name for name in tensors if name.endswith("weight")), key=lambda name: int(name.split(".")[0])):
    outputs, inputs = tensors[name].shape
    modules += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
model = torch.nn.Sequential(*modules[:-1])
model.load_state_dict(tensors)


def read_idx(pattern):
    (path,) = glob.glob(f"{sys.argv[2]}/{pattern}")
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
    return torch.from_numpy(numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * data[3]).copy())


labels = read_idx("t10k-labels-idx1-ubyte*")
images = read_idx("t10k-images-idx3-ubyte*").reshape(len(labels), -1).float()
if said["normalize"] == "standard":
    images = (images - float(said["means"])) / float(said["deviations"])
elif said["normalize"] == "unit":
    images = images / 255
with torch.no_grad():
    predictions = model(images).argmax(1)
confusion = torch.zeros(10, 10, dtype=int)
confusion.index_put_((labels.long(), predictions), torch.tensor(1), accumulate=True)
print(f"accuracy {(predictions == labels).double().mean():.4f} on {len(labels)} samples")
print("\n".join(" ".join(f"{count:5}" for count in row) for row in confusion.tolist()))
