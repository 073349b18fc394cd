"""Photographs at the size at which they are compared."""

import numpy as np
import pytest

from hdrgen.io import read_image, write_image
from hdrgen.io.codecs import jpeg
from hdrgen.io.readers import read_reduced
from hdrgen.io.stacks.splitting import Shot, split
from hdrgen.io.stacks.views import ENOUGH, SAME_VIEW, likeness


def view(seed, gain=1.0, size=(900, 1300)):
    """A picture of blurred noise, 8 bits."""
    rough = np.random.default_rng(seed).random((20, 30, 3))
    rows, columns = (np.linspace(0, side - 1, wanted) for side, wanted in zip(rough.shape, size, strict=False))
    lines = np.stack([np.interp(rows, np.arange(20), rough[:, at, c]) for at in range(30) for c in range(3)], 1)
    lines = lines.reshape(len(rows), 30, 3)
    full = np.stack([[np.interp(columns, np.arange(30), line[:, c]) for c in range(3)] for line in lines])
    return (np.clip(gain * full.transpose(0, 2, 1), 0, 1) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """Two exposures of a view, and another view."""
    folder = tmp_path_factory.mktemp("views")
    pictures = {"one": view(0), "darker": view(0, 0.6), "other": view(1)}
    return {
        name: write_image(folder / f"{name}.jpg", pixels) or folder / f"{name}.jpg" for name, pixels in pictures.items()
    }


@pytest.mark.parametrize(
    ("least", "shape"), [(1, (113, 163)), (325, (225, 325)), (512, (450, 650)), (1300, (900, 1300))]
)
def test_a_jpeg_is_reduced_to_no_less_than_what_is_asked_for(taken, least, shape):
    small, full = read_reduced(taken["one"], least), read_image(taken["one"])
    assert small.pixels.shape == (*shape, 3)
    times = round(1300 / shape[1])
    height, width = 900 // times * times, 1300 // times * times
    blocks = full.as_float()[:height, :width].reshape(height // times, times, width // times, times, 3).mean((1, 3))
    assert np.abs(small.as_float()[: height // times, : width // times] - blocks).mean() < 0.004


def test_a_reduced_jpeg_stands_upright(tmp_path):
    from PIL import Image as Pillow

    exif = Pillow.Exif()
    exif[0x0112] = 6
    Pillow.fromarray(view(0, size=(400, 600))).save(tmp_path / "a.jpg", exif=exif, quality=95)
    small, full = read_reduced(tmp_path / "a.jpg", 75), read_image(tmp_path / "a.jpg")
    assert (small.pixels.shape, full.pixels.shape, small.orientation) == ((75, 50, 3), (600, 400, 3), 6)
    assert np.abs(small.as_float() - full.as_float()[4::8, 4::8]).mean() < 0.02


def test_raw_is_reduced_once_and_what_cannot_be_is_read_as_it_is(tmp_path, write_dng):
    write_dng(tmp_path / "a.dng", np.full((48, 64, 3), 0.2))
    assert [read_reduced(tmp_path / "a.dng", least).pixels.shape for least in (32, 33)] == [(24, 32, 3), (48, 64, 3)]
    write_image(tmp_path / "a.png", view(0, size=(40, 60)))
    assert read_reduced(tmp_path / "a.png", 10).pixels.shape == (40, 60, 3)


def test_views_are_as_alike_reduced_as_they_are_in_full(taken):
    for pair in (("one", "darker"), ("one", "other")):
        full = likeness(*(read_image(taken[name]) for name in pair))
        small = likeness(*(read_reduced(taken[name], ENOUGH) for name in pair))
        mixed = likeness(read_reduced(taken[pair[0]], ENOUGH), read_image(taken[pair[1]]))
        assert (full > SAME_VIEW) == (pair[1] == "darker")
        assert (small, mixed) == pytest.approx((full, full), abs=0.03)


def test_brackets_on_a_card_are_told_apart_by_reduced_photographs(taken, monkeypatch):
    sides, decoded = [], jpeg.decoded_small

    def noted(content, path, *least):
        made = decoded(content, path, *least)
        sides.append(max(made.shape))
        return made

    monkeypatch.setattr(jpeg, "decoded_small", noted)
    names = ["one", "darker", "one", "darker"], ["one", "darker", "other", "other"]
    for order, brackets in zip(names, ([4], [2, 2]), strict=True):
        shots = [
            Shot(taken[name], stops, taken=at)
            for at, (name, stops) in enumerate(zip(order, (0, -2, 0, -2), strict=True))
        ]
        assert [len(bracket) for bracket in split(shots).brackets] == brackets
    assert sides == [650] * 4
