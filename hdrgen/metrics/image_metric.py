"""What all metrics of pairs of images share: mean and deviation over images, and the settings that made them."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any, ClassVar

import torch
import torchmetrics
from torch import Tensor

from hdrgen.metrics.checking import Domain, check_images
from hdrgen.metrics.precision import promote, without_autocast
from hdrgen.precision import finest

Setting = float | str | bool | None


class ImageMetric(torchmetrics.Metric):
    r"""Numbers of each pair of images, and their mean and standard deviation over images.

    Every image counts once, whatever its size or batch: with :math:`v_i` the number of image :math:`i` of :math:`n`,
    the mean is :math:`\frac{1}{n}\sum_i v_i` and the deviation :math:`\sqrt{\frac{1}{n}\sum_i v_i^2 - \text{mean}^2}`
    (that of NumPy's `std`). The sums are float64 (float32 on MPS, which has no other), also inside a network of
    half precision, and are added up over processes.

    A metric sets the class variables, `outputs`, and `measure`; its arguments stay under their own names as
    attributes, where `settings` finds them.
    """

    full_state_update = False
    higher_is_better: bool
    is_differentiable: bool = True
    domain: ClassVar[Domain]
    bounds: ClassVar[tuple[float, float]]
    """Smallest and largest value of the headline number."""
    reference: ClassVar[str]
    """The paper that defines it."""
    outputs: tuple[str, ...]
    """Names of the numbers; the first is the headline."""
    opposite: ClassVar[tuple[str, ...]] = ()
    """Those of `outputs` whose better direction is not `higher_is_better`."""
    unit: ClassVar[str] = ""
    """Of the numbers; none for plain ones."""
    needs: ClassVar[str] = ""
    """What has to be there beside hdrgen itself: weights, a package."""

    images: Tensor
    total: Tensor
    squares: Tensor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("images", "total", "squares"):
            size = () if name == "images" else (len(self.outputs),)
            self.add_state(name, torch.zeros(size, dtype=torch.float64), dist_reduce_fx="sum")

    @abstractmethod
    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """The numbers of each pair; changes nothing.

        Args:
            image: `(B, 3, H, W)`, in the metric's `domain`.
            target: The truth, same shape.

        Returns:
            `(B,)` under each name of `outputs`.
        """

    def examine(self, image: Tensor, target: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """What `measure` says, and what the metric says about each pixel, where it does: `(B, 1, H, W)` in [0, 1].

        Args:
            image: See `measure`.
            target: See `measure`.
        """
        return self.measure(image, target), {}

    def update(self, image: Tensor, target: Tensor, scenes: Sequence[str] | None = None) -> None:
        """Count the images of a batch in.

        Args:
            image: As `measure` takes it.
            target: The truth, same shape.
            scenes: Names for the error; by default the images are counted from 0.

        Raises:
            InputError: What `check_images` does not let through.
        """
        scenes = scenes or [f"image {int(self.images) + index}" for index in range(image.shape[0])]
        with without_autocast(image.device.type):
            image = check_images(image, target, scenes, self.domain)
            values = self.measure(promote(image), promote(target))
        stacked = torch.stack([values[name] for name in self.outputs]).to(self.total)
        self.images += stacked.shape[1]
        self.total += stacked.sum(1)
        self.squares += stacked.square().sum(1)

    def compute(self) -> dict[str, Tensor]:
        """Mean (`name`) and standard deviation (`name_std`) over the images so far, of every output."""
        mean = self.total / self.images
        deviation = (self.squares / self.images - mean.square()).clamp_min(0).sqrt()
        names = [*self.outputs, *(f"{name}_std" for name in self.outputs)]
        return dict(zip(names, torch.cat([mean, deviation]), strict=True))

    @classmethod
    def name(cls) -> str:
        """What the command line calls it: the words that all its outputs begin with.

        >>> from hdrgen.metrics import PU21PSNR
        >>> PU21PSNR.outputs, PU21PSNR.name()
        (('pu21_psnr', 'pu21_psnr_y'), 'pu21_psnr')
        """
        words = zip(*(output.split("_") for output in cls.outputs), strict=False)
        return "_".join(same[0] for same in takewhile(lambda at: len(set(at)) == 1, words))

    @classmethod
    def better_higher(cls, output: str) -> bool:
        """Whether larger values of one of the outputs are better."""
        return cls.higher_is_better is not (output in cls.opposite)

    def settings(self) -> dict[str, Setting]:
        """Every parameter that made the numbers: the arguments of the class, by name."""
        names = [
            name for name, value in inspect.signature(type(self)).parameters.items() if value.kind != value.VAR_KEYWORD
        ]
        return {name: getattr(self, name) for name in names}

    def _apply(self, fn: Callable[[Tensor], Tensor], exclude_state: Sequence[str] = "") -> ImageMetric:
        """Move with the network, but stay as precise as the device allows where the network becomes half precision."""
        super()._apply(fn, exclude_state=tuple(self._defaults))
        device = fn(torch.zeros(1, device=self.images.device)).device
        dtype = finest(device)
        for name, value in self._defaults.items():
            self._defaults[name] = value.to(device, dtype)  # type: ignore[union-attr]
            setattr(self, name, getattr(self, name).to(device, dtype))
        return self
