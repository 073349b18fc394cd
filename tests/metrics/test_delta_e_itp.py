import colour
import numpy as np
import pytest
import torch
from colour.difference import delta_E_ITP

from hdrgen.metrics import DeltaEITP, delta_e_itp
from hdrgen.metrics.delta_e_itp import itp_of


def two_pictures():
    generator = torch.Generator().manual_seed(0)
    target = 10 ** (5 * torch.rand(2, 3, 4, 5, dtype=torch.float64, generator=generator) - 2)  # 0.01 to 1000 cd/m2
    return target * (1 + 0.1 * torch.randn(target.shape, dtype=torch.float64, generator=generator)), target


def ictcp(picture):
    """Of colour-science, by way of its own BT.709 to BT.2020."""
    matrix = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    return colour.RGB_to_ICtCp(picture.movedim(-3, -1).numpy() @ np.array(matrix).T)


def test_it_is_that_of_colour_science():
    image, target = two_pictures()
    expected = delta_E_ITP(ictcp(image), ictcp(target)).mean((-2, -1))
    np.testing.assert_allclose(delta_e_itp(image, target).numpy(), expected, rtol=1e-6)


def test_intensity_tritan_and_protan_are_those_of_colour_science():
    picture = two_pictures()[1]
    expected = ictcp(picture) * [1, 0.5, 1]
    np.testing.assert_allclose(itp_of(picture).movedim(-3, -1).numpy(), expected, rtol=1e-6, atol=1e-9)


def test_the_constants_of_bt2087_are_colour_sciences_matrix():
    ours = itp_of(torch.tensor([50.0, 20, 80], dtype=torch.float64).view(3, 1, 1)).flatten().numpy()
    spaces = [colour.RGB_COLOURSPACES[name] for name in ("ITU-R BT.709", "ITU-R BT.2020")]
    theirs = colour.RGB_to_ICtCp(colour.RGB_to_RGB([50, 20, 80], *spaces)) * [1, 0.5, 1]
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_equal_images_differ_by_nothing_and_black_is_no_trouble():
    image = torch.zeros(1, 3, 2, 2)
    assert float(delta_e_itp(image, image)) == 0
    metric = DeltaEITP()
    metric.update(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 1e-3))
    assert 0 < metric.compute()["delta_e_itp"] < 100


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_tint_counts_and_more_of_it_counts_more(scale):
    grey = torch.full((1, 3, 2, 2), scale)
    values = [float(delta_e_itp(grey * torch.tensor([1, 1 - tint, 1]).view(3, 1, 1), grey)) for tint in (0.01, 0.05)]
    assert 0.3 < values[0] < values[1]
