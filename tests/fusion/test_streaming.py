import os

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.camera import SRGB, Gamma, TabulatedResponse, calibrate_debevec, form_image
from hdrgen.errors import InputError
from hdrgen.fusion import (
    LinearMean,
    LogMean,
    PhotonMean,
    merge_debevec,
    merge_linear,
    merge_photographs,
    merge_robertson,
    sensor_noise,
    streaming,
)

EV = [-1.0, 3.0, -3.0, 1.0]
MEANS = [(merge_debevec, LogMean()), (merge_linear, LinearMean()), (merge_robertson, PhotonMean())]


def photographs(bits, shape=(3, 150, 131), **options):
    """A stack as tensors (S, 3, H, W) and as arrays, dark enough and bright enough to clip in every frame."""
    radiance = (torch.rand(*shape, generator=torch.Generator().manual_seed(0)) * 14 - 9).exp2()
    stack = form_image(radiance, torch.tensor(EV), SRGB(), bits=bits)
    arrays = stack.permute(0, 2, 3, 1).contiguous().numpy()
    return stack, [frame if bits is None else coded(frame, bits) for frame in arrays]


def coded(frame, bits):
    return (frame * (2**bits - 1)).round().astype(np.uint8 if bits == 8 else np.uint16)


@pytest.mark.parametrize("bits", [8, 16, None])
@pytest.mark.parametrize(("merge", "mean"), MEANS)
def test_equals_the_merge_of_tensors(bits, merge, mean):
    stack, frames = photographs(bits)
    for response in (SRGB(), calibrate_debevec(stack, torch.tensor(EV))):
        expected = merge(stack, torch.tensor(EV), response, weight=sensor_noise).permute(1, 2, 0).numpy()
        merged = merge_photographs(frames, EV, response, mean=mean, weight=sensor_noise)
        np.testing.assert_allclose(merged, expected, rtol=1e-5)


def test_strips_and_parts_leave_no_trace(monkeypatch):
    _, frames = photographs(8)
    whole = merge_photographs(frames, EV, Gamma())
    monkeypatch.setattr(streaming, "ROWS", 7)
    monkeypatch.setattr(streaming, "VALUES", 100)
    shares = []
    np.testing.assert_array_equal(merge_photographs(frames, EV, Gamma(), progress=shares.append), whole)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_reads_rows_once_in_order_and_changes_nothing():
    _, frames = photographs(8)
    copies = [frame.copy() for frame in frames]
    read = []

    class Reader:
        shape, dtype = frames[0].shape, frames[0].dtype

        def __getitem__(self, rows):
            read.append(rows.start)
            return frames[0][rows]

    merged = merge_photographs([Reader(), *frames[1:]], EV, Gamma())
    np.testing.assert_array_equal(merged, merge_photographs(frames, EV, Gamma()))
    assert read == sorted(set(read))
    assert all(np.array_equal(frame, copy) for frame, copy in zip(frames, copies, strict=True))


def test_a_masked_frame_says_nothing_not_even_of_clipped_pixels():
    ghost = np.full((4, 5, 3), 140, np.uint8)
    frames = [np.full((4, 5, 3), 90, np.uint8), ghost, np.full((4, 5, 3), 200, np.uint8)]
    mask = np.zeros((4, 5), np.float32)
    merged = merge_photographs(frames, [-2, 0, 2], Gamma(), masks=[None, mask, None])
    without = merge_photographs([frames[0], frames[2]], [-2, 2], Gamma())
    np.testing.assert_allclose(merged, without, rtol=1e-6)
    white, black = np.full((4, 5, 3), 255, np.uint8), np.zeros((4, 5, 3), np.uint8)
    clipped = merge_photographs([black, white], [0, 2], Gamma(), masks=[mask, None])
    np.testing.assert_allclose(clipped, 0.25)


def test_what_a_shorter_exposure_shows_white_no_longer_one_knows_better():
    """Where a hand-held edge, or something that moves, is nearly white in the longest exposure, no dark dot is left."""
    codes = [[255, 255, 251], [200, 255, 251], [255, 240, 251]]
    frames = [np.array([[[row[j]] * 3 for row in codes]], np.uint8) for j in range(3)]
    merged = merge_photographs(frames, [-2, 0, 2], Gamma())[0, :, 0]
    np.testing.assert_allclose(merged, [4, 4 * (200 / 255) ** 2.2, 4], rtol=1e-5)
    mask = np.zeros((1, 3), np.float32)
    deghosted = merge_photographs(frames, [-2, 0, 2], Gamma(), masks=[mask, mask, None])[0, :, 0]
    np.testing.assert_allclose(deghosted, (251 / 255) ** 2.2 / 4, rtol=1e-5)


def test_errors():
    frame = np.zeros((4, 5, 3), np.uint8)
    with pytest.raises(InputError, match="one EV per frame"):
        merge_photographs([frame], [0, 1], Gamma())
    with pytest.raises(InputError, match="finite EVs"):
        merge_photographs([frame, frame], [0, float("inf")], Gamma())
    with pytest.raises(InputError, match="one shape"):
        merge_photographs([frame, frame[1:]], [0, 1], Gamma())


