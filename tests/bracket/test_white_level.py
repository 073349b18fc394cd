"""Where a camera clips: found from exposures of scenes whose radiance is known."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

import hdrgen
from hdrgen.cli.main import main
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import WhiteLevel

STOPS = (-2.0, 0.0, 2.0)
GAINS = np.array([1.0, 0.9, 0.8])


def smooth_scene(stops: float = 2.0, shape=(128, 160)) -> np.ndarray:
    """Radiance (H, W, 3) from dark on the left to so many stops above white."""
    y = np.linspace(0, 0.5, shape[0])[:, None, None]
    return 2.0 ** (np.linspace(-6, stops - 0.5, shape[1])[None, :, None] + y) * GAINS


def codes(scene, stops, white, *, curve=1.0, dtype=np.uint16, top=None, noise=0.0):
    """What a camera that clips at a code (or one for each channel) stores; `top` is what display value 1 would be."""
    levels = (scene * 2.0**stops) ** (1 / curve) * (np.max(white) if top is None else top)
    if noise:
        levels = levels + np.random.default_rng(int(8 * stops) + 99).normal(0, noise, scene.shape)
    return np.rint(np.clip(levels, 0, white)).astype(dtype)


def found(frames, stops=STOPS):
    level = WhiteLevel.found([frame.reshape(-1, 3) for frame in frames], stops)
    return None if level is None else [each.code for each in level.levels]


def worst(merged, scene, below=0.5, above=2**-6):
    """Stops between a merge and the truth, but for one constant, of what some exposure shows."""
    seen = scene * 0.25 < below
    error = np.log2(merged / scene)[seen & (scene > above)]
    return float(np.abs(error - np.median(error)).max())


@pytest.mark.parametrize("white", [1023, 4095, 16383, 16380, 32767, 32768, 60000])
def test_fewer_bits_in_sixteen_are_found_and_merged_like_the_scene(white):
    scene = smooth_scene()
    frames = [codes(scene, ev, white) for ev in STOPS]
    assert found(frames) == [white] * 3
    merged = hdrgen.merge(frames, ev=STOPS, response="linear", align="none")
    assert worst(merged, scene, 0.99) < 0.06  # rounding of 10 bits in the dark
    assert np.isclose(merged[64, 80], scene[64, 80], rtol=0.1).all()  # white, not 65535, is radiance 1


@pytest.mark.parametrize("whites", [(15000, 16383, 14000), (60000, 64000, 62000)])
def test_each_channel_clips_where_it_does(whites):
    scene = smooth_scene()
    frames = [codes(scene, ev, whites, top=max(whites)) for ev in STOPS]
    assert found(frames) == list(whites)
    assert worst(hdrgen.merge(frames, ev=STOPS, response="linear", align="none"), scene, 0.8) < 0.02


@pytest.mark.parametrize(
    ("white", "quality"), [(180, None), (225, None), (235, None), (250, None), (250, 95), (245, 90)]
)
def test_eight_bits_that_clip_early_do_not_count_as_data(white, quality):
    scene = smooth_scene(3.5)
    frames = [codes(scene, ev, white, curve=2.2, dtype=np.uint8, top=255, noise=0.7) for ev in STOPS]
    if quality:
        frames = [jpeg(frame, quality) for frame in frames]
    assert all(abs(code - white) <= 1 for code in found(frames))
    with_white = hdrgen.merge(frames, ev=STOPS, response="gamma:2.2", align="none")
    without = hdrgen.merge(frames, ev=STOPS, response="gamma:2.2", align="none", white=255)
    below = min(0.8, 0.9 * (white / 255) ** 2.2)  # of what the shortest exposure shows
    assert worst(with_white, scene, below, 0.1) < 0.25 < 0.7 < worst(without, scene, below, 0.1)


def jpeg(frame, quality):
    file = io.BytesIO()
    Pillow.fromarray(frame).save(file, "JPEG", quality=quality, subsampling=0)
    return np.asarray(Pillow.open(file))


def test_saturation_that_spreads_over_a_few_codes_is_found_with_its_foot():
    scene, spread = smooth_scene(), np.random.default_rng(1)
    frames = []
    for ev in STOPS:
        sensor = np.minimum(scene * 2.0**ev * 15000, 15000 + spread.normal(0, 12, scene.shape))
        frames.append(np.rint(sensor.clip(0)).astype(np.uint16))
    assert all(14960 < code < 15040 for code in found(frames))
    assert worst(hdrgen.merge(frames, ev=STOPS, response="linear", align="none"), scene, 0.9) < 0.05


def test_one_exposure_that_clips_is_enough_where_a_shorter_one_shows_differences():
    scene = smooth_scene(-0.2)
    frames = [codes(scene, ev, 16383) for ev in (-2.0, 0.0, 1.0)]
    assert (frames[1] < 16383).all()
    assert found(frames, (-2.0, 0.0, 1.0)) == [16383] * 3


@pytest.mark.parametrize("white", [0.8, 0.9])
@pytest.mark.parametrize("brightest", [2.0, 4.0])  # stops above white: the shortest exposure clips, too
def test_floats_may_clip_below_one(white, brightest):
    scene = smooth_scene(brightest)
    frames = [(np.minimum(scene * 2.0**ev, 1) * white).astype(np.float32) for ev in STOPS]
    assert worst(hdrgen.merge(frames, ev=STOPS, response="linear", align="none"), scene, 0.95) < 0.02


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_what_is_not_clipped_has_no_white(dtype, share):
    """A dark scene, with noise, whose brightest pixels are no plateau."""
    top = np.iinfo(dtype).max
    scene = smooth_scene(-2.1) * share
    frames = [codes(scene, ev, top, dtype=dtype, noise=top / 2000) for ev in STOPS]
    assert frames[-1].max() < top
    assert found(frames) is None


def test_flat_surfaces_borders_and_patches_are_no_white():
    flat = smooth_scene(-4)
    flat[:40, :40] = 0.2  # the brightest surface of a rendering without noise
    assert found([codes(flat, ev, 65535) for ev in STOPS]) is None
    bordered = [np.pad(codes(flat, ev, 65535), ((8, 8), (8, 8), (0, 0)), constant_values=30000) for ev in STOPS]
    assert found(bordered) is None
    patches = 2.0 ** -np.repeat(np.arange(8), 20)[None, :, None] * np.ones((64, 1, 3)) * 0.95
    assert found([codes(patches, ev, 255, dtype=np.uint8) for ev in STOPS]) is None
    assert found([codes(patches / 5, ev, 65535) for ev in STOPS]) is None


def test_the_full_range_and_one_exposure_alone_tell_nothing():
    scene = smooth_scene()
    assert found([codes(scene, ev, 255, dtype=np.uint8) for ev in STOPS]) is None
    assert found([codes(scene, 0, 250, dtype=np.uint8)], (0.0,)) is None
    assert found([codes(scene, 0, 250, dtype=np.uint8)] * 2, (0.0, 0.2)) is None
    assert found([], ()) is None


def test_a_given_white_needs_no_evidence():
    scene = smooth_scene(-0.5)
    frames = [codes(scene, ev, 4095) for ev in (-1.0, 0.0)]
    merged = hdrgen.merge(frames, ev=(-1, 0), response="linear", align="none", white=4095)
    assert np.allclose(merged[0], scene[0] * 0.5, rtol=0.03)  # EV 0 is the darker of two
    each = hdrgen.merge(frames, ev=(-1, 0), response="linear", align="none", white=(4095, 4095, 4095))
    assert np.array_equal(merged, each)


def test_frames_of_the_caller_stay_as_they_are():
    frames = [codes(smooth_scene(), ev, 16383) for ev in STOPS]
    before = [frame.copy() for frame in frames]
    hdrgen.merge(frames, ev=STOPS, response="linear", align="none")
    assert all(map(np.array_equal, frames, before))


@pytest.mark.parametrize("white", [0, -3, (250, 250), [250, 250], "wide", float("nan"), float("inf"), (), object()])
def test_what_is_no_white_at_all_is_one_line(white):
    frames = [codes(smooth_scene(), ev, 255, dtype=np.uint8) for ev in STOPS]
    with pytest.raises(InputError, match=r"expected white as one code above 0, or three \(R,G,B\), found") as caught:
        hdrgen.merge(frames, ev=STOPS, response="linear", white=white)
    assert caught.value.argument == "white"
    if isinstance(white, list):
        assert "found 250, 250; pass white=250" in str(caught.value)


@pytest.mark.parametrize(
    ("dtype", "white", "advice"),
    [
        (np.uint8, 0.9, "white=230"),
        (np.uint8, 1, "white=255"),
        (np.uint8, 25, "white=250"),
        (np.uint8, (0.9, 1, 0.9), "white=255"),
        (np.uint8, 300, "white=250"),
        (np.uint8, 65535, "white=250"),
        (np.uint16, 0.25, "white=16384"),
        (np.uint16, 1.0, "white=65535"),
        (np.uint16, 70000, "white=16383"),
    ],
)
def test_a_share_of_the_range_is_no_code(dtype, white, advice):
    """Neither taken for a code, at which all pixels would be white, nor guessed: 1 may be either."""
    top = np.iinfo(dtype).max
    frames = [codes(smooth_scene(), ev, top, dtype=dtype) for ev in STOPS]
    with pytest.raises(InputError, match=f"expected white as a code of the files from 32 to {top}") as caught:
        hdrgen.merge(frames, ev=STOPS, response="linear", white=white)
    assert caught.value.argument == "white"
    assert f"pass {advice}, for example" in str(caught.value)


def test_a_code_of_fewer_bits_than_the_frames_have_is_told():
    frames = [codes(smooth_scene(), ev, 65535) for ev in STOPS]
    with pytest.warns(
        InputWarning, match="white=250: the photographs hold codes up to 65535, which all count as white"
    ):
        hdrgen.merge(frames, ev=STOPS, response="linear", align="none", white=250)


def linear(frames):
    """As files of floats are read."""
    return [hdrgen.Image(frame.astype(np.float32), True, hdrgen.Exposure()) for frame in frames]


@pytest.mark.parametrize("white", [1.0, 25.0, 3.0])
@pytest.mark.parametrize("top", [40.0, 1e4])
def test_a_white_of_floats_is_the_value_itself_whatever_they_hold(white, top):
    """Linear frames with values far above: what they show alone would be the largest code of so many bits."""
    scene = smooth_scene(np.log2(top))
    frames = [np.minimum(scene * 2.0**ev, top).astype(np.float32) for ev in STOPS]
    how = {"ev": STOPS, "align": "none"}
    with pytest.warns(InputWarning, match=f"values up to {top:.5g} are clipped at {white:g}, which is taken for white"):
        merged = hdrgen.merge(linear(frames), **how, white=white).pixels
    clipped = [np.minimum(frame, white) / np.float32(white) for frame in frames]
    assert np.array_equal(merged, hdrgen.merge(linear(clipped), **how).pixels)


def test_each_channel_of_floats_has_its_white():
    scene = smooth_scene(3)
    frames = [np.minimum(scene * 2.0**ev, 40) for ev in STOPS]
    with pytest.warns(InputWarning, match="clipped at 20"):
        merged = hdrgen.merge(linear(frames), ev=STOPS, align="none", white=(10, 20, 15)).pixels
    lifted = [np.where(frame >= (10, 20, 15), 1, frame / 20) for frame in frames]
    np.testing.assert_allclose(merged, hdrgen.merge(linear(lifted), ev=STOPS, align="none").pixels, rtol=1e-5)


def test_codes_of_integers_are_no_value_of_floats_from_0_to_1():
    frames = [np.minimum(smooth_scene() * 2.0**ev, 1).astype(np.float32) for ev in STOPS]
    with pytest.raises(InputError, match=r"a value of floats up to 1, or three .*, found 250; pass white=0\.98"):
        hdrgen.merge(frames, ev=STOPS, response="linear", white=250)
    with pytest.warns(InputWarning, match="255 is taken for white"):  # codes in floats
        merged = hdrgen.merge(linear([255 * frame for frame in frames]), ev=STOPS, align="none", white=250).pixels
    below = [np.where(frame >= 250 / 255, 1, frame) for frame in frames]
    np.testing.assert_allclose(merged, hdrgen.merge(linear(below), ev=STOPS, align="none").pixels, rtol=1e-4)


@pytest.mark.parametrize("verb", ["merge", "crf"])
@pytest.mark.parametrize("white", ["0.9", "1", "250,250", "1,1,1"])
def test_verbs_say_what_to_type(verb, white, tmp_path, capsys):
    for name, ev in zip("abc", STOPS, strict=True):
        hdrgen.write(tmp_path / f"{name}.png", codes(smooth_scene(), ev, 255, dtype=np.uint8))
    typed = [
        verb,
        str(tmp_path),
        "--ev=-2,0,2",
        "--white",
        white,
        "-o",
        str(tmp_path / f"x.{'exr' if verb == 'merge' else 'json'}"),
    ]
    assert main(typed) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--white" in line
    assert "white=" not in line
    if white in ("0.9", "1"):
        assert f"found {white}; pass --white {'230' if white == '0.9' else '255'}, for example" in line
    assert not list(tmp_path.glob("x*"))


@pytest.mark.parametrize("white", [200, 215, 230, (200, 250, 225)])
@pytest.mark.parametrize("options", [{}, {"deghost": True}, {"deghost": "patches"}])
def test_nothing_of_a_scene_that_stands_still_is_left_out_where_white_is_low(white, options):
    """What is clipped may be anything from that code on, not only from the largest on."""
    scene, stops = smooth_scene(0.5), (-3.0, 0.0, 3.0)  # the middle one, which clips, is the reference
    frames = [codes(scene, ev, white, curve=2.2, dtype=np.uint8, top=255) for ev in stops]
    merged = hdrgen.merge(frames, ev=stops, response="gamma:2.2", align="none", white=white, **options)
    error = np.log2(merged / scene)[scene > 2**-5]
    assert np.abs(error).max() < 0.12
