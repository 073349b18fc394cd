"""Small images and files that several tests of this room need."""

from pathlib import Path

import numpy as np
import pytest

from tests import dng


@pytest.fixture(scope="session")
def write_dng():
    """`write_dng(path, rgb, *, neutral, time, orientation)`: a minimal camera RAW file."""
    return dng.write_dng


@pytest.fixture
def radiance() -> np.ndarray:
    """Smooth radiance over 16 stops with three different channels, float32."""
    y, x = np.mgrid[0:37, 0:53].astype(np.float32)
    return np.stack([2 ** (x / 6 - 4), 2 ** (y / 5 - 2), 2 ** ((x + y) / 12 - 6)], axis=-1)


@pytest.fixture
def display(radiance: np.ndarray) -> np.ndarray:
    """Display values in [0, 1], float32."""
    return np.clip(radiance / 4, 0, 1) ** np.float32(1 / 2.2)


@pytest.fixture
def write_oiio(tmp_path: Path):
    """Write any spec through OpenImageIO, without hdrgen."""
    import OpenImageIO as oiio

    def write(name, pixels, pixel_type="float", channels=None, **attributes):
        height, width, count = pixels.shape
        spec = oiio.ImageSpec(width, height, count, pixel_type)
        if channels:
            spec.channelnames = channels
        for key, value in attributes.items():
            spec.attribute(key.replace("__", ":"), value)
        path = tmp_path / name
        output = oiio.ImageOutput.create(str(path))
        assert output.open(str(path), spec), output.geterror()
        assert output.write_image(np.ascontiguousarray(pixels)), output.geterror()
        assert output.close(), output.geterror()
        return path

    return write