LINUX_ALONE = ("sched_getaffinity", "sched_setaffinity", "posix_fadvise", "memfd_create", "sendfile", "copy_file_range")
POSIX_ALONE = ("fork", "getuid", "geteuid", "getpgid", "uname", "statvfs", "sysconf", "mkfifo", "fchmod", "nice")


def test_merges_where_the_system_is_not_linux(monkeypatch):
    """macOS has none of the first calls, Windows none at all."""
    _, frames = photographs(8)
    expected = hdrgen.merge(frames, EV, response="srgb", deghost=True)
    for name in (*LINUX_ALONE, *POSIX_ALONE):
        monkeypatch.delattr(os, name, raising=False)
    np.testing.assert_array_equal(hdrgen.merge(frames, EV, response="srgb", deghost=True), expected)


@pytest.mark.parametrize(("code", "dropped"), [(252, False), (253, True)])
def test_white_begins_at_the_first_code_of_99_hundredths(code, dropped):
    """A pixel nearly white in the shortest exposure, and in the longest one dark: either of both is believed."""
    frames = [np.full((1, 1, 3), value, np.uint8) for value in (code, 128)]
    flat = merge_photographs(frames, [0, 2], Gamma(1.0), weight=lambda display: torch.ones_like(display))
    longer, shorter = 128 / 255 / 4, code / 255
    expected = shorter if dropped else np.sqrt(longer * shorter)
    np.testing.assert_allclose(flat, expected, rtol=1e-5)


@pytest.mark.parametrize(("mask", "dropped"), [(0.5, False), (0.51, True)])
def test_a_white_pixel_that_is_half_masked_drops_nothing(mask, dropped):
    frames = [np.full((1, 1, 3), value, np.uint8) for value in (254, 128)]
    half = np.full((1, 1), mask, np.float32)
    merged = merge_photographs(
        frames, [0, 2], Gamma(1.0), weight=lambda display: torch.ones_like(display), masks=[half, None]
    )
    longer, shorter = np.log(128 / 255 / 4), np.log(254 / 255)
    expected = shorter if dropped else (longer + mask * shorter) / (1 + mask)
    np.testing.assert_allclose(np.log(merged), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("codes", "masks", "expected"),
    [
        ((0.4, 0.6, 0.9), (1, 1, 1), 0.6),  # the shortest that is brighter than mid-grey
        ((0.5, 0.6, 0.9), (1, 1, 1), 0.5 * 4),
        ((0.4, 0.45, 0.49), (1, 1, 1), 0.49 / 4),  # else the longest
        ((0.6, 0.6, 0.9), (0.5, 1, 1), 0.6),  # never a masked one
        ((0.4, 0.45, 0.49), (1, 0.51, 0.5), 0.45),
    ],
)
@pytest.mark.parametrize("bits", [None, 16])
def test_where_no_weight_is_left_one_frame_is_taken_alone(codes, masks, expected, bits):
    frames = [np.full((1, 2, 3), code, np.float32) for code in codes]
    if bits:
        frames = [coded(frame, bits) for frame in frames]
    planes = [np.full((1, 2), mask, np.float32) for mask in masks]
    nothing = torch.zeros_like
    merged = merge_photographs(frames, [-2, 0, 2], Gamma(1.0), weight=nothing, masks=planes)
    np.testing.assert_allclose(merged, expected, rtol=1e-4)


@pytest.mark.parametrize(("affinity", "count", "cores"), [({0, 3, 5}, 9, 3), (None, 9, 9), (None, None, 1)])
def test_as_many_threads_as_cores_that_this_process_may_use(monkeypatch, affinity, count, cores):
    if affinity is None:
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    else:
        monkeypatch.setattr(os, "sched_getaffinity", {0: affinity}.get, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert streaming.available_cores() == cores


@pytest.mark.parametrize(("channels", "parts"), [(1, 4 + 1), (3, 6 + 3)])
def test_sums_of_a_part_stay_in_the_cache_and_progress_is_that_of_rows(monkeypatch, channels, parts):
    """49152 values at a time: of all channels by one table, or of one channel by each of three."""
    frames = [np.full((160, 500, 3), code, np.uint8) for code in (60, 200)]
    curve = Gamma(2.2)
    if channels == 3:
        knots = torch.linspace(0, 1, 9)
        curve = TabulatedResponse(knots.expand(3, -1), torch.stack([knots, knots**0.5, knots**0.4]))
    sizes, shares = [], []
    merge = streaming._Merger._merge

    def noted(self, pixels, masks, which, out):
        sizes.append(out.size)
        return merge(self, pixels, masks, which, out)

    monkeypatch.setattr(streaming._Merger, "_merge", noted)
    merge_photographs(frames, [0, 2], curve, progress=shares.append)
    assert max(sizes) == 49152
    assert len(sizes) == parts
    assert shares == [128 / 160, 1.0]


@pytest.mark.parametrize(
    "frames",
    [[], [np.zeros((4, 5), np.uint8)], [np.zeros((4, 5, 4), np.uint8)], [np.zeros((4, 5, 3)), np.zeros((4, 5))]],
)
def test_what_is_no_stack_of_frames_is_refused(frames):
    with pytest.raises(InputError, match=r"expected (one EV per frame|frames of one shape)"):
        merge_photographs(frames, [0.0] * len(frames), Gamma())
