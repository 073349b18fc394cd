import shutil

import numpy as np
import pytest
import torch

from hdrgen.bracket import Bracket, BracketPixels
from hdrgen.camera import Gamma
from hdrgen.data import Brackets, SelectedExposures, ThreeExposures
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import read_image, read_stack, write_image
from tests.io.stacks.cards import EXPOSURES, shoot, view

EV = (-3, -2, 0, 2, 3)


@pytest.fixture
def scenes(tmp_path):
    """Two scenes of five exposures, with lists."""
    noise = np.random.default_rng(0)
    for name in ("dance", "street"):
        radiance = noise.random((20, 30, 3)) * 0.5
        for ev in EV:
            shown = Gamma(2.2)(torch.tensor(radiance * 2.0**ev).clamp(0, 1)).numpy()
            write_image(tmp_path / name / f"img{ev + 3}.png", shown)
        rows = "".join(f"img{ev + 3}.png,{2.0**ev}\n" for ev in EV)
        (tmp_path / name / "exposures.csv").write_text(f"file,time\n{rows}")
    return tmp_path


def test_a_folder_of_folders_is_a_scene_for_each(scenes):
    data = Brackets([scenes])
    assert [data.scene(index) for index in range(len(data))] == ["dance", "street"]
    sample = SelectedExposures(data)[1]
    assert sample["ldr"].shape == (5, 3, 20, 30)
    assert sample["ev"].tolist() == list(EV)
    assert int(sample["ref"]) == 2


def test_three_of_five_are_read(scenes, monkeypatch):
    data = Brackets([scenes / "dance"], selection=ThreeExposures())
    sample = SelectedExposures(data)[0]
    assert sample["ev"].tolist() == [-2, 0, 2]
    assert int(sample["ref"]) == 1


@pytest.mark.parametrize("selection", [None, ThreeExposures()])
def test_the_reference_is_named(scenes, selection):
    """Its camera and colours are the scene's."""
    sample = SelectedExposures(Brackets([scenes / "dance"], selection=selection))[0]
    assert sample["path"] == str(scenes / "dance" / "img3.png")


def test_files_are_the_scene_of_their_folder(scenes):
    files = [scenes / "dance" / f"img{number}.png" for number in (6, 0, 3)]
    data = Brackets([*files, scenes / "street" / "img*.png", str(files[0])])
    assert [data.scene(index) for index in range(len(data))] == ["dance", "street"]
    assert data.exposures(0).tolist() == [-3, 0, 3]
    assert data.exposures(1).tolist() == list(EV)


def test_a_folder_wins_over_files_in_it(scenes):
    assert Brackets([scenes / "dance" / "img0.png", scenes / "dance"]).exposures(0).tolist() == list(EV)


def test_one_photograph_says_what_to_pass(scenes):
    with pytest.raises(
        InputError, match=r"img0\.png: expected several exposures .* found one photograph; pass a darker"
    ):
        Brackets([scenes / "dance" / "img0.png"]).exposures(0)
    (scenes / "alone").mkdir()
    shutil.copy(scenes / "dance" / "img0.png", scenes / "alone")
    with pytest.raises(InputError, match="found one photograph"):
        Brackets([scenes / "alone"]).exposures(0)


def test_two_photographs_are_too_few_for_three(scenes):
    files = [scenes / "dance" / f"img{number}.png" for number in (0, 3)]
    with pytest.raises(InputError, match=r"three exposures or more, .* found EV \+0, \+3"):
        Brackets(files, selection=ThreeExposures()).exposures(0)


def test_unknown_exposures_say_what_to_write(scenes):
    (scenes / "dance" / "exposures.csv").unlink()
    with pytest.raises(InputError, match=r"no exposure data .* put a list exposures\.csv"):
        Brackets([scenes / "dance"]).exposures(0)


@pytest.mark.parametrize("there", ["nothing", "folder"])
def test_nothing_to_find(tmp_path, there):
    if there == "folder":
        (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(InputError, match="a: "):
        Brackets([tmp_path / "a"])


def test_nothing_given():
    with pytest.raises(InputError, match="found none"):
        Brackets([])


def test_photographs_that_are_turned_differently_are_read_within_the_same_limit(tmp_path, monkeypatch):
    for name, time, tag in zip("abc", EXPOSURES, (1, 1, 3), strict=True):
        shoot(tmp_path / f"{name}.jpg", view(0), time, orientation=tag)
    limits = []

    def spied(path, **options):
        limits.append(options["max_megapixels"])
        return read_image(path, **options)

    monkeypatch.setattr("hdrgen.data.prediction.brackets.read_image", spied)
    with pytest.warns(InputWarning, match="tags of the frames differ"):
        SelectedExposures(Brackets([tmp_path], max_megapixels=7))[0]
    assert len(limits) >= 3
    assert set(limits) == {7}


def test_a_flag_lifts_the_limit_of_size(scenes):
    with pytest.raises(InputError, match=r"at most 0\.0001 megapixels"):
        SelectedExposures(Brackets([scenes], max_megapixels=0.0001))[0]


@pytest.mark.parametrize(("white", "top", "dtype"), [(240, 255, np.uint8), (16383, 65535, np.uint16)])
def test_white_below_the_largest_code_is_that_of_a_merge_without_a_network(white, top, dtype, tmp_path):
    radiance = np.random.default_rng(0).random((64, 96, 3)) * 8
    for ev in (-2, 0, 2):
        shown = Gamma(2.2)(torch.tensor(radiance * 2.0**ev / 8).clamp(0, 1)).numpy() * white
        write_image(tmp_path / f"a/img{ev + 2}.png", shown.round().astype(dtype))
    (tmp_path / "a/exposures.csv").write_text("file,ev\nimg0.png,-2\nimg2.png,0\nimg4.png,2\n")
    with pytest.warns(InputWarning, match=f"a: white is {white} of {top}"):
        ldr = Brackets([tmp_path / "a"])[0]["ldr"]
    without = BracketPixels.read(Bracket("a", read_stack(tmp_path / "a"), "list"), 500)
    for frame, pixels in zip(ldr, without.pixels, strict=True):
        np.testing.assert_allclose(frame.permute(1, 2, 0).numpy(), pixels / top, atol=1e-6)
