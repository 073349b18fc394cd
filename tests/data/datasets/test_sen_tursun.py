import pytest
import torch

from hdrgen.data import Sen, Tursun
from hdrgen.errors import InputError
from tests.data.datasets import trees

EVS = (-4.0, -2.0, 0.0, 2.0, 4.0)


@pytest.mark.parametrize("place", ["Scenes", "."])
def test_sen(tmp_path, place):
    trees.bracket(tmp_path / place / "LadyEating", evs=EVS)
    data = Sen(str(tmp_path))
    sample = data[0]
    assert sample["scene"] == "LadyEating"
    assert sample["ev"].tolist() == list(EVS)
    assert int(sample["ref"]) == 2
    assert "hdr" not in sample
    torch.testing.assert_close(sample["ldr"], trees.scene(0, EVS)["ldr"], atol=0.5 / 65535 + 1e-7, rtol=0)
    assert Sen(str(tmp_path), frames=3, reference=1)[0]["ev"].tolist() == [-2, 0, 2]


def test_tursun_takes_the_three_in_the_middle(tmp_path):
    trees.bracket(tmp_path / "cars", evs=EVS, suffix=".tiff")
    assert Tursun(str(tmp_path))[0]["ev"].tolist() == [-2, 0, 2]
    assert Tursun(str(tmp_path), frames=None)[0]["ev"].tolist() == list(EVS)


@pytest.mark.parametrize(("data", "expected"), [(Sen, "<root>/Scenes/<scene>/"), (Tursun, "<root>/<scene>/")])
def test_wrong_root_shows_expected_and_found(tmp_path, data, expected):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=f"expected {expected}.*found notes.txt"):
        data(str(tmp_path))


@pytest.mark.parametrize("data", [Sen, Tursun])
def test_nothing_is_guessed_without_exposures(tmp_path, data):
    trees.bracket(tmp_path / "scene")
    (tmp_path / "scene" / "exposure.txt").unlink()
    with pytest.raises(InputError, match="no exposure data for every image"):
        data(str(tmp_path))[0]
