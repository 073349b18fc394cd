"""Which photographs are one scene, from what a user typed."""

import numpy as np
import pytest

from hdrgen.errors import InputError, InputWarning
from hdrgen.io import Exposure, grouped, originals, read_image, read_stack, write_image
from tests.io.stacks.cards import EXPOSURES, shoot, view


def bracket(folder, seed, first=1, clock=None, suffix=".jpg"):
    """Three exposures, `IMG_0001` and so on."""
    times = enumerate(EXPOSURES)
    return [
        shoot(folder / f"IMG_{first + n:04}{suffix}", view(seed), time, clock=None if clock is None else clock + n)
        for n, time in times
    ]


def found(scenes):
    return {scene.name: len(scene.files) if scene.files else None for scene in scenes}


def test_files_named_one_by_one_are_one_scene_across_folders(tmp_path):
    times = [("100CANON/IMG_9999.JPG", (1, 400)), ("101CANON/IMG_0001.JPG", (1, 100)), ("x/IMG_0002.JPG", (1, 25))]
    files = [shoot(tmp_path / name, view(0), time) for name, time in times]
    assert found(grouped(files)) == {"100CANON": 3}
    assert [frame.path for frame in read_stack(files)] == files


def test_a_card_goes_on_in_its_next_folder(tmp_path):
    shoot(tmp_path / "DCIM/100CANON/IMG_9999.JPG", view(0), EXPOSURES[0])
    for n in (1, 2):
        shoot(tmp_path / f"DCIM/101CANON/IMG_000{n}.JPG", view(0), EXPOSURES[n])
    assert found(grouped([tmp_path / "DCIM"])) == {"100CANON": 3}
    assert found(grouped(sorted((tmp_path / "DCIM").iterdir()))) == {"100CANON": 3}


def test_of_a_whole_card_the_photographs_in_its_dcim_are_taken(tmp_path):
    bracket(tmp_path / "card/DCIM/100CANON", 0)
    (tmp_path / "card/MISC").mkdir()
    write_image(tmp_path / "card/out/100CANON.exr", np.ones((4, 4, 3), np.float32))
    assert found(grouped([tmp_path / "card"])) == {"100CANON": None}


def test_files_of_several_folders_that_hold_a_bracket_each_are_as_many_scenes(tmp_path):
    files = bracket(tmp_path / "a", 0) + bracket(tmp_path / "b", 1)
    assert found(grouped(files)) == {"a": 3, "b": 3}
    pairs = [path for folder in "cd" for path in bracket(tmp_path / folder, ord(folder))[:2]]
    assert found(grouped(pairs)) == {"c": 2, "d": 2}


@pytest.mark.parametrize("clock", [None, 100])
def test_brackets_of_other_views_in_one_folder_are_told_apart(tmp_path, clock):
    for n in range(3):
        bracket(tmp_path / "card", n, 3 * n + 1, clock and clock + 4 * n)
    names = {"card_IMG_0001": 3, "card_IMG_0004": 3, "card_IMG_0007": 3}
    assert found(grouped([tmp_path / "card"])) == names
    assert found(grouped(sorted((tmp_path / "card").iterdir()))) == names


def test_a_bracket_taken_twice_of_one_view_is_one_unless_time_passed_between(tmp_path):
    bracket(tmp_path / "twice", 0, 1, 100)
    bracket(tmp_path / "twice", 0, 4, 103)
    bracket(tmp_path / "lapse", 0, 1, 100)
    bracket(tmp_path / "lapse", 0, 4, 160)
    assert found(grouped([tmp_path / "twice"])) == {"twice": None}
    assert found(grouped([tmp_path / "lapse"])) == {"lapse_IMG_0001": 3, "lapse_IMG_0004": 3}


def test_a_count_groups_whatever_the_exposures_are(tmp_path):
    bracket(tmp_path / "twice", 0, 1)
    bracket(tmp_path / "twice", 0, 4)
    assert found(grouped([tmp_path / "twice"], 2)) == {f"twice_IMG_000{n}": 2 for n in (1, 3, 5)}
    assert found(grouped([tmp_path / "twice"], 0)) == {"twice": None}
    with pytest.raises(InputError, match="expected 4 photographs for each scene, found 6"):
        grouped([tmp_path / "twice"], 4)


def test_scenes_of_one_name_get_the_folder_above_and_a_number(tmp_path):
    for place in ("day/street", "night/street", "park"):
        bracket(tmp_path / place, 0)
    scenes = grouped([tmp_path / "day/street", tmp_path / "night", tmp_path / "park"])
    assert [scene.name for scene in scenes] == ["day_street", "night_street", "park"]


def test_a_folder_with_photographs_and_folders_of_them_is_all_of_them(tmp_path):
    bracket(tmp_path / "trip", 0)
    bracket(tmp_path / "trip/church", 1)
    write_image(tmp_path / "trip/out/a.png", np.zeros((4, 4, 3), np.uint8), made=True)
    assert list(found(grouped([tmp_path / "trip"]))) == ["trip", "church"]


class TestPicturesThatHdrgenMade:
    @pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".exr", ".hdr", ".jxl", ".avif", ".uhdr.jpg"])
    def test_are_no_exposures(self, tmp_path, suffix):
        files = bracket(tmp_path / "room", 0)
        middle = read_image(files[1])
        made = tmp_path / f"room/own{suffix}"
        write_image(made, middle.as_float(), exposure=middle.exposure, camera=middle.camera, made=True)
        assert [frame.path for frame in read_stack(tmp_path / "room")] == files
        assert found(grouped([tmp_path / "room"])) == {"room": 3}
        with pytest.warns(InputWarning, match=rf"left out own{suffix}; made of photographs"):
            assert found(grouped([*files, made])) == {"room": 3}
        assert originals([made]) == [made]

    def test_keep_their_exposure_exactly(self, tmp_path):
        exposure = Exposure(time=1 / 13, fnumber=5.6, iso=100)
        for suffix in (".jpg", ".png", ".tif"):
            write_image(tmp_path / f"a{suffix}", np.zeros((4, 4, 3), np.uint8), exposure=exposure, made=True)
            assert read_image(tmp_path / f"a{suffix}").exposure.time == pytest.approx(1 / 13, rel=1e-6)

    def test_previews_of_earlier_versions_are_known_by_what_lies_beside(self, tmp_path):
        files = bracket(tmp_path / "room", 0)
        shoot(tmp_path / "room/night_preview.jpg", view(0), EXPOSURES[1])
        assert len(originals(sorted((tmp_path / "room").iterdir()))) == 4
        write_image(tmp_path / "room/night.exr", np.ones((4, 4, 3), np.float32))
        assert [frame.path for frame in read_stack(tmp_path / "room")] == files

    def test_exposures_of_an_hdr_image_are_a_bracket_by_themselves_only(self, tmp_path):
        files = bracket(tmp_path / "room", 0)
        write_image(tmp_path / "room/night.exr", np.ones((4, 4, 3), np.float32))
        exposed = [shoot(tmp_path / f"room/night_ev{ev}.jpg", view(0), EXPOSURES[1]) for ev in ("-1.0", "+0.5")]
        assert originals([*files, *exposed]) == files
        assert originals(exposed) == exposed
        other = shoot(tmp_path / "room/day_ev+1.0.jpg", view(0), EXPOSURES[1])  # no HDR image of this name
        assert originals([*files, other]) == [*files, other]


def test_the_jpeg_of_a_raw_file_is_the_same_photograph(tmp_path):
    for name in ("a.CR2", "a.JPG", "b.jpg"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in originals(sorted(tmp_path.iterdir()))] == ["a.CR2", "b.jpg"]
