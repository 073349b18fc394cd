"""RAW brackets: one development for all frames, and the white of the sensor instead of the file's."""

import warnings

import numpy as np
import pytest
import tifffile
import torch

import hdrgen
from hdrgen.bracket import Bracket, BracketPixels
from hdrgen.camera import SRGB
from hdrgen.cli.main import main
from hdrgen.data import Brackets, Photographs, collate
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import RawDevelopment, read_image, read_stack
from hdrgen.methods import PlainMerge, UnchangedInput
from tests import dng

STOPS, TIMES = (-2, 0, 2), ((1, 400), (1, 100), (1, 25))
NEUTRAL = (0.5, 1.0, 0.8)
RADIANCE = 2.0 ** np.linspace(-6, 1.8, 192)[None, :, None] * np.ones((32, 1, 3))
FULL = dng.WHITE - dng.BLACK


def write(folder, *, clips=(1.0, 1.0, 1.0), neutrals=(NEUTRAL,) * 3, radiance=RADIANCE):
    """A grey ramp; each channel of the sensor ends at a part of the file's white level."""
    folder.mkdir(exist_ok=True)
    for stops, time, neutral in zip(STOPS, TIMES, neutrals, strict=True):
        camera = np.minimum(radiance * np.array(NEUTRAL) * 2.0**stops, clips)
        dng.write_dng(folder / f"frame{stops:+d}.dng", camera, time=time, neutral=neutral)
    return folder


def error(folder, **options):
    """The largest error of a merge in stops, by channel, where the shortest frame is below 0.9 of its white."""
    row = hdrgen.merge(folder, align="none", **options).pixels[16].astype(float)
    return np.abs(np.log2(row / RADIANCE[16]))[RADIANCE[16, :, 0] < 0.9 * 4].max(0)


@pytest.mark.parametrize(
    "clips", [(0.97,) * 3, (0.95,) * 3, (0.85,) * 3, (0.9, 0.95, 0.98), (0.6, 0.97, 0.97), (1.0, 0.93, 1.0)]
)
@pytest.mark.parametrize("options", [{}, {"deghost": True}, {"highlights": "unclip"}])
def test_a_sensor_that_saturates_below_the_files_white_level(tmp_path, clips, options):
    """Radiance 1 is the file's white level, as of a set of the same camera in which nothing clips."""
    folder = write(tmp_path / "a", clips=clips)
    row = hdrgen.merge(folder, align="none", **options).pixels[16].astype(float)
    seen = RADIANCE[16, :, 0] < 3.6 * min(clip / part for clip, part in zip(clips, NEUTRAL, strict=True))
    stops = np.log2(row / RADIANCE[16])[seen][4:-4]
    assert np.ptp(stops) < 0.06
    assert np.abs(stops).max() < 0.05


def test_sets_of_a_panorama_share_a_scale_whether_they_show_the_sensors_white_or_not(tmp_path):
    clipped = hdrgen.merge(write(tmp_path / "a", clips=(0.85,) * 3), align="none")
    dark = write(tmp_path / "b", radiance=RADIANCE.clip(0, 0.1), clips=(0.85,) * 3)
    other = hdrgen.merge(dark, align="none", scale_like=clipped)
    assert np.allclose(other.pixels[16, 8:56], clipped.pixels[16, 8:56], rtol=0.01)


def test_a_white_that_is_given_counts_as_the_files_white_level_does(tmp_path, capsys):
    folder = write(tmp_path / "a", clips=(0.9,) * 3)
    code = dng.BLACK + 0.9 * FULL
    assert error(folder, white=code).max() < 0.1
    told = hdrgen.merge(folder, align="none", white=(code,) * 3)
    assert np.array_equal(told.pixels, hdrgen.merge(folder, align="none", white=code).pixels)
    assert main(["merge", str(folder), "-o", str(tmp_path / "a.exr"), "--align", "none", "--white", f"{code:g}"]) == 0
    assert f"white is {code:g}, the files say {dng.WHITE}" in capsys.readouterr().out
    with pytest.raises(InputError, match=f"up to the files' white level, {dng.WHITE}, found 60000"):
        hdrgen.merge(folder, white=60000)
    for none in ((code, code), "wide", object()):
        with pytest.raises(InputError, match="expected white as one code above 0, or three"):
            hdrgen.merge(folder, white=none)
    for share in (0.9, 1, dng.BLACK):
        with pytest.raises(
            InputError, match=f"a code of the sensor from {dng.BLACK + 32} to {dng.WHITE}, not as a share"
        ):
            hdrgen.merge(folder, white=share)


