import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from hdrgen.errors import InputError
from hdrgen.tonemap import LayerDecomposition, layer_decomposition
from hdrgen.tonemap.layer_decomposition import decompose
from tests.tonemap.oracles import base_by_direct_solves, bilateral_grid


def scene(height: int, width: int) -> np.ndarray:
    """A bright window in a dim room, both with texture and colour."""
    rows, columns = np.mgrid[:height, :width]
    window = (np.abs(rows - height / 2) < height / 4) & (np.abs(columns - width / 3) < width / 6)
    texture = np.exp(np.random.default_rng(0).normal(size=(height, width, 3)) * 0.2)
    light = np.where(window, 40.0, 0.2 + 0.3 * columns / width)
    return light[..., None] * texture * [1.0, 0.8, 0.6]


def resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pillow's bilinear, which widens the triangle when it makes smaller."""
    return np.asarray(Image.fromarray(image.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR))


def stretched(image: np.ndarray) -> np.ndarray:
    return (image - image.min()) / np.ptp(image)


def reference(image: np.ndarray) -> np.ndarray:
    """The whole operator, through HSV."""
    hsv = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HSV)
    height, width = image.shape[:2]
    plane = stretched(np.log(image.max(-1) + 1e-4))
    first = base_by_direct_solves(plane, 0.3, 0.003, 15, 4)
    small = base_by_direct_solves(resized(first, round(height / 4), round(width / 4)), 0.1, None, 10, 2)
    second = bilateral_grid(resized(small, height, width), stretched(first), max(1, min(height, width) / 100), 0.05)
    fine, largest = plane - first, (plane - first).max()
    lifted = np.where(np.abs(fine) <= largest, largest * (np.abs(fine) / largest) ** 0.8, np.abs(fine)) * np.sign(fine)
    mapped = 0.8 * second ** (1 / 2.2) + (first - second) + 1.2 * lifted
    ranked = np.sort(mapped.ravel())
    low, high = ranked[round(0.005 * ranked.size) - 1], ranked[round(0.995 * ranked.size) - 1]
    value = stretched(mapped.clip(low, high))
    return cv2.cvtColor(np.dstack([hsv[..., 0], hsv[..., 1] * 0.6, value]).astype(np.float32), cv2.COLOR_HSV2RGB)


@pytest.mark.parametrize("size", [(48, 64), (45, 37)])
def test_is_the_operator_through_direct_solves_and_hsv(size):
    image = scene(*size)
    ours = layer_decomposition(torch.from_numpy(image).permute(2, 0, 1)).permute(1, 2, 0)
    assert np.abs(ours.numpy() - reference(image)).max() < 1 / 255
    single = layer_decomposition(torch.from_numpy(image).float().permute(2, 0, 1)).permute(1, 2, 0)
    assert np.quantile(np.abs(single.numpy() - ours.numpy()), 0.99) < 1 / 255


def test_layers_add_up_and_each_has_its_scale():
    plane = torch.from_numpy(stretched(np.log(scene(64, 80).max(-1))))[None]
    layers = decompose(plane)
    torch.testing.assert_close(layers.fine + layers.texture + layers.base, plane)
    roughness = [layer.diff(dim=-1).abs().mean() for layer in (plane, layers.texture + layers.base, layers.base)]
    assert roughness[0] > roughness[1] > roughness[2]


def test_parameters_act():
    image = torch.from_numpy(scene(40, 40)).permute(2, 0, 1)
    usual = layer_decomposition(image)
    grey = layer_decomposition(image, saturation=0)
    torch.testing.assert_close(grey[0], grey[2])
    torch.testing.assert_close(grey[0], usual.amax(0))
    soft = layer_decomposition(image, detail=0)
    assert soft.diff(dim=-1).abs().mean() < usual.diff(dim=-1).abs().mean()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lambda1": 0}, "positive lambda1"),
        ({"gamma": -1}, "positive gamma"),
        ({"detail": -1}, "detail of 0 or more"),
        ({"saturation": 1.5}, "saturation from 0 to 1"),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        LayerDecomposition(**parameters)
    with pytest.raises(InputError, match=message):
        layer_decomposition(torch.rand(3, 4, 4), **parameters)
