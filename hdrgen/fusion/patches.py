"""Deghosting by patches: what an exposure would show, had nothing moved since the reference (Sen et al. 2012).

The radiance H is that of the reference where this is well exposed. Elsewhere it is merged of images I_k, one for each
exposure, that are made of patches of that exposure: each patch of I_k is like one of the photograph, and each well
exposed patch of the photograph is somewhere in I_k. From coarse to fine, H is exposed anew as each photograph was, the
patches nearest to it are looked for, both ways, they vote for I_k, and these are merged to H.

Where a photograph agrees with the reference, see `ghost_masks`, it speaks for itself. So what stands still is merged as
it is, and patches are looked for where something moved, alone; in the paper they are everywhere. The search begins with
what surrounds these places, in the paper with the reference, which says too little where it is white.

The paper's text was not at hand: what is said of it, and what follows it here, is from memory and unchecked.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hdrgen.camera import CameraResponse
from hdrgen.fusion.debevec import merge_debevec
from hdrgen.fusion.ghosts import GhostMask
from hdrgen.fusion.patch_match import REACH, PatchField, search, vote
from hdrgen.fusion.rows import Block, Rows
from hdrgen.fusion.weights import debevec_hat
from hdrgen.tiling import no_progress, row_slices

WORKING = 6e5
"""Pixels of the size at which patches are looked for; larger photographs take over where they were found."""
COARSEST = 35
"""Pixels of the shorter side with which the search begins."""
RATIO = 1.6
"""Of the sides of two sizes."""
AGREED = 0.999
"""Of a mask, from which on a frame speaks for itself alone."""
REFERENCE_ENDS = (0.03, 0.1, 0.9, 0.97)
"""Display values of the reference: from the first on it begins to count, between the middle ones it counts alone."""
TURNS = (2, 6)
"""Of search and vote at the finest and the coarsest size."""
NEAR = (16, 4, 1)
"""Pixels up to which patches are looked for at random around where they were found at a coarser size."""
ROWS = 64


def still_frames(
    frames: Sequence[Rows],
    ev: Sequence[float],
    response: CameraResponse,
    reference: int,
    masks: Sequence[GhostMask | None],
    *,
    seed: int = 0,
    progress: Callable[[float], None] = no_progress,
) -> list[Rows]:
    """Photographs as they would be, had nothing moved.

    Args:
        frames: (H, W, 3) display values, ordered by exposure.
        ev: Their exposures in EV.
        response: The camera's curve, one or three tables.
        reference: Whose moment they show.
        masks: Of `ghost_masks`: where each frame agrees with the reference.
        seed: Of the patches that are tried at random.
        progress: Called with the fraction done.

    Returns:
        For each frame one of the same size and type, the frame itself where that agrees everywhere.

    Source: Sen et al., "Robust patch-based HDR reconstruction of dynamic scenes", SIGGRAPH Asia 2012.
    """
    moved = [k for k, mask in enumerate(masks) if mask is not None and bool((mask.mask < 1).any())]
    if not moved:
        return list(frames)
    height, width = frames[0].shape[:2]
    factor = 1
    while height * width / factor**2 > WORKING:
        factor += 1
    finest = -(-height // factor), -(-width // factor)
    stack, agrees = _reduced(frames, finest), [_small_mask(mask, finest) for mask in masks]
    fields = _matched(stack, torch.tensor(ev), response, reference, agrees, moved, seed, progress)
    return [
        _Still(frames, ev, response, reference, masks[k], fields, k) if k in moved else frames[k]  # type: ignore[arg-type]
        for k in range(len(frames))
    ]


def _matched(
    stack: Tensor,
    ev: Tensor,
    response: CameraResponse,
    reference: int,
    agrees: Sequence[Tensor],
    moved: Sequence[int],
    seed: int,
    progress: Callable[[float], None],
) -> dict[int, PatchField]:
    """Where the patches of each moved frame are, from coarse to fine; all of `stack` `(S, 3, H, W)`."""
    generator = torch.Generator().manual_seed(seed)
    sizes = _sizes(*stack.shape[-2:])
    coherent = {k: PatchField.identity(*sizes[0]) for k in moved}
    complete = {k: PatchField.identity(*sizes[0]) for k in moved}
    for level, (height, width) in enumerate(sizes):
        scene = _Scene(stack, ev, response, reference, agrees, (height, width))
        for fields in (coherent, complete):
            fields.update({k: field.enlarged(height, width) for k, field in fields.items()})
        scene.merge({k: scene.voted(k, coherent[k], complete[k]) for k in moved} if level else {})
        far = [max(height, width) // 2**power for power in range(8) if max(height, width) // 2**power > 1]
        share = level / max(1, len(sizes) - 1)
        for turn in range(round(TURNS[1] + share * (TURNS[0] - TURNS[1]))):
            images = {}
            for k in moved:
                target = scene.exposed(k)
                radii = far if level == 0 or (turn == 0 and level < len(sizes) // 2) else NEAR
                search(target, scene.stack[k], coherent[k], scene.places[k], radii, 2, generator)
                search(scene.stack[k], target, complete[k], scene.places[k], radii, 2, generator)
                images[k] = scene.voted(k, coherent[k], complete[k])
            scene.merge(images)
        progress((level + 1) / len(sizes))
    return coherent


class _Scene:
    """The photographs at one size, and the radiance that is made of them."""

    def __init__(
        self,
        stack: Tensor,
        ev: Tensor,
        response: CameraResponse,
        reference: int,
        agrees: Sequence[Tensor],
        size: tuple[int, int],
    ) -> None:
        self.ev, self.response, self.reference = ev, response, reference
        self.stack = _sized(stack, size)
        self.agrees = [_sized(mask[None, None], size)[0, 0] for mask in agrees]
        self.pixels = [(mask < AGREED).flatten().nonzero()[:, 0] for mask in self.agrees]
        self.places = [_around(mask < AGREED).flatten().nonzero()[:, 0] for mask in self.agrees]

    def merge(self, images: dict[int, Tensor]) -> None:
        """Make the radiance of images: of frames without one, as far as they agree with the reference."""
        shown, stops = self.stack[self.reference], float(self.ev[self.reference])
        known = self.response.inverse(shown) / 2**stops
        stack = self.stack.clone()
        for k, mask in enumerate(self.agrees):
            if len(self.pixels[k]):
                beyond = self.response((known * self.ev[k].exp2()).clamp(0, 1))
                instead = images[k] if k in images else grown(stack[k], mask, beyond)
                stack[k] = mask * stack[k] + (1 - mask) * instead
        merged = merge_debevec(stack, self.ev, self.response, weight=debevec_hat)
        self.radiance = beside_reference(merged, shown, stops, self.response)

    def exposed(self, k: int) -> Tensor:
        """The radiance as photograph k would show it; where that agrees, itself."""
        display = self.response((self.radiance * self.ev[k].exp2()).clamp(0, 1))
        mixed: Tensor = self.agrees[k] * self.stack[k] + (1 - self.agrees[k]) * display
        return mixed

    def voted(self, k: int, coherent: PatchField, complete: PatchField) -> Tensor:
        """Image k `(3, H, W)` made of patches of photograph k."""
        source, places = self.stack[k], self.places[k]
        weights = debevec_hat(source).mean(0).flatten()[places]
        image = source.clone()
        image.flatten(1)[:, self.pixels[k]] = vote(source, coherent, complete, places, weights, self.pixels[k])
        return image


class _Still:
    """A photograph handed out row by row: where it disagrees with the reference, of what patches say in its place."""

    def __init__(
        self,
        frames: Sequence[Rows],
        ev: Sequence[float],
        response: CameraResponse,
        reference: int,
        mask: GhostMask,
        fields: dict[int, PatchField],
        index: int,
    ) -> None:
        self.frames, self.ev, self.response = frames, ev, response
        self.reference, self.mask, self.fields, self.index = reference, mask, fields, index
        self.frame = frames[index]
        self.shape, self.dtype = self.frame.shape, self.frame.dtype

    def __getitem__(self, rows: slice) -> Block:
        """Some rows, (n, W, 3)."""
        own, agrees = np.asarray(self.frame[rows]), self.mask[rows]
        if (agrees == 1).all():
            return own
        start, *_ = rows.indices(self.shape[0])
        at = np.nonzero(agrees < 1)
        places = torch.from_numpy(at[0] + start), torch.from_numpy(at[1])
        display = self.shown(places).T.numpy()
        top = np.iinfo(self.dtype).max if self.dtype.kind == "u" else 1
        share = agrees[at][:, None]
        mixed = own.copy()
        value = share * own[at] + (1 - share) * display * top
        mixed[at] = np.rint(value) if self.dtype.kind == "u" else value
        return mixed

    def shown(self, places: tuple[Tensor, Tensor]) -> Tensor:
        """Display values `(3, n)` of the radiance at some places, as this photograph would show them."""
        images = [
            self.fetched(k, places) if k in self.fields else self.read(k, places) for k in range(len(self.frames))
        ]
        stack = torch.stack(images)[:, :, None]
        merged = merge_debevec(stack, torch.tensor(self.ev), self.response, weight=debevec_hat)
        shown = self.read(self.reference, places)[:, None]
        radiance = beside_reference(merged, shown, self.ev[self.reference], self.response)
        return self.response((radiance * 2 ** self.ev[self.index]).clamp(0, 1))[:, 0]

    def fetched(self, k: int, places: tuple[Tensor, Tensor]) -> Tensor:
        """What the patches around some places say of photograph k: the mean of nine, `(3, n)`."""
        field, (rows, columns) = self.fields[k], places
        height, width = field.rows.shape
        down, across = self.shape[0] / height, self.shape[1] / width
        total = torch.zeros(3, len(rows))
        small = (rows / down).long().clamp_max(height - 1), (columns / across).long().clamp_max(width - 1)
        for y, x in [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]:
            beside = (small[0] + y).clamp(0, height - 1), (small[1] + x).clamp(0, width - 1)
            away_down = ((field.rows[beside] - beside[0]) * down).round().long()
            away_across = ((field.columns[beside] - beside[1]) * across).round().long()
            total += self.read(k, (rows + away_down, columns + away_across))
        return total / 9

    def read(self, k: int, places: tuple[Tensor, Tensor]) -> Tensor:
        """Display values `(3, n)` of photograph k."""
        frame = self.frames[k]
        rows, columns = (at.clamp(0, side - 1).numpy() for at, side in zip(places, self.shape[:2], strict=True))
        lowest = int(rows.min())
        block = np.asarray(frame[lowest : int(rows.max()) + 1])
        return _as_float(torch.from_numpy(block[rows - lowest, columns]), frame.dtype).T


def beside_reference(merged: Tensor, shown: Tensor, ev: float, response: CameraResponse) -> Tensor:
    """Radiance of a merge and of the reference: the latter's where this is well exposed.

    Where it is white the result is at least as bright, and at most as bright where it is black: other than in the
    paper, in which patches may contradict it there.

    Args:
        merged: Radiance (3, H, W).
        shown: Display values of the reference (3, H, W).
        ev: Of the reference.
        response: The camera's curve.
    """
    first, low, high, last = REFERENCE_ENDS
    known = response.inverse(shown) / 2**ev
    share = torch.minimum((shown - first) / (low - first), (last - shown) / (last - high)).clamp(0, 1)
    merged = torch.where(shown >= last, torch.maximum(merged, known), merged)
    darkest = response.inverse(torch.full_like(shown, first)) / 2**ev
    merged = torch.where(shown <= first, torch.minimum(merged, darkest), merged)
    return share * known + (1 - share) * merged


def grown(image: Tensor, agrees: Tensor, otherwise: Tensor) -> Tensor:
    """An image (3, H, W) of which what agrees grows into the rest, pixel by pixel; `otherwise` where nothing does."""
    known = (agrees >= AGREED).float()[None]
    if not known.any():
        return otherwise
    image = image * known
    while not bool(known.all()):
        weight = functional.avg_pool2d(known, 3, 1, 1)
        around = functional.avg_pool2d(image, 3, 1, 1) / weight.clamp_min(1e-6)
        image = torch.where(known > 0, image, around)
        known = (weight > 0).float()
    return image


def _as_float(values: Tensor, dtype: np.dtype[Any]) -> Tensor:
    return values.float() / np.iinfo(dtype).max if dtype.kind == "u" else values.float()


def _sizes(height: int, width: int) -> list[tuple[int, int]]:
    """From coarse to fine."""
    count = 1 + max(0, int(np.log(min(height, width) / COARSEST) / np.log(RATIO)))
    return [
        (max(1, round(height / RATIO**step)), max(1, round(width / RATIO**step))) for step in range(count - 1, -1, -1)
    ]


def _sized(images: Tensor, size: tuple[int, int]) -> Tensor:
    return images if tuple(images.shape[-2:]) == size else functional.interpolate(images, size=size, mode="area")


def _reduced(frames: Sequence[Rows], size: tuple[int, int]) -> Tensor:
    """Frames at the size at which patches are looked for, `(S, 3, H, W)`; read some rows at a time."""
    height = frames[0].shape[0]
    reduced = torch.empty(len(frames), 3, *size)
    for frame, small in zip(frames, reduced, strict=True):
        for lines in row_slices(size[0], ROWS):
            first, last = lines.start * height // size[0], -(-lines.stop * height // size[0])
            block = torch.from_numpy(np.ascontiguousarray(frame[first:last])).permute(2, 0, 1)
            part = _as_float(block, frame.dtype)
            small[:, lines] = _sized(part[None], (lines.stop - lines.start, size[1]))[0]
    return reduced


def _small_mask(mask: GhostMask | None, size: tuple[int, int]) -> Tensor:
    """Where a frame agrees, at that size: where all of it does."""
    if mask is None:
        return torch.ones(size)
    stored = torch.from_numpy(mask.mask.astype(np.float32))[None, None]
    return -functional.adaptive_max_pool2d(-stored, size)[0, 0]


def _around(wanted: Tensor) -> Tensor:
    """Places whose patches reach a wanted pixel, (H, W)."""
    return functional.max_pool2d(wanted[None].float(), 2 * REACH + 1, 1, REACH)[0] > 0
