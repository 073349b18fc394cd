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


XYZ = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize("space", COLOUR_SPACES)
@pytest.mark.parametrize("white", [1 / 3, 0.3333])
def test_tristimulus_values_are_those_of_the_light_whatever_is_white(space, white):
    reference = colour.RGB_COLOURSPACES[NAMES[space]].matrix_RGB_to_XYZ
    matrix = conversion((*XYZ, white, white), space.chromaticities)
    np.testing.assert_allclose(matrix @ reference, np.eye(3), atol=2e-3)
    back = conversion(space.chromaticities, (*XYZ, white, white))
    np.testing.assert_allclose(back, reference, atol=1e-3)


def test_responses_of_cones_normalised_to_equal_energy_are_tristimulus_values():
    """After Hunt, Pointer and Estevez: the primaries have a y of 0.16, -1.3 and 0."""
    cones = np.array([[0.38971, 0.68898, -0.07868], [-0.22981, 1.18340, 0.04641], [0, 0, 1]])
    primaries = np.linalg.inv(cones)
    given = (primaries / primaries.sum(axis=0))[:2].T.ravel()
    light = np.array([0.3, 0.4, 0.2])
    found = conversion((*given, 1 / 3, 1 / 3), BT709.chromaticities) @ (cones @ light)
    np.testing.assert_allclose(found, colour.XYZ_to_RGB(light, "ITU-R BT.709"), atol=2e-3)


WITHOUT_LIGHT = [
    name
    for name, space in sorted(colour.RGB_COLOURSPACES.items())
    if (space.primaries[:, 1] <= 1e-3).any() and not np.allclose(space.whitepoint, 1 / 3, atol=1e-3)
]


@pytest.mark.parametrize("name", WITHOUT_LIGHT)
def test_primaries_without_light_and_another_white_are_adapted_as_any(name):
    """ACES, cameras, ProPhoto, and XYZ that says D50."""
    space = colour.RGB_COLOURSPACES[name]
    given = (*space.primaries.ravel(), *space.whitepoint)
    there, back = colour.normalised_primary_matrix(space.primaries, space.whitepoint), rgb_to_xyz(BT709.chromaticities)
    adapted = colour.adaptation.matrix_chromatic_adaptation_VonKries(there.sum(1), back.sum(1), "Bradford")
    np.testing.assert_allclose(
        conversion(given, BT709.chromaticities), np.linalg.inv(back) @ adapted @ there, atol=1e-9
    )


def test_light_of_equal_energy_that_primaries_can_make_is_adapted():
    space = colour.RGB_COLOURSPACES["CIE RGB"]
    given = (*space.primaries.ravel(), *space.whitepoint)
    np.testing.assert_allclose(conversion(given, BT709.chromaticities) @ np.ones(3), np.ones(3))


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
