"""What every exported program has in common: photographs of any size in, padding and cutting inside."""

import copy
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from hdrgen.methods import HDRModule

TRACED = (3, 5)
"""Height and width of the example that a program is traced with, in multiples of its unit, and some pixels."""
IMAGE, EXPOSURES, HDR = "image", "exposures", "hdr"
Port = dict[str, Any]
"""An input or output as the card describes it: name, type, shape, and what it is."""


class Program(nn.Module):
    """What a method does without tiles, for any size.

    Images are padded by reflection to the method's multiple and the results are cut, as `HDRModule.in_tiles` does it;
    all by looking up rows and columns, which the exporters can follow for every size.

    Args:
        method: It is copied, in evaluation mode.
        smallest: Side in pixels of the smallest image that it takes, a multiple of the method's.
    """

    def __init__(self, method: HDRModule, smallest: int) -> None:
        super().__init__()
        self.method = _settled(method)
        self.multiple = method.multiple
        self.smallest = smallest

    @abstractmethod
    def takes(self) -> list[Port]:
        """The inputs, for the card; those whose shape names H and W are images."""

    @abstractmethod
    def makes(self) -> list[Port]:
        """The outputs, for the card."""

    @abstractmethod
    def inputs(self, height: int, width: int) -> dict[str, Tensor]:
        """Inputs of some size, the same each time."""

    @abstractmethod
    def expected(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """What the method itself makes of the inputs."""

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs."""
        return [port["name"] for port in self.makes()]

    def example(self) -> dict[str, Tensor]:
        """Inputs to trace it with."""
        height, width = (times * self.smallest + self.multiple // 2 for times in TRACED)
        return self.inputs(height, width)

    def tiles(self) -> dict[str, Any]:
        """How a larger photograph may be cut into tiles, for the card."""
        exact = not self.method.context
        about = (
            "tiles that begin and end at the multiple and overlap give what hdrgen gives in such tiles"
            if exact
            else "the network normalises by the whole photograph, which a tile is not: no tiles"
        )
        sizes = {"multiple": self.multiple, "smallest": self.smallest, "overlap": self.method.overlap}
        return {"exact": exact, **sizes, "about": about}

    def padded(self, image: Tensor) -> Tensor:
        """`(..., H, W)`, extended to the method's multiple by reflection."""
        rows, columns = (reflected(side, self.multiple) for side in image.shape[-2:])
        return image.index_select(-2, rows).index_select(-1, columns)


def port(name: str, shape: list[Any], about: str, **more: Any) -> Port:
    """An input or output of float32."""
    return {"name": name, "type": "float32", "shape": shape, **more, "about": about}


def cut(output: Tensor, like: Tensor) -> Tensor:
    """`output`, without what padding has added to the image `like`."""
    height, width = like.shape[-2:]
    return output.index_select(-2, torch.arange(height)).index_select(-1, torch.arange(width))


def reflected(side: int, multiple: int) -> Tensor:
    """Which row stands where, once `side` rows are extended to a multiple by reflection, `side >= multiple`.

    >>> reflected(5, 4).tolist()
    [0, 1, 2, 3, 4, 3, 2, 1]
    """
    place = torch.arange((side + multiple - 1) // multiple * multiple)
    return (side - 1) - ((side - 1) - place).abs()


def example_photograph(height: int, width: int) -> Tensor:
    """A photograph `(1, 3, H, W)` that holds all display values."""
    ramp = torch.linspace(0, 1, height)[:, None] * torch.linspace(0.2, 1, width)
    image = torch.stack([ramp, ramp.flip(0), ramp.flip(1)])[None]
    return (image + 0.2 * torch.sin(7 * image.cumsum(-1))).clamp(0, 1)


def _settled(method: HDRModule) -> HDRModule:
    """A copy on the CPU whose switches, tensors in a checkpoint, are plain values that decide before a program runs."""
    settled = copy.deepcopy(method).cpu().eval()
    for module in settled.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if buffer.dtype == torch.bool and buffer.ndim == 0:
                delattr(module, name)
                setattr(module, name, bool(buffer))
    return settled
