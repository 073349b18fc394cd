"""What the merges share: frames in order of exposure, and what a frame says of a pixel that no frame exposes well."""

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.errors import InputError
from hdrgen.fusion.weights import Weight

MID_GREY = 0.5
STRIP = 65536  # values of one frame that are merged at a time on a CPU, few enough to stay in its cache

Frame = tuple[Tensor, Tensor]


def frames_longest_first(stack: Tensor, ev: Tensor) -> Iterator[Frame]:
    """Yield (frame (..., 3, H, W), ev () or (..., 1, 1, 1)) from the longest exposure to the shortest, in float32.

    Raises:
        InputError: no frames, an EV missing, or an EV that is not finite.
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


def by_strips(merge: Callable[[Iterable[Frame]], Tensor], frames: Iterable[Frame]) -> Tensor:
    """Merge strips of rows one after the other: a CPU does that from its cache, at half the time.

    Args:
        merge: from frames (..., 3, h, W) and their EVs to radiance (..., 3, h, W), every pixel on its own.
        frames: as :func:`frames_longest_first` yields them.
    """
    pixels, stops = zip(*frames, strict=True)
    if pixels[0].device.type != "cpu" or pixels[0].numel() <= STRIP:
        return merge(zip(pixels, stops, strict=True))
    rows = max(1, STRIP * pixels[0].shape[-2] // pixels[0].numel())
    strips = zip(*(frame.split(rows, -2) for frame in pixels), strict=True)
    return torch.cat([merge(zip(strip, stops, strict=True)) for strip in strips], -2)


def decode(response: CameraResponse, frame: Tensor) -> Tensor:
    """Linear exposure of one frame, away from zero so that its logarithm is finite."""
    return response.inverse(frame).clamp_min(1e-9)


def frame_weight(weight: Weight, frame: Tensor, *, longest: bool, shortest: bool) -> Tensor:
    """Weight of a frame's pixels; the ends of the stack keep the weight of mid-grey.

    No frame knows bright pixels better than the shortest and dark pixels better than the longest exposure, so
    their weights do not fall off at that side, except to 0 where they clip.
    """
    if not (longest or shortest):
        return weight(frame)
    held = frame.clamp(MID_GREY if longest else 0.0, MID_GREY if shortest else 1.0)
    return torch.where((frame > 0) & (frame < 1), weight(held), torch.zeros_like(frame))
