"""Real files, where they are at hand: every photograph, panorama and OpenEXR picture through an independent reader."""

import csv
import warnings
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest

from hdrgen.io import images_in, read_image, read_stack, write_image

STACKS = ["banterle_stack", "banterle_stack_alignment", "banterle_stack_ghost", "colour_frobisher_001"]
STACKS += ["cwz_window", "memorial", "mercury_exposures"]


@pytest.mark.parametrize("name", STACKS)
def test_stacks(shared, name):
    folder = shared / "data" / "stacks" / name
    with (folder / "exposures.csv").open() as stream:
        times = {row["file"]: float(row["time"]) for row in csv.DictReader(stream)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frames = read_stack(folder)  # no list disagrees with its EXIF by a third of a stop
    assert [frame.path.name for frame in frames] == sorted(times, key=times.__getitem__)
    assert {frame.path.name: frame.exposure.time for frame in frames} == times


def test_no_file_is_left_out(shared):
    """What the tests below go through is all there is, but for the lists beside the images."""
    data = shared / "data"
    read = [*(data / "hdri").glob("*/*.hdr"), *(data / "hdri").glob("*/*.exr"), *(data / "exr").glob("*.exr")]
    read += [path for name in STACKS for path in images_in(data / "stacks" / name)]
    there = [path for folder in ("hdri", "exr", "stacks") for path in (data / folder).rglob("*") if path.is_file()]
    assert {path for path in there if path.suffix not in (".csv", ".txt")} == set(read)


@pytest.mark.parametrize("name", STACKS)
def test_frames_as_opencv_reads_them(shared, name):
    paths = images_in(shared / "data" / "stacks" / name)
    assert paths
    for path in paths:
        pixels = read_image(path).pixels
        reference = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)[..., ::-1]
        assert pixels.dtype == reference.dtype == np.uint8
        difference = cv2.absdiff(pixels, np.ascontiguousarray(reference))
        assert difference.max() <= (0 if path.suffix == ".png" else 3), path.name  # two builds of libjpeg


def test_stack_without_exif_takes_its_list(shared):
    frames = read_stack(shared / "data" / "stacks" / "memorial")
    assert np.diff([frame.exposure.stops for frame in frames]) == pytest.approx(1)


def rgbe_of(path: Path) -> np.ndarray:
    """The four bytes of each pixel of a run-length coded Radiance file, (H, W, 4)."""
    content = path.read_bytes()
    start = content.index(b"\n\n") + 2
    end = content.index(b"\n", start)
    words = content[start:end].split()
    assert (words[0], words[2]) == (b"-Y", b"+X")
    height, width = int(words[1]), int(words[3])
    planes = np.empty((height, 4, width), np.uint8)
    at = end + 1
    for row in planes:
        assert content[at : at + 4] == bytes((2, 2, width >> 8, width & 255))
        at += 4
        for plane in row:
            at = _plane(content, at, plane)
    assert at == len(content)
    return planes.transpose(0, 2, 1)


def _plane(content: bytes, at: int, plane: np.ndarray) -> int:
    column = 0
    while column < len(plane):
        count = content[at]
        if count > 128:
            count -= 128
            plane[column : column + count] = content[at + 1]
            at += 2
        else:
            plane[column : column + count] = np.frombuffer(content, np.uint8, count, at + 1)
            at += 1 + count
        column += count
    return at


def test_panoramas(shared):
    """The value is mantissa * 2^(exponent - 136), half a step more by some readers, and 0 for exponent 0."""
    paths = sorted((shared / "data" / "hdri").glob("*/*.hdr"))
    assert len(paths) > 20
    for number, path in enumerate(paths):
        pixels = read_image(path).pixels
        reference = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]
        step = np.ldexp(np.float32(1), np.frexp(reference.max(axis=-1, keepdims=True))[1] - 8)
        assert (np.abs(pixels - reference) <= step / 2).all(), path.name
        if number % 16 == 0:
            assert_as_stored(pixels, rgbe_of(path), path.name)


def assert_as_stored(pixels: np.ndarray, stored: np.ndarray, name: str) -> None:
    step = np.where(stored[..., 3:] == 0, 0, np.ldexp(1.0, stored[..., 3:].astype(int) - 136))
    assert (np.abs(pixels - (stored[..., :3] + 0.25) * step) <= 0.26 * step).all(), name


@pytest.mark.filterwarnings("ignore:.*(alpha channel dropped|radiance holds)")
def test_exr_pictures(shared, tmp_path):
    paths = sorted((shared / "data").glob("exr/*.exr")) + sorted((shared / "data").glob("hdri/*/*.exr"))
    assert paths
    for path in paths:
        image = read_image(path)
        assert image.linear
        with OpenEXR.File(str(path), separate_channels=True) as reference:
            channels = [reference.channels()[name].pixels for name in "RGB"]
        assert image.pixels.dtype == channels[0].dtype
        np.testing.assert_array_equal(image.pixels, np.stack(channels, axis=-1))
        kept = {"float32": image.pixels.dtype == np.float32}
        again = read_image(write_image(tmp_path / path.name, image.pixels, **kept)).pixels
        np.testing.assert_array_equal(again, image.pixels)
