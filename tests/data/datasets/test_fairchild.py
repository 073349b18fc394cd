import colour
import numpy as np
import pytest
import torch

from hdrgen.camera import SRGB
from hdrgen.data import Fairchild
from hdrgen.errors import InputError
from hdrgen.io import write_image
from tests.data.datasets import trees


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return trees.fairchild(tmp_path_factory.mktemp("survey"))


def test_raw_bracket_with_its_truth(root):
    sample = Fairchild(str(root), camera_rgb=True)[0]
    assert sample["scene"] == "Scene 0"
    assert sample["ev"].tolist() == [-2, -1, 0, 1, 2]
    assert sample["ldr"].shape[-2:] == sample["hdr"].shape[-2:] == (126, 126)
    # The middle frame was exposed for 1/20 s, at which radiance 1 saturates; demosaicing blurs edges.
    shown = SRGB()(sample["hdr"].clamp(0, 1))
    assert float((shown - sample["ldr"][2]).abs().median()) < 0.01
    torch.testing.assert_close(sample["inverse_response"], SRGB().inverse(torch.linspace(0, 1, 1024)))


def test_truth_becomes_linear_srgb(root, tmp_path):
    camera = np.random.default_rng(0).random((12, 12, 3), np.float32)
    path = write_image(tmp_path / "EXRs" / "scene.exr", camera, float32=True)
    (tmp_path / "HDRPS Raws").symlink_to(root / "HDRPS Raws")
    data = Fairchild(str(tmp_path))
    data.truths = [path]
    found = data.truth(0)[1].permute(1, 2, 0).numpy()
    matrix = np.array([[0.4024, 0.4610, 0.0871], [0.1904, 0.7646, 0.0450], [-0.0249, 0.1264, 0.9873]])
    expected = colour.XYZ_to_sRGB(camera @ matrix.T, apply_cctf_encoding=False)
    np.testing.assert_allclose(found, np.clip(expected, 0, None), atol=2e-3)


def test_names_differ_in_spaces_and_signs(tmp_path):
    trees.fairchild(tmp_path)
    (tmp_path / "EXRs/Scene0.exr").rename(tmp_path / "EXRs/scene(0).exr")
    assert "hdr" in Fairchild(str(tmp_path), max_side=16)[0]
    (tmp_path / "EXRs/scene(0).exr").unlink()
    assert "hdr" not in Fairchild(str(tmp_path), max_side=16)[0]


def test_a_truth_of_another_picture_is_refused(tmp_path):
    trees.fairchild(tmp_path)
    write_image(tmp_path / "EXRs/Scene0.exr", trees.pixels(torch.rand(3, 64, 64)))
    with pytest.raises(InputError, match="expected the size of the exposures, 128 x 128, found 64 x 64"):
        Fairchild(str(tmp_path))[0]


def test_wrong_root_shows_expected_and_found(tmp_path):
    (tmp_path / "Scene 0").mkdir()
    with pytest.raises(InputError, match=r"expected <root>/HDRPS Raws/<scene>/\*\.NEF.*found Scene 0/ \{empty\}"):
        Fairchild(str(tmp_path))
