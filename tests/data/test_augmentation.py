import pytest
import torch

from hdrgen.data import Augmentation
from hdrgen.errors import InputError


def batch(scenes=3, frames=2, size=32):
    hdr = torch.rand(scenes, 3, size, size, generator=torch.Generator().manual_seed(0)) * 100
    factors = torch.tensor([0.001, 0.01, 0.02, 0.04])[:frames, None, None, None]
    return hdr[:, None] * factors, hdr, factors


@pytest.mark.parametrize("scale", [None, (0.8, 1.2)])
def test_stack_and_radiance_move_together(scale):
    ldr, hdr, factors = batch()
    moved_ldr, moved_hdr = Augmentation(None, scale=scale)(ldr, hdr, 0)
    torch.testing.assert_close(moved_ldr, moved_hdr[:, None] * factors)
    assert not torch.allclose(moved_hdr, hdr)
    assert not torch.allclose(moved_hdr[0], moved_hdr[1])


def test_radiance_does_not_overshoot():
    spike = torch.full((4, 3, 32, 32), 1e-6)
    spike[..., 16, 16] = 1e5
    _, moved = Augmentation(None)(spike[:, None].clamp(0, 1), spike, 1)
    assert moved.min() >= 0.99e-6
    assert moved.max() <= 1e5


def test_borders_are_mirrored():
    ones = torch.ones(2, 1, 3, 32, 32)
    moved, _ = Augmentation(None)(ones, None, 2)
    torch.testing.assert_close(moved, ones)


def test_geometry_depends_on_the_seed_and_leaves_the_global_generator_alone():
    ldr, hdr, _ = batch()
    augmentation = Augmentation(None)
    before = torch.random.get_rng_state()
    first, second, other = (augmentation(ldr, hdr, *seed)[0] for seed in ((0, "a"), (0, "a"), (0, "b")))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_flips_alone_only_move_pixels():
    ldr, _, _ = batch(8)
    moved, _ = Augmentation(None, rotate=0, shift=0)(ldr, None, 3)
    flipped = [[torch.flip(image, dims) for dims in ((), (-1,), (-2,), (-2, -1))] for image in ldr]
    found = [
        next(i for i, f in enumerate(options) if torch.equal(f, image))
        for options, image in zip(flipped, moved, strict=True)
    ]
    assert len(set(found)) > 1


def test_shifts_go_both_ways_as_far_as_they_may_in_either_direction():
    height, width, share = 40, 60, 0.2
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    places = torch.stack([x, y, x]).expand(200, 1, 3, height, width).contiguous()
    moved, _ = Augmentation(None, rotate=0, shift=share, flip=False)(places, None, 4)
    inside = (moved - places)[:, 0, :2, 10:-10, 15:-15].flatten(2)
    torch.testing.assert_close(inside, inside[..., :1].expand_as(inside), atol=1e-3, rtol=0)
    for moves, side in zip(inside[..., 0].T, (width, height), strict=True):
        assert moves.abs().max() <= share * side + 1e-3
        assert moves.min() < -0.9 * share * side
        assert moves.max() > 0.9 * share * side


def test_nothing_to_do_changes_nothing():
    ldr, hdr, _ = batch()
    moved = Augmentation(None, rotate=0, shift=0, flip=False)(ldr, hdr, 0)
    assert moved[0] is ldr
    assert moved[1] is hdr


def test_small_rotation_agrees_with_opencv():
    import cv2

    x = torch.linspace(0, 1, 33)
    smooth = (torch.sin(5 * x)[:, None] + x[None] ** 2).expand(1, 1, 3, 33, 33).contiguous()
    augmentation = Augmentation(None, rotate=20, shift=0, flip=False)
    moved = augmentation(smooth, None, 7)[0][0, 0, 0].numpy()
    angles = torch.arange(-20, 20.01, 0.25)
    errors = []
    for angle in angles.tolist():
        matrix = cv2.getRotationMatrix2D((16, 16), angle, 1)
        turned = cv2.warpAffine(smooth[0, 0, 0].numpy(), matrix, (33, 33), flags=cv2.INTER_LINEAR)
        errors.append(abs(turned - moved)[8:25, 8:25].max())
    assert min(errors) < 0.02
    assert max(errors) > 0.2


def test_impossible_crop_is_refused():
    with pytest.raises(InputError, match="found 0"):
        Augmentation(crop=0)
