"""What the packaged weights make of one photograph, in a few numbers; `python -m tests.weights.packaged` keeps them.

To be run again, and its file committed, whenever a packaged file changes; the test compares with what is kept.
"""

import json
import warnings
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

import hdrgen
from hdrgen.data import Batch
from hdrgen.exporting.weights_file import results_of
from hdrgen.methods import HDRModule

KEPT = Path(__file__).with_name("packaged_values.json")
CELLS = (4, 6)
"""Rows and columns of the means that are kept of each image."""
SIZE = (96, 144)


def radiance() -> Tensor:
    """A room `(3, H, W)` by formula: a wall of stripes and a ramp, a window of 4 and a lamp of 30 times white."""
    y, x = torch.meshgrid(*(torch.linspace(0, 1, side) for side in SIZE), indexing="ij")
    wall = (0.02 + 0.5 * x) * (0.7 + 0.3 * torch.sin(40 * y + 9 * x))
    room = torch.stack([wall, 0.9 * wall, (0.6 + 0.3 * y) * wall])
    window, lamp = (x - 0.25).abs().maximum((y - 0.4).abs()) < 0.15, (x - 0.75) ** 2 + (y - 0.3) ** 2 < 0.01
    room[:, window] = torch.tensor([3.6, 4.0, 4.4])[:, None] * (0.6 + 0.4 * y[window])
    room[:, lamp] = torch.tensor([30.0, 26.0, 20.0])[:, None]
    return room


def batch_of(method: HDRModule) -> Batch:
    """The photograph, or the bracket, of that room, with 8 bits."""
    stops = torch.tensor([-2.0, 0.0, 2.0] if method.input == "bracket" else [0.0])
    exposures = (radiance() * torch.exp2(stops)[:, None, None, None]).clamp(0, 1) ** (1 / 2.2)
    ldr = ((255 * exposures).round() / 255)[None]
    return {"ldr": ldr, "ev": stops[None], "ref": torch.tensor([len(stops) // 2]), "scene": ["room"]}


def values_of(method: HDRModule) -> list[float]:
    """Means over cells of all that the network makes, in stops relative to white, as much as 8 bits tell of shadows."""
    made = torch.cat([result.flatten(0, -4) for result in results_of(method, batch_of(method))])
    means = adaptive_avg_pool2d(made, CELLS)
    return [round(value, 4) for value in torch.log2(means + 1 / 256).flatten().tolist()]


def keep() -> None:
    """Write the values of all packaged weights."""
    packaged = [entry for entry in hdrgen.catalogue() if entry.packaged]
    values = {entry.name: values_of(hdrgen.load(entry.path, device="cpu").method) for entry in packaged}
    lines = (f"{json.dumps(name)}: {json.dumps(each)}" for name, each in values.items())
    KEPT.write_text(f"{{{','.join(lines)}}}\n".replace("],", "],\n"), encoding="utf-8")
    print(f"{KEPT}: {', '.join(values) or 'no weights are packaged'}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    keep()
