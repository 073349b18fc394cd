"""`hdrgen.tone_map`."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.api.arrays import photograph
from hdrgen.errors import InputError, InputWarning
from hdrgen.tonemap import Drago2003, drago2003


def test_same_for_arrays_images_and_tensors():
    radiance = np.random.default_rng(0).random((12, 14, 3), np.float32) * 8
    tensor = torch.from_numpy(radiance).permute(2, 0, 1)
    wanted = drago2003(tensor, bias=0.7)
    assert torch.equal(hdrgen.tone_map(tensor, "drago2003", bias=0.7), wanted)
    image = hdrgen.Image(radiance, linear=True, exposure=hdrgen.Exposure())
    for given, operator, parameters in (
        (radiance, "drago2003", {"bias": 0.7}),
        (image, Drago2003(bias=0.7), {}),
        (radiance.astype(np.float64), lambda x: drago2003(x, bias=0.7), {}),
    ):
        shown = hdrgen.tone_map(given, operator, **parameters)
        assert shown.dtype == np.float32
        np.testing.assert_allclose(shown, wanted.permute(1, 2, 0).numpy(), atol=1e-6)


def test_colours_of_an_image():
    """As the written file of it is seen: a colour of BT.709 in BT.2020 numbers."""
    numbers = np.random.default_rng(0).random((12, 14, 3), np.float32) * 4
    wide = numbers @ np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]).T
    space = hdrgen.BT2020.chromaticities
    image = hdrgen.Image(wide.astype(np.float32), linear=True, exposure=hdrgen.Exposure(), chromaticities=space)
    np.testing.assert_allclose(hdrgen.tone_map(image), hdrgen.tone_map(numbers), atol=2e-3)


def test_bad_input():
    radiance = np.ones((4, 4, 3), np.float32)
    with pytest.raises(InputError, match="no operator 'drago203'; did you mean drago2003"):
        hdrgen.tone_map(radiance, "drago203")
    with pytest.raises(InputError, match="drago2003 has no 'bia'; did you mean bias"):
        hdrgen.tone_map(radiance, "drago2003", bia=0.7)
    with pytest.raises(InputError, match="with an operator's name only"):
        hdrgen.tone_map(radiance, Drago2003(), bias=0.7)
    with pytest.raises(InputError, match="found display values"):
        hdrgen.tone_map(hdrgen.Image(radiance, linear=False, exposure=hdrgen.Exposure()))
    with pytest.raises(InputError, match="shape"):
        hdrgen.tone_map(radiance[0])


@pytest.mark.parametrize(
    ("radiance", "told"),
    [
        (np.zeros((4, 4, 3), np.uint8), "expected radiance in floats, found uint8"),
        (np.full((4, 4, 3), np.nan), "found 48 values NaN or infinite"),
        (torch.full((3, 4, 4), torch.inf), "found 48 values NaN or infinite"),
        (torch.zeros(4, 4, 3), r"expected a tensor \(\.\.\., 3, H, W\), found \(4, 4, 3\); image\.movedim"),
        (torch.zeros(4, 4), r"found \(4, 4\)"),
        (torch.zeros(3, 0, 4), r"found \(3, 0, 4\)"),
        ("photo.exr", "or what hdrgen.read returned, found str"),
        (None, "found None"),
    ],
)
def test_other_images(radiance, told):
    with pytest.raises(InputError, match=told):
        hdrgen.tone_map(radiance)


def test_other_operators():
    radiance = np.ones((4, 4, 3), np.float32)
    with pytest.raises(InputError, match=r"an operator's name or an operator of hdrgen\.tonemap, found 5"):
        hdrgen.tone_map(radiance, 5)
    with pytest.raises(InputError, match="drago2003: expected parameters as it has them, found bias='x'"):
        hdrgen.tone_map(radiance, "drago2003", bias="x")


def test_rooms_are_found_after_importing_hdrgen_alone():
    command = "import hdrgen; print(hdrgen.io.read_tags.__name__, hdrgen.tonemap.Drago2003.__name__)"
    found = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["read_tags", "Drago2003"]


def test_of_an_hdr_image_a_photograph_is_said_to_be_hdr_already(tmp_path):
    hdrgen.write(tmp_path / "a.exr", np.full((8, 8, 3), 2.0, np.float32))
    for image in (tmp_path / "a.exr", hdrgen.read(tmp_path / "a.exr")):
        with pytest.warns(InputWarning, match="HDR image already"):
            photograph(image)
