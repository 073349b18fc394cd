"""The code that a camera clips at, from exact shares of the pixels."""

import numpy as np
import pytest

from hdrgen.bracket.white_level import white_code


def frame(shares, stops=0.0):
    """10,000 pixels, of which each code has its share, in parts of 10,000; the rest is mid-grey."""
    codes = [code for code, count in shares.items() for _ in range(count)]
    display = np.full((100, 100, 3), 10 / 255, np.float32)  # all other channels are darker
    display.reshape(-1, 3)[:, 1] = 128 / 255
    display.reshape(-1, 3)[: len(codes), 1] = np.array(codes) / 255
    return stops, display


def found(shares, apart=1.0):
    return white_code([frame(shares), frame(shares, apart)])


@pytest.mark.parametrize(("count", "code"), [(48, 255), (52, 251)])
def test_half_a_percent_is_a_pile(count, code):
    assert found({251: count}) == code


@pytest.mark.parametrize(("count", "code"), [(304, 255), (336, 251)])
def test_a_pile_is_eight_times_what_the_codes_below_have(count, code):
    assert found(dict.fromkeys(range(243, 251), 40) | {251: count}) == code
    assert found(dict.fromkeys(range(243, 247), 40) | {251: count // 2}) == code


@pytest.mark.parametrize(("lowest", "code"), [(229, 255), (230, 230)])
def test_no_camera_clips_below_230(lowest, code):
    assert found({lowest: 3000}) == code


@pytest.mark.parametrize(("stops", "code"), [(0.29, 255), (0.31, 251), (-0.31, 251)])
def test_two_different_exposures_must_agree(stops, code):
    assert found({251: 3000}, stops) == code
    assert white_code([frame({251: 3000}), frame({252: 3000}, stops)]) == 255


def test_the_lowest_of_several_counts_and_black_frames_tell_nothing():
    assert found({240: 1000, 251: 1000}) == 240
    assert white_code([frame({}), frame({}, 1.0)]) == 255
    assert white_code([]) == 255


def exposure(stops: float, white: int, seed: int = 0) -> tuple[float, np.ndarray]:
    """Display values of a scene of uniform radiance between 0 and 2, clipped at a code."""
    scene = np.random.default_rng(seed).uniform(0, 2, (100, 100, 3))
    return stops, np.rint((scene * 2.0**stops * 255).clip(0, white)) / 255


@pytest.mark.parametrize("white", [235, 250, 255])
def test_two_exposures_that_are_flat_at_one_code(white):
    assert white_code([exposure(0, white), exposure(1, white)]) == white


def test_a_bright_surface_of_one_exposure_is_no_white():
    assert white_code([exposure(0, 240)]) == 255
    assert white_code([exposure(0, 240), exposure(0.2, 240)]) == 255  # as good as the same exposure
    assert white_code([]) == 255


def test_no_camera_clips_in_the_greys():
    assert white_code([exposure(0, 200), exposure(1, 200)]) == 255
