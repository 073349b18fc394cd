"""What the merges share: frames in order of exposure, and the fallback for pixels that no frame exposes well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.errors import InputError
from hdrgen.fusion.means import Mean
from hdrgen.fusion.measures import MID_GREY, measured
from hdrgen.fusion.weights import Weight

CODES = 256  # of 8 bits


def weighted_mean(stack: Tensor, ev: Tensor, response: CameraResponse, weight: Weight, mean: Mean) -> Tensor:
    """The common part of all merges, see `hdrgen.fusion.merge_debevec`; `mean` is the quantity that is averaged."""
    count = stack.shape[-4] if stack.ndim >= 4 else 0
    total = weighted = fallback = torch.zeros((), device=stack.device)
    for j, (frame, stops) in enumerate(frames_longest_first(stack, ev)):
        measure = partial(measured, response, weight, mean, longest=j == 0, shortest=j == count - 1)
        w, quantity = look(frame, measure)
        w, value = mean.weight(w, stops), mean.value(quantity, stops)
        total = total + w
        weighted = torch.addcmul(weighted, w, value) if j else w * value
        fallback = torch.where(frame >= MID_GREY, value, fallback) if j else value
    nothing = total <= 0
    return mean.radiance(torch.where(nothing, fallback, weighted / torch.where(nothing, torch.ones_like(total), total)))


def frames_longest_first(stack: Tensor, ev: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (frame (..., 3, H, W), ev () or (..., 1, 1, 1)) from the longest exposure to the shortest, in float32.

    Raises:
        InputError: No frames, an EV missing, or an EV that is not finite.
    """
    if stack.ndim < 4 or ev.shape[-1:] != stack.shape[-4:-3] or ev.shape[-1] == 0:
        raise InputError(
            f"expected a stack (..., S, 3, H, W) and S exposures in EV, found {tuple(stack.shape)} and "
            f"{tuple(ev.shape)}: pass one EV per frame"
        )
    if not bool(ev.isfinite().all()):
        raise InputError(f"expected finite EVs, found {ev.tolist()}: leave out frames without exposure data")
    order = ev.argsort(dim=-1, stable=True)
    if not torch.equal(order, torch.arange(ev.shape[-1], device=ev.device).expand_as(order)):
        ev = ev.take_along_dim(order, -1)
        order = order.expand(*stack.shape[:-4], -1)
        stack = stack.take_along_dim(order[..., None, None, None], -4)
    for j in reversed(range(ev.shape[-1])):
        frame = stack.select(-4, j)
        stops = ev[j] if ev.ndim == 1 else ev[..., j, None, None, None]
        yield (frame if frame.dtype == torch.float64 else frame.float()), stops


class Coded:
    """The pixels of a frame as 8-bit codes, to look up what else would be computed for each of them.

    Args:
        codes: Integers (..., 3, H, W).
    """

    def __init__(self, codes: Tensor) -> None:
        rows = torch.arange(codes.shape[:-2].numel(), dtype=torch.int32, device=codes.device) * CODES
        self.shape = codes.shape
        self.index = (codes + rows.view(*codes.shape[:-2], 1, 1)).flatten()

    @classmethod
    def of(cls, frame: Tensor) -> Coded | None:
        """The codes of a frame; None where it needs a gradient, is small, not on the CPU, or no 8-bit image."""
        # A small frame has hardly more pixels than there are codes: tables save nothing.
        small = frame.shape[-1] * frame.shape[-2] < 4 * CODES
        # Elsewhere, a look at the values would cost more than the tables save: one would wait for the device.
        if small or frame.device.type != "cpu" or (frame.requires_grad and torch.is_grad_enabled()):
            return None
        codes = (frame * (CODES - 1)).round_()
        return cls(codes.to(torch.int32)) if torch.equal(codes / (CODES - 1), frame) else None

    def levels(self, frame: Tensor) -> Tensor:
        """The display value of every code, as a frame (..., 3, 1, 256)."""
        ramp = torch.arange(CODES, dtype=frame.dtype, device=frame.device) / (CODES - 1)
        return ramp.expand(*self.shape[:-2], 1, CODES)

    def look_up(self, table: Tensor) -> Tensor:
        """Values of a table (..., 3, 1, 256) at the pixels, (..., 3, H, W)."""
        return table.expand(*self.shape[:-2], 1, CODES).flatten().index_select(0, self.index).view(self.shape)


def look(frame: Tensor, measure: Callable[[Tensor], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """Call `measure`, which treats every pixel on its own: on the 256 codes of an 8-bit frame, else on the pixels."""
    coded = Coded.of(frame)
    if coded is None:
        return measure(frame)
    return tuple(coded.look_up(table) for table in measure(coded.levels(frame)))
