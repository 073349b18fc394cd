"""What a gain map does to its base, beside OpenCV's enlargement."""

import cv2
import numpy as np
import pytest

from hdrgen.io.codecs.gain_map import GainMap, Meaning, applied
from hdrgen.io.colour import srgb_decoded


@pytest.mark.parametrize("size", [(5, 7), (12, 7), (1, 1), (30, 40)])
def test_a_smaller_map_is_interpolated_between_the_centres_of_its_pixels(size):
    generator = np.random.default_rng(0)
    levels = generator.integers(0, 256, (*size, 3), np.uint8)
    base = generator.integers(0, 256, (600, 40, 3), np.uint8)
    meaning = Meaning((-1.0, 0.0, 0.5), (2.0, 3.0, 4.0), (1.0, 1.5, 2.0), (0.1, 0.2, 0.3), (0.01, 0.02, 0.03))
    shares = cv2.resize(levels.astype(np.float64), (40, 600), interpolation=cv2.INTER_LINEAR).reshape(600, 40, 3) / 255
    low, high = np.array(meaning.minimum), np.array(meaning.maximum)
    gain = low + shares ** (1 / np.array(meaning.gamma)) * (high - low)
    expected = (srgb_decoded(base / 255) + meaning.base_offset) * 2**gain - meaning.offset
    np.testing.assert_allclose(applied(GainMap(levels, meaning), base), expected.clip(0), rtol=1e-4, atol=1e-5)
