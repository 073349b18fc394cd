"""Features of images by two small layers, in torch and again in NumPy and SciPy: what stands in for VGG in tests."""

import numpy as np
import torch
from scipy.signal import correlate2d
from torch import Tensor, nn
from torch.nn import functional

MEAN, STD = np.array([0.485, 0.456, 0.406]).reshape(3, 1, 1), np.array([0.229, 0.224, 0.225]).reshape(3, 1, 1)


class ToyTrunk(nn.Module):
    """Two convolutions, a ReLU after each and a pooling between them, of images normalised as ImageNet's are."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, 3, padding=1)
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        normal = (image - torch.from_numpy(MEAN).to(image)) / torch.from_numpy(STD).to(image)
        first = self.first(normal).relu()
        return [first, self.second(functional.max_pool2d(first, 2)).relu()]

    def in_numpy(self, image: np.ndarray) -> list[np.ndarray]:
        """The same two maps of one image `(3, H, W)`, both of whose sides are even."""
        first = np.maximum(_convolved((image - MEAN) / STD, self.first), 0)
        channels, height, width = first.shape
        pooled = first.reshape(channels, height // 2, 2, width // 2, 2).max((2, 4))
        return [first, np.maximum(_convolved(pooled, self.second), 0)]

    def distance(self, images: np.ndarray, others: np.ndarray) -> float:
        """The mean absolute difference of each map, over images `(B, 3, H, W)` too, summed over both maps."""
        pairs = zip(images, others, strict=True)
        apart = [[np.abs(a - b).mean() for a, b in zip(*map(self.in_numpy, pair), strict=True)] for pair in pairs]
        return float(np.mean(apart, axis=0).sum())


def _convolved(planes: np.ndarray, layer: nn.Conv2d) -> np.ndarray:
    weight, bias = layer.weight.double().numpy(), layer.bias.double().numpy()
    made = [
        [correlate2d(plane, kernel, mode="same") for plane, kernel in zip(planes, one, strict=True)] for one in weight
    ]
    return np.sum(made, axis=1) + bias[:, None, None]
