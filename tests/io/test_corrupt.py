"""Truncated and damaged files of every format: one clear line, nothing printed, nothing half read."""

import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image

_KINDS = [
    "a.jpg",
    "progressive.jpg",
    "a.png",
    "16.png",
    "a.tif",
    "lzw.tif",
    "float.tif",
    "a.hdr",
    "zip.exr",
    "piz.exr",
    "a.dng",
]


def _write(folder: Path, name: str, write_dng) -> Path:
    import OpenImageIO as oiio

    rng = np.random.default_rng(3)
    pixels = rng.random((64, 80, 3), np.float32)
    path = folder / name
    integers = (pixels * 255).astype(np.uint8)
    if name.endswith("jpg"):
        PillowImage.fromarray(integers).save(path, quality=90, progressive=name.startswith("progressive"))
    elif name.endswith("dng"):
        write_dng(path, pixels)
    else:
        types = {
            "a.png": "uint8",
            "16.png": "uint16",
            "a.tif": "uint8",
            "lzw.tif": "uint16",
            "a.hdr": "float",
            "float.tif": "float",
        }
        spec = oiio.ImageSpec(80, 64, 3, types.get(name, "half"))
        spec.attribute("compression", {"lzw.tif": "lzw", "piz.exr": "piz", "a.tif": "none"}.get(name, "zip"))
        output = oiio.ImageOutput.create(str(path))
        assert output.open(str(path), spec)
        assert output.write_image(pixels)
        assert output.close()
    return path


@pytest.fixture(scope="module", params=_KINDS)
def whole(request, tmp_path_factory, write_dng) -> Path:
    return _write(tmp_path_factory.mktemp("whole"), request.param, write_dng)


@pytest.mark.parametrize("share", [0.0005, 0.01, 0.05, 0.2, 0.5, 0.8, 0.97, 0.995])
def test_truncated(whole, tmp_path, capfd, share):
    content = whole.read_bytes()
    cut = tmp_path / whole.name
    cut.write_bytes(content[: max(1, int(len(content) * share))])
    with pytest.raises(InputError) as caught:
        read_image(cut)
    message = str(caught.value)
    assert message.startswith(str(cut))
    assert "\n" not in message
    assert message.count(cut.name) == 1
    assert capfd.readouterr() == ("", "")


def test_whole_is_read(whole, capfd):
    assert read_image(whole).pixels.shape == (64, 80, 3)
    assert capfd.readouterr() == ("", "")


def _try(path: Path) -> None:
    """Either an image of a sane shape or the one error; anything else fails the test."""
    for read in (lambda: read_image(path, max_megapixels=1).pixels.ndim, lambda: read_header(path)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read()
            except InputError as error:
                message = str(error)
            else:
                continue
        assert "\n" not in message


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_bytes(whole, tmp_path, data):
    content = bytearray(whole.read_bytes())
    limit = st.sampled_from([64, 512, len(content)]).flatmap(lambda end: st.integers(0, min(end, len(content)) - 1))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(limit)] = data.draw(st.integers(0, 255))
    damaged = tmp_path / whole.name
    damaged.write_bytes(content)
    _try(damaged)


@given(
    tail=st.binary(max_size=300), start=st.sampled_from([b"#?RADIANCE\n", b"v/1\x01", b"\xff\xd8\xff", b"II*\x00", b""])
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_noise_after_a_signature(tmp_path, tail, start):
    path = tmp_path / "noise.bin"
    path.write_bytes(start + tail)
    _try(path)


def test_png_checksum(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 20, 3), 9, np.uint8))
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[content.index(b"IDAT") + 6] ^= 1
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match="checksum of chunk b'IDAT'"):
        read_image(tmp_path / "a.png")


def test_png_without_its_end(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 20, 3), 9, np.uint8))
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:-12])
    with pytest.raises(InputError, match="truncated PNG"):
        read_image(tmp_path / "a.png")
