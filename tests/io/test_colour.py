"""Colour spaces and curves, against colour-science."""

import colour
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.errors import InputError
from hdrgen.io.colour import (
    BT709,
    BT2020,
    COLOUR_SPACES,
    DISPLAY_P3,
    colour_space_named,
    conversion,
    converted,
    named_like,
    pq_decoded,
    pq_encoded,
    rgb_to_xyz,
    srgb_decoded,
    srgb_encoded,
    usable_chromaticities,
)
from hdrgen.io.metadata.icc import display_profile

NAMES = {BT709: "ITU-R BT.709", BT2020: "ITU-R BT.2020", DISPLAY_P3: "Display P3"}


def test_colour_space_by_name():
    assert [colour_space_named(space.name) for space in COLOUR_SPACES] == list(COLOUR_SPACES)
    with pytest.raises(InputError, match="expected one of bt709, display-p3, bt2020, found 'srgb'"):
        colour_space_named("srgb")


@pytest.mark.parametrize("space", COLOUR_SPACES)
def test_primaries(space):
    reference = colour.RGB_COLOURSPACES[NAMES[space]]
    np.testing.assert_allclose(space.chromaticities[:6], reference.primaries.ravel())
    np.testing.assert_allclose(rgb_to_xyz(space.chromaticities), reference.matrix_RGB_to_XYZ, atol=2e-4)


@pytest.mark.parametrize("source", COLOUR_SPACES)
@pytest.mark.parametrize("target", COLOUR_SPACES)
def test_conversion(source, target):
    first, second = (colour.RGB_COLOURSPACES[NAMES[space]] for space in (source, target))
    expected = colour.matrix_RGB_to_RGB(first, second, "Bradford")
    np.testing.assert_allclose(conversion(source.chromaticities, target.chromaticities), expected, atol=3e-4)


def test_another_white_stays_white():
    aces = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
    np.testing.assert_allclose(conversion(aces, BT709.chromaticities) @ np.ones(3), np.ones(3))
    first, second = (colour.RGB_COLOURSPACES[name] for name in ("ACES2065-1", "ITU-R BT.709"))
    expected = colour.matrix_RGB_to_RGB(first, second, "Bradford")
    np.testing.assert_allclose(conversion(aces, BT709.chromaticities), expected, atol=3e-4)


def test_there_and_back(radiance):
    wide = converted(radiance, BT709.chromaticities, BT2020.chromaticities)
    back = converted(wide, BT2020.chromaticities, BT709.chromaticities)
    assert wide.dtype == np.float32
    np.testing.assert_allclose(back, radiance, rtol=1e-4, atol=1e-5)
    assert converted(radiance, BT709.chromaticities, BT709.chromaticities) is radiance


def test_pq():
    luminance = np.geomspace(1e-4, 1e4, 200)
    np.testing.assert_allclose(pq_encoded(luminance), colour.models.eotf_inverse_ST2084(luminance), rtol=1e-9)
    np.testing.assert_allclose(pq_decoded(pq_encoded(luminance)), luminance, rtol=1e-6)
    assert pq_encoded(np.array([-1.0, 2e4])) == pytest.approx([pq_encoded(np.array(0.0)), 1])


def test_srgb():
    values = np.linspace(0, 1, 500)
    np.testing.assert_allclose(srgb_encoded(values), colour.models.eotf_inverse_sRGB(values), atol=1e-6)
    np.testing.assert_allclose(srgb_decoded(values), colour.models.eotf_sRGB(values), atol=1e-6)


def test_names():
    assert named_like(tuple(value + 4e-4 for value in BT2020.chromaticities)) is BT2020
    assert named_like((0.3,) * 8) is None


@pytest.mark.parametrize("name", sorted(colour.RGB_COLOURSPACES))
def test_colours_of_every_known_space_are_usable(name):
    """Also those whose primaries no light has."""
    space = colour.RGB_COLOURSPACES[name]
    given = (*space.primaries.ravel(), *space.whitepoint)
    assert usable_chromaticities(given) == pytest.approx(given)


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([0.0, 1e-5, 0.02, 0.3, 1 / 3, 0.6, -0.1, 1.0]) | st.floats(-3, 3), min_size=8, max_size=8)
)
def test_usable_colours_can_be_converted(numbers):
    if (chromaticities := usable_chromaticities(numbers)) is not None:
        there = conversion(chromaticities, BT709.chromaticities)
        back = conversion(BT709.chromaticities, chromaticities)
        np.testing.assert_allclose(there @ back, np.eye(3), atol=1e-6)
        assert display_profile(chromaticities)  # whose numbers end at 32767
