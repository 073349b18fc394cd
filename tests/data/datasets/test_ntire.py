import numpy as np
import pytest
import torch

from hdrgen.camera import Gamma
from hdrgen.data import NTIRE2021
from hdrgen.errors import InputError
from hdrgen.io import write_image
from tests.data.datasets import trees


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        ({}, ["000000", "000001"]),
        ({"numbered": True}, ["000000", "000001"]),
        ({"flat": True}, ["0000", "0001"]),
    ],
)
def test_layouts(tmp_path, layout, names):
    data = NTIRE2021(str(trees.ntire(tmp_path, **layout)))
    assert [data.scene(index) for index in range(2)] == names
    sample, written = data[1], trees.scene(1, trees.THREE, gamma=2.24)
    assert sample["ev"].tolist() == [-2, 0, 2]
    assert int(sample["ref"]) == 1
    torch.testing.assert_close(sample["ldr"], written["ldr"], atol=0.5 / 255 + 1e-6, rtol=0)
    torch.testing.assert_close(sample["hdr"], written["hdr"].clamp_max((65535 / 16000) ** 2.24), atol=1e-3, rtol=1e-3)


def test_the_truth_keeps_16_bits(tmp_path):
    """Level 1000 of 65535 lies between two 8-bit levels; the align ratio gives the scale."""
    trees.ntire(tmp_path, ratio=4000.0, count=1)
    write_image(tmp_path / "000000/gt.png", np.full((trees.SIDE, trees.SIDE, 3), 1000, np.uint16))
    for gamma, expected in ((1.0, 0.25), (2.0, 0.0625)):
        hdr = NTIRE2021(str(tmp_path), gamma=gamma)[0]["hdr"]
        torch.testing.assert_close(hdr, torch.full_like(hdr, expected))


def test_challenge_inputs_without_truth(tmp_path):
    trees.ntire(tmp_path, count=1)
    (tmp_path / "000000/gt.png").unlink()
    assert "hdr" not in NTIRE2021(str(tmp_path))[0]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("exposures.npy", [1.0, 2.0], "expected 3 numbers, found"),
        ("exposures.npy", [1.0, 0.0, -1.0], "expected stops from short to long"),
        ("exposures.npy", [-1.0, -1.0, 1.0], "expected stops from short to long"),
        ("exposures.npy", [-1.0, 1.0, 1.0], "expected stops from short to long"),
        ("alignratio.npy", [np.nan], "expected 1 numbers, found"),
    ],
)
def test_broken_numbers_are_told(tmp_path, name, values, message):
    trees.ntire(tmp_path, count=1)
    np.save(tmp_path / "000000" / name, np.array(values))
    with pytest.raises(InputError, match=rf"{name}: {message}"):
        NTIRE2021(str(tmp_path))[0]


@pytest.mark.parametrize(
    ("name", "message"),
    [("medium.png", r"this exposure, or 1\.png, found neither"), ("alignratio.npy", "a NumPy file with 1 numbers")],
)
def test_missing_files_are_told(tmp_path, name, message):
    trees.ntire(tmp_path, count=1)
    (tmp_path / "000000" / name).unlink()
    with pytest.raises(InputError, match=message):
        NTIRE2021(str(tmp_path))[0]


def test_wrong_root_shows_expected_and_found(tmp_path):
    with pytest.raises(InputError, match=r"expected <root>/<scene>/\{short\.png.*found an empty folder"):
        NTIRE2021(str(tmp_path))


def test_real_patches_have_their_truth_at_the_middle_frame(shared):
    data = NTIRE2021(str(shared / "data/dynamic/ntire21_patches"))
    assert len(data) == 2
    for index in range(2):
        sample = data[index]
        assert sample["ldr"].shape == (3, 3, 256, 256)
        assert sample["ev"].tolist() == [-2, 0, 2]
        middle, shown = sample["ldr"][1], Gamma(2.24)(sample["hdr"].clamp(0, 1))
        clear = (middle > 0.1) & (middle < 0.9)
        # The middle frame is noisy and the truth is not, but they agree on average.
        assert float((shown - middle)[clear].median().abs()) < 0.005
        assert float((shown - middle)[clear].abs().mean()) < 0.05
        levels = sample["hdr"] ** (1 / 2.24) * float(np.load(data.tables[index].with_name("alignratio.npy")))
        assert float((levels - levels.round()).abs().max()) < 0.05
        assert int((levels.round().int() % 257 != 0).sum()) > 0


def test_exposures_less_than_a_stop_apart(tmp_path):
    trees.ntire(tmp_path, count=1)
    np.save(tmp_path / "000000/exposures.npy", np.array([-0.5, 0.0, 0.5]))
    assert NTIRE2021(str(tmp_path))[0]["ev"].tolist() == [-0.5, 0, 0.5]
