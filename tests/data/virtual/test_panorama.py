import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from torch.nn import functional

from hdrgen.data import Views
from hdrgen.data.dataset import derived_generator
from hdrgen.data.virtual.panorama import View, is_panorama, perspective, window
from hdrgen.data.virtual.ray_tracing import turn
from hdrgen.errors import InputError


def direction_panorama(height: int) -> torch.Tensor:
    """Each texel's colour is 2 plus the direction it lies in: x right, y up, z forward."""
    width = 2 * height
    longitude = (torch.arange(width) + 0.5) / width * 2 * math.pi - math.pi
    latitude = math.pi / 2 - (torch.arange(height) + 0.5) / height * math.pi
    latitude, longitude = torch.meshgrid(latitude, longitude, indexing="ij")
    x, y, z = latitude.cos() * longitude.sin(), latitude.sin(), latitude.cos() * longitude.cos()
    return torch.stack([x, y, z]) + 2


def expected_directions(view: View, size: int) -> np.ndarray:
    """Pinhole directions by SciPy's rotations: in its right-handed frame y down, pitching up turns about +x."""
    steps = ((np.arange(size) + 0.5) / size * 2 - 1) * math.tan(view.field_of_view / 2)
    right, down = np.meshgrid(steps, steps)
    rays = np.stack([right, down, np.ones_like(right)], -1).reshape(-1, 3)
    turn = Rotation.from_euler("YXZ", [view.yaw, view.pitch, -view.roll])
    seen = turn.apply(rays / np.linalg.norm(rays, axis=-1, keepdims=True)) * [1, -1, 1]
    return seen.reshape(size, size, 3).transpose(2, 0, 1)


@pytest.mark.parametrize(
    "view",
    [
        View(1.2, 0.0, 0.0, 0.0),
        View(1.0, math.pi, 0.0, 0.0),  # across the seam
        View(1.4, 0.7, math.pi / 2, 0.0),  # the zenith
        View(1.4, -2.0, -math.pi / 2, 0.3),  # the nadir
        View(1.1, 2.5, 0.4, -0.2),
    ],
)
def test_perspective_sees_the_radiance_of_each_direction(view):
    seen = perspective(direction_panorama(256), view, 48) - 2
    np.testing.assert_allclose(seen.numpy(), expected_directions(view, 48), atol=4e-3)


