"""What is asked of OpenImageIO: channels, number types, tiles, memory, and the words of its errors."""

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from hdrgen.errors import InputError
from hdrgen.io import BT709, read_image
from hdrgen.io.codecs.channels import ChannelChoice, choose_by_count, choose_named, choose_stored
from hdrgen.io.codecs.openexr import OpenExr
from hdrgen.io.codecs.openimageio_reading import bytes_each, check_tiles, decoded, reason, unread

HERE = Path("a.exr")
GREY, ALPHA = "grey copied to three channels", "alpha channel dropped"


def spec_of(count, kind="float", kinds=None):
    spec = oiio.ImageSpec(64, 32, count, kind)
    if kinds:
        spec.channelformats = tuple(oiio.TypeDesc(each) for each in kinds)
    return spec


@pytest.mark.parametrize(
    ("count", "kind", "channels", "whole_pixels", "expected"),
    [
        (10, "float", (5, 4, 3), False, 2 * 4 * 3),
        (10, "float", (5, 4, 3), True, 2 * 4 * 10),
        (10, "half", (2, 7, 4), False, 2 * 2 * 6),  # what lies between is decoded, too
        (10, "uint8", (6,), False, 2 * 1 * 3),  # three channels are handed on
        (1, "uint16", (0,), True, 2 * 2 * 3),
        (4, "double", (0, 1, 2), True, 2 * 4 * 4),  # read as float
    ],
)
def test_memory_is_estimated_by_the_channels_that_are_decoded(count, kind, channels, whole_pixels, expected):
    assert bytes_each(spec_of(count, kind), ChannelChoice(channels), HERE, whole_pixels=whole_pixels) == expected


def test_channels_of_several_number_types_are_read_as_float():
    mixed = spec_of(4, kinds=("half", "half", "half", "uint8"))
    assert bytes_each(mixed, ChannelChoice((0, 1, 2)), HERE, whole_pixels=False) == 2 * 2 * 3
    assert bytes_each(mixed, ChannelChoice((1, 2, 3)), HERE, whole_pixels=False) == 2 * 4 * 3
    unknown = spec_of(3, kinds=("uint", "half", "int16"))
    message = "^a.exr: expected 8 or 16-bit unsigned integers or floats, found int16, uint; convert it$"
    with pytest.raises(InputError, match=message):
        bytes_each(unknown, ChannelChoice((0, 1, 2)), HERE, whole_pixels=False)


@pytest.mark.parametrize(
    ("tile", "size", "limit", "refused"),
    [
        ((4096, 4096), (64, 32), 500, False),
        ((4097, 4096), (64, 32), 500, True),
        ((8192, 4096), (4096, 2048), 500, False),  # four times the image
        ((8192, 4097), (4096, 2048), 500, True),
        ((1000, 1000), (64, 32), 1, False),
        ((1001, 1000), (64, 32), 1, True),  # more than may be read
        ((8192, 4096), (4096, 2048), 20, True),
    ],
)
def test_tiles_that_take_far_more_memory_than_their_image_are_refused(tile, size, limit, refused):
    spec = spec_of(3)
    (spec.tile_width, spec.tile_height), (spec.width, spec.height) = tile, size
    if not refused:
        return check_tiles(HERE, spec, limit)
    told = f"tiles of {tile[0]} x {tile[1]} in an image of {size[0]} x {size[1]}$"
    with pytest.raises(InputError, match=f"^a.exr: corrupt, or of another use than pictures: {told}"):
        check_tiles(HERE, spec, limit)


class Reader:
    """Of what OpenImageIO decodes from one channel to before another."""

    def __init__(self, pixels, kind="float", error=""):
        self.all, self.kind, self.error = pixels, kind, error

    def spec(self):
        return spec_of(self.all.shape[-1], self.kind)

    def read_image(self, part, level, first, last, kind):
        self.asked = (part, level, first, last, kind)
        return self.all[..., first:last]

    def geterror(self):
        return self.error


@pytest.mark.parametrize("channels", [(0, 1, 2), (2, 1, 0), (1, 2, 3), (4, 2, 3), (3,)])
def test_channels_are_taken_in_the_order_of_the_choice(channels):
    reader = Reader(np.random.default_rng(0).random((3, 4, 5), np.float32))
    pixels = decoded(reader, ChannelChoice(channels, part=7), HERE, "EXR")
    planes = channels if len(channels) == 3 else channels * 3
    np.testing.assert_array_equal(pixels, reader.all[..., list(planes)])
    assert reader.asked == (7, 0, min(channels), max(channels) + 1, "float")


def test_padding_behind_the_pixels_is_no_damage_and_all_else_is():
    pixels = np.ones((3, 4, 3), np.uint8)
    padded = Reader(pixels, "uint8", "JPEG error: 3 extraneous bytes before marker 0xd9")
    assert decoded(padded, ChannelChoice((0, 1, 2)), HERE, "JPEG", harmless=lambda error: "3 extr" in error) is not None
    with pytest.raises(InputError, match="3 extraneous bytes"):
        decoded(padded, ChannelChoice((0, 1, 2)), HERE, "JPEG")
    with pytest.raises(InputError, match=r"^a.exr: truncated or corrupt JPEG file \(premature end\)$"):
        decoded(Reader(pixels, "uint8", "premature end"), ChannelChoice((0, 1, 2)), HERE, "JPEG")


@pytest.mark.parametrize("cause", ["compression not supported", "this is not configured"])
def test_what_is_only_not_supported_is_not_told_as_corrupt(cause):
    error = unread(HERE, "TIFF file", cause)
    assert str(error) == f"a.exr: this variant of TIFF file is not read here ({cause}); convert the file"
    assert "truncated or corrupt" in str(unread(HERE, "TIFF file", cause.replace("not ", "")))


