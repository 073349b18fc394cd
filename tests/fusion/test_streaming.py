import os

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.camera import SRGB, Gamma, calibrate_debevec, form_image
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
