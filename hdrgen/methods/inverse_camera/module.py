"""Training of the inverse camera and its place in the common interface."""

from collections.abc import Sequence
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim.lr_scheduler import ConstantLR

from hdrgen.camera import CameraResponse, EstimatedResponse
from hdrgen.data import Batch, TheseExposures, derived_generator
from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule
from hdrgen.methods.inverse_camera.application import Restoration, exposures_of, guided_stops, region_stops
from hdrgen.methods.inverse_camera.curve import response_of
from hdrgen.methods.inverse_camera.limit import limited_stops
from hdrgen.methods.inverse_camera.loss import Losses, curve_loss, exposure_errors, stops_loss
from hdrgen.methods.inverse_camera.network import WIDTHS, CameraEstimate, CameraNetwork, CurveSource
from hdrgen.methods.inverse_camera.summary import NEARLY_WHITE, histogram_of, overview_of, ramp
from hdrgen.tiling import enlarged, of_whole_image, reduced_whole

SHADOW_EXPOSURE = 2.0**-10
"""Smallest exposure that the loss on log radiance tells from others."""


class InverseCamera(HDRModule):
    r"""One photograph to radiance, by estimating its camera; any exposure by taking it with that camera.

    Paper:
        None: a method of hdrgen.

    A small network sees a thumbnail and a histogram. It estimates the inverse response as a monotone curve, and how
    far above white clipped areas are, as a coarse map of stops. The rest is arithmetic on the full photograph: the
    curve linearises it, clipped pixels are multiplied by one gain for all channels, and an exposure is the camera's
    picture of that radiance. What is not clipped is the linearised photograph, exactly.

    Args:
        channels: Width of each level of the network, from the thumbnail's size down.
        thumbnail: Rows and columns of the grid of cells that the network sees.
        curve_from: What the curve is estimated from: the "picture", that is the deepest features beside the histogram,
            or the "histogram" alone, through layers of its own, which know no scene by heart, or the "edges": by how
            colours mix there (see `MixingEvidence`), beside the picture.
        part: What is trained: "all", or the "curve" alone that the histogram tells, which needs no more than small
            pictures, or the edges.
        exposure_range: Largest stops, either way, of the exposures that training compares.
        curve_weight: Of the loss on the curve, in stops.
        radiance_weight: Of the loss on log radiance below white.
        stops_weight: Of the loss on the stops above white.
        stack_ev: Exposures that `expand` writes and `generate` is asked for, in stops relative to the input.
        response: The camera's response, where it is known, in place of the estimated one.
        most_stops: Above white that are restored at most: where a photograph would have more, all shrink in proportion.
            At 0 the radiance is the linearised photograph. None: as estimated.
        trust: Part of the estimated deviation from the mean of cameras that counts, 0 to 1; training takes all of it. A
            network that has seen few scenes is surer of a curve than it should be.
        edge_share: Part of the curve, where edges tell it, that they do, 0 to 1; of the rest, the picture's, `trust`
            counts.
        optimizer: AdamW.
        scheduler: Keeps the rate; the recipes of the packaged weights anneal it.
        interval: When the scheduler steps.
        initial_weights: Checkpoint whose weights training starts from.
    """

    context = True
    overlap = 0  # beyond the estimate, which is of the whole photograph, each pixel is worked on alone
    exposures = TheseExposures((0.0,))

    def __init__(
        self,
        channels: Sequence[int] = WIDTHS,
        thumbnail: int = 64,
        curve_from: CurveSource = "picture",
        part: Literal["all", "curve"] = "all",
        exposure_range: float = 4.0,
        curve_weight: float = 0.05,
        radiance_weight: float = 0.02,
        stops_weight: float = 0.05,
        stack_ev: Sequence[float] = (-4.0, -2.0, 0.0, 2.0),
        response: CameraResponse | None = None,
        most_stops: float | None = None,
        trust: float = 0.5,
        edge_share: float = 0.5,
        optimizer: OptimizerCallable = lambda p: torch.optim.AdamW(p, lr=2e-3, weight_decay=1e-2),
        scheduler: LRSchedulerCallable | None = lambda o: ConstantLR(o, factor=1.0),
        interval: Literal["epoch", "step"] = "step",
        initial_weights: str | None = None,
    ) -> None:
        super().__init__(optimizer, scheduler, interval, stack_ev, response, initial_weights)
        if most_stops is not None and not most_stops >= 0:
            raise InputError(
                f"expected 0 or more stops above white, found {most_stops:g}; pass most_stops=0 for none", "most_stops"
            )
        for name, share in (("trust", trust), ("edge_share", edge_share)):
            if not 0 <= share <= 1:
                raise InputError(f"expected {name} from 0 to 1, found {share:g}", name)
        self.save_hyperparameters(ignore=["optimizer", "scheduler", "response"])
        if part == "curve" and curve_from == "picture":
            raise InputError(
                'expected curve_from "histogram" or "edges" where only the curve is trained, found "picture"',
                "curve_from",
            )
        self.network = CameraNetwork(channels, thumbnail, curve_from, edge_share)
        self.part = part
        self.restoration = Restoration()
        self.exposure_range = exposure_range
        self.curve_weight = curve_weight
        self.radiance_weight = radiance_weight
        self.stops_weight = stops_weight
        self.most_stops = most_stops
        self.trust = trust

    def started(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weights that took the curve from the picture: one from elsewhere starts at the mean of cameras."""
        own = (".of_histogram.", ".of_edges.")
        fresh = {name: value for name, value in self.state_dict().items() if any(layer in name for layer in own)}
        return fresh | state

    # -- radiance and exposures --------------------------------------------------------------------------------------

    def estimate(self, image: Tensor) -> CameraEstimate:
        """The camera of each photograph; of a tile, that of the photograph it belongs to. In float32."""

        def estimated() -> tuple[Tensor, ...]:
            curve, *others = self.network(image, self.trust)
            if self.response is not None:
                levels = torch.linspace(0, 1, curve.shape[-1], device=curve.device).expand(3, 1, -1)
                curve = self.response.inverse(levels)[:, 0].expand(len(curve), -1, -1)
            return curve, *others

        return CameraEstimate(*of_whole_image(estimated))

    @torch.no_grad()
    def camera(self, image: Tensor) -> EstimatedResponse:
        """The response that a photograph `(3, H, W)`, of any size, was taken with: three equal curves."""
        return EstimatedResponse(self.estimate(reduced_whole(image[None])).curve[0].expand(3, -1).contiguous())

    def expand(self, image: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` of `image` `(B, 3, H, W)`. See `HDRModule.expand`."""
        return self._radiance(image, self.estimate(image))

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        """The exposures `ev` `(K,)` of `image`. See `HDRModule.generate`."""
        estimate = self.estimate(image)
        exposures = exposures_of(self._radiance(image, estimate), ev, estimate.curve)
        # At EV 0 the photograph itself, also where JPEG left white at 250.
        return torch.where((ev == 0).view(-1, 1, 1, 1), image[:, None].float(), exposures)

    def gain(self, image: Tensor) -> Tensor:
        """Stops `(B, 1, H, W)` by which `expand` brightens the linearised photograph `(B, 3, H, W)`, of any size."""

        def of(part: Tensor) -> Tensor:
            return self._restored(part, torch.ones_like(part[:, :1]), self.estimate(part)).log2()

        return self.in_tiles(of, image)

    def _radiance(self, image: Tensor, estimate: CameraEstimate) -> Tensor:
        return self._restored(image, _linear(image, estimate.curve), estimate)

    def _restored(self, image: Tensor, linear: Tensor, estimate: CameraEstimate) -> Tensor:
        if not torch.compiler.is_compiling() and bool(image.amax() <= NEARLY_WHITE[0]):
            return linear  # most tiles of most photographs: the gain would be 1
        stops = region_stops(estimate)
        if self.most_stops is not None:
            stops = limited_stops(stops, estimate.clipped, self.most_stops)
        stops = guided_stops(stops, estimate.clipped, image) * enlarged(estimate.depth, image)
        radiance: Tensor = self.restoration(image, linear, stops)
        return radiance

    # -- training ----------------------------------------------------------------------------------------------------

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Estimate the camera of each photograph, and compare what it makes with what the true one makes."""
        _check(batch)
        if self.part == "curve":
            return self._curve_step(batch)
        terms = self._losses(batch)
        loss = (
            terms.exposures
            + self.radiance_weight * terms.radiance
            + self.curve_weight * terms.curve
            + self.stops_weight * terms.stops
        )
        logged = {f"train/{name}": term.detach() for name, term in terms._asdict().items()}
        self.log_dict(logged, batch_size=len(batch["hdr"]))
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(batch["hdr"]))
        return loss

    def _curve_step(self, batch: Batch) -> Tensor:
        """The errors of exposures, of which only the histogram and the curves need be known."""
        overview = overview_of(batch["ldr"][:, 0], 2 * self.network.thumbnail)
        histogram = histogram_of(overview[:, :3])
        ev = self._drawn_exposures(batch["scene"], histogram.device)
        of_edges = self.network.of_edges is not None
        curve = self.network.curve_by_edges(batch["ldr"][:, 0]) if of_edges else self.network.curve_of(histogram)
        errors = exposure_errors(curve, batch["inverse_response"], histogram, ev)
        loss = errors.mean()
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=len(errors))
        return loss

    def _losses(self, batch: Batch) -> Losses:
        image, hdr = batch["ldr"][:, 0], batch["hdr"]
        estimate = CameraEstimate(*self.network(image))
        clipped = (ramp(image).amin(1, keepdim=True) >= 1).float()
        depth = enlarged(estimate.depth, image)
        stops = (guided_stops(region_stops(estimate), estimate.clipped, image) * depth).detach()
        radiance = self.restoration(image, _linear(image, estimate.curve), stops)
        made, truth = (x[..., ::2, ::2] for x in (radiance, hdr))
        ev = self._drawn_exposures(batch["scene"], made.device)
        camera = response_of(batch["inverse_response"])
        exposures = exposures_of(made, ev, estimate.curve) - camera(truth[:, None] * ev.exp2().view(-1, 1, 1, 1))
        return Losses(
            exposures.abs().mean(),
            _log_difference(made, truth),
            curve_loss(estimate.curve, batch["inverse_response"]),
            stops_loss(guided_quantiles(estimate, image) * depth, clipped, hdr),
        )

    def _drawn_exposures(self, scenes: list[str], device: torch.device) -> Tensor:
        """(3,) stops, from the run's seed, the step and the scenes."""
        generator = derived_generator("exposures", torch.initial_seed(), self.global_step, *scenes)
        return (self.exposure_range * (2 * torch.rand(3, generator=generator) - 1)).to(device)


def guided_quantiles(estimate: CameraEstimate, image: Tensor) -> Tensor:
    """Both quantiles of the stops above white at the resolution of `image`, `(B, 2, H, W)`."""
    return torch.cat([guided_stops(each[:, None], estimate.clipped, image) for each in estimate.stops.unbind(1)], 1)


def _check(batch: Batch) -> None:
    if "hdr" not in batch or "inverse_response" not in batch:
        raise InputError(
            f"{batch['scene'][0]}: expected scenes that know their radiance and response, as RenderedStacks and"
            " ProceduralScenes do, found none; train on these"
        )


def _linear(image: Tensor, curve: Tensor) -> Tensor:
    return response_of(curve).inverse(image)


def _log_difference(made: Tensor, truth: Tensor) -> Tensor:
    """Mean difference in stops of what is neither above white nor too dark to tell."""
    made, truth = (x.clamp(SHADOW_EXPOSURE, 1).log2() for x in (made, truth))
    return (made - truth).abs().mean()
