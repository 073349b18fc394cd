"""Frames that disagree, and things that moved, are told with the frame and the likely cause."""

import math
import warnings

import numpy as np
import pytest

import hdrgen
from hdrgen.cli.main import main
from hdrgen.errors import InputError, InputWarning

HEIGHT, WIDTH = 64, 96


def radiance(seed=0):
    """Nine stops from left to right, in blocks."""
    blocks = np.kron(np.random.default_rng(seed).uniform(0.5, 1.5, (HEIGHT // 8, WIDTH // 8)), np.ones((8, 8)))
    return 0.25 * 2.0 ** (9 * (np.arange(WIDTH) / WIDTH - 0.5)) * blocks


def shots(stops, gamma=2.2, scene=None):
    """8-bit photographs of the scene with a power curve, written down here."""
    grey = radiance() if scene is None else scene
    display = [np.clip(grey * 2.0**ev, 0, 1) ** (1 / gamma) for ev in stops]
    return [np.repeat((255 * one + 0.5).astype(np.uint8)[..., None], 3, -1) for one in display]


def told(frames, ev, align="none", **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hdrgen.merge(frames, ev=ev, align=align, **options)
    return [str(warning.message) for warning in caught if issubclass(warning.category, InputWarning)]


@pytest.mark.parametrize("response", ["gamma:2.2", "gamma:2.0", "auto"])
def test_frames_that_agree_are_not_spoken_of(response):
    assert told(shots((-2, 0, 2)), [-2, 0, 2], response=response) == []


@pytest.mark.parametrize("seconds", [(0.25, 1, 4), (1 / 60, 1 / 15, 1 / 4)])
@pytest.mark.parametrize("response", ["gamma:2.2", "auto"])
def test_seconds_given_as_stops_are_guessed(seconds, response):
    (message,) = told(shots((-2, 0, 2)), list(seconds), response=response)
    assert "seconds, not stops" in message


def test_seconds_too_short_to_differ_as_stops_are_guessed():
    with pytest.raises(InputError, match=r"differs by .* of white; they may be seconds, not stops: give times"):
        told(shots((-2, 0, 2)), [0.002, 0.008, 0.032])
    with pytest.raises(InputError, match=r"differs by .* of white; correct the exposures"):
        told(shots((-2, 0, 2)), [1, 1, 3])


def test_stops_given_as_seconds_are_guessed():
    images = [
        hdrgen.Image(frame, linear=False, exposure=hdrgen.Exposure(time=time))
        for frame, time in zip(shots((-2, 0, 2)), (1, 3, 5), strict=True)
    ]
    (message,) = told(images, None, response="gamma:2.2")
    assert "stops, not seconds" in message


def test_exposures_wrong_by_a_common_factor_are_told_by_a_known_response_alone():
    """Half as many stops again and a power of the curve explain the same frames (Grossberg and Nayar 2003)."""
    frames, more = shots((-2, 0, 2)), [-3, 0, 3]
    assert told(frames, more, response="auto") == []
    (message,) = told(frames, more, response="gamma:2.2")
    assert "the frames disagree" in message


@pytest.mark.parametrize(("odd", "off"), [(0, 0.8), (1, -0.7), (2, 1.0), (3, -0.8)])
def test_a_wrong_exposure_is_named_with_how_wrong_it_is(odd, off):
    true = (-3, -1, 1, 3)
    given = [ev + (off if index == odd else 0) for index, ev in enumerate(true)]
    (message,) = told(shots(true), given, response="gamma:2.2")
    assert f"image {odd} looks {-off:+.1f} stops from what its exposure" in message


class TestOneFrameOff:
    """Such a frame leaves a residual of less than half of its own error."""

    @staticmethod
    def given(stops, odd, off):
        return [ev + (off if index == odd else 0) for index, ev in enumerate(stops)]

    @pytest.mark.parametrize(
        ("stops", "odd", "off"),
        [
            ((-2, 0, 2), 1, 0.5),
            ((-2, 0, 2), 1, 0.3),
            ((-2, 0, 2), 0, -0.4),
            ((-2, 0, 2), 2, 0.4),
            ((-4, -2, 0, 2, 4), 2, 0.6),
            ((-3, -2, -1, 0, 1, 2, 3), 3, 0.4),
            ((0, 2), 1, 0.5),
        ],
    )
    def test_is_named_with_its_own_deviation_under_a_known_response(self, stops, odd, off):
        (message,) = told(shots(stops), self.given(stops, odd, off), response="gamma:2.2")
        if len(stops) == 2:  # each of two is as likely
            assert "(+0.5)" in message or "(-0.5)" in message
        else:
            assert f"image {odd} looks {-off:+.1f} stops" in message

    @pytest.mark.parametrize(
        ("stops", "off"), [((-2, 0, 2), 0.5), ((-2, 0, 2), 0.35), ((-4, -2, 0, 2, 4), 0.6), ((-2, -1, 0, 1, 2), 0.4)]
    )
    def test_in_the_middle_is_named_under_an_estimated_one(self, stops, off):
        odd = len(stops) // 2
        (message,) = told(shots(stops), self.given(stops, odd, off), response="estimate")
        assert f"image {odd}" in message

    @pytest.mark.parametrize("stops", [(-2, 0, 2), (-1, 0, 1), (-4, 0, 4)])
    @pytest.mark.parametrize("odd", [0, 1, 2])
    @pytest.mark.parametrize("off", [0.6, -0.6])
    def test_of_three_that_decide_their_curve_is_among_those_that_may_be(self, stops, odd, off):
        """Another curve explains another of them: where one alone is named, it is the one."""
        (message,) = told(shots(stops), self.given(stops, odd, off), response="estimate")
        assert f"image {odd}" in message.partition(";")[0]
        assert "may be off" in message

    @pytest.mark.parametrize("off", [0.6, -0.6])
    def test_of_two_may_be_either(self, off):
        (message,) = told(shots((0, 2)), [0, 2 + off], response="gamma:2.2")
        assert "image 0 and image 1 the most" in message
        assert "either may be off" in message

    def test_of_linear_frames_is_named(self):
        grey = np.repeat(radiance().astype(np.float32)[..., None], 3, -1)
        images = [
            hdrgen.Image((grey * 2.0**stops).clip(0, 1), linear=True, exposure=hdrgen.Exposure(ev=ev))
            for stops, ev in ((-2, -2), (0, 0.5), (2, 2))
        ]
        (message,) = told(images, None)
        assert "image 1 looks -0.5 stops" in message

    @pytest.mark.parametrize("response", ["gamma:2.2", "estimate"])
    def test_by_less_than_a_quarter_of_a_stop_is_not_spoken_of(self, response):
        assert told(shots((-2, 0, 2)), [-2, 0.2, 2], response=response) == []


def test_no_merge_says_agree_where_it_warned(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for index, frame in enumerate(shots((-2, 0, 2))):
        hdrgen.write(f"room/{index}.png", frame)
    assert main(["merge", "room", "--ev", "-2,0.5,2", "--response", "gamma:2.2"]) == 0
    printed = capsys.readouterr()
    assert "1.png looks -0.5 stops" in printed.err
    assert "disagree by" in printed.out
    assert "agree within" not in printed.out


def test_times_that_a_camera_wrote_are_never_stops():
    """These would agree better so; a list, or an argument, may hold stops in the wrong place."""
    images = [
        hdrgen.Image(frame, linear=False, exposure=hdrgen.Exposure(time=time, iso=100))
        for frame, time in zip(shots((-2, 0, 2)), (1, 3, 5), strict=True)
    ]
    (message,) = told(images, None, response="gamma:2.2")
    assert "stops, not seconds" not in message


def test_light_that_changed_everywhere_suggests_to_fit_the_exposures():
    (message,) = told(shots((-3, -1.4, 0, 1.3, 3)), [-3, -0.6, 0, 0.6, 3], response="gamma:2.2")
    assert "agree with exposures by the pixels, as where light changed; pass fit_exposures=True" in message
    assert told(shots((-3, -1.4, 0, 1.3, 3)), [-3, -0.6, 0, 0.6, 3], response="gamma:2.2", fit_exposures=True) == []


def test_a_curve_of_another_camera_is_the_cause_where_an_estimated_one_fits():
    (message,) = told(shots((-2, 0, 2), gamma=3.0), [-2, 0, 2], response="srgb")
    assert "under the response srgb; srgb is hardly this camera's" in message
    assert "response='estimate'" in message


def test_on_the_command_line_the_options_are_named_and_nothing_contradicts_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for index, frame in enumerate(shots((-2, 0, 2))):
        hdrgen.write(f"room/{index}.png", frame)
    for verb, options in (("merge", ["--response", "gamma:2.2"]), ("crf", [])):
        assert main([verb, "room", "--ev", "0.25,1,4", *options]) == 0
        printed = capsys.readouterr()
        assert "seconds, not stops" in printed.err
        assert "--times" in printed.err
        assert "agree within" not in printed.out


class TestMotion:
    @staticmethod
    def moved(share):
        """A scene, and the same with a part of it dark."""
        scene = np.full((HEIGHT, WIDTH), 0.15) + 0.1 * np.random.default_rng(1).random((HEIGHT, WIDTH))
        other = scene.copy()
        other[: HEIGHT // 2, : round(share * 2 * WIDTH)] *= 0.3
        return [*shots((-1, 0), scene=scene), *shots((1,), scene=other)]

    def test_what_moves_suggests_to_leave_it_out(self):
        (message,) = told(self.moved(0.1), [-1, 0, 1], response="gamma:2.2", align="mtb")
        assert "image 1 and image 2 both show well differs, the rest agrees: something moved" in message
        assert "pass deghost=True" in message
        assert told(self.moved(0.1), [-1, 0, 1], response="gamma:2.2", deghost=True) == []

    def test_frames_that_were_not_aligned_suggest_to_align_them_first(self):
        frames = shots((-1, 0, 1), scene=radiance(2).clip(0.1, 0.3))
        (message,) = told([*frames[:2], np.roll(frames[2], (4, 4), (0, 1))], [-1, 0, 1], response="gamma:2.2")
        assert "the camera moved; pass align=homography, or deghost=True where something else did" in message

    def test_with_a_wrong_exposure_only_that_is_told(self):
        """What moved in a pair that differs everywhere cannot be told from what does not fit."""
        (message,) = told(self.moved(0.1), [-1, 0, 2.5], response="gamma:2.2")
        assert "image 2 looks" in message
        assert "let fit_exposures=True do so, or leave it out" in message
        assert "moved" not in message

    @pytest.mark.parametrize("gamma", [1.8, 2.2, 2.6])
    def test_a_curve_that_fits_badly_is_no_motion(self, gamma):
        assert not any("deghost" in each for each in told(shots((-2, 0, 2), gamma), [-2, 0, 2], response="gamma:2.2"))

    def test_a_wrong_exposure_is_no_motion(self):
        assert not any("deghost" in each for each in told(shots((-2, 0, 2)), [-2, 0, 3], response="gamma:2.2"))


def test_pictures_of_the_smallest_size_are_merged_without_a_word():
    assert told([frame[:3, :2] for frame in shots((-2, 0, 2))], [-2, 0, 2], response="gamma:2.2") == []


def test_the_disagreement_is_the_closed_form():
    """Of two frames with one exposure wrong by d, each is d/2 off their mean: half the difference is the RMS."""
    ramp = np.geomspace(0.05, 0.3, 4096)[None]
    frames = shots((0, 1), scene=ramp)
    (message,) = told(frames, [0, 1.8], response="gamma:2.2")
    found = float(message.partition("disagree by ")[2].partition(" ")[0])
    assert found == pytest.approx(0.4, rel=0.05)
    assert not math.isnan(found)
