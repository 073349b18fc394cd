"""Real files, where they are at hand: photographs, stacks, panoramas, OpenEXR pictures."""

from __future__ import annotations

import csv
import warnings

import cv2
import numpy as np
import pytest

from hdrgen.io import read_image, read_stack, write_image

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
    middle = read_image(frames[len(frames) // 2].path)
    reference = cv2.imread(str(frames[len(frames) // 2].path), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(middle.pixels.astype(int) - reference).max() <= 3  # two builds of libjpeg


def test_stack_without_exif_takes_its_list(shared):
    frames = read_stack(shared / "data" / "stacks" / "memorial")
    assert np.diff([frame.exposure.stops for frame in frames]) == pytest.approx(1)


def test_panoramas(shared):
    for path in sorted((shared / "data" / "hdri").glob("*/*.hdr"))[::3]:
        pixels = read_image(path).pixels
        reference = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]
        assert (np.abs(pixels - reference) <= reference.max(axis=-1, keepdims=True) / 64 + 1e-30).all(), path.name


def test_exr_pictures_survive_a_round_trip(shared, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted((shared / "data" / "exr").glob("*.exr")):
            pixels = read_image(path).pixels
            assert pixels.dtype == np.float16
            again = read_image(write_image(tmp_path / path.name, pixels)).pixels
            np.testing.assert_array_equal(again, pixels)
