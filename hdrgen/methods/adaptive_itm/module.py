"""Training of Zhang et al. 2023 and its place in the common interface."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor

from hdrgen.camera import CameraResponse, Gamma, over_exposed_mask, under_exposed_mask
from hdrgen.data import Batch, WholeStackByRank, optimal_exposures
from hdrgen.errors import InputError
from hdrgen.fusion import merge_debevec
from hdrgen.losses import PerceptualLoss
from hdrgen.methods.adaptive_itm.discriminator import MaskAwareDiscriminator
from hdrgen.methods.adaptive_itm.estimated_exposure import estimated_ev
from hdrgen.methods.adaptive_itm.fusion import FusionNetwork
from hdrgen.methods.adaptive_itm.loss import (
    discriminator_loss,
    fusion_loss,
    generator_loss,
    mixed_image,
    on_the_scale_of,
    progressive_loss,
)
from hdrgen.methods.adaptive_itm.network import CHANNELS, ExposureNetwork
from hdrgen.methods.base import HDRModule
from hdrgen.methods.merging import merge_stack
from hdrgen.methods.source import source_of

DOWN_UP = (-torch.inf, torch.inf)


class AdaptiveITM(HDRModule):
    r"""One image to one darker and one brighter one, as far as it needs, and a learned fusion of the three.

    Paper:
        Zhang, Ye, Zhao, Wang: "Revisiting the Stack-Based Inverse Tone Mapping", CVPR 2023.

    Exposures:
        one up, one down

    The loss is :math:`L_{prog} + \lambda_{gan} (L_G + L_D) + \lambda_H L_H` (Eq. 16), in one backward pass and two
    optimizers. The exposures to learn are those that a data set has labelled (SICE-S), or else those that
    `hdrgen.data.optimal_exposures` finds. `generate` goes by the direction of an EV alone: below 0 it makes the darker
    image, above 0 the brighter one. The result is `peak` times what the fusion network makes, and 1 is about what just
    reaches white in the photograph, see `loss.on_the_scale_of`.

    The paper publishes no widths; the defaults are ours.

    Args:
        channels: Width of each level of the exposure models.
        global_channels: Width of the exposure-adaptive block.
        global_size: Height and width, in pixels, of the image that this block and the fusion see as a whole.
        fusion_channels: Width of the fusion network's branches.
        discriminator_channels: Width of each level of the discriminator.
        exposure_adaptive: Whether the exposure-adaptive block is there (EAB, Table 2).
        luminance_guided: Whether the encoders' convolutions are luminance-guided (LGC, Table 2).
        cross_attention: Whether there are cross-model attention blocks (CMAB, Table 2).
        cross_model: False lets these see their own model only (section 4.3, "w/o F_ref").
        fusion: Whether the fusion is learned (MEFM, Table 2). Without it the three images are merged after Debevec and
            Malik, with EVs estimated from the pictures.
        progressive: False: only the finest picture has a loss (Table 3).
        identity_start: Start as the input itself and its linearised picture; see `ExposureNetwork`, `FusionNetwork`.
        whole_image_verdict: Whether the discriminator also judges whole images; the paper has no loss for that.
        perceptual_weight: Weight lambda of Eq. 12; 0 needs no VGG weights (Table 3).
        perceptual_channels: Whether Eq. 10 averages over the channels of a layer, as the pixel loss beside it does, or
            sums, as its norm and the code of Le et al. 2023 do; the authors published no code.
        adversarial_weight: lambda_gan; 0 leaves the discriminator out (Table 3).
        fusion_weight: lambda_H.
        mu: Of the mu-law in the fusion loss.
        mask_threshold: Display values above it are over-exposed for the discriminator, those below 1 minus it
            under-exposed: 0.95 as Eilertsen et al. 2017, or 0.88 as Liu et al. 2020; the paper cites both.
        peak: Radiance that the fusion network shows as 1, on the scale of the photograph.
        perceptual_weights: File with torchvision's vgg16 weights; None looks in torch.hub's cache.
        response: Of the camera, where it is known; None: gamma 2.2. Only for merging without `fusion`.
        optimizer: Of everything but the discriminator. Paper: Adam, 2e-4.
        discriminator_optimizer: Paper: the same.
        scheduler: Of both rates; the paper has none.
        interval: When the schedulers step.
        initial_weights: Checkpoint whose weights training starts from.
    """

    channels_last = channels_last_inference = True
    context = True
    overlap = 512  # its dilated convolutions see 400 pixels to either side
    exposures = WholeStackByRank()

    def __init__(
        self,
        channels: Sequence[int] = CHANNELS,
        global_channels: int = 96,
        global_size: int = 256,
        fusion_channels: int = 32,
        discriminator_channels: Sequence[int] = CHANNELS,
        exposure_adaptive: bool = True,
        luminance_guided: bool = True,
        cross_attention: bool = True,
        cross_model: bool = True,
        fusion: bool = True,
        progressive: bool = True,
        identity_start: bool = False,
        whole_image_verdict: bool = False,
        perceptual_weight: float = 0.5,
        perceptual_channels: Literal["sum", "mean"] = "mean",
        adversarial_weight: float = 0.1,
        fusion_weight: float = 1.0,
        mu: float = 5000.0,
        mask_threshold: float = 0.95,
        peak: float = 16.0,
        perceptual_weights: str | Path | None = None,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4),
        discriminator_optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4),
        scheduler: LRSchedulerCallable | None = None,
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, (*DOWN_UP, 0.0), response or Gamma(2.2), initial_weights)
        self.save_hyperparameters(ignore=["optimizer", "discriminator_optimizer", "scheduler", "response"])
        self.automatic_optimization = False
        flags = exposure_adaptive, luminance_guided, cross_attention, cross_model
        self.network = ExposureNetwork(channels, *flags, global_channels, global_size, identity_start)
        self.fusion = FusionNetwork(fusion_channels, global_size, peak if identity_start else None) if fusion else None
        self.discriminator = (
            MaskAwareDiscriminator(discriminator_channels, whole_image_verdict) if adversarial_weight > 0 else None
        )
        self.learned_merge = fusion
        self.multiple = max(self.network.multiple, 2 ** (len(discriminator_channels) - 1))
        self.discriminator_optimizer = discriminator_optimizer
        self.progressive = progressive
        self.perceptual_weight = perceptual_weight
        self.perceptual_channels = perceptual_channels
        self.adversarial_weight = adversarial_weight
        self.fusion_weight = fusion_weight
        self.mu = mu
        self.mask_threshold = mask_threshold
        self.peak = peak
        self.perceptual_weights = perceptual_weights
        self.perceptual: PerceptualLoss | None = None

    def setup(self, stage: str) -> None:
        """Fetch the VGG trunk, for training only: a checkpoint loads and predicts without it."""
        super().setup(stage)
        if stage == "fit" and self.perceptual_weight > 0:
            layers = ("pool3", "pool4", "pool5")
            self.perceptual = PerceptualLoss(16, layers, self.perceptual_weights, self.perceptual_channels)

    def configure_optimizers(self) -> Any:
        """One optimizer for what generates, one for the discriminator if there is one."""
        assert self.optimizer is not None
        generating = [part for part in (self.network, self.fusion) if part is not None]
        optimizers = [self.optimizer([p for part in generating for p in part.parameters()])]
        if self.discriminator is not None:
            optimizers.append(self.discriminator_optimizer(self.discriminator.parameters()))
        return [self.scheduled(each) for each in optimizers]

    # -- the interface ---------------------------------------------------------------------------------------------

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The darker image for each EV below 0, the brighter for each above, the image itself at 0."""
        down, up = (pictures[-1] for pictures in self.network(image))
        return torch.stack([up if stops > 0 else down if stops < 0 else image for stops in ev.tolist()], dim=1)

    def merge(self, stack: Tensor, ev: Tensor) -> Tensor:
        """Linear radiance `(B, 3, H, W)` of the darker, the given and the brighter image `(B, 3, 3, H, W)`."""
        down, image, up = stack.unbind(1)
        if self.fusion is not None:
            fused: Tensor = self.fusion(down, image, up)
            return self.peak * fused.clamp_min(0)
        assert self.response is not None
        with torch.autocast(stack.device.type, enabled=False):
            stops = [estimated_ev(image.float(), other.float(), self.response) for other in (down, image, up)]
            return merge_debevec(stack.float(), torch.stack(stops, dim=1), self.response)

    def generate_targets(self, batch: Batch, exposures: Sequence[float] | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Generate both images, beside the two exposures that are optimal, at whatever EV these are."""
        chosen = _optimal(batch)
        truth, stops = (_pick(batch[key], chosen) for key in ("ldr", "ev"))
        reference = batch["ev"].gather(1, batch["ref"][:, None])
        generated = self.generate(source_of(batch), torch.tensor(DOWN_UP))
        return generated, stops - reference, truth

    # -- training --------------------------------------------------------------------------------------------------

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """One backward pass for all terms of Eq. 16, then a step of both optimizers."""
        image, targets = source_of(batch), _pick(batch["ldr"], _optimal(batch))
        terms = self.terms(image, targets, None if self.fusion is None else _truth(batch))
        loss = torch.stack(list(terms.values())).sum()
        self.descend(loss)
        logged = {f"train/{name}": term.detach() for name, term in terms.items()}
        self.log_dict(logged, batch_size=len(image))
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(image))

    def terms(self, image: Tensor, targets: Tensor, truth: Tensor | None) -> dict[str, Tensor]:
        """The weighted terms of Eq. 16.

        Args:
            image: `(B, 3, H, W)`, both sides divide by `multiple`.
            targets: `(B, 2, 3, H, W)`, the optimal darker and brighter exposure.
            truth: Radiance `(B, 3, H, W)` of any scale; None where the fusion is not learned.
        """
        sides = self.network(image)
        supervised = sides if self.progressive else [side[-1:] for side in sides]
        both = [
            progressive_loss(side, target, self.perceptual, self.perceptual_weight)
            for side, target in zip(supervised, targets.unbind(1), strict=True)
        ]
        terms = {name: one + other for name, one, other in zip(("pixel", "perceptual"), *both, strict=True)}
        down, up = (side[-1] for side in sides)
        if self.discriminator is not None:
            terms |= self._adversarial(image, torch.cat([down, up]), targets.transpose(0, 1).flatten(0, 1))
        if self.fusion is not None and truth is not None:
            radiance = self.fusion(down.clamp(0, 1), image, up.clamp(0, 1))
            target = on_the_scale_of(image, truth) / self.peak
            terms["fusion"] = self.fusion_weight * fusion_loss(radiance, target, self.mu)
        return terms

    def _adversarial(self, image: Tensor, generated: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Both players' losses; all darker images first, then all brighter ones."""
        assert self.discriminator is not None
        mask = torch.cat([rule(image, self.mask_threshold) for rule in (over_exposed_mask, under_exposed_mask)])
        mixed = mixed_image(generated, target, mask)
        return {
            "adversarial": self.adversarial_weight * generator_loss(self.discriminator, mixed),
            "discriminator": self.adversarial_weight * discriminator_loss(self.discriminator, mixed, target, mask),
        }


def _optimal(batch: Batch) -> Tensor:
    """Indices `(B, 2)` of the exposures to learn: labelled ones, or what the rule finds."""
    labelled: Tensor | None = batch.get("optimal")
    return optimal_exposures(batch["ldr"], batch["ref"]) if labelled is None else labelled


def _pick(values: Tensor, frames: Tensor) -> Tensor:
    """`values` `(B, S, ...)` at `frames` `(B, 2)`."""
    return values[torch.arange(len(values), device=values.device)[:, None], frames]


def _truth(batch: Batch) -> Tensor:
    """Radiance `(B, 3, H, W)` to learn: the data set's, or else merged from the whole stack.

    Raises:
        InputError: There is neither an HDR image nor exposure values to merge one with.
    """
    if "hdr" in batch:
        hdr: Tensor = batch["hdr"]
        return hdr
    if not batch["ev"].isfinite().all():
        raise InputError(
            f"{batch['scene'][0]}: expected an HDR image or exposure values to learn the fusion from, found ranks only;"
            " give the data set a folder of true HDR images, or pass fusion=False",
            "fusion",
        )
    with torch.no_grad():
        merged = [merge_stack(one[None], stops) for one, stops in zip(batch["ldr"], batch["ev"], strict=True)]
    return torch.cat(merged)
