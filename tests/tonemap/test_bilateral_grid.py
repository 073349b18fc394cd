import numpy as np
import torch

from hdrgen.tonemap.bilateral_grid import joint_bilateral
from tests.tonemap.oracles import bilateral_grid


def images(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    ramp = torch.linspace(0, 1, width).expand(height, width)
    noise = torch.rand(height, width, generator=generator) * 0.1
    guide = (ramp > 0.5) * 0.7 + 0.2 * ramp + noise
    return guide * 2 - noise, guide


def brute_force(plane: np.ndarray, guide: np.ndarray, sigma: float, spread: float) -> np.ndarray:
    rows, columns = np.mgrid[: plane.shape[0], : plane.shape[1]]
    found = np.empty_like(plane)
    for at in np.ndindex(plane.shape):
        distance = ((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / sigma**2 + (guide - guide[at]) ** 2 / spread**2
        weight = np.exp(-distance / 2)
        found[at] = (weight * plane).sum() / weight.sum()
    return found


def test_is_the_grid_of_chen():
    plane, guide = (image.double() for image in images(37, 50))
    for sigma, spread in [(3, 0.1), (5.5, 0.05), (1, 0.3)]:
        ours = joint_bilateral(plane, guide, sigma_space=sigma, sigma_range=spread)
        np.testing.assert_allclose(ours, bilateral_grid(plane.numpy(), guide.numpy(), sigma, spread), atol=1e-9)


def test_is_near_the_filter_itself_and_keeps_the_edge():
    plane, guide = (image.double() for image in images(40, 60))
    ours = joint_bilateral(plane, guide, sigma_space=4, sigma_range=0.1)
    assert np.abs(ours.numpy() - brute_force(plane.numpy(), guide.numpy(), 4, 0.1)).max() < 0.06
    assert ours[:, 31].min() - ours[:, 28].max() > 1.2
    assert ours[:, 10].std() < 0.4 * plane[:, 10].std()


def test_batches_are_singles_and_gradients_are_right():
    plane, guide = (torch.stack([image, image.flip(-1)]).double() for image in images(12, 16))
    together = joint_bilateral(plane, guide, sigma_space=3, sigma_range=0.2)
    torch.testing.assert_close(joint_bilateral(plane[1], guide[1], sigma_space=3, sigma_range=0.2), together[1])

    def smooth(plane: torch.Tensor) -> torch.Tensor:
        return joint_bilateral(plane, guide, sigma_space=3, sigma_range=0.2)

    assert torch.autograd.gradcheck(smooth, plane.requires_grad_(), fast_mode=True)


def test_tall_images_go_in_strips():
    plane, guide = images(1300, 8)
    whole = bilateral_grid(plane.double().numpy(), guide.double().numpy(), 20, 0.1)
    np.testing.assert_allclose(joint_bilateral(plane, guide, sigma_space=20, sigma_range=0.1), whole, atol=1e-3)