def sampled_one_by_one(panorama: torch.Tensor, view: View, size: int) -> torch.Tensor:
    """The plain formula: every ray turned by the matrix, neighbours averaged; it made the views of earlier results."""
    height, width = panorama.shape[-2:]
    samples = max(1, math.ceil(2 * math.tan(view.field_of_view / 2) / size * width / (2 * math.pi) - 0.25))
    fine = size * samples
    steps = ((torch.arange(fine) + 0.5) / fine * 2 - 1) * math.tan(view.field_of_view / 2)
    up, right = torch.meshgrid(-steps, steps, indexing="ij")
    x, y, z = (torch.stack([right, up, torch.ones_like(up)], -1) @ turn(view.yaw, view.pitch, view.roll).T).unbind(-1)
    column = (torch.atan2(x, z) / (2 * math.pi) + 0.5) * width - 0.5
    row = (0.5 - torch.atan2(y, torch.hypot(x, z)) / math.pi) * height - 0.5
    top, bottom = (panorama[:, place].roll(width // 2, -1)[:, None] for place in (0, -1))
    margin = functional.pad(torch.cat([top, panorama, bottom], 1).float(), (1, 1), mode="circular")
    grid = torch.stack([(2 * column + 3) / (width + 2) - 1, (2 * row + 3) / (height + 2) - 1], -1)
    picture = functional.grid_sample(margin[None], grid[None], mode="bilinear", align_corners=False)[0]
    return functional.avg_pool2d(picture, samples)


@pytest.mark.parametrize("field", [0.5, 1.6])  # one and nine samples a pixel
def test_views_are_those_of_the_plain_formula(field):
    panorama = torch.rand(3, 64, 128, generator=derived_generator(0))
    view = View(field, 2.9, 0.3, 0.05)
    expected = sampled_one_by_one(panorama, view, 24)
    torch.testing.assert_close(perspective(panorama, view, 24), expected, atol=5e-5, rtol=0)


def test_centre_of_the_panorama_is_ahead_and_not_mirrored():
    panorama = torch.zeros(3, 64, 128)
    panorama[0, :, 64:80] = 1  # just right of the centre
    panorama[1, 20:30] = 1  # above the horizon
    seen = perspective(panorama, View(1.2, 0.0, 0.0, 0.0), 32)
    assert seen[0, :, 16:].mean() > seen[0, :, :16].mean()
    assert seen[1, :16].mean() > seen[1, 16:].mean()


def test_coarse_pictures_average_instead_of_alias():
    fine = torch.zeros(3, 256, 512)
    fine[..., ::2] = 2.0
    seen = perspective(fine, View(1.6, 0.3, 0.0, 0.0), 16)
    assert (seen[:, 6:10] - 1).abs().max() < 0.35
    assert seen.mean() == pytest.approx(1, abs=0.03)


def test_panoramas_in_half_precision():
    panorama = direction_panorama(64)
    view = View(1.0, 1.0, 0.1, 0.0)
    torch.testing.assert_close(
        perspective(panorama.half(), view, 16), perspective(panorama, view, 16), atol=2e-3, rtol=0
    )


def test_views_are_drawn_within_their_bounds():
    views = [Views((50, 70), (-10, 20), 3).draw(derived_generator(seed)) for seed in range(100)]
    degrees = np.rad2deg([[view.field_of_view, view.yaw, view.pitch, view.roll] for view in views])
    assert (degrees.min(0) >= [50, -180, -10, -3]).all()
    assert (degrees.max(0) <= [70, 180, 20, 3]).all()
    assert degrees[:, 1].std() > 80


@pytest.mark.parametrize(("draw", "degrees"), [(0.0, [50, -180, -10, -3]), (1.0, [70, 180, 20, 3])])
def test_draws_reach_both_ends(draw, degrees, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda count, generator: torch.full((count,), draw))
    view = Views((50, 70), (-10, 20), 3).draw(derived_generator(0))
    assert np.rad2deg([view.field_of_view, view.yaw, view.pitch, view.roll]) == pytest.approx(degrees, abs=1e-4)


def test_window_is_part_of_the_image():
    image = torch.arange(40.0 * 60).reshape(1, 40, 60).expand(3, -1, -1)
    sides = {window(image, 40, derived_generator(seed)).shape[-1] for seed in range(5)}
    assert sides == {40}
    part = window(image, 16, derived_generator(1))
    assert part.min() >= 0
    assert part.max() <= 40 * 60 - 1
    with pytest.raises(InputError, match="60 x 40"):
        window(image, 41, derived_generator(0))


def test_only_two_to_one_is_a_panorama():
    assert is_panorama(512, 1024)
    assert not is_panorama(535, 800)


def test_impossible_views_are_refused():
    with pytest.raises(InputError, match="fields of view"):
        Views((100, 60))


def test_windows_lie_within_the_photograph_and_reach_its_borders():
    """Of a photograph no higher than the window, all rows; of its columns, any run."""
    image = torch.arange(9.0).expand(3, 5, 9) + 10 * torch.arange(5.0)[:, None]
    found = [window(image, 5, derived_generator(seed)) for seed in range(60)]
    lefts = {int(part[0, 0, 0]) for part in found}
    assert lefts == {0, 1, 2, 3, 4}
    assert all(torch.equal(part, image[:, :, int(part[0, 0, 0]) :][:, :, :5]) for part in found)
    tall = [window(image.mT, 5, derived_generator(seed)) for seed in range(60)]
    assert all(torch.equal(part, image.mT[:, int(part[0, 0, 0]) :][:, :5]) for part in tall)


def test_the_last_window_ends_with_the_photograph(monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda count, generator: torch.tensor([0.0, 0.999, 0.999]))
    image = torch.arange(9.0 * 12).reshape(1, 9, 12).expand(3, 9, 12)
    assert torch.equal(window(image, 5, derived_generator(0)), image[:, 4:, 7:])


@pytest.mark.parametrize("pitch", [-1.5, 0.3, 1.5])
def test_a_panorama_of_one_colour_has_it_everywhere_at_the_poles_too(pitch):
    panorama = torch.tensor([1.0, 2.0, 3.0])[:, None, None].expand(3, 16, 32)
    seen = perspective(panorama, View(1.6, 0.4, pitch, 0.0), 12)
    torch.testing.assert_close(seen, panorama[:, :12, :12])
