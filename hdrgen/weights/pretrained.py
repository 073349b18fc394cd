"""ImageNet weights for the trunks: from a file, from torch.hub's cache, or into that cache; never silently random."""

import re
from pathlib import Path

import torch
from torch import Tensor, nn

from hdrgen.errors import InputError
from hdrgen.weights.torch_files import Unreadable, read_torch

WEIGHT_URLS = {
    "vgg16": "https://download.pytorch.org/models/vgg16-397923af.pth",
    "vgg19": "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    "vgg16_bn": "https://download.pytorch.org/models/vgg16_bn-6c64b313.pth",
    "squeezenet1_1": "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
}


def load_imagenet(
    network: nn.Module, name: str, weights: str | Path | None, purpose: str, advice: str, argument: str
) -> None:
    """Load the weights of torchvision's `name` into `network`, which has its names and may be a part of it.

    Args:
        network: Changed in place.
        name: A key of `WEIGHT_URLS`.
        weights: A state dict file; None takes torch.hub's cache, downloading into it first if need be.
        purpose: Who needs the weights, for the error.
        advice: What a user can do without, for the error.
        argument: That the file is passed as, for the error.

    Raises:
        InputError: If there are no weights to be had, or they are not this network's.
    """
    state = read_weights(Path(weights), name) if weights else _cached_weights(name, purpose, advice, argument)
    # The published file of vgg16_bn is older than BatchNorm's count of batches, which nothing here reads.
    needed = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    missing = [key for key in needed if key not in state or state[key].shape != needed[key].shape]
    if missing:
        raise InputError(
            f"{weights or WEIGHT_URLS[name]}: expected the weights of torchvision's {name}, found no fitting entry for"
            f" {missing[0]!r}; pass a state dict saved from that network"
        )
    network.load_state_dict({key: state[key] for key in needed}, strict=False)


def read_weights(path: Path, name: str) -> dict[str, Tensor]:
    """The tensors of a state dict file, by name; nothing in it is run.

    Args:
        path: The file.
        name: What it should hold, for the error.

    Raises:
        InputError: If there is no such file, or it is something else.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file of {name} weights; expected a state dict (.pth)")
    try:
        state = read_torch(path)
    except Unreadable as error:
        raise InputError(f"{path}: cannot be read as {name} weights ({str(error).partition(chr(10))[0]})") from error
    if not isinstance(state, dict):
        raise InputError(f"{path}: expected {name} weights by name, found a {type(state).__name__}")
    return state


def _cached_weights(name: str, purpose: str, advice: str, argument: str) -> dict[str, Tensor]:
    url = WEIGHT_URLS[name]
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[1]
    if not path.is_file():
        try:
            _download(url, path)
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"{purpose}, found none at {path} and could not download {url} ({error}); {advice}", argument
            ) from error
    return read_weights(path, name)


def _download(url: str, path: Path) -> None:
    """Fetch into torch.hub's cache, checked against the hash in the file's name."""
    expected = re.search(r"-([0-9a-f]{8})\.", url)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.hub.download_url_to_file(url, str(path), hash_prefix=expected[1] if expected else None)
