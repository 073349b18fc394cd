"""EXIF byte by byte: blocks laid out by hand in both orders of bytes, and files corrected in place."""

import math
import struct
import zlib
from fractions import Fraction

import pytest
import tifffile

from hdrgen.io import Camera, Exposure
from hdrgen.io.metadata.exif import exposure_from, metadata_of
from hdrgen.io.metadata.exif_block import LARGEST, PREFIX, exif_block, in_exif, iso_tags, metadata_in, rational
from hdrgen.io.metadata.exif_in_place import complete_tiff, correct_png

TEXT, SHORT, LONG, RATIONAL, SIGNED = 2, 3, 4, 5, 10
FOLDER, INTEROPERABILITY = 0x8769, 0xA005
SIZES, LAYOUTS = (
    {TEXT: 1, SHORT: 2, LONG: 4, RATIONAL: 8, SIGNED: 8},
    {SHORT: "H", LONG: "I", RATIONAL: "I", SIGNED: "i"},
)


def directory(order, at, entries):
    """A TIFF directory for a place; entries: tag, type, values. What does not fit in four bytes stands behind it."""
    table, behind = struct.pack(order + "H", len(entries)), b""
    end = at + 2 + 12 * len(entries) + 4
    for tag, kind, values in entries:
        packed = values if kind == TEXT else struct.pack(f"{order}{len(values)}{LAYOUTS[kind]}", *values)
        count = len(packed) // SIZES[kind]
        field = packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack(order + "I", end + len(behind))
        behind += b"" if len(packed) <= 4 else packed + bytes(len(packed) % 2)
        table += struct.pack(order + "HHI", tag, kind, count) + field
    return table + bytes(4) + behind


def block(order, main=(), photograph=(), interoperability=None):
    """A whole block, its directories 500 bytes apart."""
    photograph, main = list(photograph), [*main, (FOLDER, LONG, [508])]
    if interoperability is not None:
        photograph.append((INTEROPERABILITY, LONG, [1008]))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    parts = [directory(order, 8, main), directory(order, 508, photograph)]
    parts += [] if interoperability is None else [directory(order, 1008, interoperability)]
    return head + b"".join(part.ljust(500, b"\0") for part in parts)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", PREFIX])
def test_every_tag_by_the_name_that_openimageio_gives_it(order, prefix):
    main = [(0x010F, TEXT, b"a maker\0rest"), (0x0110, TEXT, b"X\xe9\0"), (0x0112, SHORT, [6])]
    photograph = [
        (0x829A, RATIONAL, [1, 60]),
        (0x829D, RATIONAL, [28, 10]),
        (0x8827, SHORT, [400, 200]),
        (0x8832, LONG, [100_000]),
        (0x8833, LONG, [102_400]),
        (0x9201, SIGNED, [-3, 2]),
        (0x9202, RATIONAL, [4, 1]),
        (0x9999, LONG, [7]),
    ]
    assert metadata_in(prefix + block(order, main, photograph)) == {
        "Make": "a maker",
        "Model": "X\ufffd",
        "Orientation": 6.0,
        "ExposureTime": 1 / 60,
        "FNumber": 2.8,
        "Exif:PhotographicSensitivity": 400.0,
        "Exif:RecommendedExposureIndex": 100_000.0,
        "Exif:ISOSpeed": 102_400.0,
        "Exif:ShutterSpeedValue": -1.5,
        "Exif:ApertureValue": 4.0,
    }


def test_a_fraction_without_a_denominator_is_no_number_and_text_ends_at_256_bytes():
    found = metadata_in(block("<", [(0x010F, TEXT, b"m" * 300)], [(0x829A, RATIONAL, [1, 0])]))
    assert found["Make"] == "m" * 256
    assert math.isnan(found["ExposureTime"])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("entries", "index"), [([(1, TEXT, b"R03\0")], "R03"), ([(2, TEXT, b"R03\0")], None), ([], None)]
)
def test_the_index_of_the_interoperability_directory(order, entries, index):
    assert metadata_in(block(order, interoperability=entries)) == {"InteroperabilityIndex": index}


@pytest.mark.parametrize("content", [b"", b"II*", b"II\0*" + bytes(20), b"II*\0" + bytes(4), b"MM\0*\xff\xff\xff\xff"])
def test_damaged_blocks_say_nothing(content):
    assert metadata_in(content) == {}