def test_info_tells_of_the_sensors_white_and_of_balances(tmp_path, capsys):
    folder = write(tmp_path / "a", clips=(0.9,) * 3, neutrals=((0.48, 1.0, 0.8), NEUTRAL, NEUTRAL))
    assert main(["info", str(folder)]) == 0
    told = capsys.readouterr().out
    assert f"white is {round(dng.BLACK + 0.9 * FULL)}, the files say {dng.WHITE}" in told
    assert "white balance differs from frame to frame" in told


def test_learned_merges_get_frames_of_one_development(tmp_path):
    """The ratio of two frames is that of their exposures in every channel, whatever the camera thought of the light."""
    folder = write(
        tmp_path / "a", neutrals=((0.45, 1.0, 0.9), NEUTRAL, (0.55, 1.0, 0.7)), radiance=RADIANCE.clip(0, 0.2)
    )
    with pytest.warns(InputWarning, match="white balance differs"):
        sample = Brackets([folder])[0]
    linear = SRGB().inverse(sample["ldr"])[:, :, 8:-8, 40:120].mean((2, 3))
    assert np.allclose(linear[1] / linear[0], 4, rtol=0.01)
    assert np.allclose(linear[2] / linear[1], 4, rtol=0.01)


@pytest.mark.parametrize("clip", [1.0, 0.95, 0.85])
def test_radiance_1_is_the_files_white_level_in_whatever_way_it_is_made(tmp_path, clip):
    """Of one photograph, and of a bracket that a network merges, as of a merge without one."""
    folder = write(tmp_path / "a", clips=(clip,) * 3)
    merged = hdrgen.merge(folder, align="none").pixels[16, 8:-8]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the sensor clips below
        whole, one = Brackets([folder])[0], Photographs([folder / "frame+0.dng"], own_radiance=True)[0]
        plain = Photographs([folder / "frame+0.dng"])[0]
    assert torch.equal(plain["ldr"], one["ldr"])
    assert plain.get("share") == one.get("share")
    made = PlainMerge(response=SRGB()).predict_step(collate([whole]), 0)["hdr"][0]
    seen = RADIANCE[16, 8:-8, 0] < 0.8 * clip
    assert np.allclose(made[:, 16, 8:-8].T.numpy()[seen], merged[seen], rtol=0.02)
    alone = UnchangedInput(response=SRGB()).predict_step(collate([one]), 0)["hdr"][0]
    assert np.allclose(alone[:, 16, 8:-8].T.numpy()[seen], merged[seen], rtol=0.02)


def test_a_full_sensor_has_no_other_white(tmp_path):
    frames = read_stack(write(tmp_path / "a"))
    assert BracketPixels.read(Bracket("a", frames, "time"), 500).white == ""


def test_one_white_balance_and_the_frames_that_differ_are_told(tmp_path):
    drifting = ((0.485, 1.0, 0.832), NEUTRAL, (0.52, 1.0, 0.765))
    folder = write(tmp_path / "a", neutrals=drifting)
    with pytest.warns(
        InputWarning, match=r"white balance differs.*that of frame\+0\.dng, 2\.000 1\.250.*frame-2\.dng 2\.06"
    ):
        row = hdrgen.merge(folder, align="none").pixels[8:-8].mean(0)[8:160]
    for channel in (0, 2):
        hue = (row[:, channel] / row[:, 1]).reshape(-1, 8).mean(1)
        assert np.ptp(hue) / hue.mean() < 0.01


@pytest.mark.parametrize("balance", [(2.0, 1.0, 1.25), (3.0, 1.5, 1.875), (1.0, 1.0, 1.0), (1.2, 1.0, 2.0)])
def test_multipliers_are_those_of_the_sensors_channels(tmp_path, balance):
    dark = RADIANCE.clip(0, 0.2)
    folder = write(tmp_path / "a", radiance=dark)
    row = hdrgen.merge(folder, align="none", white_balance=balance).pixels[16, 64]
    expected = np.array(NEUTRAL) * balance / min(balance) * dark[16, 64]
    assert np.allclose(row, expected, rtol=0.01)


def test_daylight_is_the_same_light_for_every_frame(tmp_path, recwarn):
    folder = write(tmp_path / "a", neutrals=((0.4, 1.0, 0.9), NEUTRAL, (0.6, 1.0, 0.7)))
    row = hdrgen.merge(folder, align="none", white_balance="daylight").pixels[16, 20]
    assert np.allclose(row / row[1], NEUTRAL, rtol=0.02)  # this camera's colours are those of sRGB: daylight is 1, 1, 1
    assert not [one for one in recwarn if "white balance" in str(one.message)]


