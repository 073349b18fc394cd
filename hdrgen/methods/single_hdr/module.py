"""Training of Liu et al. 2020 and its place in the common interface."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import EstimatedResponse
from hdrgen.data import Batch, TheseExposures
from hdrgen.errors import InputError
from hdrgen.losses import PerceptualLoss
from hdrgen.methods.base import HDRModule
from hdrgen.methods.optimizers import nothing_of
from hdrgen.methods.single_hdr.linearisation import LinearisationNetwork
from hdrgen.methods.single_hdr.loss import compressed, levelled, telling, variation, weighted_mean
from hdrgen.methods.single_hdr.restoration import CHANNELS, REFINEMENT_CHANNELS, RestorationNetwork
from hdrgen.methods.source import source_of, truth_of
from hdrgen.nn import VGG_CHANNELS, FillingNetwork, blend_weight
from hdrgen.tiling import of_whole_image

Stage = Literal["dequantisation", "linearisation", "hallucination", "joint", "all"]
Part = Literal["linearisation", "hallucination", "refinement"]
CAFFE = 57.6
"""How many times as large features of Caffe's VGG are, for which the authors weigh the perceptual loss."""


class SingleHDR(HDRModule):
    r"""One photograph to radiance, by undoing what its camera did: quantisation, response, clipping, then the rest.

    Paper:
        Liu, Lai, Chen, Kao, Yang, Chuang, Huang: "Single-Image HDR Reconstruction by Learning to Reverse the Camera
        Pipeline", CVPR 2020.

    Four networks in turn. The first three are trained each on its own, with the true result of the one before as input,
    and then all four together.

    Args:
        dequantisation_channels: Width of each level of the network that undoes quantisation.
        linearisation_width: Of the first layer of the network that estimates the inverse response.
        hallucination_channels: Width of each level of the network that fills in what is clipped, HDRCNN's.
        refinement_channels: Width of each level of the last network.
        basis: Grossberg and Nayar's `invemor.txt`, of which the inverse response is made; None takes waves around the
            mean of HDRCNN's sigmoids. The curves become part of the weights.
        threshold: tau, the linear value below white from which on the third network takes part.
        stage: What is trained. `all` trains the first three networks side by side, then all four.
        apart_for: Steps of `all` before the networks are trained together.
        until: Up to which network a photograph goes; None: as far as `stage` trains.
        curve_weight: Of the error of the curve.
        perceptual_weight: Of the perceptual loss of the third network, in units of Caffe's features; 0 needs no VGG.
        variation_weight: Of the total variation of what it makes.
        perceptual_weights: File with torchvision's vgg16 weights; None looks in torch.hub's cache.
        pretrained: Start the third network's encoder from VGG-16's ImageNet weights; the authors' code: Places365's.
        encoder_weights: File with torchvision's vgg16 weights; None looks in torch.hub's cache.
        optimizer: Adam, 1e-4; the configuration of the joint stage has 1e-5.
        scheduler: None in the authors' code.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from: that of the stage before.
    """

    generates = False
    context = True
    exposures = TheseExposures((0.0,))

    def __init__(
        self,
        dequantisation_channels: Sequence[int] = CHANNELS,
        linearisation_width: int = 64,
        hallucination_channels: Sequence[int] = VGG_CHANNELS,
        refinement_channels: Sequence[int] = REFINEMENT_CHANNELS,
        basis: str | Path | None = None,
        threshold: float = 0.12,
        stage: Stage = "all",
        apart_for: int = 500_000,
        until: Part | None = None,
        curve_weight: float = 0.1,
        perceptual_weight: float = 0.001,
        variation_weight: float = 0.1,
        perceptual_weights: str | Path | None = None,
        pretrained: bool = True,
        encoder_weights: str | Path | None = None,
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=1e-4),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "step",
        initial_weights: str | None = None,
    ) -> None:
        if not 0 < threshold <= 1:
            raise InputError(f"expected a threshold above 0 and up to 1, found {threshold:g}", "threshold")
        super().__init__(optimizer, scheduler, interval, initial_weights=initial_weights)
        self.save_hyperparameters(ignore=["optimizer", "scheduler"])
        self.dequantisation = RestorationNetwork(3, dequantisation_channels)
        self.linearisation = LinearisationNetwork(linearisation_width, basis)
        self.hallucination = FillingNetwork(hallucination_channels, log_skips=False, resized=True)
        self.refinement = RestorationNetwork(9, refinement_channels, bounded=False)
        networks = (self.dequantisation, self.hallucination, self.refinement)
        self.multiple = max(network.multiple for network in networks)
        self.threshold = threshold
        self.stage = stage
        self.apart_for = apart_for
        self.until: Part = until or _reached(stage)
        self.curve_weight = curve_weight
        self.perceptual_weight = perceptual_weight
        self.variation_weight = variation_weight
        self.perceptual_weights = perceptual_weights
        self.pretrained = pretrained
        self.encoder_weights = encoder_weights
        self.perceptual: PerceptualLoss | None = None

    # -- use -------------------------------------------------------------------------------------------------------

    def expand(self, image: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` of `image` `(B, 3, H, W)`, by the networks up to `until`."""
        return self.steps(image, of_whole_image(lambda: (self._curve(image),))[0])[self.until].clamp_min(0)

    def steps(self, image: Tensor, curve: Tensor | None = None) -> dict[Part, Tensor]:
        """What each network makes of `image` `(B, 3, H, W)`, as far as `until`.

        Args:
            image: Display values.
            curve: The inverse response `(B, 1024)`; None estimates it.
        """
        clean = self.dequantised(image)
        curve = self.linearisation(clean) if curve is None else curve
        linear = linearised(clean, curve)
        made: dict[Part, Tensor] = {"linearisation": linear}
        if self.until != "linearisation":
            made["hallucination"] = self.filled(linear)
        if self.until == "refinement":
            seen = torch.cat([made["hallucination"], linear, clean], 1)
            made["refinement"] = (made["hallucination"] + self.refinement(seen).float()).relu()
        return made

    def dequantised(self, image: Tensor) -> Tensor:
        """Display values `(B, 3, H, W)` before they were rounded."""
        clean: Tensor = image.float() + self.dequantisation(image).float()
        return clean.clamp(0, 1)

    def filled(self, linear: Tensor) -> Tensor:
        """Linear values `(B, 3, H, W)`, and where these are clipped what the third network adds."""
        added: Tensor = blend_weight(linear, self.threshold) * self.hallucination(linear).float().relu()
        return linear + added

    def _curve(self, image: Tensor) -> Tensor:
        curve: Tensor = self.linearisation(self.dequantised(image))
        return curve

    # -- training --------------------------------------------------------------------------------------------------

    def load_first_weights(self) -> None:
        """Fetch the first weights of the third network's encoder."""
        if self.pretrained and self.stage in ("hallucination", "all"):
            self.hallucination.load_encoder(self.encoder_weights)

    def setup(self, stage: str) -> None:
        """Fetch the VGG trunk, and keep the networks that are not trained, for training only."""
        super().setup(stage)
        if stage != "fit":
            return
        if self.perceptual_weight > 0 and self.stage in ("hallucination", "all"):
            layers = ("pool1", "pool2", "pool3")
            self.perceptual = PerceptualLoss(16, layers, self.perceptual_weights, "mean")
        trained = {id(network) for network in self._trained()}
        for network in self.children():
            network.requires_grad_(id(network) in trained)

    def configure_optimizers(self) -> Any:
        """One optimizer for the networks that the stage trains."""
        assert self.optimizer is not None
        return self.scheduled(self.optimizer([p for network in self._trained() for p in network.parameters()]))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Train the networks of the stage, each by its loss, or all by that of the result."""
        terms = self.losses(batch)
        loss = torch.stack(list(terms.values())).sum()
        self.log_dict({f"train/{name}": term.detach() for name, term in terms.items()}, batch_size=len(batch["ldr"]))
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(batch["ldr"]))
        return loss

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted terms of the stage.

        Raises:
            InputError: The scenes do not know their radiance, or their response.
        """
        image, truth = source_of(batch), truth_of(batch)
        weight = telling(image)
        if self.stage == "joint" or (self.stage == "all" and self.global_step >= self.apart_for):
            made = self.steps(image)[self.until]
            error = (compressed(levelled(made)) - compressed(levelled(truth))).abs()
            return {"joint": weighted_mean(error, weight)}
        if "inverse_response" not in batch:
            raise InputError(
                f"{batch['scene'][0]}: expected scenes that know their response, as RenderedStacks and ProceduralScenes"
                " do, found none; train on these, or pass stage='joint'",
                "stage",
            )
        curve, clipped = batch["inverse_response"], truth.clamp(0, 1)
        clean = EstimatedResponse.unchecked(curve[:, None])(clipped)
        chosen = ("dequantisation", "linearisation", "hallucination") if self.stage == "all" else (self.stage,)
        terms: dict[str, Tensor] = {}
        if "dequantisation" in chosen:
            terms["dequantisation"] = weighted_mean((self.dequantised(image) - clean).square(), weight)
        if "linearisation" in chosen:
            made = self.linearisation(clean)
            of_image = (linearised(clean, made) - clipped).square()
            terms["linearisation"] = weighted_mean(of_image, weight)
            terms["curve"] = self.curve_weight * weighted_mean((made - curve).square(), weight)
        if "hallucination" in chosen:
            terms |= self._of_hallucination(compressed(self.filled(clipped)), compressed(truth), weight)
        if self.stage == "all":
            terms["later"] = nothing_of(self.refinement.parameters())
        return terms

    def _of_hallucination(self, made: Tensor, wanted: Tensor, weight: Tensor) -> dict[str, Tensor]:
        terms = {"hallucination": weighted_mean((made - wanted).abs(), weight)}
        terms["variation"] = self.variation_weight * weighted_mean(variation(made)[:, None], weight)
        if self.perceptual is not None:
            kept = weight.view(-1, 1, 1, 1)
            terms["perceptual"] = self.perceptual_weight * CAFFE * self.perceptual(made * kept, wanted * kept)
        return terms

    def _trained(self) -> list[nn.Module]:
        parts: dict[Stage, list[nn.Module]] = {
            "dequantisation": [self.dequantisation],
            "linearisation": [self.linearisation],
            "hallucination": [self.hallucination],
        }
        every = [self.dequantisation, self.linearisation, self.hallucination, self.refinement]
        return parts.get(self.stage, every)


def linearised(image: Tensor, curve: Tensor) -> Tensor:
    """Linear values of display values `(B, 3, H, W)` by the inverse responses `(B, N)`."""
    return EstimatedResponse.unchecked(curve[:, None]).inverse(image)


def _reached(stage: Stage) -> Part:
    """The last network that is trained when the stages up to this one are."""
    if stage in ("dequantisation", "linearisation"):
        return "linearisation"
    return "hallucination" if stage == "hallucination" else "refinement"
