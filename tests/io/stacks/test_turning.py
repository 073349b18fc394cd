"""Photographs of one scene whose orientation tags differ."""

import numpy as np
import pytest

from hdrgen.errors import InputError, InputWarning
from hdrgen.io import Exposure, Image, read_image, read_stack, turned_alike
from hdrgen.io.codecs.orientation import as_stored
from tests.io.stacks.cards import EXPOSURES, shoot, view

NAMES = ("a", "b", "c")


def photographs(folder, tags, suffix=".jpg"):
    """Three exposures whose pixels all lie the same way, with these tags."""
    return [
        shoot(folder / f"{name}{suffix}", view(0), time, orientation=tag)
        for name, time, tag in zip(NAMES, EXPOSURES, tags, strict=True)
    ]


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("tags", [(1, 1, 3), (6, 1, 1), (8, 8, 6), (1, 6, 8), (2, 1, 1)])
def test_pixels_that_all_lie_the_same_way_are_turned_the_same_way(tmp_path, tags, suffix):
    files = photographs(tmp_path, tags, suffix)
    assert len(read_stack(files)) == 3
    images = [read_image(file) for file in files]
    with pytest.warns(
        InputWarning, match=f"tags of the frames differ .a {tags[0]}, b {tags[1]}, c {tags[2]}.; taken as"
    ):
        turned = turned_alike(images, NAMES, "room", 1)
    assert len({image.orientation for image in turned}) == 1
    stored = [as_stored(image.pixels, turned[0].orientation) for image in turned]
    plain = [read_image(file).pixels for file in photographs(tmp_path / "plain", (1, 1, 1), suffix)]
    assert all(np.array_equal(one, other) for one, other in zip(stored, plain, strict=True))


def test_of_files_that_a_program_turned_the_tags_are_followed():
    images = [Image((view(0) * light).clip(0, 1).astype(np.float32), False, Exposure(), orientation=tag)
              for light, tag in ((0.2, 1), (0.4, 3), (0.8, 1))]  # fmt: skip
    with pytest.warns(InputWarning, match="taken as the tags say"):
        turned = turned_alike(images, NAMES, "room", 1)
    assert all(one is other for one, other in zip(turned, images, strict=True))


def test_equal_tags_are_nobodys_concern():
    images = [Image(np.zeros((2, 3, 3), np.uint8), False, Exposure(), orientation=6)] * 2
    assert turned_alike(images, NAMES[:2], "room", 0) == images


def test_sizes_that_no_orientation_explains_are_refused_with_the_tags():
    images = [Image(np.zeros((*size, 3), np.uint8), False, Exposure(), orientation=tag)
              for size, tag in (((2, 3), 1), ((4, 2), 6))]  # fmt: skip
    with pytest.raises(InputError, match=r"several orientation tags \(a 1, b 6\)"):
        turned_alike(images, NAMES[:2], "room", 0)
