"""Training of Niu et al. 2021 and its place in the common interface."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.data import Batch
from hdrgen.errors import InputError
from hdrgen.losses import judged_by_a_fixed, sphere_moments
from hdrgen.methods.clipping import GradientClipping
from hdrgen.methods.hdr_gan.loss import discriminator_loss, generator_loss, reconstruction_loss
from hdrgen.methods.hdr_gan.network import (
    CHANNELS,
    DISCRIMINATOR_CHANNELS,
    Discriminator,
    Generator,
    widths,
)
from hdrgen.methods.hdr_gan.schedule import TwoDrops
from hdrgen.methods.three_exposures import DARKEST, ThreeExposureModule
from hdrgen.tonemap import inverse_mu_law, mu_law

MOST_MOMENTS = 64
"""Of the objective."""


class HDRGAN(ThreeExposureModule):
    r"""A dark, a middle and a bright exposure of a moving scene to one HDR image, without alignment.

    Paper:
        Niu, Wu, Liu, Guo, Lau: "HDR-GAN: HDR Image Reconstruction from Multi-Exposed LDR Images with Large Motions",
        IEEE TIP 2021.

    Input:
        three photographs of a moving scene

    The generator merges the exposures in its feature domain and makes an HDR image H from each upsampling path. Its
    loss is :math:`\sum_k \lVert T(\hat H_k) - T(H) \rVert_1 + \alpha L_{adv}` (Eq. 6, 10), T the mu-law. Radiance is
    counted from the darkest exposure: what saturates there is 1, and all brighter radiance counts as 1.

    Training steps both networks from the same batch, after one backward pass for both losses. Manual optimisation: a
    batch is two steps of the trainer, one for each optimizer.

    Args:
        channels: Width of each scale of the generator.
        discriminator_channels: Width of each layer of the discriminator but the last.
        merging: False leaves the reference-based residual merging blocks out (ablation, Table II).
        deep_supervision: False trains the last head alone (ablation, Table II).
        output: Which head's image is the result; the last one in the paper.
        judged: Which heads' images the discriminator sees; None: all (ablation, Table III).
        tone_mapped_input: Whether the radiance of an exposure enters the generator after the mu-law (authors' code)
            or as it is (Eq. 2).
        linear_output: Whether the generator makes radiance (paper) or radiance after the mu-law (authors' code).
        north_pole: Whether distances on the sphere are measured from the north pole (paper) or the first axis (authors'
            code).
        moments: R of Eq. 9.
        adversarial_weight: alpha; 0 trains without discriminator (ablation, Table III).
        mu: Of the mu-law.
        clip_value: Largest magnitude of a gradient's entries; None clips nothing. The authors' code: 1.
        start_near_reference: Let the heads correct an image rather than make one: they begin at 0, without spectral
            norm, and what they make is added to the linearised reference, which is replaced by the darkest exposure
            where it is nearly clipped. Not in the paper; short trainings gain by it.
        scales: Of the generator: so many of `channels`, or more, each twice as wide as the one before. Two or four are
            the ablations of Table II; None: as many as `channels` has.
        exposure_step: Distance in stops of the darker and the brighter exposure from the reference that is looked for
            in stacks of more than three.
        response: Response that linearises the exposures; None: gamma 2.2 (Eq. 2).
        optimizer: Of both networks. Paper: Adam; the authors' code: betas left alone.
        scheduler: Of both. Paper: two drops, after 114,300 and 706,400 of 1,215,000 iterations. The rates are missing
            from our text of the paper; from 1e-4, the start that the authors' code names, to a tenth at each is ours.
        interval: When the schedulers step.
        initial_weights: Checkpoint whose weights training starts from.
    """

    def __init__(
        self,
        channels: Sequence[int] = CHANNELS,
        discriminator_channels: Sequence[int] = DISCRIMINATOR_CHANNELS,
        merging: bool = True,
        deep_supervision: bool = True,
        output: int = -1,
        judged: Sequence[int] | None = None,
        tone_mapped_input: bool = False,
        linear_output: bool = True,
        north_pole: bool = True,
        moments: int = 3,
        adversarial_weight: float = 1.0,
        mu: float = 5000.0,
        clip_value: float | None = None,
        start_near_reference: bool = False,
        scales: int | None = None,
        exposure_step: float = 2.0,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=1e-4),
        scheduler: LRSchedulerCallable | None = lambda o: TwoDrops(o, gamma=0.1),
        interval: Literal["epoch", "step"] = "step",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, response, initial_weights, exposure_step, mu)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.automatic_optimization = False
        self.network = Generator(6, widths(channels, scales), merging, deep_supervision, start_near_reference)
        self.discriminator = Discriminator(discriminator_channels) if adversarial_weight > 0 else None
        self.multiple, self.smallest = self.network.multiple, self.network.smallest
        self.output = output
        self.judged = tuple(range(len(self.network.heads)) if judged is None else judged)
        _check_heads(len(self.network.heads), output, self.judged)
        self.tone_mapped_input = tone_mapped_input
        self.linear_output = linear_output
        if not 1 <= moments <= MOST_MOMENTS:
            raise InputError(f"expected 1 to {MOST_MOMENTS} moments, found {moments}", "moments")
        self.measure = partial(sphere_moments, moments=moments, to_north_pole=north_pole)
        self.adversarial_weight = adversarial_weight
        self.clipping = None if clip_value is None else GradientClipping(clip_value, "value")
        self.start_near_reference = start_near_reference

    # -- from exposures to radiance --------------------------------------------------------------------------------

    def images(self, ldr: Tensor, ev: Tensor) -> list[Tensor]:
        """Each head's image, `(B, 3, H, W)` in [-1, 1]: radiance or its mu-law, see `linear_output`.

        Args:
            ldr: `(B, 3, 3, H, W)` display values, dark to bright; both sides divide by `multiple`.
            ev: `(B, 3)` stops.
        """
        linear = self.linearised(ldr, ev)
        second = mu_law(linear, self.mu) if self.tone_mapped_input else linear
        start = self._start(ldr, linear) if self.start_near_reference else None
        images: list[Tensor] = self.network(2 * torch.cat([ldr, second], 2) - 1, start)
        return images

    def radiance(self, image: Tensor) -> Tensor:
        """A head's image `(B, 3, H, W)` in [-1, 1] as radiance in [0, 1]."""
        coded = (image + 1) / 2
        return coded if self.linear_output else inverse_mu_law(coded, self.mu)

    def tone_mapped(self, image: Tensor) -> Tensor:
        """A head's image as its mu-law, in [-1, 1]."""
        return 2 * mu_law((image + 1) / 2, self.mu) - 1 if self.linear_output else image

    def estimate(self, ldr: Tensor, ev: Tensor) -> Tensor:
        """The radiance of the head that `output` names; see `ThreeExposureModule.estimate`."""
        return self.radiance(self.images(ldr, ev)[self.output])

    def _start(self, ldr: Tensor, linear: Tensor) -> Tensor:
        """What tanh turns into the reference, or the darkest exposure where the reference is nearly clipped."""
        known = self.near_reference(ldr, linear)
        return torch.logit(known if self.linear_output else mu_law(known, self.mu), DARKEST) / 2

    # -- training --------------------------------------------------------------------------------------------------

    def configure_optimizers(self) -> Any:
        """One optimizer for each network."""
        networks = [self.network] if self.discriminator is None else [self.network, self.discriminator]
        assert self.optimizer is not None
        return [self.scheduled(self.optimizer(network.parameters())) for network in networks]

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Step both networks."""
        terms = self.losses(batch)
        loss = sum((term for name, term in terms.items() if name != "discriminator"), start=torch.zeros(()))
        self.descend(sum(terms.values(), start=torch.zeros((), device=self.device)))
        size = len(batch["ldr"])
        self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()}, batch_size=size)
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=size)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the generator's loss, weighted, and the loss of the discriminator.

        Raises:
            InputError: The scenes have no truth.
        """
        ldr, ev = self.three_of(batch)
        target = 2 * mu_law(self.truth_of(batch, ev), self.mu) - 1
        images = [self.tone_mapped(image) for image in self.images(ldr, ev)]
        terms = {"reconstruction": reconstruction_loss(images, target)}
        if self.discriminator is None:
            return terms
        judged = [images[head] for head in self.judged]
        fixed = partial(judged_by_a_fixed, self.discriminator)
        terms["adversarial"] = self.adversarial_weight * generator_loss(judged, fixed, self.measure)
        terms["discriminator"] = discriminator_loss(judged, target, self.discriminator, self.measure)
        return terms


def _check_heads(heads: int, output: int, judged: Sequence[int]) -> None:
    for head in (output, *judged):
        if not -heads <= head < heads:
            raise InputError(f"expected a head from 0 to {heads - 1}, found {head}; see output and judged")
    if not judged:
        raise InputError(
            "expected a head for the discriminator to judge, found none; pass adversarial_weight=0",
            "adversarial_weight",
        )
