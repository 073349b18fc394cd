"""Damaged files of every kind into the readers, in processes of their own: an image or one line, nothing else.

`python -m benchmarks.fuzz.readers` does the same at length.
"""

import struct
from io import BytesIO

import pytest

from benchmarks.fuzz.readers import batch
from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image
from hdrgen.io.codecs.jpeg_picture import decoded
from hdrgen.io.containers.jpeg_markers import JpegFrame, frame_of
from tests.mutated import HEIGHT, READERS, WIDTH, seeds

FILES = 120


@pytest.mark.parametrize("reader", READERS)
def test_an_image_or_one_line(reader):
    outcomes = batch(reader, 0, FILES, timeout=60)
    assert len(outcomes) == FILES
    assert not [(index, outcome) for index, outcome in outcomes if outcome not in ("image", "one line")]
    assert "one line" in dict(outcomes).values()


@pytest.mark.parametrize("name", sorted(seeds("jpeg")))
def test_claim_of_a_jpeg(name):
    found = frame_of(BytesIO(seeds("jpeg")[name]))
    channels = {"cmyk.jpg": 4, "grey.jpg": 1}.get(name, 3)
    progressive = name == "progressive.jpg"
    assert found == JpegFrame(WIDTH, HEIGHT, arithmetic=False, progressive=progressive, channels=channels)


def test_progressive_jpeg_that_claims_too_much(tmp_path):
    """libjpeg would take memory for all of it as soon as it is opened."""
    whole = seeds("jpeg")["progressive.jpg"]
    path = tmp_path / "a.jpg"
    path.write_bytes(whole.replace(struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 30_000, 40_000)))
    for read in (read_header, read_image):
        with pytest.raises(InputError, match=r"a\.jpg: .*claims 40000 x 30000 pixels, which"):
            read(path)


def test_a_cut_jpeg_tells_what_its_decoder_found(tmp_path):
    path = tmp_path / "a.uhdr.jpg"
    whole = seeds("jpeg")["exif.jpg"]
    path.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(InputError, match=r"a\.uhdr\.jpg: truncated or corrupt JPEG file \(JPEG error: Premature end"):
        decoded(path.read_bytes(), path)


def test_size_of_a_jpeg_before_it_is_opened(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(seeds("jpeg")["progressive.jpg"])
    with pytest.raises(InputError, match=rf"{path.name}: expected at most 0\.001 megapixels, found 80 x 64"):
        read_image(path, max_megapixels=0.001)


def test_progressive_jpeg_of_too_many_scans(tmp_path):
    """Each empty scan costs libjpeg a pass over the picture."""
    whole = seeds("jpeg")["progressive.jpg"]
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    (tmp_path / "a.jpg").write_bytes(whole[:-2] + scan * 300 + whole[-2:])
    with pytest.raises(InputError, match=r"at most 200 scans, found 3\d\d"):
        read_image(tmp_path / "a.jpg")


@pytest.mark.parametrize("side", [10_000, 30_000])
def test_huge_tiles(tmp_path, side):
    """Memory would be taken for a whole tile, however small the image."""
    content = bytearray(seeds("exr")["tiled.exr"])
    at = content.index(b"tiledesc\0") + 9 + 4
    content[at : at + 8] = struct.pack("<II", side, side)
    (tmp_path / "a.exr").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.exr: .*tiles of {side} x {side} in an image of 80 x 64"):
        read_image(tmp_path / "a.exr")
    tiff = bytearray(seeds("tiff 8")["tiles.tif"])
    for tag in (322, 323):
        entry = next(tiff.index(key) for kind in (3, 4) if (key := struct.pack("<HHI", tag, kind, 1)) in tiff)
        tiff[entry : entry + 12] = struct.pack("<HHII", tag, 4, 1, side // 16 * 16)
    (tmp_path / "a.tif").write_bytes(tiff)
    with pytest.raises(InputError, match=rf"a\.tif: .*tiles of {side} x {side} in an image of 80 x 64"):
        read_image(tmp_path / "a.tif")
