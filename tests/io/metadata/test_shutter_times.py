"""Shutter times as cameras print them, against the powers of two that shutters work in."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.TiffImagePlugin import IFDRational

from hdrgen.errors import InputError
from hdrgen.io import Exposure, Frame, read_header, read_stack, true_times

PRINTED = {
    3: "30 25 20 15 13 10 8 6 5 4 3.2 2.5 2 1.6 1.3 1 0.8 0.6 0.5 0.4 0.3 1/4 1/5 1/6 1/8 1/10 1/13 1/15 1/20 1/25 1/30"
    " 1/40 1/50 1/60 1/80 1/100 1/125 1/160 1/200 1/250 1/320 1/400 1/500 1/640 1/800 1/1000 1/1250 1/1600 1/2000"
    " 1/2500 1/3200 1/4000 1/5000 1/6400 1/8000",
    2: "30 20 15 10 8 6 4 3 2 1.5 1 0.7 1/2 1/3 1/4 1/6 1/8 1/10 1/15 1/20 1/30 1/45 1/60 1/90 1/125 1/180 1/250 1/350"
    " 1/500 1/750 1/1000 1/1500 1/2000 1/3000 1/4000 1/6000 1/8000",
}
"""From 2^5 s down, by the steps of a stop."""


def label(text):
    numerator, _, denominator = text.partition("/")
    if "." in numerator:
        return IFDRational(round(float(numerator) * 10), 10)
    return IFDRational(int(numerator), int(denominator or 1))


def meant_steps(labels, per_stop):
    """Stops between labels of one kind of camera, which has 0.3 or 1/3; None where it does not print them."""
    known = PRINTED[per_stop].replace("1/3 ", "0.3 ").split()
    shown = ["0.3" if text == "1/3" else text for text in labels]
    return np.diff([-known.index(text) / per_stop for text in shown]) if set(shown) <= set(known) else None


def photograph(path, **tags):
    """A small photograph with tags by their names in EXIF."""
    numbers = {"ExposureTime": 33434, "ShutterSpeedValue": 37377, "ExposureBiasValue": 37380, "ISOSpeedRatings": 34855}
    numbers |= {"ISOSpeed": 34867, "RecommendedExposureIndex": 34866, "StandardOutputSensitivity": 34865}
    exif = Pillow.Exif()
    inside = exif.get_ifd(0x8769)
    for name, value in tags.items():
        inside[numbers[name]] = value
    Pillow.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path, exif=exif)
    return path


def bracket(folder, times, **tags):
    for index, time in enumerate(times):
        each = {name: values[index] for name, values in tags.items()}
        photograph(folder / f"{index}.jpg", ExposureTime=label(time), **each)
    return [frame.exposure.time for frame in read_stack(folder, bracket=True)]


@pytest.mark.parametrize("per_stop", [3, 2])
@pytest.mark.parametrize("step", [3, 6, 9, 2, 4])
def test_every_printed_bracket_is_the_series_it_stands_for(per_stop, step):
    """All brackets of three frames that a camera prints; a few labels, 20 1 1/20, may be of either kind of camera."""
    labels = PRINTED[per_stop].split()
    for start in range(len(labels) - 2 * step):
        shown = [labels[start + index * step] for index in range(3)]
        frames = [Frame(Path(f"{text}.jpg"), Exposure(time=float(label(text)))) for text in reversed(shown)]
        found = np.diff([frame.exposure.stops for frame in true_times(frames)])
        meant = [meant_steps(shown[::-1], kind) for kind in (3, 2)]
        assert any(steps is not None and np.allclose(found, steps, atol=0.013) for steps in meant), shown


def test_files_tell_the_series_and_exact_brackets_stay(tmp_path):
    for name, times, found in (
        ("stops", ("1/60", "1/15", "1/4"), [1 / 64, 1 / 16, 1 / 4]),
        ("long", ("1/8", "1", "8"), [1 / 8, 1, 8]),
        ("longer", ("1", "15", "1/15"), [1 / 16, 1, 16]),
        ("exact", ("1/400", "1/100", "1/25"), [1 / 400, 1 / 100, 1 / 25]),
        ("own", ("1/61", "1/15", "1/4"), [1 / 61, 1 / 15, 1 / 4]),  # no label: somebody's own times
    ):
        (tmp_path / name).mkdir()
        assert bracket(tmp_path / name, times) == pytest.approx(found, rel=1e-5)


def test_outside_of_a_bracket_times_are_as_the_file_has_them(tmp_path):
    bracket(tmp_path, ("1/60", "1/15", "1/4"))
    assert read_stack(tmp_path)[0].exposure.time == pytest.approx(1 / 60)


@pytest.mark.parametrize(
    ("time", "apex", "expected"),
    [
        ("1/15", IFDRational(4, 1), 1 / 16),
        ("15", IFDRational(-4, 1), 16),
        ("1/60", IFDRational(5906891, 1000000), 1 / 60),  # log2 60: the label once more
        ("1/125", IFDRational(7, 1), 1 / 128),
        ("1/20", IFDRational(45, 10), 2**-4.5),  # halves
        ("1/61", IFDRational(6, 1), 1 / 61),  # exact already
        ("1/20", IFDRational(4, 1), 1 / 20),  # cut to whole stops
        ("1/60", IFDRational(0, 1), 1 / 60),
    ],
)
def test_the_time_in_stops_is_taken_where_it_says_more(time, apex, expected, tmp_path):
    path = photograph(tmp_path / "a.jpg", ExposureTime=label(time), ShutterSpeedValue=apex)
    assert read_header(path).reading.exposure.time == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "tag", ["ISOSpeedRatings", "ISOSpeed", "RecommendedExposureIndex", "StandardOutputSensitivity"]
)
def test_sensitivity_by_any_of_its_tags(tag, tmp_path):
    path = photograph(tmp_path / "a.jpg", ExposureTime=label("1/8"), **{tag: 400})
    assert read_header(path).reading.exposure.iso == 400


def test_exposure_bias_tells_a_bracket_apart_that_says_nothing_else(tmp_path):
    for index, bias in enumerate((0, 2, -2)):
        photograph(tmp_path / f"{index}.jpg", ExposureBiasValue=IFDRational(bias, 1))
    with pytest.warns(UserWarning, match=r"ExposureBiasValue is taken: 0\.jpg \+0, 1\.jpg \+2, 2\.jpg -2"):
        frames = read_stack(tmp_path, bracket=True)
    assert [(frame.path.name, frame.exposure.stops) for frame in frames] == [("2.jpg", -2), ("0.jpg", 0), ("1.jpg", 2)]


def test_a_bias_that_does_not_is_named(tmp_path):
    for index, bias in enumerate((1, 1)):
        photograph(tmp_path / f"{index}.jpg", ExposureBiasValue=IFDRational(bias, 1))
    with pytest.raises(InputError, match=r"0\.jpg, 1\.jpg: no exposure metadata; ExposureBiasValue \+1, which alone"):
        read_stack(tmp_path, bracket=True)


def test_a_list_of_printed_times_is_a_series_too(tmp_path):
    for index in range(3):
        photograph(tmp_path / f"{index}.jpg")
    (tmp_path / "exposures.csv").write_text("file,time\n0.jpg,1/30\n1.jpg,1/8\n2.jpg,0.5\n")
    times = [frame.exposure.time for frame in read_stack(tmp_path, bracket=True)]
    assert times == pytest.approx([1 / 32, 1 / 8, 1 / 2])
    assert all(a < b for a, b in itertools.pairwise(times))
