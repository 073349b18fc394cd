"""Whether the frames of a bracket agree with each other, and where they do not, which of them and why."""

import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.bracket.bracket import Bracket
from hdrgen.bracket.fitting import fitted_exposures, fitted_with_curve
from hdrgen.bracket.readings import other_readings
from hdrgen.bracket.repeated import distinct
from hdrgen.camera import SRGB, CameraResponse, frame_deviations, response_residual
from hdrgen.errors import InputError, InputWarning

DISAGREE = 0.25  # stops by which one frame, or all of them, may be off; good brackets are far below
_PLAIN = 0.2  # stops of disagreement as a whole above which a frame that is off needs no further evidence
_BETTER = 0.75  # of the disagreement that may be left without a frame whose exposure is wrong
_ABSURD = 2.5  # times as far apart as the exposures say, or as near
_ALIKE = 0.5  # of the disagreement of the worst pair, from which on another is as likely
_EXPLAINED = 0.5  # of the disagreement that may be left where something explains it

Calibrate = Callable[[NDArray[np.float32], NDArray[np.float32]], CameraResponse]


class Agreement(NamedTuple):
    """How well the frames of a bracket agree.

    Attributes:
        residual: As of `hdrgen.camera.response_residual`, stops.
        told: Whether a warning was made of it.
    """

    residual: float
    told: bool

    def __str__(self) -> str:
        """In words.

        >>> [str(Agreement(*one)) for one in ((0.031, False), (0.54, True), (math.nan, False))]
        [' (frames agree within 0.031 stops)', ' (frames disagree by 0.54 stops)', '']
        """
        if math.isnan(self.residual):
            return ""
        return f" (frames {'disagree by' if self.told else 'agree within'} {self.residual:.2g} stops)"


def _stops(ev: Sequence[float]) -> NDArray[np.float32]:
    return np.array(ev, np.float32)


def tell_disagreement(
    bracket: Bracket, sample: NDArray[np.float32], response: CameraResponse, name: str, calibrate: Calibrate | None
) -> Agreement:
    """How far the frames disagree, in stops, once they are decoded; a warning where that is much.

    Args:
        bracket: The frames and their exposures.
        sample: Display values of some of their pixels, (S, 3, h, w).
        response: The curve by which they are decoded.
        name: Of the curve.
        calibrate: Estimates a curve from a sample and exposures.

    One frame that is off by d leaves less than d / 2 as the disagreement of all, so each frame's own counts as well.
    Of a curve that the frames themselves decide, the darkest and the brightest frame may be off without a sign: the
    end of the curve takes it up.

    Warns:
        InputWarning: More than `DISAGREE`, as a whole or of one frame: which disagrees the most, and the likely cause.
    """
    ev = _stops(bracket.ev)
    residual = response_residual(sample, ev, response)
    estimated = name.startswith("estimated")
    trial = _Trial(sample, None if estimated else response, calibrate)
    deviations = [0.0 if math.isnan(value) else value for value in frame_deviations(sample, ev, response)]
    most = max(range(len(ev)), key=lambda index: abs(deviations[index]))
    told = residual > DISAGREE or (abs(deviations[most]) > DISAGREE and _is_off(trial, ev, most, residual))
    if told:
        cause, argument = _cause(bracket, trial, residual, name, estimated=estimated)
        found = f"the frames disagree by {residual:.2g} stops under the response {name}"
        if argument in ("fit_exposures", None) or len(ev) == 2:  # else all of them, or the frame that the cause names
            frames = [most] if len(ev) > (3 if estimated else 2) else _candidates(sample, ev, response)
            found += _named([bracket.frames[frame].path.name for frame in frames], deviations[most])
        warnings.warn(InputWarning(f"{bracket.name}: {found}; {cause}", argument), stacklevel=3)
    elif estimated:
        _tell_absurd_span(bracket, sample)
    return Agreement(residual, told)


def _candidates(sample: NDArray[np.float32], ev: NDArray[np.float32], response: CameraResponse) -> list[int]:
    """The frames of the pairs that disagree the most: of two, and of three that decide their curve, none is the one."""
    off = {
        pair: abs(frame_deviations(sample[list(pair)], ev[list(pair)], response)[1])
        for pair in itertools.combinations(range(len(ev)), 2)
    }
    worst = max((value for value in off.values() if not math.isnan(value)), default=0.0)
    return sorted({frame for pair, value in off.items() if value >= _ALIKE * worst for frame in pair})


def _named(names: Sequence[str], deviation: float) -> str:
    """Which frame disagrees the most, or which may be the one.

    >>> _named(["a.jpg"], 0.52), _named(["a.jpg", "b.jpg"], -0.52)
    (', a.jpg the most (+0.5)', ', a.jpg and b.jpg the most (-0.5): either may be off')
    """
    if len(names) == 1:
        return f", {names[0]} the most ({deviation:+.1f})"
    if len(names) == 2:
        return f", {names[0]} and {names[1]} the most ({deviation:+.1f}): either may be off"
    return (
        f" ({deviation:+.1f}): {', '.join(names[:-1])} or {names[-1]} may be off, which three frames alone do not tell"
    )


