"""Deghosting does to the last bit what its definition says, written down here without regard to time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from hdrgen.camera import SRGB, Gamma
from hdrgen.fusion import aligned, ghosts, hold, merge_photographs, transforms
from hdrgen.fusion.transforms import shift


def bounds(frame, ev, response, factor):
    """Lower and upper bound of log2 radiance of squares, (h, w, 3) each."""
    top = np.iinfo(frame.dtype).max if frame.dtype.kind == "u" else 1
    codes = (frame * np.float32(65535) + 0.5 if top == 1 else frame.astype(np.int64) * (65535 // top)).astype(int)
    height, width = (side // factor for side in frame.shape[:2])
    squares = codes[: height * factor, : width * factor].reshape(height, factor, width, factor, 3)
    tables = ghosts._ends(response, ev)
    channels = np.arange(3)
    return [table[channels, reached((1, 3))] for table, reached in zip(tables, (squares.min, squares.max), strict=True)]


def masks_by_definition(frames, ev, response, reference, factor):
    known = bounds(frames[reference], ev[reference], response, factor)
    masks = {}
    for index in [*range(reference - 1, -1, -1), *range(reference + 1, len(frames))]:
        other = bounds(frames[index], ev[index], response, factor)
        slack = np.float32(ghosts.SLACK)
        apart = ((other[0] > known[1] + slack) | (known[0] > other[1] + slack)).any(-1)
        density = ndimage.gaussian_filter(apart.astype(np.float32), ghosts.AROUND, truncate=2)
        edge = ndimage.gaussian_filter((density > ghosts.DENSITY).astype(np.float32), ghosts.MARGIN, truncate=2)
        masks[index] = np.clip(1 - (edge - 0.05) / 0.15, 0, 1)
        agrees = (masks[index] > 0.5)[..., None]
        white, black = agrees & np.isinf(known[1]), agrees & np.isinf(known[0])
        known = [np.where(white | black, theirs, ours) for ours, theirs in zip(known, other, strict=True)]
    return masks


def moving(seed, height, width, dtype):
    """Three exposures with things that move, noise, and pixels at either end."""
    generator = np.random.default_rng(seed)
    top, right = generator.integers(0, (height, width))
    frames = []
    for stops in (-2, 0, 2):
        display = generator.uniform(0, 1) * np.linspace(0, 1.5, width)[None, :, None] ** (1 / 2.2) * 2 ** (stops / 2.2)
        display = np.clip(display + generator.normal(0, 0.02, (height, width, 3)), 0, 1)
        display[top : top + 14, right : right + 9] = generator.uniform(0, 1, 3)
        scale = 1 if dtype == np.float32 else np.iinfo(dtype).max
        frames.append((display * scale).astype(dtype))
    return frames


@settings(max_examples=15)
@given(st.integers(0, 999), st.integers(9, 90), st.integers(9, 70), st.sampled_from([np.uint8, np.uint16, np.float32]))
def test_masks_are_those_of_the_definition(seed, height, width, dtype):
    frames, ev = moving(seed, height, width, dtype), [-2.0, 0.0, 2.0]
    reference = seed % 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ghosts, "LARGEST", height * width // (1 + seed % 9))
        patch.setattr(ghosts, "ROWS", 16)
        found = ghosts.ghost_masks(frames, ev, SRGB(), reference)
    factor = next(mask for mask in found if mask).factor
    for index, mask in masks_by_definition(frames, ev, SRGB(), reference, factor).items():
        np.testing.assert_array_equal(found[index].mask, mask.astype(np.float16))
        rows, columns = (np.minimum(np.arange(n) // factor, n // factor - 1) for n in (height, width))
        for start in range(0, height, 20):
            part = found[index][start : start + 20]
            np.testing.assert_array_equal(part, found[index].mask[rows[start : start + 20]][:, columns])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_least_clipped_frame_has_the_fewest_pixels_beyond_the_ends(dtype):
    frames = moving(3, 50, 40, dtype)
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    shares = [((x > dtype(0.97 * top)) | (x < 0.1 * top)).any(-1).mean() for x in frames]
    assert [ghosts._clipped(frame) for frame in frames] == pytest.approx(shares)
    assert ghosts.least_clipped(frames) == int(np.argmin(shares))


@pytest.mark.parametrize("response", [Gamma(2.2), SRGB()])
def test_a_mask_of_ones_is_no_mask(response):
    frames, ev = moving(1, 60, 50, np.uint8), [-2.0, 0.0, 2.0]
    ones = np.ones((60, 50), np.float32)
    plain = merge_photographs(frames, ev, response)
    np.testing.assert_array_equal(merge_photographs(frames, ev, response, masks=[None, ones, ones]), plain)
    half = ones.copy()
    half[30:, 10:20] = 0.25
    masked = merge_photographs(frames, ev, response, masks=[half, None, None])
    alone = [merge_photographs([x[30:, 10:20] for x in frames], ev, response, masks=[half[30:, 10:20], None, None])]
    np.testing.assert_array_equal(masked[:30], plain[:30])
    np.testing.assert_array_equal(masked[30:, 10:20], alone[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_rows_that_are_held_merge_as_those_that_are_resampled_each_time(dtype, monkeypatch):
    photographs = moving(2, 300, 40, dtype)
    matrices = [shift(0.4, -0.7), shift(0, 0), shift(2, 1)]
    rows, kept = aligned(photographs, matrices), aligned(photographs, matrices)
    hold(kept)
    assert all(isinstance(frame, np.ndarray) for frame in kept)
    assert np.shares_memory(kept[2], photographs[2])  # whole pixels are not copied
    ev = [-2.0, 0.0, 2.0]
    np.testing.assert_array_equal(merge_photographs(kept, ev, SRGB()), merge_photographs(rows, ev, SRGB()))
    monkeypatch.setattr(transforms, "free_memory", lambda: 1000)
    hold(rows)
    assert not isinstance(rows[0], np.ndarray)


def test_a_photograph_that_is_held_resampled_is_freed():
    import weakref

    class Photograph(np.ndarray):
        """An array that can be watched."""

    photographs = [frame.view(Photograph) for frame in moving(2, 30, 40, np.uint8)]
    gone = weakref.ref(photographs[0])
    rows = aligned(photographs, [shift(0.4, -0.7), shift(0, 0), shift(2, 1)])
    photographs.clear()
    hold(rows)
    assert gone() is None


def test_a_bracket_whose_rows_are_held_still_has_its_sample_and_its_depth():
    from hdrgen.bracket import Bracket, BracketPixels
    from hdrgen.io import Exposure, Frame

    frames = [Frame(f"{stops}.jpg", Exposure(ev=stops)) for stops in (-2.0, 0.0, 2.0)]
    ramp = np.linspace(0.1, 0.9, 64 * 64 * 3).reshape(64, 64, 3)
    codes = [(ramp * stops * 65535).astype(np.uint16) for stops in (0.2, 0.5, 0.9)]
    pixels = BracketPixels.of(Bracket("room", frames, "ev"), codes)
    sample = pixels.sample()
    pixels.hold_rows()
    np.testing.assert_array_equal(pixels.sample(), sample)
    assert pixels.bits == 16