def test_the_cause_is_told_without_the_file_again():
    assert reason(f'could not open ("{HERE}")\nsecond line', HERE) == "could not open"
    assert reason(f" ({HERE}): bad magic\n", HERE) == "bad magic"
    assert reason("(b.exr): bad magic", HERE) == "(b.exr): bad magic"
    assert reason("\n", HERE) == "no reason given"


@pytest.mark.parametrize("value", [0.64, "0.64 0.33", (0.64, 0.33), tuple("abcdefgh"), (0.0,) * 8])
def test_colours_of_a_file_that_are_no_chromaticities_are_none(value):
    spec = spec_of(3)
    if isinstance(value, tuple):
        spec.attribute("chromaticities", f"{'string' if isinstance(value[0], str) else 'float'}[{len(value)}]", value)
    else:
        spec.attribute("chromaticities", value)
    assert OpenExr().colours(spec, HERE) is None


def test_colours_of_a_file():
    spec = spec_of(3)
    spec.attribute("chromaticities", "float[8]", BT709.chromaticities)
    assert OpenExr().colours(spec, HERE) == pytest.approx(BT709.chromaticities)


def texts(choice):
    return [note.text for note in choice.notes]


@pytest.mark.parametrize(
    ("names", "channels", "notes"),
    [
        (("R", "G", "B"), (0, 1, 2), []),
        (("A", "B", "G", "R"), (3, 2, 1), [ALPHA]),
        (("red", "Green", "BLUE", "alpha"), (0, 1, 2), [ALPHA]),
        (("Z", "R", "G", "B", "Y"), (1, 2, 3), []),
        (("a.R", "a.G", "a.B", "a.A"), (0, 1, 2), ["layer 'a' taken as RGB", ALPHA]),
        (("a.R", "a.G", "a.B", "R", "G", "B"), (3, 4, 5), ["other layers left out: a"]),
        (
            ("a.b.R", "a.b.G", "a.b.B", "c.R", "c.G", "c.B", "d.R", "d.G", "d.B"),
            (0, 1, 2),
            ["layer 'a.b' taken as RGB", "other layers left out: c, d"],
        ),
        (("a.R", "a.G", "B.R", "B.G", "B.B"), (2, 3, 4), ["layer 'B' taken as RGB"]),
        (("Y",), (0,), [GREY]),
        (("A", "luminance"), (1,), [GREY, ALPHA]),
        (("Gray", "Z"), (0,), [GREY]),
        (("R", "R", "G", "B"), (0, 2, 3), []),  # the first of two of one name
    ],
)
def test_red_green_and_blue_are_found_by_their_names(names, channels, notes):
    choice = choose_named(names)
    assert choice.channels == channels
    assert texts(choice) == notes
    assert choice.part == 0


@pytest.mark.parametrize("names", [(), ("Z",), ("R", "G"), ("Y", "Z", "U"), ("r.R", "g.G", "b.B")])
def test_names_that_are_no_picture(names):
    assert choose_named(names) is None


@pytest.mark.parametrize(
    ("count", "alpha", "channels", "notes"),
    [
        (1, -1, (0,), [GREY]),
        (2, 1, (0,), [GREY, ALPHA]),
        (3, -1, (0, 1, 2), []),
        (4, 3, (0, 1, 2), [ALPHA]),
        (4, -1, (0, 1, 2), ["fourth channel dropped"]),
    ],
)
def test_channels_in_the_usual_order_are_known_by_their_number(count, alpha, channels, notes):
    spec = spec_of(count)
    spec.alpha_channel = alpha
    choice = choose_by_count(spec, HERE)
    assert (choice.channels, texts(choice)) == (channels, notes)


@pytest.mark.parametrize(("count", "alpha"), [(2, -1), (3, 2), (5, -1), (5, 4)])
def test_other_numbers_of_channels_are_refused(count, alpha):
    spec = spec_of(count)
    spec.alpha_channel = alpha
    with pytest.raises(InputError, match=f"^a.exr: .* found {count} channels; convert it to RGB$"):
        choose_by_count(spec, HERE)


@pytest.mark.parametrize(
    ("shape", "notes"),
    [((2, 3), [GREY]), ((2, 3, 1), [GREY]), ((2, 3, 2), [GREY, ALPHA]), ((2, 3, 3), []), ((2, 3, 4), [ALPHA])],
)
def test_decoded_pixels_become_three_channels(shape, notes):
    levels = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    pixels, told = choose_stored(levels, HERE)
    planes = levels.reshape(2, 3, -1)
    np.testing.assert_array_equal(pixels, planes[..., :3] if planes.shape[-1] > 2 else planes[..., [0, 0, 0]])
    assert [note.text for note in told] == notes
    assert pixels.flags.c_contiguous
    for wrong in ((2, 3, 5), (2,), (1, 2, 3, 3)):
        with pytest.raises(
            InputError, match=f"found {1 if len(wrong) == 2 else wrong[-1]} channels|found 1 channels|2"
        ):
            choose_stored(np.zeros(wrong, np.uint8), HERE)


def test_layers_of_a_file_are_told_of(write_oiio, radiance):
    path = write_oiio("a.exr", np.concatenate([radiance, radiance[..., :1]], -1), channels=("v.R", "v.G", "v.B", "v.A"))
    with pytest.warns(UserWarning, match="layer 'v' taken as RGB; alpha channel dropped|layer 'v'") as caught:
        assert read_image(path).pixels.shape == (37, 53, 3)
    assert any(ALPHA in str(each.message) for each in caught)
