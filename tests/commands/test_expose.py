"""`hdrgen expose` as a user calls it."""

import numpy as np
import pytest
import torch

from hdrgen.camera import SRGB, form_image
from hdrgen.cli.main import main
from hdrgen.io import read_image, read_stack, write_image


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    radiance = np.exp2(np.random.default_rng(0).uniform(-6, 3, (40, 50, 3))).astype(np.float32)
    write_image("room.exr", radiance, float32=True)
    return tmp_path


def test_exposures_are_those_of_the_camera_model_and_read_as_a_stack(folder, capsys):
    assert main(["expose", "room.exr", "--ev", "-2:2:2"]) == 0
    frames = read_stack(folder / "exposures")
    assert [frame.path.name for frame in frames] == ["room_ev-2.0.png", "room_ev+0.0.png", "room_ev+2.0.png"]
    radiance = torch.from_numpy(read_image("room.exr").as_float()).permute(2, 0, 1)
    expected = form_image(radiance, torch.tensor([-2.0, 0.0, 2.0]), SRGB()).permute(0, 2, 3, 1)
    for frame, image in zip(frames, expected, strict=True):
        np.testing.assert_allclose(read_image(frame.path).as_float(), image.numpy(), atol=1e-6)
    assert "of the pixels clipped" in capsys.readouterr().out


def test_what_was_exposed_merges_back(folder):
    assert main(["expose", "room.exr", "--ev", "-3:3:1", "--bits", "16", "-o", "stack"]) == 0
    assert main(["merge", "stack", "--response", "srgb", "--align", "none", "-o", "back.exr"]) == 0
    np.testing.assert_allclose(read_image("back.exr").as_float(), read_image("room.exr").as_float(), rtol=0.02)


def test_noise_is_repeatable_and_of_the_size_asked_for(folder):
    flat = np.full((100, 100, 3), 0.25, np.float32)
    write_image("flat.exr", flat)
    options = ["--ev", "0", "--crf", "linear", "--bits", "16", "--noise", "--full-well", "1000", "--read-noise", "10"]
    for name in ("a", "b"):
        assert main(["expose", "flat.exr", *options, "-o", name]) == 0
    first, second = (read_image(f"{name}/flat_ev+0.0.png").as_float() for name in "ab")
    assert np.array_equal(first, second)
    assert first.std() == pytest.approx((0.25 / 1000 + 1e-4) ** 0.5, rel=0.03)
    assert first.mean() == pytest.approx(0.25, rel=0.01)


def test_auto_puts_the_median_at_middle_grey(folder):
    write_image("flat.exr", np.full((8, 8, 3), 40, np.float32))
    assert main(["expose", "flat.exr", "--ev", "0", "--auto", "--crf", "linear"]) == 0
    assert read_image("exposures/flat_ev+0.0.png").as_float().mean() == pytest.approx(0.18, abs=0.002)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["room.exr", "--crf", "kodak"], "expected a response"),
        (["photo.png"], "expected an HDR image"),
        (["room.exr", "-o", "there"], "exists already"),
        (["room.exr", "--format", "jpg", "--bits", "16"], "8 bits"),
        (["room.exr", "--noise", "--full-well", "0"], "full well"),
        (["room.exr", "sub/room.exr"], "same name"),
    ],
)
def test_bad_input(folder, arguments, message, capsys):
    write_image("photo.png", np.full((8, 8, 3), 100, np.uint8))
    write_image("sub/room.exr", np.ones((8, 8, 3), np.float32))
    write_image("there/room_ev+0.0.png", np.full((8, 8, 3), 100, np.uint8))
    assert main(["expose", *arguments]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert message in told[0]


def test_a_large_image_is_exposed_band_by_band(folder, monkeypatch, capsys):
    """Bands change nothing but the memory; also with a response of three curves, and where rows do not divide."""
    assert main(["expose", "room.exr", "--crf", "srgb", "-o", "whole"]) == 0
    monkeypatch.setattr("hdrgen.commands.expose.BAND", 7 * 50)
    assert main(["expose", "room.exr", "--crf", "srgb", "-o", "bands"]) == 0
    for name in ("room_ev-2.0.png", "room_ev+0.0.png", "room_ev+2.0.png"):
        assert np.array_equal(read_image(f"whole/{name}").pixels, read_image(f"bands/{name}").pixels)
    told = [line.partition("/")[2] for line in capsys.readouterr().out.splitlines()]
    assert told[:3] == told[3:]
