"""Brackets in floating point on other scales than 0 to 1, through every way in; radiance is known."""

import numpy as np
import pytest
import tifffile

import hdrgen
from hdrgen.bracket.float_range import in_display_range
from hdrgen.cli.main import main
from hdrgen.data.reading import read_frame
from hdrgen.errors import InputError
from hdrgen.io import write_image

RAMP = (2.0 ** np.linspace(-6, 1.8, 96))[None, :, None] * np.ones((32, 1, 3))
STOPS = (-2, 0, 2)
TIMES = ((1, 400), (1, 100), (1, 25))


def write_frames(folder, scale, kind=np.float32, top=1.0):
    folder.mkdir(exist_ok=True)
    for stops, time in zip(STOPS, TIMES, strict=True):
        frame = (np.minimum(RAMP * 2.0**stops, top) * scale).astype(kind)
        tags = [(33434, 5, 1, time, True)]
        tifffile.imwrite(folder / f"f{stops:+d}.tif", frame, photometric="rgb", metadata=None, extratags=tags)


def deviation(pixels, truth=RAMP):
    """In stops, once the scale is left aside."""
    error = np.log2(np.asarray(pixels, float) / truth)
    return np.abs(error - np.median(error)).max()


@pytest.mark.parametrize("scale", [2.0, 100.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0, 65536.0, 2.0**20])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_codes_in_floats_are_merged_by_the_value_they_clip_at(tmp_path, scale, kind):
    write_frames(tmp_path / "room", scale, kind)
    with pytest.warns(UserWarning, match=f"room: floating point up to {scale:.8g}; {scale:.8g} is taken for white"):
        merged = hdrgen.merge(tmp_path / "room", align="none")
    assert deviation(merged.pixels) < 0.02
    assert merged.pixels[0, 60, 0] == pytest.approx(RAMP[0, 60, 0], rel=0.01)


@pytest.mark.parametrize("scale", [255.0, 4095.0, 65535.0])
def test_frames_that_do_not_clip(tmp_path, scale):
    """Their white is the largest code of so many bits."""
    write_frames(tmp_path / "room", scale / 16)
    with pytest.warns(UserWarning, match="is taken for white"):
        merged = hdrgen.merge([hdrgen.read(path) for path in sorted((tmp_path / "room").iterdir())], align="none")
    assert deviation(merged.pixels) < 0.02


@pytest.mark.parametrize("suffix", ["exr", "hdr", "pfm"])
@pytest.mark.parametrize(("scale", "options"), [(0.3, {}), (1.0, {}), (300.0, {}), (1.0, {"deghost": True})])
def test_radiance_that_clips_nowhere_keeps_its_scale(tmp_path, suffix, scale, options, recwarn):
    """No code is meant by it, such as 255, and 1 is no white at which it clips."""
    generator = np.random.default_rng(0)
    radiance = scale * generator.lognormal(0, 1.5, (64, 96, 1)) * generator.uniform(0.5, 1, (64, 96, 3))
    radiance = radiance.astype(np.float32)
    for stops in STOPS:
        path = tmp_path / f"room/f{stops + 2}.{suffix}"
        frame = radiance * np.float32(2.0**stops)
        if suffix == "pfm":
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"PF\n96 64\n-1.0\n" + frame[::-1].astype("<f4").tobytes())
        else:
            write_image(path, frame)
    (tmp_path / "room/exposures.csv").write_text(f"file,ev\nf0.{suffix},-2\nf2.{suffix},0\nf4.{suffix},2\n")
    merged = hdrgen.merge(tmp_path / "room", align="none", **options)
    error = np.abs(np.log2(merged.pixels / radiance))[radiance > 0.02 * scale]
    assert np.quantile(error, 0.99) < (0.02 if suffix != "hdr" else 0.1)  # which has 8 bits for the three
    assert not [str(each.message) for each in recwarn if "taken for white" in str(each.message)]


def test_what_exceeds_white_a_little_is_clipped_and_told(tmp_path):
    """White balance lifts red above 1, where green clips."""
    frames = [np.minimum(RAMP * 2.0**stops, 1) * (1.6, 1, 1.3) for stops in STOPS]
    with pytest.warns(UserWarning, match="room: values up to 1.6 are clipped at 1, which is taken for white"):
        codes, _ = in_display_range(frames, "room")
    np.testing.assert_allclose(codes[1], np.minimum(frames[1], 1), rtol=1e-6)


def test_frames_from_0_to_1_and_rounding_are_not_told_of(recwarn):
    frames = [RAMP / 4, np.minimum(RAMP, 1.0005), np.zeros((4, 4, 3), np.uint16)]
    codes, _ = in_display_range(frames, "room")
    assert codes[1].max() == 1
    assert codes[2] is frames[2]
    assert not recwarn.list


def test_verbs_take_them_or_say_what_is_wrong(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_frames(tmp_path / "room", 65535.0)
    assert main(["merge", "room", "--align", "none", "-o", "room.exr"]) == 0
    assert deviation(hdrgen.read("room.exr").pixels) < 0.03
    assert main(["merge", "room", "--align", "none", "--method", "mertens", "-o", "room.png"]) == 0
    assert len(np.unique(hdrgen.read("room.png").pixels)) > 60
    capsys.readouterr()
    assert main(["info", "room"]) == 0
    told = capsys.readouterr().out
    assert "65535 is taken for white" in told
    assert "100.0%" not in told


def test_a_lone_frame_of_codes_is_refused(tmp_path):
    write_frames(tmp_path, 255.0)
    with pytest.raises(
        InputError, match=r"f\+0.tif: expected linear values of which 1 is white, found values up to 255"
    ):
        read_frame(tmp_path / "f+0.tif")
