"""Files whose gain map, or whose photograph, ends early or holds other bytes: which of the two is lost, and told."""

import pickle
import struct
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from hdrgen.data.reading import read_own_radiance
from hdrgen.data.sample import GAIN_MAP
from hdrgen.errors import InputError
from hdrgen.io import has_gain_map, read_image, write_image
from hdrgen.io.codecs.jpeg_gain_map import find_gain_map
from hdrgen.io.gain_maps.gain_map import GainMapError
from tests.io.gain_maps.test_boxed_gain_map import BASE, CASES, HOW, LEVELS, picture, stored, with_map


@pytest.fixture(scope="module")
def ultra(tmp_path_factory) -> tuple[bytes, int, np.ndarray]:
    """An Ultra HDR file, where its gain map begins, and the photograph in it."""
    path = tmp_path_factory.mktemp("ultra") / "a.uhdr.jpg"
    radiance = np.random.default_rng(0).random((48, 64, 3), np.float32).repeat(2, 0).repeat(2, 1) * 6 + 0.1
    write_image(path, radiance)
    content = path.read_bytes()
    return content, find_gain_map(path).start, np.asarray(PillowImage.open(BytesIO(content)))


BROKEN = {
    "cut within": lambda content, at: content[: (at + len(content)) // 2],
    "cut within the description": lambda content, at: content[: at + 30],
    "cut before": lambda content, at: content[:at],
    "zeros to the end": lambda content, at: content[: (at + len(content)) // 2].ljust(len(content), b"\0"),
    "zeros from the beginning": lambda content, at: content[:at].ljust(len(content), b"\0"),
    "no JPEG": lambda content, at: content[: at + 1400] + b"\0" * 400 + content[at + 1800 :],
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_photograph_is_used_whose_gain_map_is_broken(ultra, tmp_path, kind):
    """In one line; who asks for the map itself is told that there is none to have."""
    content, at, photograph = ultra
    path = tmp_path / "a.jpg"
    path.write_bytes(BROKEN[kind](content, at))
    with pytest.warns(UserWarning, match=r"a\.jpg: the photograph alone is read: .*gain map") as told:
        np.testing.assert_array_equal(read_image(path, gain_map="try").pixels, photograph)
    assert len(told) == 1
    with pytest.raises(GainMapError, match=r"^[^(]*a\.jpg: .*gain map"):
        read_image(path, gain_map=True)
    with pytest.warns(UserWarning, match="gain map"):
        np.testing.assert_array_equal(read_image(path).pixels, photograph)


@pytest.mark.parametrize("kind", BROKEN)
def test_expanding_it_warns_once_and_takes_what_white_was_said(ultra, tmp_path, kind):
    content, at, photograph = ultra
    path = tmp_path / "a.jpg"
    path.write_bytes(BROKEN[kind](content, at))
    if not has_gain_map(path):  # then it is a photograph like any other, whose reader warns
        assert read_own_radiance(path) is None
        return
    with pytest.warns(UserWarning, match="the photograph alone is read") as told:
        own = read_own_radiance(path, white=200)
    assert len(told) == 1
    assert (own.source, own.radiance) == (None, None)
    np.testing.assert_array_equal(own.display.permute(1, 2, 0) == 1, photograph >= 200)


@pytest.mark.parametrize(("encoded", "name"), CASES)
@pytest.mark.parametrize("damage", ["map", "description"])
def test_avif_and_heic_likewise(encoded, name, damage, tmp_path):
    """Of two pictures whose data follow each other, and then the description of the map."""
    path, gain, described = tmp_path / name, encoded(LEVELS), b"\0" + stored(HOW)
    content, pixels = with_map(encoded(BASE), gain, stored(HOW)), len(picture(gain)[2])
    at, size = (len(described) + pixels, pixels) if damage == "map" else (len(described), len(described))
    path.write_bytes(content[:-at] + bytes(size) + content[len(content) - at + size :])
    with pytest.warns(UserWarning, match="the photograph alone is read: .*gain map") as told:
        plain = read_image(path, gain_map="try")
    assert len(told) == 1
    assert not plain.linear
    np.testing.assert_allclose(plain.as_float(), BASE / 255, atol=3.5 / 255)
    with pytest.raises(GainMapError):
        read_image(path, gain_map=True)


def test_other_processes_hand_its_error_on():
    """With the message alone, as torch's workers do."""
    error = GainMapError.of(Path("a.jpg"), "cut off")
    for again in (pickle.loads(pickle.dumps(error)), type(error)(str(error))):
        assert isinstance(again, GainMapError)
        assert str(again) == "a.jpg: cut off"


def test_whole_files_are_read_as_ever(ultra, tmp_path):
    content, _, photograph = ultra
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tried, asked, own = read_image(path, gain_map="try"), read_image(path, gain_map=True), read_own_radiance(path)
    assert tried.linear
    np.testing.assert_array_equal(tried.pixels, asked.pixels)
    np.testing.assert_array_equal(own.radiance.permute(1, 2, 0), asked.pixels)
    assert own.source == GAIN_MAP
    np.testing.assert_array_equal((own.display.permute(1, 2, 0) * 255).round(), photograph)


def jpeg(**options) -> bytes:
    file = BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8)
    PillowImage.fromarray(pixels).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("share", [0.4, 0.7, 0.99])
@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_photograph_that_ends_early_is_refused(tmp_path, share, filled, marked, options):
    """Cut off, or filled with zeros as downloads are; also where a gain map may follow."""
    whole = jpeg(**options)
    if marked:  # what makes a reader look for a gain map
        whole = whole[:2] + b"\xff\xe1" + struct.pack(">H", 7) + b"hdrgm" + whole[2:]
    (tmp_path / "a.jpg").write_bytes(whole)
    np.testing.assert_array_equal(read_image(tmp_path / "a.jpg").pixels, np.asarray(PillowImage.open(BytesIO(whole))))
    cut = whole[: int(share * len(whole))]
    (tmp_path / "a.jpg").write_bytes(cut.ljust(len(whole), b"\0") if filled else cut)
    with pytest.raises(InputError, match=r"a\.jpg: truncated or corrupt JPEG") as error:
        read_image(tmp_path / "a.jpg")
    assert "hdrgen-jpeg" not in str(error.value)  # the copy that a reader made


@pytest.mark.parametrize("padding", [b"\0" * 100, b"\xff" * 7, b"\0"], ids=["100", "fill", "1"])
def test_padding_before_the_end_is_no_damage_and_other_bytes_are(tmp_path, padding):
    whole, path = jpeg(progressive=True), Path(tmp_path / "a.jpg")  # of others libjpeg does not look so far
    path.write_bytes(whole[:-2] + padding + whole[-2:])
    np.testing.assert_array_equal(read_image(path).pixels, np.asarray(PillowImage.open(BytesIO(whole))))
    path.write_bytes(whole[:-2] + b"\1\2\3\4\5\6\7" * 9 + whole[-2:])
    with pytest.raises(InputError, match=r"6. extraneous bytes before marker 0xd9"):
        read_image(path)
