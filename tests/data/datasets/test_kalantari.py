import numpy as np
import pytest
import torch

from hdrgen.camera import Gamma
from hdrgen.data import Kalantari
from hdrgen.errors import InputError
from hdrgen.io import write_image
from tests.data.datasets import trees


def test_both_packagings_give_the_same_samples(tmp_path):
    official = Kalantari(str(trees.kalantari(tmp_path / "official")))
    deephdr = Kalantari(str(trees.deephdr(tmp_path / "deephdr")))
    for index in range(2):
        one, other = official[index], deephdr[index]
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert torch.equal(value, other[key]) if isinstance(value, torch.Tensor) else value == other[key]


def test_what_was_written_is_read_on_the_scale_of_the_middle_frame(tmp_path):
    sample, written = Kalantari(str(trees.kalantari(tmp_path, count=1)))[0], trees.scene(0, trees.THREE)
    assert sample["ev"].tolist() == [-2, 0, 2]
    assert int(sample["ref"]) == 1
    torch.testing.assert_close(sample["ldr"], written["ldr"], atol=0.5 / 65535 + 1e-7, rtol=0)
    assert trees.same_radiance(sample["hdr"], written["hdr"])
    shown = Gamma(2.2)(sample["hdr"].clamp(0, 1))
    torch.testing.assert_close(shown, sample["ldr"][1], atol=0.02, rtol=0)


def test_the_truth_goes_by_the_exposures_of_the_list(tmp_path):
    """A list that counts from the middle frame comes with a truth on that frame's scale."""
    plain = Kalantari(str(trees.kalantari(tmp_path, count=1)))[0]
    (tmp_path / "Training/scene_a/exposure.txt").write_text("-2\n0\n2\n")
    other = Kalantari(str(tmp_path))[0]
    assert torch.equal(other["ev"], plain["ev"])
    torch.testing.assert_close(other["hdr"], plain["hdr"] / 4)


@pytest.mark.parametrize("pack", [trees.kalantari, trees.deephdr])
def test_16_bits_are_kept(tmp_path, pack):
    pack(tmp_path, count=1)
    frame = sorted(tmp_path.rglob("scene_a/*[!f]_1.tif" if pack is trees.deephdr else "scene_a/*08.tif"))[-1]
    # 1000 of 65535 lies between the 8-bit levels 3 and 4.
    write_image(frame, np.full((trees.SIDE, trees.SIDE, 3), 1000, np.uint16))
    dark = Kalantari(str(tmp_path)).load(0, [0], generator=torch.Generator())["ldr"]
    assert (dark * 65535).round().unique().tolist() == [1000]


def test_static_frames(tmp_path):
    trees.deephdr(tmp_path, count=1)
    moving, static = Kalantari(str(tmp_path))[0], Kalantari(str(tmp_path), static=True)[0]
    assert torch.equal(static["ldr"], moving["ldr"].flip(-1))
    assert torch.equal(static["ev"], moving["ev"])
    assert torch.equal(static["hdr"], moving["hdr"])


@pytest.mark.parametrize("place", ["Test", "Test-set/PAPER", "test"])
def test_splits_lie_where_people_put_them(tmp_path, place):
    trees.kalantari(tmp_path, place)
    assert len(Kalantari(str(tmp_path), "test")) == 2
    assert len(Kalantari(str(tmp_path), "test", only="*_b")) == 1
    with pytest.raises(InputError, match=r"expected <root>/Training/<scene>.*pass the folder that holds Training or "):
        Kalantari(str(tmp_path), "train")


@pytest.mark.parametrize("name", ["exposure.txt", "HDRImg.hdr"])
def test_a_missing_file_is_told_before_any_run(tmp_path, name):
    (trees.kalantari(tmp_path) / "Training/scene_b" / name).unlink()
    with pytest.raises(InputError, match=rf"scene_b: expected {name} beside the frames, found 262A0808\.tif"):
        Kalantari(str(tmp_path))


def test_static_needs_its_packaging(tmp_path):
    trees.kalantari(tmp_path, count=1)
    with pytest.raises(InputError, match=r"expected ref_exp\.txt, ref_1\.tif.*DeepHDR's packaging"):
        Kalantari(str(tmp_path), static=True)


def test_a_missing_frame_is_told(tmp_path):
    (trees.kalantari(tmp_path, count=1) / "Training/scene_a/262A0809.tif").unlink()
    with pytest.raises(InputError, match="3 exposures for 2 images"):
        Kalantari(str(tmp_path))[0]