class _Trial:
    """What the disagreement would be with other exposures, or another curve.

    Args:
        sample: As of `tell_disagreement`.
        response: The curve that is known; None where the exposures decide it.
        calibrate: Estimates it.
    """

    def __init__(
        self, sample: NDArray[np.float32], response: CameraResponse | None, calibrate: Calibrate | None
    ) -> None:
        self.sample, self.response, self.calibrate = sample, response, calibrate

    def curve(self, ev: NDArray[np.float32], frames: Sequence[int]) -> CameraResponse | None:
        """The one that is known, or the one that these frames at these exposures give."""
        if self.response is not None or self.calibrate is None:
            return self.response
        return self.estimated(ev, frames)

    def estimated(self, ev: NDArray[np.float32], frames: Sequence[int]) -> CameraResponse | None:
        """The curve that these frames give; None where they hold too little."""
        chosen = sorted(frames, key=lambda index: float(ev[index]))
        try:
            return self.calibrate(*distinct(self.sample[chosen], ev[chosen].tolist())) if self.calibrate else None
        except InputError:
            return None

    def residual(self, ev: NDArray[np.float32], frames: Sequence[int] | None = None) -> float:
        """The disagreement of these frames; infinite where nothing can be said."""
        frames = range(len(ev)) if frames is None else frames
        return self.under(self.curve(ev, frames), ev, frames)

    def under(self, curve: CameraResponse | None, ev: NDArray[np.float32], frames: Sequence[int]) -> float:
        """The disagreement under a curve."""
        if curve is None:
            return math.inf
        found = response_residual(self.sample[list(frames)], ev[list(frames)], curve)
        return math.inf if math.isnan(found) else found

    def fitted(self, ev: NDArray[np.float32], reference: int) -> float:
        """The disagreement that is left with exposures by the pixels, as `merge_bracket` fits them."""
        try:
            if self.response is not None:
                found = fitted_exposures(self.sample, ev.tolist(), self.response, reference)
            elif self.calibrate is not None:
                found = fitted_with_curve(self.sample, ev.tolist(), self.calibrate, reference)
            else:
                return math.inf
        except InputError:
            return math.inf
        return self.residual(_stops(found))


def _cause(bracket: Bracket, trial: _Trial, residual: float, name: str, *, estimated: bool) -> tuple[str, str | None]:
    """The likely cause in words with what to do, and the argument that it is about."""
    ev, enough = _stops(bracket.ev), min(DISAGREE, _EXPLAINED * residual)
    for other, meant, argument in other_readings(bracket):
        left = trial.residual(other)
        if left < enough:
            return f"within {left:.2g} stops they agree if the exposures are {meant}", argument
    everything = range(len(ev))
    if not estimated:
        left = trial.under(trial.estimated(ev, everything), ev, everything)
        if left < enough:
            words = f"{name} is hardly this camera's: under an estimated one they agree within {left:.2g} stops"
            return f"{words}; pass response='estimate'", "response"
    fitted = trial.fitted(ev, bracket.middle)
    odd, left = _odd_frame(trial, ev)
    if left < enough and len(ev) > (3 if estimated else 2):  # a curve can be found for any two frames
        frame = bracket.frames[odd]
        curve = trial.curve(ev, [index for index in everything if index != odd])
        off = frame_deviations(trial.sample, ev, curve)[odd] if curve is not None else math.nan
        seen = "" if math.isnan(off) else f" looks {off:+.1f} stops from what its exposure ({frame.exposure}) says and"
        advice = ", let fit_exposures=True do so" if fitted < enough else ""
        return (
            f"{frame.path.name}{seen} is the one that does not fit; correct its exposure{advice}, or leave it out",
            "ev",
        )
    if fitted < enough:
        words = f"within {fitted:.2g} stops they agree with exposures by the pixels, as where light changed"
        return f"{words}; pass fit_exposures=True", "fit_exposures"
    return "check the exposures, leave out borders and what was lit differently", None


def _is_off(trial: _Trial, ev: NDArray[np.float32], frame: int, residual: float) -> bool:
    """Whether a frame that deviates is one whose exposure is wrong, rather than where a curve is known least."""
    others = [index for index in range(len(ev)) if index != frame]
    return len(others) < 2 or residual > _PLAIN or trial.residual(ev, others) < _BETTER * residual


def _tell_absurd_span(bracket: Bracket, sample: NDArray[np.float32]) -> None:
    """A curve can be found for exposures of any span: under sRGB, which no camera is far from, a wrong one shows."""
    shown, given = _span(sample, _stops(bracket.ev)), bracket.ev[-1] - bracket.ev[0]
    if given <= 0 or math.isnan(shown) or 1 / _ABSURD < shown / given < _ABSURD:
        return
    meant = [
        f"; they may be {meant}"
        for ev, meant, _ in other_readings(bracket)
        if 1 / _ABSURD < shown / max(float(ev[-1] - ev[0]), 1e-9) < _ABSURD
    ]
    message = f"{bracket.name}: the frames look about {shown:.1f} stops apart, {bracket.frames[0].path.name} to"
    message += f" {bracket.frames[-1].path.name}, and their exposures say {given:.2g}{''.join(meant)}; check them"
    warnings.warn(InputWarning(message, "ev"), stacklevel=4)


def _span(sample: NDArray[np.float32], ev: NDArray[np.float32]) -> float:
    """Stops from the first frame to the last by sRGB, step by step; NaN where neighbours have nothing in common."""
    return sum(frame_deviations(sample[index : index + 2], _stops([0, 0]), SRGB())[1] for index in range(len(ev) - 1))


def _odd_frame(trial: _Trial, ev: NDArray[np.float32]) -> tuple[int, float]:
    """The frame without which the others agree the best, and how well."""
    if len(ev) < 3:
        return 0, math.inf
    others = [[index for index in range(len(ev)) if index != odd] for odd in range(len(ev))]
    left = [trial.residual(ev, frames) for frames in others]
    odd = min(range(len(ev)), key=left.__getitem__)
    return odd, left[odd]
