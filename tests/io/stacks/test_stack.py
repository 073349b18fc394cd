"""Exposure stacks: order, precedence of sources, and every error."""

import warnings

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL.TiffImagePlugin import IFDRational

from hdrgen.errors import InputError
from hdrgen.io import Exposure, read_stack, write_image
from tests.dng import write_dng


@pytest.fixture(autouse=True)
def _no_unexpected_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


@pytest.fixture
def photo(tmp_path):
    def write(name, size=(8, 6), **settings):
        exposure = Exposure(**settings) if settings else None
        return write_image(tmp_path / name, np.full((size[1], size[0], 3), 0.5), exposure=exposure)

    return write


def stems(frames):
    return [frame.path.stem for frame in frames]


def test_exif_dark_to_bright(photo, tmp_path):
    photo("a.jpg", time=0.5, fnumber=8.0, iso=100)
    photo("b.jpg", time=0.5, fnumber=16.0, iso=100)
    photo("c.jpg", time=0.1, fnumber=8.0, iso=1600)
    frames = read_stack(tmp_path)
    assert stems(frames) == ["b", "a", "c"]
    assert [frame.exposure.stops for frame in frames] == sorted(frame.exposure.stops for frame in frames)
    assert stems(read_stack([tmp_path / "c.jpg", str(tmp_path / "b.jpg")])) == ["b", "c"]


@pytest.mark.parametrize("name", ["merged.exr", "merged.hdr", "merged.jxl", "merged.uhdr.jpg", "Merged.UHDR.JPG"])
def test_results_beside_the_photographs_are_left_out(photo, tmp_path, name):
    photo("a.jpg", time=0.5)
    photo("b.jpg", time=0.1)
    photo(name, time=0.5)
    assert stems(read_stack(tmp_path)) == ["b", "a"]


def test_no_pixels_are_decoded(photo, tmp_path):
    for name, time in (("a.jpg", 0.5), ("b.jpg", 0.1)):
        path = photo(name, (200, 200), time=time)
        path.write_bytes(path.read_bytes()[:-400])
    assert stems(read_stack(tmp_path)) == ["b", "a"]


def test_list_wins_and_exif_completes_it(photo, tmp_path):
    photo("a.jpg", time=0.5, fnumber=8.0, iso=100)
    photo("b.jpg", time=1.0, fnumber=4.0, iso=100)
    (tmp_path / "exposures.csv").write_text("file,time\na.jpg,5\nb.jpg,10\n")
    assert [frame.exposure for frame in read_stack(tmp_path)] == [Exposure(5, 8, 100), Exposure(10, 4, 100)]


def test_common_offset_is_no_disagreement(photo, tmp_path):
    """The list of cwz_window counts from 1/64 s where EXIF counts from 1/1000 s: relative to each other they agree."""
    for index in range(4):
        photo(f"{index}.jpg", time=round(0.001 * 2**index, 3))
    rows = "".join(f"{index}.jpg,{2**index / 64}\n" for index in range(4))
    (tmp_path / "exposures.csv").write_text("file,time\n" + rows)
    assert [frame.exposure.time for frame in read_stack(tmp_path)] == [2**index / 64 for index in range(4)]


@pytest.mark.parametrize(("listed", "disagree"), [(0.333, False), (0.37, False), (0.4, True), (0.2, True)])
def test_disagreement_beyond_a_third_of_a_stop(photo, tmp_path, listed, disagree):
    for name, time in (("a.jpg", 0.01), ("b.jpg", 0.1), ("c.jpg", 0.3)):
        photo(name, time=time)
    (tmp_path / "exposures.csv").write_text(f"file,time\na.jpg,0.01\nb.jpg,0.1\nc.jpg,{listed}\n")
    if disagree:
        with pytest.warns(UserWarning, match=rf"disagree: c\.jpg \(list {listed} s, EXIF 0\.3 s: .*the list is used"):
            frames = read_stack(tmp_path)
    else:
        frames = read_stack(tmp_path)
    assert frames[-1].exposure.time == listed


def test_noted_exif_time_stands_in(photo, tmp_path):
    photo("a.png"), photo("b.png")
    (tmp_path / "exposures.csv").write_text("file,time,exif_time\na.png,1,1\nb.png,2,4\n")
    with pytest.warns(UserWarning, match=r"a\.png \(list 1 s, EXIF 1 s: .*b\.png \(list 2 s, EXIF 4 s"):
        read_stack(tmp_path)


