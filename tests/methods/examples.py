"""Every method at a size that trains in seconds. A new method adds one entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from hdrgen.camera import Gamma, form_image
from hdrgen.data import Sample
from hdrgen.data.dataset import StackDataset
from hdrgen.methods import (
    CEVR,
    HDRCNN,
    HDRGAN,
    LHDR,
    AdaptiveITM,
    AHDRNet,
    DeepHDR,
    DeepRecursiveHDRI,
    DeepReverseToneMapping,
    DeepSynthHDRI,
    ExpandNet,
    GMNet,
    HDRModule,
    HDRTransformer,
    HDRUNet,
    InverseCamera,
    Kalantari2017,
    MultiExposureGeneration,
    NHDRRNet,
    SAFNet,
    Santos2020,
    SingleHDR,
)

EV = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


class Ramps(StackDataset):
    """Smooth coloured radiance with a bright disc, seven whole stops through gamma 2.2: no two scenes alike.

    Args:
        count: Number of scenes.
        size: Height and width in pixels.
        ev: The exposures of each scene, ascending, 0 among them.
    """

    def __init__(self, count: int = 4, size: int = 64, ev: Sequence[float] = EV) -> None:
        self.count = count
        self.size = size
        self.ev = torch.tensor(ev)

    def __len__(self) -> int:
        return self.count

    def scene(self, index: int) -> str:
        return f"ramp{index}"

    def exposures(self, index: int) -> Tensor:
        return self.ev

    def reference(self, index: int) -> int:
        return self.ev.tolist().index(0)

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        x = torch.linspace(-4, 1, self.size).exp2()
        y, tint = x.roll(7 * index)[:, None], torch.tensor([1.0, 0.7, 0.4]).roll(index).view(3, 1, 1)
        disc = ((torch.linspace(-1, 1, self.size) ** 2 + torch.linspace(-1, 1, self.size)[:, None] ** 2) < 0.2).float()
        hdr = (x + y) * tint + 3 * disc
        ldr = form_image(hdr, self.ev[list(frames)], Gamma(2.2))
        reference = self.reference(index)
        ref = list(frames).index(reference) if reference in frames else 0
        return {
            "ldr": ldr,
            "ev": self.ev[list(frames)],
            "ref": torch.tensor(ref),
            "hdr": hdr,
            "scene": self.scene(index),
            "inverse_response": Gamma(2.2).inverse(torch.linspace(0, 1, 1024)),
        }


@dataclass(frozen=True)
class Example:
    """How the tests that all methods share train one of them.

    Attributes:
        method: The class.
        arguments: Of its constructor: a tiny network without pretrained weights.
        size: Of the scenes, in pixels.
        overfit: Arguments on top of these for the overfit test, such as a higher learning rate.
        steps: Within which the loss on one batch must fall tenfold.
        loss: Name of the logged loss that must fall. For adversarial training, name a term that can.
        scenes: Of one batch.
    """

    method: type[HDRModule]
    arguments: Mapping[str, Any]
    size: int = 32
    overfit: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 100
    loss: str = "train/loss"
    scenes: int = 2

    def model(self, **more: Any) -> HDRModule:
        """A new one, the same each time."""
        torch.manual_seed(0)
        return self.method(**self.arguments, **more)

    def data(self, count: int = 4) -> Ramps:
        """What it trains on."""
        return Ramps(count, self.size)


def adam(rate: float) -> Any:
    """An optimiser factory."""
    return lambda parameters: torch.optim.Adam(parameters, lr=rate)


def annealed(steps: int) -> Any:
    """A schedule factory: the rate falls to nothing, where a loss of absolute differences would go on to tremble."""
    return lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)


EXAMPLES = (
    Example(
        CEVR,
        {"channels": (8, 16), "pretrained": False},
        overfit={"optimizer": adam(0.01), "scheduler": None},
        steps=35,
    ),
    Example(
        AdaptiveITM,
        {
            "channels": (12, 16, 20),
            "global_channels": 8,
            "global_size": 32,
            "fusion_channels": 4,
            "discriminator_channels": (4, 8),
            "perceptual_weight": 0.0,
            "identity_start": True,
        },
        overfit={"optimizer": adam(0.005)},
        steps=60,
        loss="train/pixel",
        scenes=1,
    ),
    Example(
        DeepRecursiveHDRI,
        {"channels": (8, 12), "discriminator_channels": (4, 4), "adversarial_from": 0},
        overfit={"optimizer": adam(0.01), "scheduler": None, "dropout": 0.0},
        loss="train/pixel",
    ),
    Example(
        DeepReverseToneMapping,
        {"channels": (8, 12, 12), "doublings": 1, "step": 1.0},
        overfit={"optimizer": adam(0.01), "dropout": 0.0},
        steps=150,
        scenes=1,
    ),
    Example(
        DeepSynthHDRI,
        {
            "global_channels": (8, 16, 16),
            "local_channels": (4, 8),
            "refinement_channels": (8, 16),
            "reach": 1,
            "refinement_start": 0,
            "perceptual_weight": 0.0,
        },
        overfit={"optimizer": adam(0.01), "hdr_weight": 0.0, "teacher_forced": False, "start_jitter": 0},
        steps=100,
        loss="train/refinement",
        scenes=1,
    ),
    Example(
        HDRCNN,
        {"channels": (8, 8), "pretrained": False},
        overfit={"optimizer": adam(0.01), "scheduler": None},
    ),
    Example(
        ExpandNet,
        {"channels": 8, "global_size": 32},
        overfit={"optimizer": adam(0.01), "cosine_weight": 0.0},
        steps=170,
    ),
    Example(
        GMNet,
        {"channels": 24, "blocks": 1, "thumbnail": 32},
        size=16,
        overfit={"optimizer": adam(0.003), "scheduler": annealed(400)},
        steps=400,
    ),
    Example(LHDR, {"channels": 8}, size=16, overfit={"optimizer": adam(0.01)}, steps=150),
    Example(
        HDRGAN,
        {"channels": (10, 12), "discriminator_channels": (4, 4, 4, 4)},
        size=56,  # the discriminator takes no less than 54
        overfit={"optimizer": adam(0.01), "scheduler": None, "adversarial_weight": 0.0},
        steps=90,
        loss="train/reconstruction",
        scenes=1,
    ),
    Example(
        AHDRNet,
        {"channels": 8, "growth": 4, "layers": 2, "blocks": 2},
        overfit={"optimizer": adam(0.01)},
        steps=100,
        scenes=1,
    ),
    Example(
        SAFNet,
        {"channels": 4, "refiner": "small", "refiner_width": 8, "window": None, "perceptual_weight": 0.0},
        overfit={"optimizer": adam(0.01)},
        steps=150,
        scenes=1,
    ),
    Example(
        HDRTransformer,
        {"channels": 8, "heads": 2, "depths": (2,), "perceptual_weight": 0.0, "drop": 0.0},
        overfit={"optimizer": adam(0.01)},
        steps=150,
        scenes=1,
    ),
    Example(
        DeepHDR,
        {"channels": (8, 8, 8), "blocks": 1},
        overfit={"optimizer": adam(0.01)},
        steps=150,
        scenes=1,
    ),
    Example(
        NHDRRNet,
        {"channels": (8, 8, 8, 8), "blocks": 1, "pool": 4},
        overfit={"optimizer": adam(0.01)},
        steps=150,
        scenes=1,
    ),
    Example(
        Kalantari2017,
        {"channels": (8, 8, 8)},
        overfit={"optimizer": adam(0.01), "shuffle_colours": False},
        steps=150,
        scenes=1,
    ),
    Example(
        Santos2020,
        {"channels": (8, 8, 8), "first_bias": 1.0, "perceptual_weight": 0.0, "style_weight": 0.0},
        overfit={"optimizer": adam(0.01)},
        steps=150,
    ),
    Example(
        HDRUNet,
        {"channels": 8, "condition_channels": 4, "blocks": 1},
        overfit={"optimizer": adam(0.01), "scheduler": None},
    ),
    Example(
        InverseCamera,
        {"channels": (8, 8, 8), "thumbnail": 32},
        overfit={"optimizer": adam(0.01), "exposure_range": 0.0, "radiance_weight": 0.0, "stops_weight": 0.0},
        loss="train/curve",
    ),
    Example(
        MultiExposureGeneration,
        {"encoder_channels": (8, 8), "exposure_channels": (8, 8), "perceptual_weight": 0.0, "identity_start": True},
        size=16,
        overfit={"optimizer": adam(0.01), "scheduler": None, "encode_apart": False},
        steps=170,
    ),
    Example(
        SingleHDR,
        {
            "dequantisation_channels": (4, 4),
            "linearisation_width": 4,
            "hallucination_channels": (8, 8),
            "refinement_channels": (4, 4),
            "perceptual_weight": 0.0,
            "pretrained": False,
            "apart_for": 1,
        },
        overfit={"optimizer": adam(0.01), "scheduler": None, "stage": "linearisation"},
    ),
)
