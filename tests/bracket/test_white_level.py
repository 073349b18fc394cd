"""The code that a camera clips at, from exposures whose bright parts pile up there."""

import numpy as np
import pytest

from hdrgen.bracket.white_level import white_code


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
