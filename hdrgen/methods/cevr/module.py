"""Training of Chen et al. 2023 and its place in the common interface."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from hdrgen.camera import CameraResponse
from hdrgen.data import Batch, FromReference, derived_generator
from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.methods.cevr.loss import exposure_losses
from hdrgen.methods.cevr.network import ENCODER_CHANNELS, CEVRNetwork, DecoderBlock
from hdrgen.methods.immediate import differentiated
from hdrgen.nn import load_vgg16

DENSE_STACK = (-3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
"""The continuous stack of the paper (Sec. 3.4)."""


class CEVR(HDRModule):
    r"""One image to any exposure, by networks conditioned on the step in stops; a dense stack of them to HDR.

    Paper:
        Chen, Yen, Liu, Chen, Hu, Peng, Lin: "Learning Continuous Exposure Value Representations for Single-Image HDR
        Reconstruction", ICCV 2023.

    Two networks of the same design make darker and brighter images. The loss is
    :math:`L_{rec} + \lambda L_{cyc}` (Eq. 5), the sum of both networks'.

    Args:
        channels: Width of each block of the encoder, from full resolution down.
        intensity_transformation: False makes the image from features alone (ablation, Tables 3 and 4).
        hidden_activation: Whether the hidden layers of the implicit modules have activations; not in the authors' code.
        identity_start: Start as the unchanged image instead of at random; see `CEVRNetwork`.
        pretrained: Start the encoders from VGG-16's ImageNet weights; False starts them at random.
        encoder_weights: File with torchvision's vgg16_bn weights; None looks in torch.hub's cache.
        cycle_weight: lambda; 0 is training without the cycle (ablation, Tables 3 to 5).
        cycle_split: Smallest and largest part of the step that the cycle's first half takes, drawn uniformly. The
            authors' code takes (0.5, 0.5), or (0.1, 0.9) in a variant.
        cycle_split_per_image: Whether every image draws its own, or the whole batch one (that variant).
        cycle_from_psnr: Train with the cycle only after a validation whose `val/psnr` was above this, in dB; None
            always does. The authors' code waits for 28 dB, there on the test set.
        held_out: Exposures never trained on, in stops relative to the reference (Table 5).
        mean_loss: Average instead of sum over batch, channels and pixels.
        stack_ev: Exposures generated for the HDR image, in stops relative to the input.
        response: Response that merges the generated stack; None estimates it from the stack (Debevec).
        optimizer: Adam; the paper does not give its rate, the authors' code has 2e-4.
        scheduler: Paper: cosine annealing with restarts. The periods are those of the authors' code, 10 epochs and
            twice as long each time, counted in steps: 48 scenes with 4 targets in batches of 4 make 48 steps.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    context = True
    recomputed = (DecoderBlock,)

    def __init__(
        self,
        channels: Sequence[int] = ENCODER_CHANNELS,
        intensity_transformation: bool = True,
        hidden_activation: bool = True,
        identity_start: bool = False,
        pretrained: bool = True,
        encoder_weights: str | Path | None = None,
        cycle_weight: float = 0.1,
        cycle_split: tuple[float, float] = (0.0, 1.0),
        cycle_split_per_image: bool = True,
        cycle_from_psnr: float | None = None,
        held_out: Sequence[float] = (),
        mean_loss: bool = False,
        stack_ev: Sequence[float] = DENSE_STACK,
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=2e-4),
        scheduler: LRSchedulerCallable | None = lambda o: CosineAnnealingWarmRestarts(o, T_0=480, T_mult=2),
        interval: Literal["epoch", "step"] = "step",
        initial_weights: str | None = None,
    ) -> None:
        if not 0 <= cycle_split[0] <= cycle_split[1] <= 1:
            raise InputError(f"expected two parts of a step, 0 <= smallest <= largest <= 1, found {list(cycle_split)}")
        super().__init__(optimizer, scheduler, interval, stack_ev, response, initial_weights)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.dark, self.bright = (
            CEVRNetwork(channels, intensity_transformation, hidden_activation, identity_start) for _ in range(2)
        )
        self.multiple = self.dark.multiple
        self.exposures = FromReference(without=tuple(held_out))
        self.pretrained = pretrained
        self.encoder_weights = encoder_weights
        self.cycle_weight = cycle_weight
        self.cycle_split = cycle_split
        self.cycle_split_per_image = cycle_split_per_image
        self.cycle_from_psnr = cycle_from_psnr
        self.mean_loss = mean_loss
        self.last_psnr = -math.inf

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` `(K,)` of `image`: one encoding in each direction. See `HDRModule.generate`."""
        generated: dict[int, Tensor] = {}
        stops = ev.tolist()
        for network, darker in ((self.dark, True), (self.bright, False)):
            side = [index for index, stop in enumerate(stops) if (stop < 0) == darker]
            features = network.encode(image) if side else []
            for index in side:
                generated[index] = network.decode(features, image, ev[index].expand(len(image)))
        return torch.stack([generated[index] for index in range(len(ev))], dim=1)

    # -- training --------------------------------------------------------------------------------------------------

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Make a darker and a brighter exposure from the reference, in one step and in two (Fig. 4)."""
        dark, image, bright = batch["ldr"].unbind(1)
        steps = batch["ev"] - batch["ev"][:, 1:2]
        splits = self._splits(batch["scene"]).to(image.device) if self._cycles else (None, None)
        down = self._losses(self.dark, image, dark, steps[:, 0], splits[0])
        up = self._losses(self.bright, image, bright, steps[:, 2], splits[1])
        loss, reconstruction, cycle = (one + other for one, other in zip(down, up, strict=True))
        self.log_dict(
            {"train/reconstruction": reconstruction.detach(), "train/cycle": cycle.detach()}, batch_size=len(image)
        )
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(image))
        return loss

    def _losses(
        self, network: CEVRNetwork, image: Tensor, target: Tensor, steps: Tensor, splits: Tensor | None
    ) -> tuple[Tensor, ...]:
        """The loss of one network, which leaves no graph behind, and its two terms."""

        def losses() -> tuple[Tensor, ...]:
            reconstruction, cycle = exposure_losses(network, image, target, steps, splits, self.mean_loss)
            cycle = self.cycle_weight * cycle
            return reconstruction + cycle, reconstruction, cycle

        return differentiated(losses, network.parameters())

    @property
    def _cycles(self) -> bool:
        """Whether the cycle is trained now."""
        waits = self.cycle_from_psnr is not None and self.last_psnr <= self.cycle_from_psnr
        return self.cycle_weight > 0 and not waits

    def _splits(self, scenes: list[str]) -> Tensor:
        """The part of the step that comes first in the cycle, `(2, B)`: of darker and of brighter images.

        Drawn from the run's seed, the step and the scenes, so that a training that goes on draws what it would have
        drawn, and no process draws what another does.
        """
        generator = derived_generator("cycle", torch.initial_seed(), self.global_step, *scenes)
        drawn = torch.rand(2, len(scenes) if self.cycle_split_per_image else 1, generator=generator)
        low, high = self.cycle_split
        return (low + (high - low) * drawn).expand(2, len(scenes))

    # -- what training starts from, and what it waits for ----------------------------------------------------------

    def load_first_weights(self) -> None:
        """Fetch the encoders' first weights."""
        if self.pretrained:
            for network in (self.dark, self.bright):
                load_vgg16(network.encoder, self.encoder_weights)

    def on_train_start(self) -> None:
        """Refuse to wait for a score that never comes.

        Raises:
            InputError: If the cycle waits for validation, and there is none.
        """
        super().on_train_start()
        if self.cycle_from_psnr is not None and self.cycle_weight > 0 and not sum(self.trainer.num_val_batches):
            raise InputError(
                f"expected validation scenes, whose PSNR starts the cycle at {self.cycle_from_psnr:g} dB, found none;"
                " name some, or pass cycle_from_psnr=None",
                "cycle_from_psnr",
            )

    def on_validation_epoch_end(self) -> None:
        """Log the scores, and keep the one that the cycle may wait for.

        Raises:
            InputError: The cycle waits for a score that the protocol does not have.
        """
        super().on_validation_epoch_end()
        score = self.trainer.callback_metrics.get("val/psnr")
        if score is None and self.cycle_from_psnr is not None:
            raise InputError(
                "expected PSNR of exposures among the validation scores, which starts the cycle, found none; take a"
                " protocol that has it, or pass cycle_from_psnr=None",
                "cycle_from_psnr",
            )
        if score is not None and not self.trainer.sanity_checking:
            self.last_psnr = float(score)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the score for a training that goes on."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["last_psnr"] = self.last_psnr

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the score up again."""
        super().on_load_checkpoint(checkpoint)
        self.last_psnr = float(checkpoint.get("last_psnr", -math.inf))