def test_a_folder_of_another_type_or_past_the_end_is_not_there():
    whole = bytearray(block("<", photograph=[(0x829A, RATIONAL, [1, 60])]))
    assert "ExposureTime" in metadata_in(bytes(whole))
    at = whole.index(struct.pack("<H", FOLDER))
    whole[at + 2] = RATIONAL
    assert metadata_in(bytes(whole)) == {}
    whole[at + 2 : at + 12] = struct.pack("<HII", LONG, 1, 10**6)
    assert metadata_in(bytes(whole)) == {}


@pytest.mark.parametrize(
    ("iso", "tags"),
    [
        (100.4, {34855: 100}),
        (65535, {34855: 65535}),
        (65536, {34855: 65535, 34864: 3, 34867: 65536}),
    ],
)
def test_an_iso_beyond_16_bits_has_a_tag_of_its_own(iso, tags):
    assert iso_tags(iso) == tags
    assert metadata_in(exif_block(Exposure(iso=iso))).get("Exif:ISOSpeed") == (iso if iso > 65535 else None)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("iso", 0.5, False),  # is rounded to 0
        ("iso", 0.6, True),
        ("iso", 2**31 - 1, True),
        ("iso", 2**31, False),
        ("time", 1 / LARGEST, True),
        ("time", 0.4 / LARGEST, False),
        ("time", LARGEST, True),
        ("time", LARGEST + 1, False),
        ("fnumber", LARGEST + 1, False),
        ("fnumber", 0.95, True),
    ],
)
def test_what_exif_cannot_hold_becomes_unknown(name, value, kept):
    assert getattr(in_exif(Exposure(**{name: value})), name) == (value if kept else None)
    assert bool(exif_block(Exposure(**{name: value}))) == kept


def test_fractions_are_simple_and_fit_into_32_bits():
    assert rational(1e-4) == Fraction(1, 10_000)
    assert rational(1.23456789e-4).denominator <= 1_000_000 < rational(0.999e-4 / 7).denominator
    for value in (0.3, 1 / 8000, 30.5, 1e5 + 1 / 3, 1e9 + 0.5, 4e9):
        assert max(rational(value).as_integer_ratio()) <= LARGEST
        assert float(rational(value)) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("camera", [Camera("a maker", ""), Camera("", "a model"), Camera("a maker", "a model")])
def test_a_camera_without_an_exposure_and_half_a_camera(camera):
    expected = {"Make": camera.make, "Model": camera.model}
    assert metadata_in(exif_block(Exposure(), camera)) == {name: text for name, text in expected.items() if text}
    assert exif_block(Exposure(), None) == exif_block(Exposure()) == b""


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


@pytest.mark.parametrize("room", [0, 1, 5, -1])
def test_the_exif_of_a_png_is_replaced_where_it_fits(tmp_path, room):
    new = b"a block"
    old = b"x" * (len(new) + room)
    start, end = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)), chunk(b"IDAT", b"pixels") + chunk(b"IEND", b"")
    path = tmp_path / "a.png"
    path.write_bytes(start + chunk(b"eXIf", old) + end)
    correct_png(path, new)
    kept = new.ljust(len(old), b"\0") if room >= 0 else old
    assert path.read_bytes() == start + chunk(b"eXIf", kept) + end
    correct_png(path, b"")
    assert path.read_bytes() == start + chunk(b"eXIf", kept) + end


@pytest.mark.parametrize("before", [chunk(b"IDAT", b"pixels"), chunk(b"IEND", b""), b""])
def test_a_png_without_exif_before_its_pixels_is_left_as_it_is(tmp_path, before):
    path = tmp_path / "a.png"
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + before + (chunk(b"eXIf", b"old") if before else b"")
    path.write_bytes(content)
    correct_png(path, b"new")
    assert path.read_bytes() == content


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("odd", [0, 1])
@pytest.mark.parametrize("iso", [None, 400, 204_800])
def test_a_tiff_gets_a_directory_of_its_own_behind_everything(tmp_path, order, odd, iso):
    path = tmp_path / "a.tif"
    before = block(order, [(0x0112, SHORT, [1])], [(0x829A, RATIONAL, [1, 3])]) + bytes(odd)
    path.write_bytes(before)
    complete_tiff(path, Exposure(time=0.25, fnumber=5.6, iso=iso))
    content = path.read_bytes()
    found = metadata_in(content)
    assert (found["ExposureTime"], found["FNumber"], found["Orientation"]) == (0.25, 5.6, 1)
    assert found.get("Exif:PhotographicSensitivity") == (None if iso is None else min(iso, 65535))
    assert found.get("Exif:ISOSpeed") == (iso if iso == 204_800 else None)
    assert exposure_from(found).exposure == Exposure(0.25, 5.6, iso)
    (place,) = struct.unpack_from(order + "I", content, content.index(struct.pack(order + "H", FOLDER)) + 8)
    assert place == len(before) + odd


