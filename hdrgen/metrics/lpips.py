"""LPIPS: how far apart two images are for a network that was trained to recognise things."""

import math
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from hdrgen.errors import InputError
from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.metrics.precision import full_precision
from hdrgen.nn import SQUEEZENET_CHANNELS, VGG_CHANNELS, SqueezeNetFeatures, VGGFeatures
from hdrgen.weights import load_imagenet, read_weights

SMALLEST_SIDE = 32
"""Pixels; the deepest features of smaller images would be all border."""
_VGG_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
_EPSILON = 1e-8

LPIPSTrunk = Literal["vgg", "squeeze"]
"""VGG-16, or SqueezeNet 1.1."""
_TORCHVISION_NAMES = {"vgg": "vgg16", "squeeze": "squeezenet1_1"}


class PerceptualDistance(nn.Module):
    r"""LPIPS 0.1: :math:`\sum_l \frac{1}{h_l w_l} \sum_{y,x} w_l \cdot (\hat f_l - \hat g_l)^2`.

    :math:`\hat f_l, \hat g_l` are the features of the two images at layer :math:`l`, of length 1 over channels;
    :math:`w_l` are the learnt, non-negative weights of the channels. The scaling of LPIPS, for values in [-1, 1], is
    ImageNet's for values in [0, 1].

    Random as constructed: `pretrained_lpips` loads it.

    Args:
        trunk: See `LPIPSTrunk`.

    Raises:
        InputError: If there is no such trunk.
    """

    def __init__(self, trunk: LPIPSTrunk = "vgg") -> None:
        super().__init__()
        if trunk not in _TORCHVISION_NAMES:
            raise InputError(f"no LPIPS network {trunk!r}; expected one of {', '.join(_TORCHVISION_NAMES)}")
        self.trunk = VGGFeatures(16, _VGG_LAYERS) if trunk == "vgg" else SqueezeNetFeatures()
        widths = VGG_CHANNELS if trunk == "vgg" else SQUEEZENET_CHANNELS
        self.heads = nn.ParameterList(nn.Parameter(torch.rand(width), requires_grad=False) for width in widths)

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """Distance `(B,)` of display values `(B, 3, H, W)` in [0, 1]; 0 for equal images.

        Raises:
            InputError: If a side is shorter than 32 pixels.
        """
        if min(image.shape[-2:]) < SMALLEST_SIDE:
            raise InputError(
                f"LPIPS needs images of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels,"
                f" found {image.shape[-1]} x {image.shape[-2]}"
            )
        layers = zip(self.trunk(image), self.trunk(target), self.heads, strict=True)
        return torch.stack([_layer_distance(found, wanted, head) for found, wanted, head in layers]).sum(0)


def _layer_distance(found: Tensor, wanted: Tensor, head: Tensor) -> Tensor:
    difference = (_directions(found) - _directions(wanted)).square().mean((-2, -1))
    return difference @ head


def _directions(features: Tensor) -> Tensor:
    # The constant is inside the root, as in torchmetrics, so that the gradient of a feature of 0 exists.
    return features / (features.square().sum(1, keepdim=True) + _EPSILON).sqrt()


def pretrained_lpips(
    trunk: LPIPSTrunk = "vgg", weights: str | Path | None = None, heads: str | Path | None = None
) -> PerceptualDistance:
    """A `PerceptualDistance` with ImageNet features and the published heads, in evaluation mode.

    Args:
        trunk: See `LPIPSTrunk`.
        weights: Torchvision's state dict of the trunk; None looks in torch.hub's cache, or downloads into it.
        heads: State dict of the heads as the authors publish them (`lin0.model.1.weight`, ...); None takes the file
            inside torchmetrics, version 0.1.

    Raises:
        InputError: If weights are missing or of something else. The distance is never silently random.
    """
    distance = PerceptualDistance(trunk)
    load_imagenet(
        distance.trunk,
        _TORCHVISION_NAMES[trunk],
        weights,
        f"LPIPS needs ImageNet weights of {_TORCHVISION_NAMES[trunk]}",
        "pass weights=FILE, or leave LPIPS out",
        argument="weights",
    )
    if heads is not None:
        _load_heads(distance, Path(heads))
    else:
        with as_file(files("torchmetrics") / "functional" / "image" / "lpips_models" / f"{trunk}.pth") as path:
            _load_heads(distance, path)
    return distance.eval()


def _load_heads(distance: PerceptualDistance, path: Path) -> None:
    state = read_weights(path, "LPIPS head")
    for layer, head in enumerate(distance.heads):
        found = state.get(f"lin{layer}.model.1.weight")
        if found is None or found.numel() != head.numel():
            raise InputError(
                f"{path}: expected LPIPS head weights, found no fitting entry for 'lin{layer}.model.1.weight';"
                " pass the heads of the same network"
            )
        head.data.copy_(found.flatten())


@full_precision
def lpips(image: Tensor, target: Tensor, distance: PerceptualDistance) -> Tensor:
    """LPIPS of each pair of display values `(B, 3, H, W)` in [0, 1], as `(B,)`; smaller is better.

    Args:
        image: What was made.
        target: The truth.
        distance: The network, from `pretrained_lpips`; it is moved to the images' device and number type.
    """
    distance.to(device=image.device, dtype=image.dtype)
    result: Tensor = distance(image, target)
    return result


class LPIPS(ImageMetric):
    """LPIPS of display values, see `PerceptualDistance`.

    Args:
        network: See `LPIPSTrunk`.
        weights: Torchvision's state dict of the trunk; None looks in torch.hub's cache, or downloads into it.
        heads: State dict of the heads; None takes the file inside torchmetrics.

    Raises:
        InputError: If weights are missing or of something else.
    """

    domain = "display"
    higher_is_better = False
    bounds = (0.0, math.inf)
    reference = (
        "Zhang, Isola, Efros, Shechtman, Wang:"
        ' "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018.'
    )
    outputs = ("lpips",)
    needs = "ImageNet weights of its trunk, from a file or torch.hub's cache"

    def __init__(self, network: LPIPSTrunk = "vgg", weights: str | None = None, heads: str | None = None) -> None:
        super().__init__()
        self.network: LPIPSTrunk = network
        self.weights = weights
        self.heads = heads
        # In a tuple, not as a submodule: its frozen weights stay out of checkpoints and out of half precision.
        self._distance = (pretrained_lpips(network, weights, heads),)

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"lpips": lpips(image, target, *self._distance)}
