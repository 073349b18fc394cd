import pytest
import torch

from hdrgen.data import VDS
from hdrgen.errors import InputError
from tests.data.datasets import trees


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("split", ["train", "test"])
def test_both_layouts_give_what_was_written(tmp_path, split, older):
    data = VDS(str(trees.vds(tmp_path, split, older)), split)
    assert [data.scene(index) for index in range(len(data))] == ["t9", "t10"]
    sample, written = data[1], trees.scene(1, trees.WHOLE)
    assert sample["ev"].tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert int(sample["ref"]) == 3
    torch.testing.assert_close(sample["ldr"], written["ldr"], atol=0.5 / 255 + 1e-6, rtol=0)
    assert trees.same_radiance(sample["hdr"], written["hdr"])


def test_the_truth_is_optional(tmp_path):
    (trees.vds(tmp_path, count=1) / "train_hdr_set/t9/target_hdr.hdr").unlink()
    assert "hdr" not in VDS(str(tmp_path))[0]


def test_scenes_by_part_or_by_name(tmp_path):
    trees.vds(tmp_path, count=3)
    assert [len(VDS(str(tmp_path), scenes=part)) for part in ((0.0, 0.67), (0.67, 1.0))] == [2, 1]
    for only, names in (("t11, t9", ["t9", "t11"]), ("t1?", ["t10", "t11"])):
        named = VDS(str(tmp_path), only=only)
        assert [named.scene(index) for index in range(len(named))] == names
    with pytest.raises(InputError, match="among t9, t10, t11, found t5"):
        VDS(str(tmp_path), only="t9,t5")
    with pytest.raises(InputError, match="none of 1"):
        VDS(str(tmp_path), scenes=(0.0, 0.2), only="t9")


def test_wanted_exposures(tmp_path):
    data = VDS(str(trees.vds(tmp_path)), evs=[-1, 0, 2], square=16)
    assert data[0]["ev"].tolist() == [-1, 0, 2]
    assert data[0]["ldr"].shape[-2:] == data[0]["hdr"].shape[-2:] == (16, 16)


def test_a_missing_exposure_is_told_before_any_run(tmp_path):
    (trees.vds(tmp_path) / "train_set/t10/t10_2EV_true.jpg.png").unlink()
    with pytest.raises(
        InputError, match=r"t10: expected t10_\{-3\.\.3\}EV_true\.jpg\.png, found EV -3, -2, -1, \+0, \+1, \+3"
    ):
        VDS(str(tmp_path))


def test_wrong_root_shows_expected_and_found(tmp_path):
    trees.vds(tmp_path, count=1)
    with pytest.raises(
        InputError, match=r"expected <root>/test_set/<scene>/.*found train_hdr_set/ \{1 folders\}, train_set/"
    ):
        VDS(str(tmp_path), "test")