def test_images_that_were_read_take_a_development_too(tmp_path):
    path = write(tmp_path / "a") / "frame+0.dng"
    plain = read_image(path).pixels
    half = read_image(path, development=RawDevelopment(half_size=True)).pixels
    assert half.shape == (plain.shape[0] // 2, plain.shape[1] // 2, 3)
    linear = read_image(path, development=RawDevelopment(demosaic="linear")).pixels
    assert linear.shape == plain.shape
    assert np.allclose(linear[8:-8, 8:60], plain[8:-8, 8:60], rtol=0.05)


@pytest.mark.parametrize("highlights", ["unclip", "blend", "rebuild"])
def test_highlights_of_the_shortest_exposure_leave_the_rest_where_it_is(tmp_path, highlights):
    bright = RADIANCE * np.array([1.0, 1.6, 1.0])  # green clips first
    folder = write(tmp_path / "a", radiance=bright)
    clipped = hdrgen.merge(folder, align="none").pixels[16].astype(float)
    kept = hdrgen.merge(folder, align="none", highlights=highlights).pixels[16].astype(float)
    below = bright[16, :, 1] < 3.5
    assert np.abs(np.log2(kept[below] / clipped[below])).max() < 0.05


def test_red_that_the_sensor_did_not_clip_is_kept_above_white(tmp_path):
    warm = RADIANCE * np.array([2.2, 0.6, 1.0])
    folder = write(tmp_path / "a", radiance=warm)
    kept = hdrgen.merge(folder, align="none", highlights="unclip").pixels[16].astype(float)
    seen = (warm[16, :, 0] * NEUTRAL[0] < 3.6) & (warm[16, :, 0] > 4.2)
    assert seen.any()
    assert np.allclose(kept[seen, 0], warm[16, seen, 0], rtol=0.02)
    assert hdrgen.merge(folder, align="none").pixels[..., 0].max() < 4.1


def test_linear_dng_without_a_mosaic(tmp_path):
    """Every pixel has all colours, as phones and converters write them."""
    for stops, time, neutral in zip(STOPS, TIMES, ((0.49, 1.0, 0.81), NEUTRAL, (0.51, 1.0, 0.79)), strict=True):
        sensor = np.minimum(RADIANCE * np.array(NEUTRAL) * 2.0**stops, 0.95)
        tags = [tag for tag in dng_tags(time, neutral) if tag[0] not in (33421, 33422)]
        codes = np.round(dng.BLACK + sensor * FULL).astype(np.uint16)
        tifffile.imwrite(tmp_path / f"f{stops:+d}.dng", codes, photometric=34892, extratags=tags, metadata=None)
    with pytest.warns(InputWarning, match="white balance differs"):
        row = hdrgen.merge(tmp_path, align="none").pixels[16].astype(float)
    stops = np.log2(row / RADIANCE[16])[RADIANCE[16, :, 0] < 3.4]
    assert np.ptp(stops) < 0.05


def dng_tags(time, neutral):
    """Those of a camera whose colours are those of sRGB."""
    matrix = [3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570]
    rationals = [
        [number for value in values for number in (round(value * 10000), 10000)] for values in (matrix, neutral)
    ]
    return [
        (33434, 5, 1, time, True),
        (50706, 1, 4, (1, 4, 0, 0), True),
        (50708, 2, 0, "hdrgen made up", True),
        (50714, 3, 3, (dng.BLACK,) * 3, True),
        (50717, 3, 3, (dng.WHITE,) * 3, True),
        (50721, 10, 9, rationals[0], True),
        (50728, 5, 3, rationals[1], True),
        (50778, 3, 1, 21, True),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"white_balance": "cloudy"}, "expected camera, daylight or three multipliers, found 'cloudy'"),
        ({"white_balance": (1, 2)}, "expected three multipliers above 0, found 1, 2"),
        ({"white_balance": (1, 0, 2)}, "expected three multipliers above 0"),
        ({"demosaic": "amaze"}, "expected one of ahd, .* found 'amaze'"),
        ({"highlights": "magic"}, "expected one of clip, .* found 'magic'"),
    ],
)
def test_another_choice_is_one_line(tmp_path, options, message):
    with pytest.raises(InputError, match=message) as caught:
        hdrgen.merge(tmp_path, **options)
    assert caught.value.argument == next(iter(options))
