import shutil

import pytest
import torch

from hdrgen.data import HDREye
from hdrgen.errors import InputError
from hdrgen.io import read_image, write_image
from tests.data.datasets import trees


def test_brackets_by_exif(tmp_path):
    data = HDREye(str(trees.hdreye(tmp_path)))
    assert [data.scene(index) for index in range(2)] == ["C01", "C02"]
    sample, written = data[0], trees.scene(0, trees.NINE)
    assert sample["ev"].tolist() == pytest.approx(trees.NINE, abs=1e-5)
    assert int(sample["ref"]) == 4
    assert (sample["ldr"] - written["ldr"]).abs().mean() < 0.02
    assert trees.same_radiance(sample["hdr"], written["hdr"])


@pytest.mark.parametrize("place", ["images", "."])
def test_roots(tmp_path, place):
    trees.hdreye(tmp_path, 1)
    assert len(HDREye(str(tmp_path / place))) == 1
    tmp_path.joinpath("HDREye").mkdir()
    tmp_path.joinpath("images").rename(tmp_path / "HDREye" / "images")
    assert len(HDREye(str(tmp_path))) == 1


def test_one_exposure_as_cevr_takes_it(tmp_path):
    data = HDREye(str(trees.hdreye(tmp_path)), bracketed=False, only="C02")
    assert [data.scene(index) for index in range(len(data))] == ["C02"]
    sample = data[0]
    assert sample["ev"].tolist() == [0]
    stored = read_image(tmp_path / "images/LDR/C02_LDR.tif").as_float()
    assert torch.equal(sample["ldr"][0], torch.from_numpy(stored).permute(2, 0, 1))
    assert "hdr" in sample


def test_one_exposure_needs_no_brackets(tmp_path):
    trees.hdreye(tmp_path)
    shutil.rmtree(tmp_path / "images/Bracketed_images")
    data = HDREye(str(tmp_path), bracketed=False)
    assert [data.scene(index) for index in range(len(data))] == ["C01", "C02"]


def test_larger_brackets_are_brought_to_the_size_of_the_truth(tmp_path):
    sample = HDREye(str(trees.hdreye(tmp_path, 1, shrink=2)))[0]
    assert sample["ldr"].shape[-2:] == sample["hdr"].shape[-2:] == (16, 16)


def test_a_truth_of_another_shape_is_refused_or_left_out(tmp_path):
    trees.hdreye(tmp_path, 1)
    write_image(tmp_path / "images/HDR/C01_HDR.hdr", trees.pixels(torch.rand(3, 18, 32)))
    with pytest.raises(InputError, match=r"shape of C01_HDR\.hdr, 32 x 18, found 32 x 32; truth=False"):
        HDREye(str(tmp_path))[0]
    sample = HDREye(str(tmp_path), truth=False)[0]
    assert "hdr" not in sample
    assert sample["ldr"].shape[-2:] == (32, 32)


def test_frames_without_exif_are_listed(tmp_path):
    trees.hdreye(tmp_path, 1)
    frame = tmp_path / "images/Bracketed_images/C01/DSC00003.JPG"
    write_image(frame.with_suffix(".jpg"), read_image(frame).pixels).rename(frame)
    with pytest.raises(InputError, match=r"DSC00003\.JPG: no exposure metadata.*exposures\.csv"):
        HDREye(str(tmp_path))[0]


@pytest.mark.parametrize(("bracketed", "expected"), [(True, "Bracketed_images/<Cnn>"), (False, "LDR/<Cnn>_LDR")])
def test_wrong_root_shows_expected_and_found(tmp_path, bracketed, expected):
    tmp_path.joinpath("photos").mkdir()
    with pytest.raises(InputError, match=rf"expected <root>/images/{{{expected}.*found photos/ {{empty}}"):
        HDREye(str(tmp_path), bracketed)
