"""Accuracy and confusion of a model.safetensors on a folder's test images: python predict.py MODEL FOLDER"""
import sys, torch
from test_images import test_set
from torch_models import load

model, prepare = load(sys.argv[1])
images, labels = test_set(sys.argv[2])
with torch.no_grad():
    predictions = torch.cat([model(prepare(batch)).argmax(1) for batch in images.split(500)])
print(f"accuracy {(predictions == labels).double().mean():.4f} on {len(labels)} samples")
for true in (classes := labels.unique()):
    print(*(f"{count:5}" for count in predictions[labels == true].bincount(minlength=len(classes)).tolist()))
