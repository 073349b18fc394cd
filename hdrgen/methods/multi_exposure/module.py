"""Training of Le et al. 2023 and its place in the common interface."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable, ReduceLROnPlateau
from torch import Tensor

from hdrgen.camera import CameraResponse, exposure_ratio, well_exposed_mask
from hdrgen.data import Batch, RandomPair
from hdrgen.losses import PerceptualLoss
from hdrgen.methods.base import HDRModule
from hdrgen.methods.evaluation import Evaluation, true_responses
from hdrgen.methods.multi_exposure.loss import hdr_representation_loss, reconstruction_loss, total_variation
from hdrgen.methods.multi_exposure.network import (
    ENCODER_CHANNELS,
    EXPOSURE_CHANNELS,
    ExposureNet,
    HDREncodingNet,
    MultiExposureNetwork,
)
from hdrgen.methods.source import source_of
from hdrgen.metrics import EvaluationProtocol, Score
from hdrgen.nn import ConvBlock, SubPixelUp


class MultiExposureGeneration(HDRModule):
    r"""One image to any exposure: encode the sensor exposure, scale it, generate the image.

    Paper:
        Le, Le, Nguyen, Hua: "Single-Image HDR Reconstruction by Multi-Exposure Generation", WACV 2023.

    The loss is :math:`\lambda_h L_h + \lambda_r L_r + \lambda_p L_p + \lambda_{tv} L_{tv}` (Eq. 3). The paper gives no
    values of lambda; the defaults are those of the authors' code.

    Args:
        encoder_channels: Width of each level of the HDR Encoding Net.
        exposure_channels: Width of each level of the Up- and the Down-Exposure Net.
        two_exposure_nets: False makes one network serve both directions (ablation, Table 4).
        mask_input: Whether over- and under-exposed pixels are masked from the encoder (ablation, Table 5).
        residual: Whether the encoder corrects the image (authors' code) or makes the latent exposure alone.
        identity_start: Start as plain gain instead of at random; see `MultiExposureNetwork`.
        encode_apart: Whether the two images of a pair pass the encoder one after the other, so that its batch
            normalisation sees darker and brighter images apart, or as one batch. The paper does not say; the authors'
            code does the former.
        identity_pairs: Whether an image may be paired with itself (authors' code) when training.
        mask_losses: Weight reconstruction and perceptual loss by the target's exposure mask (authors' code); the paper
            has no such weight.
        hdr_weight: lambda_h; 0 is the ablation without HDR loss (Table 4).
        reconstruction_weight: lambda_r.
        perceptual_weight: lambda_p; 0 needs no VGG weights.
        perceptual_channels: Whether the perceptual loss sums over the channels of a layer, as Eq. 8 and the authors'
            code do, or averages, which makes it 64 to 256 times weaker.
        total_variation_weight: lambda_tv.
        epsilon: Of the HDR loss (Eq. 5).
        score_encoder: Under validation and test, score the encoder too, against each scene's true response (Table 5).
        perceptual_weights: File with torchvision's vgg19 weights; None looks in torch.hub's cache.
        stack_ev: Exposures generated for the HDR image, in stops relative to the input.
        response: Response that merges the generated stack; None estimates it from the stack (Debevec).
        optimizer: Paper: Adam, 1e-4. The authors' code: AdamW with weight decay 1e-4.
        scheduler: Paper: halved at a plateau. Monitor and patience are those of the authors' code: 4 of its epochs,
            which hold all 45 pairs of each scene, are 180 of one sample a scene; with 45 samples
            (`multi_exposure.yaml`), pass a patience of 4.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    channels_last = channels_last_inference = True
    recomputed = (ConvBlock, SubPixelUp)
    sharded = (HDREncodingNet, ExposureNet)

    def __init__(
        self,
        encoder_channels: Sequence[int] = ENCODER_CHANNELS,
        exposure_channels: Sequence[int] = EXPOSURE_CHANNELS,
        two_exposure_nets: bool = True,
        mask_input: bool = True,
        residual: bool = True,
        identity_start: bool = False,
        encode_apart: bool = True,
        identity_pairs: bool = False,
        mask_losses: bool = False,
        hdr_weight: float = 1.0,
        reconstruction_weight: float = 100.0,
        perceptual_weight: float = 0.1,
        perceptual_channels: Literal["sum", "mean"] = "sum",
        total_variation_weight: float = 1e-5,
        epsilon: float = 1 / 255,
        score_encoder: bool = False,
        perceptual_weights: str | Path | None = None,
        stack_ev: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0),
        response: CameraResponse | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=1e-4),
        scheduler: LRSchedulerCallable | None = lambda o: ReduceLROnPlateau(
            o, monitor="val/l1", factor=0.5, patience=180
        ),
        interval: Literal["epoch", "step"] = "epoch",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, stack_ev, response, initial_weights)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        self.network = MultiExposureNetwork(
            encoder_channels, exposure_channels, two_exposure_nets, residual, identity_start
        )
        self.multiple = self.network.multiple
        # Three eighths of it, 72 pixels of five levels, is how far both U-Nets together see with any weight.
        self.overlap = min(12 * self.multiple, 384)
        self.exposures = RandomPair(identity_pairs)
        self.mask_input = mask_input
        self.encode_apart = encode_apart
        self.mask_losses = mask_losses
        self.hdr_weight = hdr_weight
        self.reconstruction_weight = reconstruction_weight
        self.perceptual_weight = perceptual_weight
        self.perceptual_channels = perceptual_channels
        self.total_variation_weight = total_variation_weight
        self.epsilon = epsilon
        self.score_encoder = score_encoder
        self.perceptual_weights = perceptual_weights
        self.perceptual: PerceptualLoss | None = None

    def setup(self, stage: str) -> None:
        """Fetch the VGG trunk, for training only: a checkpoint loads and predicts without it."""
        super().setup(stage)
        if stage == "fit" and self.perceptual_weight > 0:
            layers = ("pool1", "pool2", "pool3")
            self.perceptual = PerceptualLoss(19, layers, self.perceptual_weights, self.perceptual_channels)

    def encode(self, image: Tensor) -> Tensor:
        """Latent sensor exposure `(B, 3, H, W)` of `image`, display values of the same shape."""
        return self.network.encode(image, image * well_exposed_mask(image) if self.mask_input else image)

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` `(K,)` of `image`: one encoding, one generation for each. See `HDRModule.generate`."""
        latent = self.encode(image)
        gains = ev.exp2().unbind()
        ups = (stop >= 0 for stop in ev.tolist())  # choices by plain numbers, which an exporter can follow
        exposures = [
            self.network.expose(latent, gain.expand(len(image)), up) for gain, up in zip(gains, ups, strict=True)
        ]
        return torch.stack(exposures, dim=1)

    def evaluate(self, batch: Batch, stage: str) -> Evaluation:
        """As for every method; with `score_encoder`, the input beside :math:`g(N_1(I))` as `encoder_...` (Table 5).

        g is the scene's true response.

        Raises:
            InputError: The scenes do not know it.
        """
        result = super().evaluate(batch, stage)
        if self.score_encoder:
            result["scores"] += self._encoder_scores(result["batch"], self.protocol(stage))
        return result

    def _encoder_scores(self, batch: Batch, protocol: EvaluationProtocol) -> list[Score]:
        image = source_of(batch)
        latent = self.in_tiles(self.encode, image).float()
        scene_images = torch.stack([g(x.clamp(0, 1)) for g, x in zip(true_responses(batch), latent, strict=True)])
        judged = protocol.judge_stack(batch["scene"], scene_images[:, None], image[:, None], torch.zeros(len(image), 1))
        return [{**score, "ev": None, "metric": f"encoder_{score['metric']}"} for score in judged]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Generate each image of a pair from the other (Fig. 3)."""
        dark, bright = batch["ldr"].unbind(1)
        ratio = exposure_ratio(batch["ev"][:, 0], batch["ev"][:, 1])
        latent_dark, latent_bright = self._encode_pair(dark, bright)
        terms = {
            "hdr": self.hdr_weight * hdr_representation_loss(latent_dark, latent_bright, ratio, self.epsilon),
            **self._image_terms(
                [
                    self.network.expose(latent_dark, ratio, up=True),
                    self.network.expose(latent_bright, 1 / ratio, False),
                ],
                [bright, dark],
            ),
        }
        loss = sum(terms.values(), start=dark.new_zeros(()))
        self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()}, batch_size=len(dark))
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(dark))
        return loss

    def _encode_pair(self, dark: Tensor, bright: Tensor) -> tuple[Tensor, Tensor]:
        if self.encode_apart:
            return self.encode(dark), self.encode(bright)
        together = self.encode(torch.cat([dark, bright]))
        return together[: len(dark)], together[len(dark) :]

    def _image_terms(self, generated: list[Tensor], targets: list[Tensor]) -> dict[str, Tensor]:
        """The weighted losses on both generated images (Eq. 7-10)."""
        terms: dict[str, Tensor] = {}
        for image, target in zip(generated, targets, strict=True):
            for name, term in self._losses(image, target).items():
                terms[name] = terms[name] + term if name in terms else term
        return terms

    def _losses(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        mask = well_exposed_mask(target) if self.mask_losses else None
        terms = {
            "reconstruction": self.reconstruction_weight * reconstruction_loss(image, target, mask),
            "total_variation": self.total_variation_weight * total_variation(image),
        }
        if self.perceptual is not None:
            masked_image, masked_target = (image, target) if mask is None else (image * mask, target * mask)
            terms["perceptual"] = self.perceptual_weight * self.perceptual(masked_image, masked_target)
        return terms