def test_names_of_vds(photo, tmp_path):
    for ev in (3, -3, 0, 1):
        photo(f"t1_{ev}EV_true.jpg.png")
    assert [frame.exposure.ev for frame in read_stack(tmp_path)] == [-3, 0, 1, 3]


def test_kalantari_folder(photo, tmp_path):
    for name in ("IMG_2.tif", "IMG_10.tif", "IMG_1.tif"):
        photo(name)
    write_image(tmp_path / "HDRImg.hdr", np.ones((6, 8, 3)))
    (tmp_path / "exposure.txt").write_text("0\n2\n4\n")
    assert stems(read_stack(tmp_path)) == ["IMG_1", "IMG_2", "IMG_10"]


def test_deephdr_folder(photo, tmp_path):
    for kind in ("input", "ref"):
        for index in (1, 2, 3):
            photo(f"{kind}_{index}.tif")
        (tmp_path / f"{kind}_exp.txt").write_text("0 2 4")
    assert stems(read_stack(tmp_path)) == ["input_1", "input_2", "input_3"]
    assert stems(read_stack([tmp_path / f"ref_{index}.tif" for index in (3, 2)])) == ["ref_2", "ref_3"]


@pytest.mark.parametrize(
    ("name", "text"), [("exposures.json", '{"a.jpg": 2, "b.jpg": 1}'), ("exposures.txt", "a.jpg +1\nb.jpg 0\n")]
)
def test_unlisted_images_are_named(photo, tmp_path, name, text):
    photo("a.jpg"), photo("b.jpg"), photo("preview.jpg")
    (tmp_path / name).write_text(text)
    with pytest.warns(UserWarning, match=r"does not list preview\.jpg; left out"):
        assert stems(read_stack(tmp_path)) == ["b", "a"]


def test_a_setting_known_of_some_only(photo, tmp_path):
    photo("a.jpg", time=0.5, fnumber=8.0, iso=100)
    photo("b.jpg", time=1.0, iso=100)
    with pytest.warns(UserWarning, match=r"fnumber unknown of b\.jpg"):
        frames = read_stack(tmp_path)
    assert frames[1].exposure.stops - frames[0].exposure.stops == pytest.approx(1)


def lensed(path, time, focal, lens):
    """A JPEG whose EXIF has them."""
    exif = PillowImage.Exif()
    numbers = {tag: IFDRational(round(10 * value), 10) for tag, value in ((33434, time), (0x920A, focal)) if value}
    exif.get_ifd(0x8769).update(numbers | ({0xA434: lens} if lens else {}))
    PillowImage.new("RGB", (16, 8), (90, 100, 110)).save(path, exif=exif)


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ((35.0, "Zoom 24-70"), r"zoomed between the frames \(a\.jpg 24 mm, b\.jpg 35 mm\); leave out"),
        ((24.0, "Prime 24"), r"several lenses \(a\.jpg Zoom 24-70, b\.jpg Prime 24\)"),
    ],
)
def test_a_lens_that_was_zoomed_or_changed_is_told_of_a_bracket(tmp_path, second, told):
    lensed(tmp_path / "a.jpg", 0.1, 24.0, "Zoom 24-70"), lensed(tmp_path / "b.jpg", 0.5, *second)
    with pytest.warns(UserWarning, match=told):
        read_stack(tmp_path, bracket=True)
    read_stack(tmp_path)  # of a data set it is nobody's to mend


@pytest.mark.parametrize("second", [(24.1, "Zoom 24-70"), (None, "Zoom 24-70"), (24.0, ""), (None, "")])
def test_a_lens_that_is_the_same_or_unknown_is_not_spoken_of(tmp_path, second):
    lensed(tmp_path / "a.jpg", 0.1, 24.0, "Zoom 24-70"), lensed(tmp_path / "b.jpg", 0.5, *second)
    assert len(read_stack(tmp_path, bracket=True)) == 2


def test_the_focal_length_of_raw_is_read(tmp_path):
    paths = [write_dng(tmp_path / f"{n}.dng", np.full((64, 64, 3), 0.2), time=(n, 50), focal=n * 20) for n in (1, 2)]
    with pytest.warns(UserWarning, match=r"zoomed between the frames \(1\.dng 20 mm, 2\.dng 40 mm\)"):
        read_stack(paths, bracket=True)