def test_a_tiff_without_exif_and_a_bigtiff_are_left_as_they_are(tmp_path):
    import numpy as np

    for name, options in (("plain.tif", {}), ("big.tif", {"bigtiff": True})):
        tifffile.imwrite(tmp_path / name, np.zeros((4, 4, 3), np.uint8), photometric="rgb", **options)
        content = (tmp_path / name).read_bytes()
        complete_tiff(tmp_path / name, Exposure(time=0.25))
        assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize(
    ("metadata", "exposure", "unreadable"),
    [
        ({"ExposureTime": 0.5, "Exif:ShutterSpeedValue": 3.0}, Exposure(0.5), ()),
        ({"ExposureTime": 0.0, "Exif:ShutterSpeedValue": 3.0}, Exposure(0.125), ()),
        ({"FNumber": math.inf, "Exif:ApertureValue": 3.0}, Exposure(fnumber=2**1.5), ()),
        ({"ExposureTime": -1.0}, Exposure(), ("ExposureTime is unreadable (-1)",)),
        (
            {"FNumber": math.nan, "Exif:ApertureValue": 1e6},
            Exposure(),
            ("FNumber is unreadable (0/0 or not a number)",),
        ),
        ({"isoSpeed": 50.0, "Exif:PhotographicSensitivity": 100.0}, Exposure(iso=50), ()),
        ({"Exif:PhotographicSensitivity": 100.0, "Exif:ISOSpeedRatings": 200.0}, Exposure(iso=100), ()),
        ({"Exif:ISOSpeedRatings": 200.0, "Exif:ISOSpeed": 9.0}, Exposure(iso=200), ()),
        ({"Exif:PhotographicSensitivity": 65535.0, "Exif:ISOSpeed": 102400.0}, Exposure(iso=102400), ()),
        ({"Exif:ISOSpeedRatings": 65535.0, "Exif:RecommendedExposureIndex": 80000.0}, Exposure(iso=80000), ()),
        ({"Exif:PhotographicSensitivity": 65535.0}, Exposure(iso=65535), ()),
        ({"Exif:ISOSpeed": 102400.0}, Exposure(iso=102400), ()),
        ({"ExposureTime": (0.25, 3.0), "FNumber": [4.0]}, Exposure(0.25, 4.0), ()),
        ({"ExposureTime": 0.016666668}, Exposure(0.01666667), ()),
        ({"hdrgen:ev": -2.0, "ExposureTime": 1.0}, Exposure(1.0, ev=-2.0), ()),
        ({"hdrgen:ev": math.nan}, Exposure(), ()),
    ],
)
def test_which_tag_gives_the_exposure(metadata, exposure, unreadable):
    found = exposure_from(metadata)
    assert (found.exposure, found.unreadable) == (exposure, unreadable)


@pytest.mark.parametrize(
    ("metadata", "camera"),
    [
        ({"Make": " a maker \0 junk", "Model": "X\ud800"}, Camera("a maker ", "X?")),
        ({"Make": "", "Model": "X"}, Camera("", "X")),
        ({"Make": "M"}, Camera("M", "")),
        ({"Make": "\0", "Model": " "}, None),
        ({}, None),
    ],
)
def test_which_camera_took_it(metadata, camera):
    assert exposure_from(metadata).camera == camera


def test_text_that_is_not_utf8_is_left_out_of_what_a_file_says():
    class Spec:
        def getattribute(self, name):
            if name == "Make":
                raise UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "no")
            return {"Model": "X", "ExposureTime": 0.5, "hdrgen:ev": 1.0, "Artist": "s"}.get(name)

    assert metadata_of(Spec()) == {"hdrgen:ev": 1.0, "ExposureTime": 0.5, "Model": "X"}
