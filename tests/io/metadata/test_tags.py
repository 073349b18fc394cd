"""What a file says beside its pixels, without them."""

import numpy as np
import pytest

from hdrgen.io import BT2020, DISPLAY_P3, Camera, Exposure, read_image, read_tags, write_image

EXPOSURE = Exposure(time=0.25, fnumber=4.0, iso=200.0)
CAMERA = Camera("Canon", "Canon EOS 5D")
WIDE = (0.7347, 0.2653, 0.0, 1.0, 0.0001, 0.077, 0.32168, 0.33767)


@pytest.mark.filterwarnings("ignore:.*gain map left out")
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".exr", ".hdr", ".jxl", ".avif", ".uhdr.jpg"])
@pytest.mark.parametrize("space", [DISPLAY_P3.chromaticities, WIDE, None])
def test_the_same_as_of_the_whole_image(tmp_path, display, suffix, space):
    pictures = suffix in (".jxl", ".avif", ".uhdr.jpg")
    if pictures:
        pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
    if pictures and space is WIDE:
        pytest.skip("these formats have numbers for their colours")
    path = write_image(tmp_path / f"a{suffix}", display, exposure=EXPOSURE, camera=CAMERA, chromaticities=space)
    image, tags = read_image(path), read_tags(path)
    assert (tags.exposure, tags.camera, tags.chromaticities) == (image.exposure, image.camera, image.chromaticities)
    if suffix in (".jxl", ".avif"):
        assert tags.chromaticities == pytest.approx(BT2020.chromaticities)
    elif space is not None:
        assert tags.chromaticities == pytest.approx(space, abs=1e-3)


def test_camera_raw(tmp_path, write_dng):
    path = write_dng(tmp_path / "a.dng", np.full((48, 64, 3), 0.2))
    image, tags = read_image(path), read_tags(path)
    assert (tags.exposure, tags.camera, tags.chromaticities) == (image.exposure, image.camera, None)
