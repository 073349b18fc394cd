"""The authors' own weights of a method, from their arrays to a file of hdrgen.

    P=hdrgen/weights/packaged
    python -m experiments.weights.official expandnet expandnet_official.npz -o $P/expandnet.safetensors

The arrays are the tensors of the file that the authors publish (`numpy.savez(path, **{name: value.numpy() ...})` of its
state dict), in PyTorch's layout and in the order in which it lists them. Nothing is computed: each becomes the tensor
of hdrgen's network that stands at its place, and its shape is checked. The card beside the file keeps its text.
"""

import argparse
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from pytorch_lightning import Trainer

from hdrgen.exporting import export_weights
from hdrgen.methods import LHDR, ExpandNet, HDRModule

BASE = "msnet.global_branch"
LEGACY = {
    **{f"tone.layers.{i}": f"mlp.conv{i + 1}" for i in range(4)},
    **{f"tone.scales.{i}": f"mlp.cond_scale{i + 1}" for i in range(4)},
    **{f"tone.shifts.{i}": f"mlp.cond_shift{i + 1}" for i in range(4)},
    "tone.statistics.first": "mlp.cond_net.conv1",
    "tone.statistics.parallel": "mlp.cond_net.conv2",
    "tone.statistics.last": "mlp.cond_net.conv3",
    "detail.first": "msnet.decompose.conv_h",
    "detail.layers": "msnet.local_branch",
    "detail.last": "msnet.conv0",
    "base.first": "msnet.decompose.conv_l",
    "base.trust": f"{BASE}.mask_est_pconv",
    "base.encode": f"{BASE}.recon_trunk_f",
    "base.encode_deep": f"{BASE}.recon_trunk_mp",
    "base.down": f"{BASE}.down_conv",
    "base.decode_deep": f"{BASE}.recon_trunk_ms",
    "base.decode": f"{BASE}.recon_trunk_e",
    "base.up": f"{BASE}.up_conv",
    "base.common": f"{BASE}.cond_com",
    "base.condition1": f"{BASE}.cond_1e",
    "base.condition2": f"{BASE}.cond_2",
    "base.last": "msnet.upconv0",
}
PARTS: dict[str, tuple[type[HDRModule], dict[str, str]]] = {
    "expandnet": (ExpandNet, {"local": "local", "dilated": "dilated", "whole": "global", "fuse": "fuse"}),
    "lhdr": (LHDR, LEGACY),
}
"""The method, and of each part of its network the beginning of the authors' names."""


def main() -> None:
    """Convert the arrays of one method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(PARTS))
    parser.add_argument("arrays", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    kind, parts = PARTS[options.name]
    method = kind()
    with np.load(options.arrays, allow_pickle=False) as arrays:
        fill(method.network, parts, arrays)
    options.output.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        export_weights(checkpoint_of(method, Path(folder)), options.output)


@torch.no_grad()
def fill(network: torch.nn.Module, parts: Mapping[str, str], arrays: Mapping[str, np.ndarray]) -> None:
    """Put the arrays into the parts of a network, in their order.

    Raises:
        ValueError: One of another shape, one too many, or one too few.
    """
    ours, left = dict(network.named_parameters()), set(arrays)
    for own, theirs in parts.items():
        pairs = zip(starting_with(own, ours), starting_with(theirs, arrays), strict=True)
        for name, other in pairs:
            if ours[name].shape != arrays[other].shape:
                raise ValueError(f"{name} has {tuple(ours[name].shape)}, {other} has {arrays[other].shape}")
            ours.pop(name).copy_(torch.from_numpy(arrays[other]))
            left.remove(other)
    if ours or left:
        raise ValueError(f"without a counterpart: {sorted(ours)} of the network, {sorted(left)} of the arrays")


def starting_with(part: str, names: Iterable[str]) -> list[str]:
    """Those below a part, in their order."""
    return [name for name in names if name.startswith(f"{part}.")]


def checkpoint_of(method: HDRModule, folder: Path) -> Path:
    """The method as Lightning saves it, from where it is exported."""
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_model_summary=False)
    trainer.strategy.connect(method)
    trainer.save_checkpoint(folder / "official.ckpt")
    return folder / "official.ckpt"


if __name__ == "__main__":
    main()
