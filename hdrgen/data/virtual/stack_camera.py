"""A virtual camera that photographs radiance: the exposure stacks of rendered and procedural scenes."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse, CurvePrior, Sigmoid, expose, load_curves
from hdrgen.data.auto_exposure import MIDDLE_GREY, auto_exposure_gain, finite_radiance, with_floor
from hdrgen.data.dataset import StackDataset, local_reference
from hdrgen.data.sample import RESPONSE_LEVELS, Sample
from hdrgen.data.virtual.exposing import bracket_of
from hdrgen.data.virtual.finish import Finish
from hdrgen.data.virtual.variation import Variation
from hdrgen.errors import InputError

HALF_STOPS = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
"""The nine exposures of DrTMO, in stops."""

FOLDS = 5
"""Of the curves, every fifth run is held out for tests."""


@dataclass(frozen=True)
class StackCamera:
    """A camera that takes a bracket of a scene; response and exposure are drawn anew for each scene and epoch.

    The procedure of DrTMO (Endo et al., "Deep Reverse Tone Mapping", 2017), which Le et al., WACV 2023, train on: a
    response curve, nine exposures in half stops, 8 bits. The middle exposure is anchored on the scene: the `percentile`
    of its luminance gets the sensor exposure `level * 2**u`, u uniform within `jitter` stops.

    Attributes:
        evs: Exposures in stops, ascending; 0, the reference, is one of them.
        curves: Where responses are drawn from: a file that `hdrgen.camera.load_curves` reads, or the responses
            themselves, or a `CurvePrior`. None draws from the sigmoid family of HDRCNN.
        curves_fold: Of the curves, "test" takes every fifth run of neighbours and "train" the others; None takes all.
            Neighbours stay together because DoRF lists the red, green and blue curve of a film one after the other.
        bits: Quantisation of the exposures; None leaves them continuous.
        percentile: Of luminance, 0 to 100.
        level: Sensor exposure of that percentile at EV 0, where 1 saturates; 0.18 is middle grey.
        jitter: Half the width of the random exposure error, in stops.
        exposed_for_lights: Share of scenes whose exposure is anchored on their lights instead: at EV 0, as many pixels
            are clipped, by their largest channel, as is drawn from `clipped`.
        clipped: Smallest and largest share of clipped pixels, drawn evenly in its logarithm.
        finish: Noise, black and white levels, sharpening and JPEG; None takes ideal pictures of `bits`.
        astray: Share of the scenes not exposed for their lights whose exposure error is within `astray_by` stops
            instead of `jitter`, as that of a bracket's outer frames is.
        astray_by: Half the width of that error, in stops.
        clipped_values: Smallest and largest share of the values of all channels that are clipped at EV 0, drawn evenly:
            how HDRCNN's camera exposes, whatever `percentile`, `level`, `jitter` and `exposed_for_lights` are. None
            exposes by these.
        variation: Noise and changes of colour of the scene itself, its truth among them; None for none.
    """

    evs: Sequence[float] = HALF_STOPS
    curves: str | list[CameraResponse] | CurvePrior | None = None
    curves_fold: Literal["train", "test"] | None = None
    bits: int | None = 8
    percentile: float = 50.0
    level: float = MIDDLE_GREY
    jitter: float = 0.5
    exposed_for_lights: float = 0.0
    clipped: Sequence[float] = (1e-4, 0.2)
    finish: Finish | None = None
    astray: float = 0.0
    astray_by: float = 3.0
    clipped_values: Sequence[float] | None = None
    variation: Variation | None = None

    def __post_init__(self) -> None:
        """Check what would otherwise fail in the middle of a run."""
        if 0 not in self.evs or any(b <= a for a, b in zip(self.evs, self.evs[1:], strict=False)):
            raise InputError(f"expected exposures in ascending stops with 0 among them, found {list(self.evs)}")
        if not (0 <= self.astray <= 1 and self.astray_by >= 0):
            raise InputError(
                "expected a share from 0 to 1 and stops of 0 or more, found"
                f" astray={self.astray:g} and astray_by={self.astray_by:g}"
            )
        if not (0 <= self.exposed_for_lights <= 1 and 0 < self.clipped[0] <= self.clipped[1] <= 1):
            raise InputError(
                "expected exposed_for_lights from 0 to 1 and shares of clipped pixels above 0 and up to 1, found"
                f" {self.exposed_for_lights} and {list(self.clipped)}"
            )
        if self.clipped_values is not None and not 0 <= self.clipped_values[0] <= self.clipped_values[1] < 1:
            raise InputError(
                f"expected shares of clipped values from 0 to below 1, found clipped_values={list(self.clipped_values)}"
            )
        if self.curves_fold and (not self.curves or isinstance(self.curves, CurvePrior)):
            raise InputError(f"expected curves to take the {self.curves_fold} fold of, found none; set curves")
        if self.curves is not None and not isinstance(self.curves, CurvePrior) and not self.responses:
            raise InputError(f"expected at least one response curve, found none in {self.curves} ({self.curves_fold})")

    @property
    def ev(self) -> Tensor:
        """(S,) exposures in stops."""
        return torch.tensor(self.evs, dtype=torch.float32)

    @property
    def reference(self) -> int:
        """Index of EV 0."""
        return list(self.evs).index(0)

    @cached_property
    def responses(self) -> Sequence[CameraResponse]:
        """The curves of this fold; empty when the curves are drawn from a family."""
        if self.curves is None or isinstance(self.curves, CurvePrior):
            return []
        curves: Sequence[CameraResponse] = load_curves(self.curves) if isinstance(self.curves, str) else self.curves
        return curves if self.curves_fold is None else fold_of(curves, held_out=self.curves_fold == "test")

    def draw_response(self, generator: torch.Generator) -> CameraResponse:
        """A response for one scene, each curve equally likely."""
        if isinstance(self.curves, CurvePrior):
            return self.curves.draw(generator)
        if self.curves is None:
            return Sigmoid.sample(generator)
        return self.responses[int(torch.randint(len(self.responses), (), generator=generator))]

    def photograph(
        self,
        radiance: Tensor,
        scene: str,
        frames: Sequence[int],
        generator: torch.Generator,
        frame_radiance: Tensor | None = None,
    ) -> Sample:
        """Take these exposures of a scene.

        Args:
            radiance: (3, H, W) linear, of any scale, at the reference exposure.
            scene: Its name.
            frames: Indices into `evs`, ascending.
            generator: Draws the response and the exposure error; the draws do not depend on `frames`.
            frame_radiance: (S, 3, H, W) linear radiance at each of `frames`, on the scale of `radiance`, where things
                move; None: `radiance` throughout.

        Returns:
            The sample with `hdr` on the absolute scale (`ldr[ref] == f(clip(hdr))` within quantisation) and the
            `inverse_response`.
        """
        response = self.draw_response(generator)
        gain = self._gain(radiance, generator)
        hdr = with_floor(finite_radiance(radiance) * gain)
        if self.variation is not None:
            if frame_radiance is not None:
                raise InputError(
                    "expected a camera without variation for scenes that move; pass variation=None", "variation"
                )
            hdr = with_floor(self.variation.draw(generator)(hdr, generator))
        exposed = hdr
        if frame_radiance is not None:
            exposed = with_floor(finite_radiance(frame_radiance) * gain)
        ev = self.ev[list(frames)]
        if self.finish is None:
            ldr = bracket_of(exposed, ev, response, self.bits)
            inverse = response.inverse(torch.linspace(0, 1, RESPONSE_LEVELS))
        else:
            finish = self.finish.draw(generator)
            ldr = finish.develop(expose(exposed.expand(len(ev), 3, -1, -1), ev[:, None])[:, 0], response, generator)
            inverse = finish.inverse(response, RESPONSE_LEVELS)
        return Sample(
            ldr=ldr,
            ev=ev,
            ref=torch.tensor(local_reference(frames, self.reference)),
            hdr=hdr,
            scene=scene,
            inverse_response=inverse,
        )

    def _gain(self, radiance: Tensor, generator: torch.Generator) -> Tensor:
        """The factor () that exposes a scene at EV 0."""
        if self.clipped_values is not None:
            low, high = self.clipped_values
            share = low + (high - low) * float(torch.rand((), generator=generator))
            values = finite_radiance(radiance).flatten()
            return 1 / values.kthvalue(1 + round((1 - share) * (values.numel() - 1))).values.clamp_min(1e-20)
        error = 2 * float(torch.rand((), generator=generator)) - 1
        gone_astray = self.astray > 0 and float(torch.rand((), generator=generator)) < self.astray
        error *= self.astray_by if gone_astray else self.jitter
        if self.exposed_for_lights:
            for_lights, drawn = torch.rand(2, generator=generator).tolist()
            if for_lights < self.exposed_for_lights:
                low, high = self.clipped
                brightest = finite_radiance(radiance).amax(0).flatten()
                index = round((1 - low * (high / low) ** drawn) * (brightest.numel() - 1))
                return 1 / brightest.kthvalue(index + 1).values.clamp_min(1e-20)
        return auto_exposure_gain(radiance, self.percentile, self.level * 2**error)


class RadianceScenes(StackDataset):
    """Scenes whose radiance is known, photographed by a virtual camera; subclasses yield the radiance.

    Attributes:
        camera: Takes the exposures.
    """

    camera: StackCamera

    @abstractmethod
    def radiance(self, index: int, generator: torch.Generator) -> Tensor:
        """(3, H, W) linear radiance of the scene, of any scale, drawn anew from `generator` where it is random."""

    def exposures(self, index: int) -> Tensor:
        """(S,) the camera's exposures in stops."""
        return self.camera.ev

    def reference(self, index: int) -> int:
        """Index of EV 0."""
        return self.camera.reference

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Photograph the scene."""
        return self.camera.photograph(self.radiance(index, generator), self.scene(index), frames, generator)


def fold_of(curves: Sequence[CameraResponse], *, held_out: bool) -> list[CameraResponse]:
    """Every fifth run of neighbouring curves, or all others.

    A run is a thirty-second of the list: one curve in a short list, the six curves of two films in DoRF.

    >>> from hdrgen.camera import Gamma
    >>> [curve.gamma for curve in fold_of([Gamma(g) for g in range(1, 11)], held_out=True)]
    [5, 10]
    """
    run = max(1, round(len(curves) / 32))
    return [curve for index, curve in enumerate(curves) if (index // run % FOLDS == FOLDS - 1) == held_out]
