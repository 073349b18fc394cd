"""Brackets in memory: order, exposures, and what the engine is told without a command line."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from hdrgen.bracket import MEANS, Bracket, BracketPixels, calibrated, fuse_bracket, merge_bracket, small_picture
from hdrgen.camera import Gamma, response_named
from hdrgen.errors import InputError
from hdrgen.io import Exposure, Frame


def bracket_of(*ev: float) -> Bracket:
    return Bracket("room", [Frame(Path(f"{index}.png"), Exposure(ev=stop)) for index, stop in enumerate(ev)], "ev")


def codes_of(radiance: float, ev: float) -> np.ndarray:
    display = min(radiance * 2.0**ev, 1.0) ** (1 / 2.2)
    return np.full((32, 40, 3), round(display * 255), np.uint8)


def pixels_of(radiance: float = 0.18, ev: tuple[float, ...] = (-2.0, 0.0, 2.0)) -> BracketPixels:
    return BracketPixels.of(bracket_of(*ev), [codes_of(radiance, stop) for stop in ev])


@pytest.mark.parametrize(
    ("ev", "middle", "relative"),
    [((-3, 0, 3), 1, [-3, 0, 3]), ((1, 2, 4, 8), 1, [-1, 0, 2, 6]), ((5, 7), 0, [0, 2])],
)
def test_the_middle_frame_has_ev_0_and_of_two_the_darker(ev, middle, relative):
    bracket = bracket_of(*ev)
    assert bracket.middle == middle
    assert bracket.ev == relative


@pytest.mark.parametrize("method", MEANS)
def test_radiance_1_just_reaches_white_in_the_middle(method):
    merged = merge_bracket(pixels_of(), method, "gamma:2.2", deghost=False)
    assert merged.radiance.shape == (32, 40, 3)
    assert np.median(merged.radiance) == pytest.approx(0.18, rel=0.02)
    assert merged.summary.startswith(f"{method}, response gamma:2.2 (frames agree within 0.0")


def test_a_response_by_name_and_as_an_object_are_the_same():
    by_name = merge_bracket(pixels_of(), "debevec", "GAMMA:2.2", deghost=False).radiance
    np.testing.assert_array_equal(merge_bracket(pixels_of(), "debevec", Gamma(2.2), deghost=False).radiance, by_name)


def test_longer_exposures_must_not_be_darker():
    with pytest.raises(InputError, match=r"1\.png .* is darker than 0\.png .* correct the exposures$") as caught:
        BracketPixels.of(bracket_of(0, 2), [codes_of(0.5, 0), codes_of(0.1, 0)])
    assert caught.value.argument == "ev"


def test_no_response_can_be_estimated_of_black():
    with pytest.raises(InputError, match=r"^room: .*; pass response='srgb', for example$") as caught:
        merge_bracket(pixels_of(0.0), "debevec", "estimate", deghost=False)
    assert caught.value.argument == "response"


def test_pictures_are_display_values():
    fused = fuse_bracket(pixels_of())
    assert fused.shape == (32, 40, 3)
    assert 0 <= fused.min() <= fused.max() <= 1
    small = small_picture(np.random.default_rng(0).uniform(0, 4, (40, 4100, 3)).astype(np.float32))
    assert small.shape == (13, 1366, 3)  # means of 3 x 3, the fewest that come below 2,048
    assert 0 <= small.min() <= small.max() <= 1


def test_sizes_stay_known_after_the_pixels_are_gone():
    pixels = pixels_of()
    pixels.release()
    assert pixels.size == (32, 40)


@pytest.mark.parametrize(
    ("name", "exposure"),
    [("linear", 0.5), ("gamma", 0.5**2.2), ("gamma:2", 0.25), ("sRGB", ((0.5 + 0.055) / 1.055) ** 2.4)],
)
def test_responses_by_name(name, exposure):
    display = torch.full((3, 1, 1), 0.5)
    torch.testing.assert_close(response_named(name).inverse(display), torch.full((3, 1, 1), exposure))


@pytest.mark.parametrize("name", ["gamma:much", "missing.json", "missing.json:Kodak"])
def test_responses_that_are_none(name):
    with pytest.raises(InputError, match=r"expected a response \(linear, srgb, gamma:2.2, a file") as caught:
        response_named(name)
    assert caught.value.argument == "response"


@pytest.mark.parametrize(
    ("rooms", "quick"), [("bracket, tonemap, camera", True), ("comparison, api, metrics", False)], ids=["quick", "all"]
)
def test_the_engine_knows_no_command_line(rooms, quick):
    code = (
        f"import sys; from hdrgen import {rooms}; [getattr(room, name) for room in ({rooms}) for name in room.__all__];"
        " print([name for name in sys.modules if name.startswith(('hdrgen.cli', 'hdrgen.commands'))],"
        " [name for name in ('kornia', 'scipy.cluster') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    own, slow = done.stdout.removesuffix("]\n").split("] [")
    assert own == "["
    assert not slow or not quick, "a merge does without what takes long to import"


def test_a_way_of_deghosting_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="expected deghost=True, False or 'patches', found 'patch'") as error:
        merge_bracket(pixels_of(), "debevec", "gamma:2.2", deghost="patch")
    assert error.value.argument == "deghost"


@pytest.mark.parametrize(
    ("ev", "off"), [((-2, 0, 2), 0.2), ((-3, 0, 3), 0.4), ((-1, 0, 1), 0.0), ((-2, -0.3, 2), 0.0), ((-2, 0, 0, 2), 0.2)]
)
def test_robertsons_calibration_is_wrong_at_equal_wide_steps_and_says_so(ev, off):
    """Against the curve that made the photographs, 95 of 100 display values from 0.1 to 0.9."""
    radiance = 2 ** (np.random.default_rng(0).random((3, 120, 120)) * 10 - 7)
    shots = [np.clip(radiance * 2.0**stops, 0, 1) ** (1 / 2.2) for stops in ev]
    sample = (np.stack(shots) * 255).round().astype(np.float32) / 255
    display = np.linspace(0.1, 0.9, 100, dtype=np.float32)[None].repeat(3, 0)[:, None]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        curves = [calibrated("room", method, sample, ev) for method in ("robertson", "debevec")]
    errors = [np.log2(curve.inverse(display) / display**2.2) for curve in curves]
    robertson, debevec = (np.quantile(np.abs(error - np.median(error)), 0.95) for error in errors)
    assert debevec < 0.1
    assert robertson > off
    assert robertson < 0.15 or off
    messages = [str(warning.message) for warning in told]
    assert any("Robertson's calibration of exposures at equal steps" in message for message in messages) == bool(off)
