"""Convolutional trunks of VGG (Simonyan and Zisserman 2015) with torchvision's weight names.

torchvision itself is not needed: it cannot be imported beside a CPU-only torch. Its published weight files load here.
"""

import pickle
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from hdrgen.errors import InputError

WEIGHT_URLS = {
    "vgg16": "https://download.pytorch.org/models/vgg16-397923af.pth",
    "vgg19": "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    "vgg16_bn": "https://download.pytorch.org/models/vgg16_bn-6c64b313.pth",
}
_CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # per block
VGG_CHANNELS = (64, 128, 256, 512, 512)
"""Width of each block of every VGG."""
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
        modules, names = _trunk(depth, VGG_CHANNELS)
        unknown = sorted(set(layers) - set(names))
        if unknown:
            raise ValueError(f"VGG-{depth} has no layer {unknown}; it has {sorted(names)}")
        self.taps = [names[layer] for layer in layers]
        self.features = nn.Sequential(*modules[: max(self.taps) + 1]).requires_grad_(False)
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Feature maps of `image` `(B, 3, H, W)`, display values in [0, 1], one per requested layer."""
        return _tapped(self.features, (image - self.mean) / self.std, self.taps)


class VGGEncoder(nn.Module):
    """The first blocks of VGG-16 with batch normalisation, to be trained: an encoder for a U-Net.

    With the first widths of `VGG_CHANNELS`, ImageNet's weights fit, see `load_vgg16_bn`.

    Args:
        channels: Width of each block, one to five of them.

    Raises:
        InputError: If there are no blocks, more than five, or one without channels.

    >>> [tuple(f.shape) for f in VGGEncoder((4, 8))(torch.zeros(1, 3, 16, 16))]
    [(1, 4, 16, 16), (1, 8, 8, 8), (1, 8, 4, 4)]
    """

    def __init__(self, channels: Sequence[int] = VGG_CHANNELS[:3]) -> None:
        if not 1 <= len(channels) <= len(VGG_CHANNELS) or min(channels) < 1:
            raise InputError(f"expected the widths of one to five VGG blocks, 1 or more each, found {list(channels)}")
        super().__init__()
        modules, names = _trunk(16, channels, normalised=True)
        last_relus = [f"relu{block}_{count}" for block, count in enumerate(_CONVOLUTIONS[16][: len(channels)], 1)]
        self.channels = tuple(channels)
        self.multiple = 2 ** len(channels)
        self.taps = [names[name] for name in (*last_relus, f"pool{len(channels)}")]
        self.features = nn.Sequential(*modules)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features of `image` `(B, 3, H, W)`: of each block before its pooling, and of the last one after it."""
        return _tapped(self.features, image, self.taps)


def _tapped(modules: Iterable[nn.Module], features: Tensor, taps: Sequence[int]) -> list[Tensor]:
    found: dict[int, Tensor] = {}
    for index, module in enumerate(modules):
        features = module(features)
        if index in taps:
            found[index] = features
    return [found[tap] for tap in taps]


def _trunk(depth: int, widths: Sequence[int], normalised: bool = False) -> tuple[list[nn.Module], dict[str, int]]:
    """The modules in torchvision's order, a block for each width, and the position of each named layer."""
    if depth not in _CONVOLUTIONS:
        raise ValueError(f"VGG comes with depth {sorted(_CONVOLUTIONS)}, not {depth}")
    modules: list[nn.Module] = []
    names: dict[str, int] = {}
    channels = 3
    for block, (count, width) in enumerate(zip(_CONVOLUTIONS[depth], widths, strict=False), 1):
        for position in range(1, count + 1):
            modules.append(nn.Conv2d(channels, width, 3, padding=1))
            modules += [nn.BatchNorm2d(width)] if normalised else []
            # Not in place: a caller may hold the feature map that the next module would overwrite.
            modules.append(nn.ReLU(inplace=False))
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
    _load(
        trunk,
        f"vgg{depth}",
        weights,
        "the perceptual loss needs ImageNet weights of VGG",
        "pass a file with --model.perceptual_weights, or set --model.perceptual_weight 0",
    )
    return trunk.eval()


def load_vgg16_bn(encoder: VGGEncoder, weights: str | Path | None = None) -> None:
    """Load ImageNet weights into `encoder`, by the same rule as `pretrained_vgg`.

    Raises:
        InputError: If there are no weights to be had, or the encoder has other widths than VGG.
    """
    widths = list(VGG_CHANNELS[: len(encoder.channels)])
    if list(encoder.channels) != widths:
        raise InputError(
            f"expected an encoder of the widths {widths} for the ImageNet weights of vgg16_bn, found"
            f" {list(encoder.channels)}; start at random with --model.pretrained false"
        )
    _load(
        encoder,
        "vgg16_bn",
        weights,
        "the encoder starts from ImageNet weights of VGG",
        "pass a file with --model.encoder_weights, or start at random with --model.pretrained false",
    )


def _load(network: nn.Module, name: str, weights: str | Path | None, purpose: str, advice: str) -> None:
    state = _read_weights(Path(weights)) if weights else _cached_weights(name, purpose, advice)
    # The published file of vgg16_bn is older than BatchNorm's count of batches, which nothing here reads.
    wanted = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    missing = [key for key in wanted if key not in state or state[key].shape != wanted[key].shape]
    if missing:
        raise InputError(
            f"{weights or WEIGHT_URLS[name]}: expected the weights of torchvision's {name}, found no fitting entry for"
            f" {missing[0]!r}; pass a state dict saved from that network"
        )
    network.load_state_dict({key: state[key] for key in wanted}, strict=False)


def _read_weights(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise InputError(f"{path}: no such file of VGG weights; expected a torchvision state dict (.pth)")
    try:
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(f"{path}: cannot be read as VGG weights ({str(error).splitlines()[0]})") from error
    return state


def _cached_weights(name: str, purpose: str, advice: str) -> dict[str, Tensor]:
    url = WEIGHT_URLS[name]
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[1]
    if not path.is_file():
        try:
            _download(url, path)
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"{purpose}, found none at {path} and could not download {url} ({error}); {advice}"
            ) from error
    return _read_weights(path)


def _download(url: str, path: Path) -> None:
    """Fetch into torch.hub's cache, checked against the hash in the file's name."""
    expected = re.search(r"-([0-9a-f]{8})\.", url)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.hub.download_url_to_file(url, str(path), hash_prefix=expected[1] if expected else None)