def test_sizes_that_differ(photo, tmp_path):
    photo("a.jpg", time=1), photo("b.jpg", time=2), photo("c.jpg", (6, 8), time=3)
    with pytest.raises(InputError, match=r"found 8 x 6: a\.jpg, b\.jpg; 6 x 8: c\.jpg"):
        read_stack(tmp_path)


def test_no_exposure_data(photo, tmp_path):
    photo("a.jpg", time=0.5), photo("b.jpg", fnumber=8.0), photo("c.png")
    with pytest.raises(InputError) as caught:
        read_stack(tmp_path)
    message = str(caught.value)
    assert "a.jpg: 0.5 s; b.jpg: f/8; c.png: no exposure metadata" in message
    assert "exposures.csv" in message
    assert "\n" not in message


def test_duplicate_exposures(photo, tmp_path):
    photo("a.jpg", time=0.5), photo("b.jpg", time=0.1), photo("c.jpg", time=0.5)
    with pytest.raises(InputError, match=r"the same in a\.jpg and c\.jpg \(0\.5 s\)"):
        read_stack(tmp_path)


def test_stops_and_seconds_cannot_be_mixed(photo, tmp_path):
    photo("a.jpg", time=0.5), photo("b_+1EV.png")
    with pytest.raises(InputError, match=r"cannot be compared \(a\.jpg: 0\.5 s; b_\+1EV\.png: \+1 EV\)"):
        read_stack(tmp_path)


def test_too_few(photo, tmp_path):
    with pytest.raises(InputError, match=r"at least 2 images, found 0 \(none\)"):
        read_stack(tmp_path)
    path = photo("a.jpg", time=0.5)
    with pytest.raises(InputError, match=r"found 1 \(a\.jpg\)"):
        read_stack(tmp_path)
    with pytest.raises(InputError, match="found 1"):
        read_stack([path, path])


def test_listed_files_missing(photo, tmp_path):
    photo("a.jpg")
    (tmp_path / "exposures.csv").write_text("file,time\na.jpg,1\nb.jpg,2\nc.jpg,3\n")
    with pytest.raises(InputError, match=r"files that do not exist: b\.jpg, c\.jpg"):
        read_stack(tmp_path)


def test_source_that_is_no_folder(photo, tmp_path):
    with pytest.raises(InputError, match="found nothing"):
        read_stack(tmp_path / "none")
    with pytest.raises(InputError, match="found a file"):
        read_stack(photo("a.jpg"))
    with pytest.raises(InputError, match="no such file"):
        read_stack([tmp_path / "x.jpg", tmp_path / "y.jpg"])


def test_broken_member_is_named(photo, tmp_path):
    photo("a.jpg", time=1)
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    with pytest.raises(InputError, match=r"b\.jpg: truncated or corrupt JPEG header"):
        read_stack(tmp_path)


def test_a_disagreement_is_told_beside_the_common_offset(photo, tmp_path):
    """The list counts twice the time of EXIF everywhere, and 4 / 3 of that once."""
    for name, time in (("a.jpg", 0.01), ("b.jpg", 0.1), ("c.jpg", 0.3), ("d.jpg", 0.6)):
        photo(name, time=time)
    (tmp_path / "exposures.csv").write_text("file,time\na.jpg,0.02\nb.jpg,0.2\nc.jpg,0.8\nd.jpg,1.2\n")
    with pytest.warns(UserWarning, match=r"disagree: c\.jpg \(list 0\.8 s, EXIF 0\.3 s: \+0\.42 stops\); the list"):
        read_stack(tmp_path)


@pytest.mark.parametrize(("listed", "disagree"), [(0.25, False), (0.26, True)])
def test_of_two_frames_each_may_be_a_sixth_of_a_stop_off(photo, tmp_path, listed, disagree):
    """Their median is between them: log2(0.25 / 0.2) is 0.32 stops, and log2(0.26 / 0.2) is 0.38."""
    photo("a.jpg", time=0.01), photo("b.jpg", time=0.2)
    (tmp_path / "exposures.csv").write_text(f"file,time\na.jpg,0.01\nb.jpg,{listed}\n")
    if not disagree:
        assert stems(read_stack(tmp_path)) == ["a", "b"]
        return
    with pytest.warns(UserWarning, match=r"a\.jpg .*: -0\.19 stops\), b\.jpg .*: \+0\.19 stops\)"):
        read_stack(tmp_path)
