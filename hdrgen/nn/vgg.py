"""Convolutional trunks of VGG (Simonyan and Zisserman 2015) with torchvision's weight names.

torchvision itself is not needed: it cannot be imported beside a CPU-only torch. Its published weight files load here.
"""

import pickle
import re
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from hdrgen.errors import InputError

WEIGHT_URLS = {
    16: "https://download.pytorch.org/models/vgg16-397923af.pth",
    19: "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
}
_CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # per block
_WIDTHS = (64, 128, 256, 512, 512)
_MEAN = (0.485, 0.456, 0.406)  # of ImageNet, RGB, display values
_STD = (0.229, 0.224, 0.225)


class VGGFeatures(nn.Module):
    """Named feature maps of a frozen VGG trunk, built only as deep as the deepest name needs.

    Args:
        depth: 16 or 19.
        layers: Names such as `pool3` or `relu4_4`.

    Raises:
        ValueError: If the depth is unknown, or no such layer exists.

    >>> [tuple(f.shape) for f in VGGFeatures(19, ["pool1", "relu2_2"])(torch.zeros(1, 3, 32, 32))]
    [(1, 64, 16, 16), (1, 128, 16, 16)]
    """

    mean: Tensor
    std: Tensor

    def __init__(self, depth: int, layers: Sequence[str]) -> None:
        super().__init__()
        modules, names = _trunk(depth)
        unknown = sorted(set(layers) - set(names))
        if unknown:
            raise ValueError(f"VGG-{depth} has no layer {unknown}; it has {sorted(names)}")
        self.taps = [names[layer] for layer in layers]
        self.features = nn.Sequential(*modules[: max(self.taps) + 1]).requires_grad_(False)
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Feature maps of `image` `(B, 3, H, W)`, display values in [0, 1], one per requested layer."""
        features = (image - self.mean) / self.std
        found: dict[int, Tensor] = {}
        for index, module in enumerate(self.features):
            features = module(features)
            if index in self.taps:
                found[index] = features
        return [found[tap] for tap in self.taps]


def _trunk(depth: int) -> tuple[list[nn.Module], dict[str, int]]:
    """The modules in torchvision's order, and the position of each named layer."""
    if depth not in _CONVOLUTIONS:
        raise ValueError(f"VGG comes with depth {sorted(_CONVOLUTIONS)}, not {depth}")
    modules: list[nn.Module] = []
    names: dict[str, int] = {}
    channels = 3
    for block, (count, width) in enumerate(zip(_CONVOLUTIONS[depth], _WIDTHS, strict=True), 1):
        for position in range(1, count + 1):
            # Not in place: a caller may hold the feature map that the next module would overwrite.
            modules += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=False)]
            names[f"relu{block}_{position}"] = len(modules) - 1
            channels = width
        modules.append(nn.MaxPool2d(2))
        names[f"pool{block}"] = len(modules) - 1
    return modules, names


def pretrained_vgg(depth: int, layers: Sequence[str], weights: str | Path | None = None) -> VGGFeatures:
    """A trunk with ImageNet weights, in evaluation mode.

    The weights come from the file `weights`, or from torch.hub's cache, or are downloaded into that cache.

    Raises:
        InputError: If none of the three has them. The features are never silently random.
    """
    trunk = VGGFeatures(depth, layers)
    state = _read_weights(Path(weights)) if weights else _cached_weights(depth)
    wanted = trunk.state_dict()
    missing = [name for name in wanted if name not in state or state[name].shape != wanted[name].shape]
    if missing:
        source = weights or WEIGHT_URLS[depth]
        raise InputError(
            f"{source}: expected the weights of torchvision's vgg{depth}, found no fitting entry for {missing[0]!r}; "
            "pass a state dict saved from that network"
        )
    trunk.load_state_dict({name: state[name] for name in wanted})
    return trunk.eval()


def _read_weights(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise InputError(f"{path}: no such file of VGG weights; expected a torchvision state dict (.pth)")
    try:
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(f"{path}: cannot be read as VGG weights ({str(error).splitlines()[0]})") from error
    return state


def _cached_weights(depth: int) -> dict[str, Tensor]:
    url = WEIGHT_URLS[depth]
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[1]
    if not path.is_file():
        _download(url, path)
    return _read_weights(path)


def _download(url: str, path: Path) -> None:
    """Fetch into torch.hub's cache, checked against the hash in the file's name."""
    expected = re.search(r"-([0-9a-f]{8})\.", url)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(url, str(path), hash_prefix=expected[1] if expected else None)
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"the perceptual loss needs ImageNet weights of VGG, found none at {path} and could not download {url} "
            f"({error}); pass a file with --model.perceptual_weights, or set --model.perceptual_weight 0"
        ) from error
