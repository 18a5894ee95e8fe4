"""Accuracy and confusion of a model.safetensors on a folder's test images: python predict.py MODEL FOLDER"""
import sys, torch
from test_images import test_set
from torch_models import load

model, prepare = load(sys.argv[1])
images, labels = test_set(sys.argv[2])
with torch.no_grad():
    predictions = torch.cat([model(prepare(batch)).argmax(1) for batch in images.split(500)])
confusion = torch.sparse_coo_tensor(torch.stack((labels, predictions)), torch.ones(len(labels), dtype=int)).to_dense()
print(f"accuracy {(predictions == labels).double().mean():.4f} on {len(labels)} samples")
print("\n".join(" ".join(f"{count:5}" for count in row) for row in confusion.tolist()))
